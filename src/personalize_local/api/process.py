"""What a process that answers for weeks does differently from one that ends soon."""

from __future__ import annotations

import ctypes
import gc

KEPT_FREE = 32 << 20
"""Bytes of freed memory that stay with the process."""
LARGEST_KEPT = 8 << 20
"""Larger blocks go back to the system at once."""
YOUNG = 20_000
"""New objects before the youngest are looked through; an answer makes some hundreds, and hardly any cycle."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def settle() -> None:
    """Keep freed memory, and leave alone what is here to stay.

    Every answer takes and frees arrays as long as the catalogue. By default glibc gives such blocks back to
    the system each time, and gets them back page by page: with 100,000 items that is half of the time of an
    answer. And what was loaded at the start never becomes garbage, so the collector need not walk over it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # another C library, with ways of its own
    mallopt(_M_TRIM_THRESHOLD, KEPT_FREE)
    mallopt(_M_MMAP_THRESHOLD, LARGEST_KEPT)
