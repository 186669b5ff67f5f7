"""The folder for unfinished work in the data folder."""

from __future__ import annotations

from typing import Final

SCRATCH: Final = "scratch"  # emptied when the server starts
