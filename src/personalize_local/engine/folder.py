"""A model on disk: a folder of .npy files and one model.json, there completely or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = 1
"""Raised when files of an older version can no longer be read."""
DESCRIPTION = "model.json"
MOST_IN_MEMORY = 64_000_000
"""Bytes of an array that is read at once: pages that no request has touched yet make slow answers."""


def save(
    folder: Path, description: Mapping[str, Any], arrays: Mapping[str, NDArray[Any] | Vocabulary]
) -> None:
    """Write a model so that `folder` appears with everything in it, synced to disk, or does not appear.

    A folder that exists already is replaced.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        for name, array in arrays.items():
            if isinstance(array, Vocabulary):
                _write(temporary / f"{name}.text.npy", array.text)
                _write(temporary / f"{name}.offsets.npy", array.offsets)
            else:
                _write(temporary / f"{name}.npy", array)
        with (temporary / DESCRIPTION).open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, **description}, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        _sync(temporary)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def read_description(folder: Path) -> dict[str, Any]:
    """Return model.json.

    Raises:
        FileNotFoundError: there is no model in the folder.
        ValueError: it was written by another version of the engine.

    """
    description: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    if description.get("format") != FORMAT:
        raise ValueError(
            f"{folder}: the model has format {description.get('format')}, this version reads {FORMAT}."
            " Train it again."
        )
    return description


def read_array(folder: Path, name: str) -> NDArray[Any]:
    """Return one array, read-only: in memory if it is small, else memory-mapped."""
    file = folder / f"{name}.npy"
    mapped = file.stat().st_size > MOST_IN_MEMORY
    loaded = np.load(file, mmap_mode="r" if mapped else None, allow_pickle=False)
    # The bare array over the same memory: slicing a memmap costs several times as much.
    array: NDArray[Any] = loaded.view(np.ndarray)
    array.flags.writeable = False
    return array


def read_vocabulary(folder: Path, name: str) -> Vocabulary:
    """Return one vocabulary."""
    return Vocabulary(read_array(folder, f"{name}.text"), read_array(folder, f"{name}.offsets"))


def _write(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
