"""What items say of themselves, in one text each: name, description, categories. Themes are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.service.tasks.data import read_schema

if TYPE_CHECKING:
    from personalize_local.engine.catalogue import ItemTable


def item_texts(items: ItemTable, schema: str, name: str) -> dict[str, str]:
    """The texts by item ID; items without any are left out.

    Args:
        items: of the model.
        schema: of the Items dataset, as its document.
        name: of the column with the items' names; it comes first.

    """
    fields = read_schema(schema).fields
    columns = [field for field in fields if field.name.casefold() == name.casefold()]
    columns += [field for field in fields if field.type == "string" and field.textual]
    columns += [field for field in fields if field.type == "string" and field.categorical]
    there = {column.casefold() for column in items.column_names}
    names = list(dict.fromkeys(field.name for field in columns if field.name.casefold() in there))
    texts = {}
    for position, item in enumerate(items.ids):
        values = [value for column in names if (value := items.text(position, column))]
        if values:
            texts[item] = ". ".join(value.replace("|", ", ") for value in values)
    return texts
