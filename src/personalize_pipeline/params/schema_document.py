"""The JSON Schema of the params file, for editors: `python -m personalize_pipeline.params.schema_document`.

It is published as `params.schema.json` in the repository's root, and a test keeps it current.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from personalize_pipeline.params.models import params_model
from personalize_rules.recipes import RECIPES, Recipe
from personalize_rules.schemas import NAMESPACE, PRIMITIVE_TYPES, VERSION, WORDS

FILE: Final = Path(__file__).parents[3] / "params.schema.json"


def schema_document() -> dict[str, Any]:
    """Make the JSON Schema."""
    made = params_model().model_json_schema(by_alias=True)
    for name, section in {"": made, **made["$defs"]}.items():
        section.pop("title", None)
        for key, value in section.get("properties", {}).items():
            value.pop("title", None)
            # What has no default in the call has null here only because pydantic needs one.
            if value.get("default", ...) in (None, ""):
                del value["default"]
            if key == "recipeArn":
                wanted = _use_case if name == "Recommender" else _trainable
                value["examples"] = [recipe.arn for recipe in RECIPES.values() if wanted(recipe)]
    _drop_foreign_patterns(made)
    made["$defs"]["Dataset"]["properties"]["schema"] |= _AVRO
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Personalize Pipeline: params.json",
        **made,
    }


def text() -> str:
    """Write the JSON Schema as it stands in the repository."""
    return json.dumps(schema_document(), indent=2, ensure_ascii=False) + "\n"


_AVRO: Final[dict[str, Any]] = {
    "type": ["object", "string"],
    "required": ["type", "name", "namespace", "fields", "version"],
    "properties": {
        "type": {"const": "record"},
        "name": {"enum": list(WORDS.values())},
        "namespace": {"const": NAMESPACE},
        "version": {"const": VERSION},
        "fields": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "type"],
                "properties": {
                    "name": {"type": "string", "examples": ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]},
                    "type": {
                        "anyOf": [
                            {"enum": list(PRIMITIVE_TYPES)},
                            {"type": "array", "items": {"enum": [*PRIMITIVE_TYPES, "null"]}},
                        ]
                    },
                    "categorical": {"type": "boolean"},
                    "textual": {"type": "boolean"},
                    "itemName": {"type": "boolean"},
                },
            },
        },
    },
}


def _use_case(recipe: Recipe) -> bool:
    return recipe.domain is not None


def _trainable(recipe: Recipe) -> bool:
    return not recipe.retired and recipe.domain is None


def _drop_foreign_patterns(value: Any) -> None:
    r"""Take out patterns with \p{...}, which few readers of JSON Schema know; the service checks them."""
    if isinstance(value, dict):
        if "\\p{" in str(value.get("pattern", "")):
            del value["pattern"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            _drop_foreign_patterns(inner)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} written.\n")
