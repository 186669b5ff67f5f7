"""A fitted personal model without its users: from a history to a list."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from personalize_local.engine import folder as files
from personalize_local.engine.answers import Exploration
from personalize_local.engine.models.calibration import NEVER, Calibration
from personalize_local.engine.models.content import Content
from personalize_local.engine.models.context import ContextLifts
from personalize_local.engine.models.exploration import AUTOMATIC, Explorer
from personalize_local.engine.models.preference import Preference, best

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from personalize_local.engine.arrays import BoolArray, Float32Array, Int64Array
    from personalize_local.engine.histories import Seen
    from personalize_local.engine.models.base import Arrays


class Listed(NamedTuple):
    """A list of items.

    Attributes:
        top: item numbers, the best first but for explored ones.
        explored: which of them are there to be tried; None: none.
        values: log odds of all items of the model.

    """

    top: Int64Array
    explored: BoolArray | None
    values: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class PersonalFit:
    """What was fitted. Arrays have one entry per item.

    Attributes:
        preference: relations between items, asked with a history.
        calibration: from scores to odds.
        cold: log odds for a user without history.
        explorer: knows which items are new, and which nobody has met.
        exploration: how the recipe explores if the request does not say; None: never.
        content: what metadata says of items; None without metadata.
        leaning: log odds that the optimisation objective adds; None without one.
        context: what situations add; None if the interactions have no context.
        only: items that may be recommended at all; None: all.

    """

    preference: Preference
    calibration: Calibration
    cold: Float32Array
    explorer: Explorer
    exploration: Exploration | None = None
    content: Content | None = None
    leaning: Float32Array | None = None
    context: ContextLifts | None = None
    only: BoolArray | None = None

    def log_odds(
        self,
        history: Seen,
        *,
        context: Mapping[str, str] | None = None,
        unmet: Int64Array | None = None,
    ) -> Float32Array:
        """Return the log odds of every item being among the user's next ones.

        Args:
            history: of the user.
            context: of the request.
            unmet: items that are judged by their metadata, where that says more than the interactions.

        """
        return self._asked(history, context, unmet)[0]

    def recommended(self, history: Seen, count: int) -> Int64Array:
        """Return the numbers of the best items, seen ones included, as the service measures."""
        return self.listed(history, count).top

    def listed(
        self,
        history: Seen,
        count: int,
        *,
        user_id: str | None = None,
        allowed: BoolArray | None = None,
        context: Mapping[str, str] | None = None,
        exploration: Exploration | None = None,
    ) -> Listed:
        """Return the best items, and new ones at a few places if the recipe explores."""
        if self.only is not None:
            allowed = self.only if allowed is None else allowed & self.only
        needed = self._needed(allowed, count)
        values, scores = self._asked(history, context, needed)
        ranked = values
        if self.exploration is not None and needed is None and not self.explorer.all_met:
            # What nobody has met comes in by exploration, and by nothing else.
            ranked = np.where(self.explorer.unmet, np.float32(NEVER), values)
        top = best(ranked, count, allowed)
        if self.exploration is None:
            return Listed(top, None, values)
        if exploration is None or self.exploration == AUTOMATIC:
            exploration = self.exploration
        mixed, explored = self.explorer.explored(
            top,
            exploration,
            history=history,
            user_id=user_id,
            allowed=allowed,
            likely=lambda items: self._likely(scores, history, items),
        )
        return Listed(mixed, explored, values)

    def _asked(
        self, history: Seen, context: Mapping[str, str] | None, unmet: Int64Array | None
    ) -> tuple[Float32Array, Float32Array | None]:
        """Return log odds, and the scores before they became odds (None without history or content)."""
        scores = None
        if not len(history.items):
            values = self.cold.copy()
        else:
            values = self.preference.scores(history)
            if self.content is not None:
                scores = values.copy()
                if unmet is not None:
                    told = self.content.scores(scores, history, self.preference, unmet)
                    values[unmet] = np.maximum(values[unmet], told)
            values = self.calibration.log_odds(values, history)
        if self.leaning is not None:
            values += self.leaning
        if context and self.context is not None and (lift := self.context.lift(context)) is not None:
            values += lift
        return values, scores

    def _needed(self, allowed: BoolArray | None, count: int) -> Int64Array | None:
        """Return the items that nobody has met and that the list needs: None if the others fill it."""
        if self.only is not None:
            return None if allowed is None else np.flatnonzero(allowed)
        met = self.explorer.met if allowed is None else allowed & self.explorer.met
        if np.count_nonzero(met) >= count:
            return None
        return np.flatnonzero(self.explorer.unmet if allowed is None else allowed & self.explorer.unmet)

    def _likely(self, scores: Float32Array | None, history: Seen, items: Int64Array) -> Float32Array | None:
        """Return how much speaks for trying each of some items; None: nothing is known of any."""
        vain = None if self.explorer.vain is None else np.exp(self.explorer.vain[items])
        if scores is None or self.content is None:
            return vain
        told = self.content.scores(scores, history, self.preference, items)
        return told if vain is None else told * vain

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        """Return what to write to disk: a description for JSON, and arrays by file name."""
        preference, arrays = self.preference.parts()
        calibration = asdict(self.calibration)
        explorer, born = self.explorer.parts()
        description: dict[str, Any] = {
            "preference": preference,
            "explorer": explorer,
            "exploration": None if self.exploration is None else asdict(self.exploration),
            "leaning": self.leaning is not None,
            "only": self.only is not None,
        }
        all_arrays: Arrays = {**arrays, **born, "repeat": calibration.pop("repeat"), "cold": self.cold}
        description["calibration"] = calibration
        described: Mapping[str, Content | ContextLifts | None] = {
            "content": self.content,
            "context": self.context,
        }
        for name, part in described.items():
            description[name] = None
            if part is not None:
                description[name], more = part.parts()
                all_arrays |= more
        optional: Mapping[str, NDArray[Any] | None] = {"leaning": self.leaning, "only": self.only}
        return description, all_arrays | {name: one for name, one in optional.items() if one is not None}

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any]) -> PersonalFit:
        """Open the files that `parts` named."""
        exploration, content, context = (description[name] for name in ("exploration", "content", "context"))
        return cls(
            Preference.read(folder, description["preference"]),
            Calibration(repeat=files.read_array(folder, "repeat"), **description["calibration"]),
            files.read_array(folder, "cold"),
            Explorer.read(folder, description["explorer"]),
            exploration=None if exploration is None else Exploration(**exploration),
            content=None if content is None else Content.read(folder, content),
            leaning=files.read_array(folder, "leaning") if description["leaning"] else None,
            context=None if context is None else ContextLifts.read(folder, context),
            only=files.read_array(folder, "only") if description["only"] else None,
        )
