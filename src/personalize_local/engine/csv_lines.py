"""The lines of a CSV file as they stand in it: on which one a row begins, and how they end.

DuckDB tells byte positions and counts rows; a person wants to know the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_QUOTED = re.compile(rb'(^|,)"(?:[^"\\]|\\.)*"(?=,|\r?\n|$)', re.DOTALL)
_OPENED = re.compile(rb'(?:^|,)"')


def with_one_line_end(file: Path, folder: Path) -> Path:
    """Return the file, or a copy in `folder` with LF for CR LF if it has both, which DuckDB does not read."""
    with file.open("rb") as opened:
        windows = unix = False
        while not (windows and unix) and (line := opened.readline()):
            windows |= line.endswith(b"\r\n")
            unix |= line.endswith(b"\n") and not line.endswith(b"\r\n")
    if not (windows and unix):
        return file
    copy = folder / file.name
    with file.open("rb") as opened, copy.open("wb") as target:
        for line in opened:
            target.write(line[:-2] + b"\n" if line.endswith(b"\r\n") else line)
    return copy


def line_at(file: Path, position: int) -> int:
    """Return the number of the line, from 1, that a byte is in."""
    with file.open("rb") as opened:
        line = 1
        while position > 0 and (block := opened.read(min(position, 1 << 20))):
            line += block.count(b"\n")
            position -= len(block)
    return line


def lines_of_rows(file: Path, rows: set[int], rejected: set[int]) -> dict[int, int]:
    """Find the lines that rows begin on. Rows count from 1, without header, empty and rejected lines."""
    found: dict[int, int] = {}
    last = max(rows, default=0)
    row = line = position = 0
    with file.open("rb") as opened:
        position = len(opened.readline())
        line = 1
        while row < last and (record := opened.readline()):
            start, first = position, line + 1
            while b'"' in record and _OPENED.search(_QUOTED.sub(rb"\1", record)):
                continuation = opened.readline()
                if not continuation:
                    break
                record += continuation
            line += record.count(b"\n")
            position += len(record)
            if start in rejected or not record.strip(b"\r\n"):
                continue
            row += 1
            if row in rows:
                found[row] = first
    return found
