"""Writes docs/params-file.md: every key of the params file, from its JSON Schema.

python docs/params.py            writes the page
python docs/params.py --check    exit status 1 if it is out of date
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "params-file.md"

INTRODUCTION = """# The params file

Made from `params.schema.json` by `docs/params.py`; do not edit. With `"$schema": "params.schema.json"` an
editor completes and checks the same.

Sections stand for calls of the Amazon Personalize API and take their parameters, with the same limits; ARNs
that the pipeline fills in are left out. **Bold** keys are required. `personalize check FOLDER` finds all that
is wrong before anything is called; `personalize migrate` turns files of older pipelines into this form.
"""

_NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}

Json = Mapping[str, Any]


def page(schema: Json) -> str:
    """The whole page: the file itself, then each kind of section in the order in which it is first used."""
    sections = (_section(name, schema["$defs"][name]) for name in _used(schema, schema["$defs"]))
    return "\n".join([INTRODUCTION, _section("The file", schema), *sections])


def _used(schema: Json, definitions: Json) -> list[str]:
    """Names of the definitions, each once, the sections of a section after it."""
    found: dict[str, None] = {}
    waiting = list(_references(schema.get("properties", {})))
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting = [*_references(definitions[name]), *waiting]
    return list(found)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _section(name: str, schema: Json) -> str:
    lines = [f"## {name}", ""]
    if about := schema.get("description"):
        lines += [about, ""]
    lines += ["| key | takes | |", "|---|---|---|"]
    required = schema.get("required", [])
    for key, value in schema.get("properties", {}).items():
        shown = f"**`{key}`**" if key in required else f"`{key}`"
        lines.append(f"| {shown} | {_takes(value)} | {_about(value)} |")
    return "\n".join(lines) + "\n"


def _takes(value: Json) -> str:
    """The kind of value, with its limits."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if choices := value.get("anyOf"):
        return " or ".join(dict.fromkeys(_takes(one) for one in choices if one.get("type") != "null"))
    if value.get("type") == "array":
        return f"list of {_takes(value.get('items', {}))}{_limits(value, 'Items')}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"object of {_takes(inner)}" if isinstance(inner, Mapping) and inner else "object"
    if "type" not in value:
        return "anything"
    if isinstance(value["type"], list):
        return " or ".join(_NAMES.get(str(one), str(one)) for one in value["type"])
    limits = _limits(value, "Length") if value["type"] == "string" else _limits(value, "imum")
    return _NAMES[value["type"]] + limits


def _limits(value: Json, ending: str) -> str:
    least, most = value.get(f"min{ending}"), value.get(f"max{ending}")
    what = " characters" if ending == "Length" else ""
    if least and most is not None:
        return f", {least} to {most:,}{what}"
    if most is not None:
        return f", at most {most:,}{what}"
    return f", at least {least}{what}" if least and ending != "Length" else ""


def _about(value: Json) -> str:
    text = " ".join(str(value.get("description", "")).split())
    default = value.get("default")
    if default not in (None, "", [], {}) and "default" not in text.lower():
        text = f"{text} Default: `{json.dumps(default)}`.".strip()
    # A bar ends a cell, and angle brackets are taken for HTML.
    return re.sub(r"[|<>]", lambda found: {"|": "\\|", "<": "&lt;", ">": "&gt;"}[found[0]], text)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if it is old")
    text = page(json.loads((ROOT / "params.schema.json").read_text(encoding="utf-8")))
    if parser.parse_args().check:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        sys.exit(0 if current == text else "docs/params-file.md is out of date: python docs/params.py")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
