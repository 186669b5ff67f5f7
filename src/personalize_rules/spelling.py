"""A hint for a word that is nearly right: one way for all that reads what people write."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_LIKENESS: Final = 0.65
"""Two letters that changed places in a word of three (AEG, AGE: 0.67) still are a hint."""


def closest(text: str, known: Iterable[object]) -> str | None:
    """The known word, as written, that `text` most likely is a misspelling of; case does not count."""
    by_case = {str(word).casefold(): str(word) for word in known}
    found = get_close_matches(text.casefold(), by_case, n=1, cutoff=_LIKENESS)
    return by_case[found[0]] if found else None


def did_you_mean(text: str, known: Iterable[object]) -> str:
    """` Did you mean 'x'?`, to be put after a full stop; nothing if no known word is like it."""
    found = closest(text, known)
    return f" Did you mean '{found}'?" if found else ""
