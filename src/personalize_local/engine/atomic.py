"""Files that appear whole or not at all, whatever kills the process."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPORARY_SUFFIX = ".part"
"""A crash may leave files of this name; nothing reads them, and the owner of the folder may delete them."""


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """Give a path to write to; when the block ends well, what is there becomes `target` in one step.

    After the block the content is on the disk, not only in the system's cache. When it raises, `target` is
    as it was.
    """
    temporary = target.with_name(f".{target.name}.{uuid4().hex}{TEMPORARY_SUFFIX}")
    try:
        yield temporary
        publish(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def publish(source: Path, target: Path) -> None:
    """Move a finished file of the same file system to `target`, in one step and for good."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make new and changed names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def folder_written(target: Path) -> Iterator[Path]:
    """Give an empty folder to write to; when the block ends well, it becomes `target` in one step.

    If somebody else has made `target` meanwhile, theirs stays: a folder is named after what is in it, so both
    are the same. When the block raises, nothing is left.
    """
    temporary = target.with_name(f".{target.name}.{uuid4().hex}{TEMPORARY_SUFFIX}")
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.iterdir():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        sync_folder(temporary)
        try:
            temporary.rename(target)
        except OSError:
            if not target.is_dir():
                raise
        sync_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
