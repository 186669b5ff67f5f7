"""Identifiers and their numbers: a sorted list of strings that can live in a memory-mapped file.

A model of a million users would need seconds and a gigabyte to load if its identifiers were Python strings.
Here they stay UTF-8 bytes in one array with an array of offsets; looking one up is a binary search.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from personalize_local.engine.arrays import Int32Array, Int64Array, UInt8Array


SEARCHES_WORTH = 20
"""Identifiers that a dictionary could take up in the time of one binary search."""
MOST_INDEXED = 500_000
"""More identifiers than this never become a dictionary: it would need 100 MB and more."""


class Vocabulary(Sequence[str]):
    """Distinct identifiers in the order of their UTF-8 bytes; the position of one is its number.

    Args:
        text: UTF-8 bytes of all identifiers, one after the other.
        offsets: where each begins, and the end of the last: one more than there are identifiers.
    """

    def __init__(self, text: UInt8Array, offsets: Int64Array) -> None:
        self.text = text
        self.offsets = offsets
        self._searches = 0

    @classmethod
    def of(cls, ids: Iterable[str]) -> Vocabulary:
        """Build one from any identifiers; duplicates count once."""
        encoded = sorted({identifier.encode() for identifier in ids})
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(one) for one in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, number: int) -> str: ...
    @overload
    def __getitem__(self, number: slice) -> list[str]: ...
    def __getitem__(self, number: int | slice) -> str | list[str]:
        if isinstance(number, slice):
            return [self._bytes(one).decode() for one in range(*number.indices(len(self)))]
        return self._bytes(range(len(self))[number]).decode()

    def texts(self, numbers: Int32Array | Int64Array) -> list[str]:
        """Return the identifiers of many numbers: ten times as fast as one by one."""
        text = self.text.data
        ends = zip(self.offsets[numbers].tolist(), self.offsets[numbers + 1].tolist(), strict=True)
        return [str(text[begin:end], "utf-8") for begin, end in ends]

    def _bytes(self, number: int) -> bytes:
        return self.text[self.offsets[number] : self.offsets[number + 1]].tobytes()

    def __iter__(self) -> Iterator[str]:
        text, offsets = self.text.tobytes(), self.offsets.tolist()
        return (text[begin:end].decode() for begin, end in pairwise(offsets))

    def position(self, identifier: str) -> int | None:
        """Return the number of an identifier, None if it is not here.

        A binary search of about 10 microseconds; once these have cost as much as a dictionary would, the
        dictionary is built and every later call is one look-up in it.
        """
        if "_numbers" in self.__dict__:
            return self._numbers.get(identifier)
        self._searches += 1
        if self._searches > len(self) / SEARCHES_WORTH and len(self) <= MOST_INDEXED:
            self.index_in_memory()
        wanted = identifier.encode()
        number = bisect_left(range(len(self)), wanted, key=self._bytes)
        return number if number < len(self) and self._bytes(number) == wanted else None

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {identifier: number for number, identifier in enumerate(self)}

    def index_in_memory(self) -> None:
        """Trade memory for time: every later `position` is one dictionary look-up."""
        len(self._numbers)
