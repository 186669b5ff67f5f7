"""Older forms of the params file, recognised by their shape, one module each.

A module has `recognises(document)` and `upgrade(document)`.
"""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.params.dialects import named_slots, one_solution, to_come
from personalize_pipeline.params.dialects.upgraded import Upgraded

_DIALECTS = (
    (to_come.recognises, to_come.upgrade),
    (one_solution.recognises, one_solution.upgrade),
    (named_slots.recognises, named_slots.upgrade),
)


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Turn a document of any known form into the main form; one in the main form comes back as it is."""
    for recognises, upgrade_from in _DIALECTS:
        if recognises(document):
            return upgrade_from(document)
    return Upgraded(document)
