"""What reading an older form gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personalize_rules.schemas import Problem


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The file in the main form."""

    document: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    """What was changed, for a person."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Where the user wrote what now stands elsewhere: place in the main form -> place in the file."""
    problems: tuple[Problem, ...] = ()
