"""A default install of Personalize Local stays small: no deep-learning framework, nothing by accident."""

from __future__ import annotations

from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

LARGEST = 300_000_000  # bytes, as wheels unpack; Python's own caches come on top


def test_personalize_local_installs_in_less_than_300_mb() -> None:
    sizes = {name: size(distribution(name)) for name in closure("personalize-pipeline", "local")}

    assert sum(sizes.values()) < LARGEST, sorted(sizes.items(), key=lambda one: -one[1])[:10]
    assert {"numpy", "scipy", "implicit", "duckdb"} <= sizes.keys()
    assert not sizes.keys() & {"torch", "tensorflow", "pandas", "scikit-learn", "pyarrow", "typer", "rich"}


def closure(name: str, extra: str) -> set[str]:
    """The distributions that an install of this one with this extra brings, itself left out."""
    found: set[str] = set()
    waiting = [(name, extra)]
    while waiting:
        project, wanted = waiting.pop()
        for line in distribution(project).requires or []:
            needed = Requirement(line)
            if needed.marker and not needed.marker.evaluate({"extra": wanted}):
                continue
            if needed.name not in found:
                found.add(needed.name)
                waiting.extend((needed.name, one) for one in (needed.extras or {""}))
    return found


def size(installed: Distribution) -> int:
    """Bytes of its files, without what Python wrote beside them."""
    files = [file for file in installed.files or [] if file.suffix != ".pyc"]
    assert files, installed.name
    return sum(Path(str(installed.locate_file(file))).stat().st_size for file in files)
