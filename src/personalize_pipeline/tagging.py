"""Which tags of a resource are the pipeline's: those that it put there itself, as it notes in one more tag.

Personalize does not say who put a tag. So each resource with tags of the params file has a note, whose value
has five characters for each key that the pipeline put. Only such a tag is removed when the params file no
longer has it; what others put there is left alone, also if it once happened to be the same as in the file.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

Tags = Sequence[dict[str, str]]

NOTE: Final = "personalize-pipeline:tags"
"""The key of that tag."""
_LENGTH: Final = 5  # characters of 6 bits; 49 times this is no more than a value may have


def with_note(tags: Tags) -> list[dict[str, str]]:
    """The tags of a resource that is to be made."""
    return [*tags, *_note(tag["tagKey"] for tag in tags)]


def missing(wanted: Tags, there: Tags) -> list[dict[str, str]]:
    """The tags to put: those that it has not or has with another value, and the note, if that changes."""
    plain = _plain(wanted)
    put = [tag for tag in plain if tag not in there]
    known = _noted(there)
    ours = [tag["tagKey"] for tag in plain if tag in put or _mark(tag["tagKey"]) in known]
    return [*put, *(tag for tag in _note(ours) if tag not in there)]


def outdated(wanted: Tags, there: Tags) -> list[str]:
    """The keys to remove: those that the pipeline put, and the file has no longer."""
    keys, known = {tag["tagKey"] for tag in wanted}, _noted(there)
    found = [
        tag["tagKey"] for tag in _plain(there) if tag["tagKey"] not in keys and _mark(tag["tagKey"]) in known
    ]
    # Without any tag of the pipeline's there is nothing to note.
    left = {_mark(key) for key in keys} & known
    return found + ([NOTE] if known and not left and not missing(wanted, there) else [])


def carried_over(wanted: Tags, there: Tags) -> list[dict[str, str]]:
    """The tags of a successor: those of the params file, and those that others put to its predecessor."""
    gone = outdated(wanted, there)
    after = {tag["tagKey"]: tag for tag in (*there, *missing(wanted, there))}
    return [tag for key, tag in after.items() if key not in gone]


def _plain(tags: Tags) -> list[dict[str, str]]:
    return [tag for tag in tags if tag["tagKey"] != NOTE]


def _note(keys: Iterable[str]) -> list[dict[str, str]]:
    value = "".join(sorted(map(_mark, keys)))
    return [{"tagKey": NOTE, "tagValue": value}] if value else []


def _noted(there: Tags) -> frozenset[str]:
    value = next((tag["tagValue"] for tag in there if tag["tagKey"] == NOTE), "")
    return frozenset(value[start : start + _LENGTH] for start in range(0, len(value), _LENGTH))


def _mark(key: str) -> str:
    return urlsafe_b64encode(sha256(key.encode()).digest()).decode()[:_LENGTH]
