"""Semantic-similarity: items whose names and descriptions speak of similar things.

A light model of text, learnt on the catalogue itself and nothing else: tf-idf of words and pairs of words,
and their latent semantic analysis (a truncated singular value decomposition), in which words that keep the
same company are near each other. The likeness of two items is the mean of both cosines: rare words in common
count by the first, different words for one thing by the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from personalize_local.engine import folder as files
from personalize_local.engine.answers import Scored
from personalize_local.engine.model_folder import read_sized
from personalize_local.engine.models.base import TrainedModel
from personalize_local.engine.models.preference import best
from personalize_local.engine.text import Terms
from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.arrays import (
        BoolArray,
        Float32Array,
        Int64Array,
        SparseMatrix,
    )
    from personalize_local.engine.histories import Histories, Seen
    from personalize_local.engine.models.base import Arrays

DIMENSIONS = 96
"""At most; the root of the number of texts if that is less: more would learn small catalogues by heart."""
NOISE = 0.95
MOST_TEXTS = 50_000
"""Texts that the directions are learnt from, a sample if there are more."""
CANDIDATES = 300
"""Items nearest by meaning whose words are compared too, and that influence puts in another order."""
INFLUENCE = 0.5
"""What `rankingInfluence` of 1 adds to the likeness (0 to 1) of the most popular, or the newest, item."""
QUERY_ITEMS = 5
"""Newest items of a history that the metrics ask with."""


@dataclass(frozen=True, slots=True)
class SemanticFit:
    """What the texts say, one row per item; rows of length 1, of zeros for items without known words.

    Attributes:
        words: tf-idf, shape (items, terms), CSR.
        meaning: shape (items, dimensions).
        popularity: 0 to 1, frozen at the training; all 0 without interactions.
        freshness: 0 (oldest) to 1 (newest), frozen at the training; 0 where no time is known.

    """

    words: SparseMatrix
    meaning: Float32Array
    popularity: Float32Array
    freshness: Float32Array

    def likeness(self, item: int, others: Int64Array, near: Float32Array) -> Float32Array:
        """Return how alike some items are to one, 0 to 1, given how near they are in meaning."""
        row = np.zeros(self.words.shape[1], np.float32)
        begin, end = self.words.indptr[item], self.words.indptr[item + 1]
        row[self.words.indices[begin:end]] = self.words.data[begin:end]
        alike: Float32Array = (np.maximum(near[others], 0) + self.words[others] @ row) / 2
        return alike

    def nearness(self, query: Float32Array) -> Float32Array:
        """Return the cosine of each item's meaning with a vector of length 1."""
        # Not a product of BLAS: its threads cost more than they bring in a server's answers.
        near: Float32Array = np.einsum("ij,j->i", self.meaning, query)
        return near

    def similar(
        self, item: int, count: int, allowed: BoolArray | None, influence: Mapping[str, float]
    ) -> tuple[Int64Array, Float32Array]:
        """Return the most similar items and how alike they are, popular ones (0) where nothing is similar."""
        near = self.nearness(self.meaning[item])
        others = np.ones(len(near), bool) if allowed is None else allowed.copy()
        others[item] = False
        candidates = best(near, max(CANDIDATES, count), others)
        alike = self.likeness(item, candidates, near)
        order = alike + INFLUENCE * (
            influence.get("POPULARITY", 0.0) * self.popularity[candidates]
            + influence.get("FRESHNESS", 0.0) * self.freshness[candidates]
        )
        order = np.where(alike > 0, 1 + order, self.popularity[candidates] / 2)
        top = np.lexsort((candidates, -order))[:count]
        return candidates[top], alike[top]

    def recommended(self, history: Seen, count: int) -> Int64Array:
        """Return what is nearest to the newest items of a history, seen ones left out."""
        query = self.meaning[history.items[:QUERY_ITEMS]].mean(axis=0)
        near = self.nearness(query / max(float(np.sqrt(query @ query)), 1e-9))
        near[history.items] = -np.inf
        return best(near, count)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text becomes a row of `SemanticFit`: the terms, and their places in the space of meanings."""

    terms: Terms
    directions: Float32Array

    @property
    def vocabulary(self) -> Vocabulary:
        """Return the terms in the order of their numbers."""
        return Vocabulary.of(self.terms.numbers)

    @classmethod
    def of(cls, texts: Sequence[str], *, seed: int) -> Reading:
        """Learn the terms, and the main directions in which texts differ, from at most `MOST_TEXTS`."""
        learnt = Terms.of(texts)
        # In the order of a vocabulary, which is what is written.
        ids = list(Vocabulary.of(learnt.numbers))
        rarity = learnt.rarity[[learnt.numbers[term] for term in ids]]
        terms = Terms({term: number for number, term in enumerate(ids)}, rarity)
        draw = np.random.default_rng(seed)
        if len(texts) > MOST_TEXTS:
            texts = [texts[number] for number in np.sort(draw.choice(len(texts), MOST_TEXTS, replace=False))]
        words = terms.weigh(texts).astype(np.float64)
        dimensions = min(DIMENSIONS, round(len(texts) ** 0.5), min(words.shape) - 1)
        if dimensions < 1 or not words.nnz:
            return cls(terms, np.zeros((len(ids), 1), np.float32))
        _, strength, right = svds(words, dimensions, v0=draw.standard_normal(min(words.shape)))
        # The sign of a singular vector is arbitrary; fixed, the model repeats.
        signs = np.sign(right[np.arange(dimensions), np.abs(right).argmax(axis=1)])
        # What the weakest direction explains is about what chance explains: the others count by what they
        # explain beyond it, so that taking more directions than the catalogue has subjects does no harm.
        counts = strength - NOISE * strength.min()
        return cls(terms, np.ascontiguousarray((right * (signs * counts)[:, None])[::-1].T, np.float32))

    @classmethod
    def open(cls, folder: Path, description: Mapping[str, Any]) -> Reading:
        """Read what a training has written; requests do without."""
        vocabulary = files.read_vocabulary(folder, "terms")
        size = description["terms"]
        terms = Terms(
            {term: number for number, term in enumerate(vocabulary)}, read_sized(folder, "rarity", size)
        )
        return cls(terms, read_sized(folder, "directions", size, description["dimensions"]))

    def read(self, texts: Sequence[str]) -> tuple[SparseMatrix, Float32Array]:
        """Return words and meaning of texts."""
        words = self.terms.weigh(texts)
        meaning = np.asarray(words @ self.directions, np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", meaning, meaning))
        meaning /= np.maximum(lengths, 1e-9)[:, None]
        return words, meaning


class SemanticModel(TrainedModel):
    """Answers by the item alone."""

    def __init__(
        self,
        recipe: str,
        histories: Histories,
        fit: SemanticFit,
        created: Int64Array,
        reading: Reading | None = None,
    ) -> None:
        super().__init__(recipe, histories)
        self.fit = fit
        self.reading = reading
        self.created = created

    def similar(
        self,
        item_id: str,
        *,
        allowed: BoolArray | None = None,
        count: int = 25,
        influence: Mapping[str, float] | None = None,
    ) -> Scored:
        """Return the items whose texts are most alike, moved by POPULARITY and FRESHNESS as far as given.

        For an item that the model does not know, popular ones.
        """
        item = self.position(item_id)
        if item is None:
            return self._listed(self.fit.popularity, count, allowed)
        top, _ = self.fit.similar(item, count, allowed, influence or {})
        return Scored(self.item_ids.texts(top), top.astype(np.int32))

    def parts(self) -> tuple[dict[str, Any], Arrays]:
        fit, reading = self.fit, self.reading
        assert reading  # only a training or a refresh writes, and both have it
        return (
            {"terms": len(reading.terms.numbers), "dimensions": fit.meaning.shape[1]},
            {
                "words_starts": fit.words.indptr.astype(np.int64),
                "words_columns": fit.words.indices.astype(np.int32),
                "words_values": fit.words.data.astype(np.float32),
                "meaning": fit.meaning,
                "popularity": fit.popularity,
                "freshness": fit.freshness,
                "created": self.created,
                "terms": reading.vocabulary,
                "rarity": reading.terms.rarity,
                "directions": reading.directions,
            },
        )

    @classmethod
    def read(cls, folder: Path, description: Mapping[str, Any], histories: Histories) -> SemanticModel:
        """Open the files that `parts` named."""
        items, terms, dimensions = len(histories.item_ids), description["terms"], description["dimensions"]
        starts = read_sized(folder, "words_starts", items + 1)
        words = sparse.csr_array(
            (
                read_sized(folder, "words_values", int(starts[-1])),
                read_sized(folder, "words_columns", int(starts[-1])),
                starts,
            ),
            shape=(items, terms),
        )
        fit = SemanticFit(
            words,
            read_sized(folder, "meaning", items, dimensions),
            read_sized(folder, "popularity", items),
            read_sized(folder, "freshness", items),
        )
        return cls(description["recipe"], histories, fit, read_sized(folder, "created", items))
