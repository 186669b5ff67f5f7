"""What lies between two schemas, and whether a dataset can go from one to the other.

Source: Developer Guide, "Replacing a dataset's schema to add new columns".
"""

from dataclasses import dataclass
from typing import Final

from personalize_rules.schemas import DatasetType, Field, Schema

REPLACEABLE: Final = (DatasetType.ITEMS, DatasetType.USERS)
"""Datasets whose schema can be replaced."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What is different; the order of columns is nothing."""

    added: tuple[Field, ...]
    gone: tuple[Field, ...]
    changed: tuple[tuple[Field, Field], ...]
    """Columns of both, as they were and as they are."""

    @property
    def required(self) -> tuple[Field, ...]:
        """New columns that do not allow null, which the records that are there would need."""
        return tuple(field for field in self.added if not field.nullable)

    @property
    def only_adds(self) -> bool:
        """Whether an Items or Users dataset can take it over."""
        return not (self.gone or self.changed or self.required)


def compare(old: Schema, new: Schema) -> SchemaChange:
    """Tell two schemas apart."""
    both = [(field, found) for field in old.fields if (found := new.field(field.name))]
    return SchemaChange(
        added=tuple(field for field in new.fields if old.field(field.name) is None),
        gone=tuple(field for field in old.fields if new.field(field.name) is None),
        changed=tuple((was, now) for was, now in both if was != now),
    )
