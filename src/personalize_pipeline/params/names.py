"""Names that the pipeline makes from the user's names."""

from hashlib import sha256
from typing import Final

MAX_LENGTH: Final = 63
"""Of every name in Amazon Personalize."""


def derived_name(name: str, ending: str) -> str:
    """Make `<name>-<ending>`; a name too long for that is cut, and told from others by a short hash."""
    room = MAX_LENGTH - len(ending) - 1
    if len(name) > room:
        name = f"{name[: room - 7]}-{sha256(name.encode()).hexdigest()[:6]}"
    return f"{name}-{ending}"
