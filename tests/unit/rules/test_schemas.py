import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_rules.schemas import (
    NAMESPACE,
    DatasetType,
    Domain,
    Field,
    Schema,
    check_schema,
    parse_schema,
    required_fields,
    reserved_fields,
)

STRING = {"type": "string"}
CATEGORY = {"type": "string", "categorical": True}


def document(name, /, **fields):
    """A schema document; a field is its type, or its keys."""
    return {
        "type": "record",
        "name": name,
        "namespace": NAMESPACE,
        "fields": [
            {"name": key} | (kind if isinstance(kind, dict) else {"type": kind})
            for key, kind in fields.items()
        ],
        "version": "1.0",
    }


def interactions(**more):
    return document("Interactions", USER_ID="string", ITEM_ID="string", TIMESTAMP="long", **more)


def problems_of(given, dataset_type=None, domain=None):
    schema, problems = parse_schema(given)
    if schema and (kind := dataset_type or schema.dataset_type):
        problems = problems + check_schema(schema, kind, domain)
    return [str(problem) for problem in problems]


GOOD = {
    "interactions": (interactions(), None),
    "interactions with all reserved fields": (
        interactions(
            EVENT_TYPE="string",
            EVENT_VALUE=["float", "null"],
            IMPRESSION=["null", "string"],
            RECOMMENDATION_ID=["string", "null"],
            EVENT_ATTRIBUTION_SOURCE=["string", "null"],
        ),
        None,
    ),
    "a union of one": (interactions(EVENT_TYPE=["string"]), None),
    "interactions with five own columns": (interactions(**dict.fromkeys("ABCDE", "string")), None),
    "items with a category": (document("Items", ITEM_ID="string", GENRE=CATEGORY), None),
    "items with a number": (document("Items", ITEM_ID="string", PRICE=["null", "double"]), None),
    "items with a text": (
        document("Items", ITEM_ID="string", PLOT={"type": "string", "textual": True}),
        None,
    ),
    "items for semantic similarity": (
        document(
            "Items",
            ITEM_ID="string",
            TITLE={"type": "string", "itemName": True},
            PLOT={"type": ["null", "string"], "textual": True},
            CREATION_TIMESTAMP=["long", "null"],
        ),
        None,
    ),
    "users": (document("Users", USER_ID="string", AGE="int"), None),
    "actions": (document("Actions", ACTION_ID="string", VALUE=["long", "null"]), None),
    "action interactions": (
        document(
            "ActionInteractions", USER_ID="string", ACTION_ID="string", EVENT_TYPE="string", TIMESTAMP="long"
        ),
        None,
    ),
    "video interactions": (interactions(EVENT_TYPE="string"), Domain.VIDEO_ON_DEMAND),
    "video items": (
        document(
            "Items",
            ITEM_ID="string",
            CREATION_TIMESTAMP="long",
            GENRES={"type": ["string"], "categorical": True},
        ),
        Domain.VIDEO_ON_DEMAND,
    ),
    "shop items": (
        document("Items", ITEM_ID="string", PRICE="float", CATEGORY_L1=CATEGORY, CATEGORY_L2=CATEGORY),
        Domain.ECOMMERCE,
    ),
    "Avro's own attributes": (interactions(DEVICE=CATEGORY | {"doc": "tv or phone", "default": ""}), None),
}


@pytest.mark.parametrize(("given", "domain"), GOOD.values(), ids=GOOD)
def test_a_good_schema_has_no_problems(given, domain):
    assert problems_of(given, domain=domain) == []
    assert problems_of(json.dumps(given), domain=domain) == []


ITEMS = {"ITEM_ID": "string", "GENRE": CATEGORY}
UNREADABLE = {
    "not JSON": ("{", "the schema is not JSON"),
    "not an object": ("[]", "must be a JSON object"),
    "no fields": (
        {"type": "record", "name": "Items", "namespace": NAMESPACE, "version": "1.0"},
        "fields: a schema needs",
    ),
    "empty fields": (document("Items"), "fields: a schema needs"),
    "no type": (
        {k: v for k, v in interactions().items() if k != "type"},
        'type: missing. Add "type": "record".',
    ),
    "other namespace": (
        interactions() | {"namespace": "com.example"},
        f"namespace: \"com.example\" must be '{NAMESPACE}'",
    ),
    "version as a number": (interactions() | {"version": 1.0}, "version: 1.0 must be '1.0'"),
    "no name": ({k: v for k, v in interactions().items() if k != "name"}, "name: missing."),
    "unknown name": (
        interactions() | {"name": "Interaction"},
        "name: 'Interaction' is not a dataset type. Did you mean",
    ),
    "unknown key": (interactions() | {"filds": []}, "filds: unknown key. Did you mean 'fields'?"),
    "field that is a text": (
        interactions() | {"fields": ["USER_ID"]},
        "fields[0]: a field must be an object",
    ),
    "field without a name": (
        document("Items") | {"fields": [STRING]},
        "fields[0].name: a field needs a name",
    ),
    "field without a type": (interactions(A={}), "fields[3].type: a field needs a type"),
    "unknown key in a field": (
        interactions(A={"type": "string", "categoricl": True}),
        "fields[3].categoricl: unknown key. Did you mean 'categorical'?",
    ),
    "unknown type": (interactions(A="text"), 'fields[3].type: "text" is not a type'),
    "misspelt type": (interactions(A="sting"), "Did you mean 'string'?"),
    "two types": (interactions(A=["int", "string"]), "is more than one type beside null"),
    "only null": (interactions(A="null"), '"null" is not a type'),
    "array": (
        interactions(A={"type": {"type": "array", "items": "string"}}),
        "is not a type that Personalize knows",
    ),
    "flag in quotes": (
        interactions(A={"type": "string", "categorical": "true"}),
        '"true" must be true or false',
    ),
    "name with a hyphen": (interactions(**{"A-B": "string"}), "'A-B' is not a field name"),
    "name that begins with a digit": (interactions(**{"1A": "string"}), "'1A' is not a field name"),
    "name of 151 characters": (interactions(**{"A" * 151: "string"}), "151 characters"),
    "names that clash by underscores": (
        interactions(GENRE_S="string", GENRES="string"),
        "are the same name to Personalize",
    ),
    "names that clash by case": (
        interactions(Genre="string", GENRE="string"),
        "are the same name to Personalize",
    ),
}


@pytest.mark.parametrize(("given", "because"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_schema_that_cannot_be_right_for_any_dataset_says_why(given, because):
    _, problems = parse_schema(given)

    assert any(because in str(problem) for problem in problems), problems


VIDEO, SHOP = Domain.VIDEO_ON_DEMAND, Domain.ECOMMERCE
REFUSED = {
    "required field missing": (
        document("Interactions", USER_ID="string", TIMESTAMP="long"),
        None,
        'the required field ITEM_ID is missing. Add {"name": "ITEM_ID", "type": "string"}.',
    ),
    "required field in lower case": (
        document("Users", user_id="string", AGE="int"),
        None,
        "'user_id' looks like it, but the name must be exact",
    ),
    "required field of another type": (
        interactions() | document("Interactions", USER_ID="int", ITEM_ID="string", TIMESTAMP="long"),
        None,
        "fields[0].type: USER_ID is a required field and must be string, not int",
    ),
    "required field with null": (
        document("Interactions", USER_ID="string", ITEM_ID="string", TIMESTAMP=["long", "null"]),
        None,
        "TIMESTAMP is a required field and cannot be null",
    ),
    "reserved field of another type": (
        interactions(EVENT_VALUE="string"),
        None,
        "EVENT_VALUE is a reserved field and must be float",
    ),
    "reserved field with null": (
        interactions(EVENT_TYPE=["string", "null"]),
        None,
        "EVENT_TYPE is a reserved field and cannot be null",
    ),
    "reserved field as a category": (
        interactions(EVENT_TYPE=CATEGORY),
        None,
        "EVENT_TYPE cannot be categorical",
    ),
    "number as a category": (
        interactions(A={"type": "int", "categorical": True}),
        None,
        "only string fields can be categorical",
    ),
    "number as a text": (
        document("Items", **ITEMS, A={"type": "int", "textual": True}),
        None,
        "only string fields can be textual",
    ),
    "text in interactions": (
        interactions(A={"type": "string", "textual": True}),
        None,
        "only an Items schema can have a textual field",
    ),
    "category and text": (
        document("Items", **ITEMS, A=CATEGORY | {"textual": True}),
        None,
        "both categorical and textual",
    ),
    "two texts": (
        document(
            "Items", **ITEMS, A={"type": "string", "textual": True}, B={"type": "string", "textual": True}
        ),
        None,
        "a schema can have one textual field; here are A, B",
    ),
    "two item names": (
        document(
            "Items", **ITEMS, A={"type": "string", "itemName": True}, B={"type": "string", "itemName": True}
        ),
        None,
        "a schema can have one field with itemName",
    ),
    "item name of users": (
        document("Users", USER_ID="string", AGE="int", A={"type": "string", "itemName": True}),
        None,
        "only a string field of an Items schema can be the item's name",
    ),
    "six own columns": (
        interactions(**dict.fromkeys("ABCDEF", "string")),
        None,
        "6 metadata fields of your own; Interactions can have 5",
    ),
    "26 user fields": (
        document("Users", USER_ID="string", **{f"F{number}": "int" for number in range(26)}),
        None,
        "26 metadata fields of your own; Users can have 25",
    ),
    "items without metadata": (
        document("Items", ITEM_ID="string"),
        None,
        "Items needs at least one metadata field",
    ),
    "users with a plain string only": (
        document("Users", USER_ID="string", NAME="string"),
        None,
        "Users needs at least one metadata field. Add a field that is a categorical string or a number.",
    ),
    "video interactions without events": (interactions(), VIDEO, "the required field EVENT_TYPE is missing"),
    "video items without genres": (
        document("Items", ITEM_ID="string", CREATION_TIMESTAMP="long"),
        VIDEO,
        'GENRES is missing. Add {"name": "GENRES", "type": "string", "categorical": true}.',
    ),
    "video items with plain genres": (
        document("Items", ITEM_ID="string", CREATION_TIMESTAMP="long", GENRES="string"),
        VIDEO,
        'GENRES must be categorical. Add "categorical": true.',
    ),
    "shop items without price": (
        document("Items", ITEM_ID="string", CATEGORY_L1=CATEGORY),
        SHOP,
        "PRICE is missing",
    ),
    "shop items with a whole price": (
        document("Items", ITEM_ID="string", CATEGORY_L1=CATEGORY, PRICE="int"),
        SHOP,
        "PRICE is a required field and must be float, not int",
    ),
    "video actions": (
        document("Actions", ACTION_ID="string", A="int"),
        VIDEO,
        "cannot have an Actions dataset",
    ),
}


@pytest.mark.parametrize(("given", "domain", "because"), REFUSED.values(), ids=REFUSED)
def test_a_schema_that_does_not_fit_its_dataset_says_why(given, domain, because):
    schema, problems = parse_schema(given)

    assert schema
    assert schema.dataset_type
    assert problems == []
    found = [str(problem) for problem in check_schema(schema, schema.dataset_type, domain)]
    assert any(because in problem for problem in found), found


def test_a_schema_of_another_dataset_type_is_refused():
    (problem, *_) = problems_of(interactions(), DatasetType.USERS)

    assert (
        problem
        == "name: 'Interactions' is the schema of another dataset type. For this dataset it is 'Users'."
    )


def test_all_problems_are_reported_at_once():
    given = document("Users", USER_ID="int", A="text", B="sting", C={"type": "string", "categorical": 1})

    places = [problem.split(":")[0] for problem in problems_of(given)]

    assert places == ["fields[1].type", "fields[2].type", "fields[3].categorical", "fields[0].type", "fields"]


def test_a_schema_that_was_read_has_all_its_fields():
    schema, _ = parse_schema(
        document("Items", ITEM_ID="string", GENRE=CATEGORY | {"type": ["null", "string"]}, YEAR="int")
    )

    assert schema == Schema(
        "Items",
        (
            Field("ITEM_ID", "string"),
            Field("GENRE", "string", nullable=True, categorical=True),
            Field("YEAR", "int"),
        ),
    )
    assert schema.dataset_type is DatasetType.ITEMS
    assert schema.field("YEAR") == schema.find("year") == Field("YEAR", "int")
    assert schema.field("year") is None
    assert schema.find("OTHER") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Interactions", DatasetType.INTERACTIONS),
        ("interactions", DatasetType.INTERACTIONS),
        ("ITEMS", DatasetType.ITEMS),
        ("ActionInteractions", DatasetType.ACTION_INTERACTIONS),
        ("Action_Interactions", DatasetType.ACTION_INTERACTIONS),
    ],
)
def test_a_dataset_type_is_read_in_any_spelling(text, expected):
    assert DatasetType.parse(text) is expected


def test_an_unknown_dataset_type_says_which_is_close():
    with pytest.raises(ValueError, match=re.escape("'Itmes' is not a dataset type. Did you mean 'Items'?")):
        DatasetType.parse("Itmes")


@pytest.mark.parametrize("domain", [None, *Domain])
@pytest.mark.parametrize("dataset_type", DatasetType)
def test_no_field_is_both_required_and_reserved(dataset_type, domain):
    required = {rule.name for rule in required_fields(dataset_type, domain)}

    assert required.isdisjoint(rule.name for rule in reserved_fields(dataset_type, domain))


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["string", "int", "null", "Items"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "type", "fields", "categorical", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.one_of(
        st.text(), _json.map(json.dumps), st.dictionaries(st.sampled_from(["name", "fields", "type"]), _json)
    )
)
def test_any_document_is_a_schema_or_a_list_of_problems(given_document):
    schema, problems = parse_schema(given_document)

    assert schema is not None or problems
    if schema:
        for dataset_type in DatasetType:
            assert isinstance(check_schema(schema, dataset_type), list)
