"""What a list of items has in common, said in the words of their own texts.

The service writes the title with a large language model; here it is made of the terms that set the group
apart from the catalogue. How far apart is a log-odds ratio with the catalogue as its prior, over its
standard deviation (Monroe, Colaresi, Quinn 2008, "Fightin' Words"): a term that every text has is no theme,
nor is one that occurs once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.text import CutTexts, Terms, document_counts, spellings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from personalize_local.engine.arrays import Float64Array

MOST_TERMS_OF_TITLE = 3
SHARED = 0.15
"""A term of the title is in at least this share of the group's texts, and in two of them."""
PRIOR = 10.0
"""Texts that the catalogue counts as beside the group's own."""
OF_THE_BEST = 0.4
"""Further terms are named if they set the group apart at least so much as the first one does."""
CANDIDATES = 40
NO_THEME = "Related items"
"""The title of a group whose texts share nothing that others do not have."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What a group of items is about.

    Attributes:
        title: to be shown above the list.
        relevance: of each item to the theme, -1 to 1; negative for one that is farther from it than an
            average item of the catalogue. 0 for items without text.

    """

    title: str
    relevance: list[float]


class Themes:
    """Finds themes of groups of items of one catalogue.

    Args:
        texts: by item id: its name, description and categories in one text.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._terms = Terms.of(cut := CutTexts(texts.values()))
        self._names = list(self._terms.numbers)
        vectors = self._terms.weigh(cut)
        self._frequencies = document_counts(vectors).astype(np.float64)
        self._mean: Float64Array = np.asarray(vectors.sum(axis=0), np.float64) / max(1, len(texts))

    def of(self, items: Sequence[str]) -> Theme:
        """Return the theme of a group of items, the most important first; unknown ones count nothing."""
        known = {item: self._texts[item] for item in items if self._texts.get(item)}
        vectors = self._terms.weigh(known.values())
        if not vectors.nnz:
            return Theme(NO_THEME, [0.0] * len(items))
        present = document_counts(vectors).astype(np.float64)
        title = self._title(self._distances(present, len(known)), present, list(known.values()))
        # All measured from the catalogue's mean: what all items have in common brings nobody near. An item is
        # compared with the others of the group, or it would be near because it is near to itself.
        m, others = self._mean, max(vectors.shape[0] - 1, 1)
        alone = vectors.shape[0] == 1
        total = np.asarray(vectors.sum(axis=0), np.float64)
        squares = vectors.multiply(vectors).sum(axis=1)
        by_mean, by_total = vectors @ m, vectors @ total
        # With c = (total - v) / others: (v - m) . (c - m), |v - m|^2 and |c - m|^2 without dense rows.
        centre_v, centre_m = (by_total - squares) / others, (m @ total - by_mean) / others
        centre_squares = (total @ total - 2 * by_total + squares) / others**2
        near = centre_v - by_mean - centre_m + m @ m
        lengths = (squares - 2 * by_mean + m @ m) * (centre_squares - 2 * centre_m + m @ m)
        cosines = np.ones(1) if alone else near / np.sqrt(np.maximum(lengths, 1e-12))
        spoken = np.diff(vectors.indptr) > 0
        by_item = dict(zip(known, np.where(spoken, cosines, 0.0).tolist(), strict=True))
        return Theme(title, [round(by_item.get(item, 0.0), 4) for item in items])

    def _distances(self, present: Float64Array, size: int) -> Float64Array:
        """Return how far each term sets a group apart: its log-odds ratio in standard deviations."""
        total = len(self._texts)
        rest = np.maximum(self._frequencies - present, 0)
        prior = PRIOR * (self._frequencies + 0.5) / (total + 1)
        # One more text outside: a term of the group alone is sure to be its own, not infinitely unsure.
        inside, outside = present + prior, rest + prior + 1
        others = max(total - size, 0) + PRIOR
        odds = np.log(inside / np.maximum(size + PRIOR - inside, 0.5))
        odds -= np.log(outside / np.maximum(others - outside, 0.5))
        distances: Float64Array = odds / np.sqrt(1 / inside + 1 / outside)
        return distances

    def _title(self, distances: Float64Array, present: Float64Array, texts: Sequence[str]) -> str:
        enough = present >= min(max(2, SHARED * len(texts)), len(texts))
        candidates = np.flatnonzero(enough & (distances > 0))
        order = candidates[np.lexsort((candidates, -distances[candidates]))]
        chosen: list[str] = []
        for number in order[:CANDIDATES].tolist():
            if distances[number] < OF_THE_BEST * distances[order[0]]:
                break
            term = set(self._names[number].split())
            if any(term <= set(one.split()) for one in chosen):
                continue
            # "science fiction" says what "science" said, in its place.
            said = [one for one in chosen if set(one.split()) < term]
            if said:
                chosen[chosen.index(said[0])] = self._names[number]
                chosen = [one for one in chosen if one not in said]
            else:
                chosen.append(self._names[number])
        chosen = chosen[:MOST_TERMS_OF_TITLE]
        if not chosen:
            return NO_THEME
        written = spellings(texts, chosen)
        named = [written[term] for term in chosen]
        named = [name if name[:1].isupper() else name[:1].upper() + name[1:] for name in named]
        return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
