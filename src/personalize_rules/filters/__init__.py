"""Filter expressions: the grammar, and what an expression may say about a given set of datasets.

    filter    := part ( "|" part )*
    part      := ( INCLUDE | EXCLUDE ) target WHERE condition ( ( AND | OR ) condition )*
                 [ IF user ( AND user )* ]
    target    := ItemID | ActionID | UserID
    condition := field ( IN | NOT IN ) list | field IN CurrentItem.name
               | field compare ( number | placeholder | CurrentItem.name )
    user      := CurrentUser.name ( ( IN | NOT IN ) list | compare ( number | text | placeholder ) )
    field     := ( Interactions | Items | Users | Actions | Action_Interactions ) "." name
    list      := "(" value ( "," value )* ")"          value := text | number | placeholder | "*"
    compare   := = | != | < | <= | > | >=              placeholder := "$" name, also in parentheses

Keywords, dataset names and field names are read without regard to case; text and placeholders keep theirs.
AND binds more tightly than OR. Neither is documented; both are how the guide's examples read.

Source: Developer Guide, "Filter expressions", "Filter expression elements", "Combining multiple expressions".
"""

from personalize_rules.filters.check import check_filter
from personalize_rules.filters.expression import (
    AllOf,
    AnyOf,
    Comparison,
    CurrentItemField,
    Everything,
    FilterExpression,
    Number,
    Operator,
    Parameter,
    Part,
    Target,
    Text,
    UserCondition,
    Value,
)
from personalize_rules.filters.parser import FilterSyntaxError, parse_filter

__all__ = [
    "AllOf",
    "AnyOf",
    "Comparison",
    "CurrentItemField",
    "Everything",
    "FilterExpression",
    "FilterSyntaxError",
    "Number",
    "Operator",
    "Parameter",
    "Part",
    "Target",
    "Text",
    "UserCondition",
    "Value",
    "check_filter",
    "parse_filter",
]
