"""From the bytes of a params file to JSON values, with every mistake of writing found and placed."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params.places import Path, shown, written
from personalize_rules.schemas import Problem

MAX_BYTES: Final = 200_000
"""The file becomes the plan, and Step Functions passes at most 256 KiB from state to state."""

_MAX_DEPTH: Final = 50
_UTF_16_OR_32: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class _Object(dict[str, Any]):
    """A JSON object that remembers keys that were given more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.repeated = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]


def load(text: str | bytes | Mapping[str, Any]) -> dict[str, Any]:
    """Read the JSON object in `text`; one that is an object already is copied, with the same checks.

    Raises:
        ParamsInvalid: it is empty, too large, not UTF-8, not JSON or not an object, or has keys twice.

    """
    value = _parse(_decode(json.dumps(text) if isinstance(text, Mapping) else text))
    problems: list[Problem] = []
    plain = _plain(value, problems)
    if problems:
        raise ParamsInvalid(problems)
    if not isinstance(plain, dict):
        kind = {list: "a list", str: "a text", type(None): "null"}.get(type(plain), "a single value")
        raise ParamsInvalid([Problem("", f"the file holds {kind}, not a JSON object.", _WHOLE)])
    return plain


_WHOLE: Final = 'It begins with { and has at least {"datasetGroup": {"name": "..."}}.'


def _decode(given: str | bytes) -> str:
    if len(given) > MAX_BYTES:
        raise ParamsInvalid(
            [
                Problem(
                    "",
                    f"the file has {len(given):,} bytes; {MAX_BYTES:,} are allowed.",
                    "Step Functions cannot pass more from state to state. Is this the right file?",
                )
            ]
        )
    if isinstance(given, bytes):
        if given.startswith(_UTF_16_OR_32):
            raise ParamsInvalid(
                [Problem("", "the file is written in UTF-16 or UTF-32.", "Save it as UTF-8.")]
            )
        try:
            text = given.decode("utf-8")
        except UnicodeDecodeError as error:
            line = given.count(b"\n", 0, error.start) + 1
            message = f"the file is not UTF-8: byte {given[error.start]:#04x} in line {line}."
            raise ParamsInvalid([Problem("", message, "Save it as UTF-8.")]) from None
    else:
        text = given
    # Some Windows editors write a byte order mark; it says nothing in UTF-8 and is not part of the JSON.
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise ParamsInvalid([Problem("", "the file is empty.", _WHOLE)])
    return text


def _parse(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        message = (
            f"not JSON: line {error.lineno}, column {error.colno}: {error.msg[0].lower()}{error.msg[1:]}."
        )
        raise ParamsInvalid([Problem("", message, _advice(text, error.pos))]) from None
    except RecursionError:
        raise ParamsInvalid([Problem("", f"nested more than {_MAX_DEPTH} deep.")]) from None
    except ValueError as error:  # a number of thousands of digits
        raise ParamsInvalid([Problem("", f"a number cannot be read: {error}.")]) from None


def _advice(text: str, position: int) -> str:
    """Name the usual cause of a syntax error at this position."""
    rest = text[position:].lstrip()
    before = text[:position].rstrip()
    if rest[:1] in ("/", "#"):
        return "JSON has no comments; remove it."
    if rest[:1] == "'":
        return "JSON wants double quotes."
    if rest[:1] in ("\u201c", "\u201d", "\u2018", "\u2019"):
        return 'Use the straight quote ".'
    if before.endswith(",") or (rest[:1] == "," and re.match(r",\s*[}\]]", rest)):
        return "Remove the comma after the last entry."
    if literal := re.match(r"(True|False|None)\b", rest):
        return f"JSON writes {'null' if literal[1] == 'None' else literal[1].lower()}."
    if rest[:1] in ('"', "{", "["):
        return "A comma is missing before it."
    if not rest:
        return "The file ends too early: a closing } or ] is missing."
    return ""


def _plain(value: Any, problems: list[Problem], path: Path = ()) -> Any:
    """Turn the value into plain dicts and lists; note what JSON lets through and Personalize cannot take."""
    if len(path) > _MAX_DEPTH:
        if not problems or "deep" not in problems[-1].message:
            problems.append(Problem(written(path[:3]), f"nested more than {_MAX_DEPTH} deep."))
        return None
    match value:
        case _Object():
            problems += [
                Problem(
                    written((*path, key)),
                    "this key is given twice, and JSON readers keep only the last.",
                    "Remove one of the two.",
                )
                for key in dict.fromkeys(value.repeated)
            ]
            return {
                _text(key, problems, path): _plain(inner, problems, (*path, key))
                for key, inner in value.items()
            }
        case list():
            return [_plain(inner, problems, (*path, index)) for index, inner in enumerate(value)]
        case str():
            return _text(value, problems, path)
        case float() if not math.isfinite(value):
            problems.append(Problem(written(path), f"{shown(value)} is not a finite number."))
    return value


def _text(text: str, problems: list[Problem], path: Path) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        # \ud800 alone: JSON allows the escape, but no file, message or API call can carry it.
        problems.append(
            Problem(written(path), "half of a surrogate pair (\\ud800 to \\udfff) is not a character.")
        )
        return text.encode(errors="replace").decode()
    return text
