"""Words of the items' own texts: cut, counted and weighed without any model from elsewhere.

A term is a word or two words in a row. Words of up to two letters, and those that every text has, say
nothing about what a text is about; terms that occur once relate nothing to anything.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from personalize_local.engine.arrays import Float32Array, Int64Array, SparseMatrix

MOST_TERMS = 60_000
"""Terms kept, the ones in most texts: bounds memory for catalogues of millions of items."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")  # noqa: RUF001  # the typographic apostrophe is meant
_EMPTY_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between
    both but by can did do does doing down during each few for from further had has have having he her here
    hers him his how i if in into is it its itself just me more most my no nor not now of off on once only or
    other our out over own per same she should so some such than that the their them then there these they
    this those through to too under until up us very via was we were what when where which while who whom why
    will with you your yours der die das und oder ein eine mit von für ist les des une est et el la los las
    con por para del""".split()  # noqa: SIM905  # forty lines otherwise
)


def words(text: str) -> list[str]:
    """Return the words of a text as they are written, the empty ones left out."""
    return [word for word in _WORD.findall(text) if len(word) > 1 and word.casefold() not in _EMPTY_WORDS]


def phrases(text: str) -> Iterator[tuple[str, str]]:
    """Give (term, how it is written) for each word and each pair of words that stand in one breath."""
    for part in re.split(r"[.,;:!?|()\[\]\n\t/]+", text):
        written = words(part)
        folded = [word.casefold() for word in written]
        yield from zip(folded, written, strict=True)
        for place in range(len(written) - 1):
            yield f"{folded[place]} {folded[place + 1]}", f"{written[place]} {written[place + 1]}"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a catalogue.

    Attributes:
        numbers: term -> number.
        rarity: log((1 + texts) / (1 + texts with the term)) + 1 by number.

    """

    numbers: dict[str, int]
    rarity: Float32Array

    @classmethod
    def of(cls, texts: Iterable[str], *, fewest: int = 2) -> Terms:
        """Learn the terms that at least `fewest` texts have; fewer are asked for where texts are few."""
        counts: Counter[str] = Counter()
        size = 0
        for text in texts:
            counts.update({term for term, _ in phrases(text)})
            size += 1
        kept = sorted(
            (term for term, count in counts.items() if count >= min(fewest, max(1, size // 2))),
            key=lambda term: (-counts[term], term),
        )[:MOST_TERMS]
        frequencies = np.array([counts[term] for term in kept], np.float64)
        rarity = np.log((1 + size) / (1 + frequencies)) + 1
        return cls({term: number for number, term in enumerate(kept)}, rarity.astype(np.float32))

    def weigh(self, texts: Iterable[str]) -> SparseMatrix:
        """Return the tf-idf vectors of texts, each of length 1: float32, shape (texts, terms).

        A text without any known term has a vector of zeros.
        """
        columns, values, starts = array("i"), array("f"), array("q", [0])
        for text in texts:
            counts = Counter(
                number for term, _ in phrases(text) if (number := self.numbers.get(term)) is not None
            )
            columns.extend(counts.keys())
            values.extend(counts.values())
            starts.append(len(columns))
        matrix = sparse.csr_array(
            (np.array(values, np.float32), np.array(columns, np.int32), np.array(starts, np.int64)),
            shape=(len(starts) - 1, len(self.numbers)),
        )
        matrix.sort_indices()
        # A word said ten times is not ten times as important.
        matrix.data = (1 + np.log(matrix.data)) * self.rarity[matrix.indices]
        return with_length_one(matrix)


def with_length_one(matrix: SparseMatrix) -> SparseMatrix:
    """Scale the rows of a sparse matrix to length 1, in place; rows of zeros stay."""
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    matrix.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def spellings(texts: Iterable[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return how each of some terms is written most often."""
    found: dict[str, Counter[str]] = {term: Counter() for term in wanted}
    for text in texts:
        for term, written in phrases(text):
            if term in found:
                found[term][written] += 1
    return {
        term: max(counts.items(), key=lambda one: (one[1], one[0]))[0] if counts else term
        for term, counts in found.items()
    }


def document_counts(matrix: SparseMatrix) -> Int64Array:
    """Return in how many rows each column is not zero."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)
