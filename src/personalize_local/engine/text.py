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

    from personalize_local.engine.arrays import Float32Array, Int32Array, Int64Array, SparseMatrix

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
    for part in re.split(_BREATHS, text):
        written = words(part)
        folded = [word.casefold() for word in written]
        yield from zip(folded, written, strict=True)
        for place in range(len(written) - 1):
            yield f"{folded[place]} {folded[place + 1]}", f"{written[place]} {written[place + 1]}"


_BREATHS = r"[.,;:!?|()\[\]\n\t/]+"
_CUT = re.compile(f"{_BREATHS}|{_WORD.pattern}")
_BREATH = -1
_EMPTY = -2
TEXTS_AT_ONCE = 2_000
"""Texts whose terms are counted together: bounds the memory that sorting them takes."""


class _Numbers(dict[str, int]):
    """What was cut out -> the number of the word, `_BREATH` or `_EMPTY`; looks each spelling up once."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, int] = {}

    def __missing__(self, written: str) -> int:
        folded = written.casefold()
        if not _WORD.fullmatch(written):
            number = _BREATH
        elif len(written) < 2 or folded in _EMPTY_WORDS:
            number = _EMPTY
        else:
            number = self.words.setdefault(folded, len(self.words))
        self[written] = number
        return number


class CutTexts:
    """Texts as the numbers of their words: what `phrases` finds, in less than half its time.

    A term is known by its key: (a + 1) * base + b + 1 for the words a and b, (a + 1) * base for a alone.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        numbers, found, ends = _Numbers(), array("i"), array("q", [0])
        for text in texts:
            found.extend(map(numbers.__getitem__, _CUT.findall(text)))
            ends.append(len(found))
        self.size = len(ends) - 1
        self._numbers = numbers.words
        self._words = list(numbers.words)
        self._base = len(self._words) + 1
        self._entries = self._counted(np.array(found, np.int32), np.array(ends, np.int64))

    def entries(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return, for each term of each text: the place of the text, the key, and how often."""
        return self._entries

    def key(self, term: str) -> int | None:
        """Return the key of a term; None if a word of it is in none of the texts."""
        first, _, second = term.partition(" ")
        if first not in self._numbers or (second and second not in self._numbers):
            return None
        return (self._numbers[first] + 1) * self._base + (self._numbers[second] + 1 if second else 0)

    def term(self, key: int) -> str:
        """Return the term of a key."""
        first, second = divmod(key, self._base)
        word = self._words[first - 1]
        return f"{word} {self._words[second - 1]}" if second else word

    def _counted(self, found: Int32Array, ends: Int64Array) -> tuple[Int64Array, Int64Array, Int64Array]:
        parts = []
        for first in range(0, self.size, TEXTS_AT_ONCE):
            last = min(first + TEXTS_AT_ONCE, self.size)
            words = found[ends[first] : ends[last]].astype(np.int64)
            rows = np.repeat(np.arange(last - first), np.diff(ends[first : last + 1]))
            full = words != _EMPTY
            words, rows = words[full], rows[full]
            paired = np.flatnonzero((words[:-1] >= 0) & (words[1:] >= 0) & (rows[:-1] == rows[1:]))
            single = np.flatnonzero(words >= 0)
            # One number for text and term: numbers are sorted fastest.
            joined = (rows * self._base + words + 1) * self._base
            joined = np.concatenate((joined[single], joined[paired] + words[paired + 1] + 1))
            joined, counts = np.unique(joined, return_counts=True)
            rows, keys = np.divmod(joined, self._base**2)
            parts.append((rows + first, keys, counts))
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
        rows, keys, counts = (np.concatenate(one) for one in zip(*parts, strict=True))
        return rows, keys, counts


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
    def of(cls, texts: Iterable[str] | CutTexts, *, fewest: int = 2) -> Terms:
        """Learn the terms that at least `fewest` texts have; fewer are asked for where texts are few."""
        cut = texts if isinstance(texts, CutTexts) else CutTexts(texts)
        size = cut.size
        _, keys, _ = cut.entries()
        keys, counts = np.unique(keys, return_counts=True)
        enough = counts >= min(fewest, max(1, size // 2))
        if np.count_nonzero(enough) > MOST_TERMS:
            # Those tied at the cut come too: their names decide.
            enough &= counts >= np.partition(counts, len(counts) - MOST_TERMS)[len(counts) - MOST_TERMS]
        named = sorted(
            zip((-counts[enough]).tolist(), map(cut.term, keys[enough].tolist()), strict=True),
        )[:MOST_TERMS]
        kept = [term for _, term in named]
        frequencies = np.array([-count for count, _ in named], np.float64)
        rarity = np.log((1 + size) / (1 + frequencies)) + 1
        return cls({term: number for number, term in enumerate(kept)}, rarity.astype(np.float32))

    def weigh(self, texts: Iterable[str] | CutTexts) -> SparseMatrix:
        """Return the tf-idf vectors of texts, each of length 1: float32, shape (texts, terms).

        A text without any known term has a vector of zeros.
        """
        cut = texts if isinstance(texts, CutTexts) else CutTexts(texts)
        rows, keys, counts = cut.entries()
        if len(keys) < len(self.numbers):  # a few texts: no look at every term of the catalogue
            keyed = [(key, self.numbers.get(cut.term(key))) for key in set(keys.tolist())]
        else:
            keyed = [(key, at) for term, at in self.numbers.items() if (key := cut.key(term)) is not None]
        pairs = np.array(sorted((key, at) for key, at in keyed if at is not None), np.int64).reshape(-1, 2)
        known, columns = pairs[:, 0], pairs[:, 1]
        places = np.searchsorted(known, keys)
        found = np.flatnonzero(np.append(known, -1)[places] == keys)
        matrix = sparse.csr_array(
            (counts[found].astype(np.float32), (rows[found], columns[places[found]])),
            shape=(cut.size, len(self.numbers)),
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
