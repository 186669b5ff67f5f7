"""Reports of metric attributions that could not be delivered, kept in the data folder until they are.

Kept is what was computed: totals by source and interval, nothing about a user.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from personalize_local.service.scratch import SCRATCH

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER: Final = "reports"
_ENDING: Final = ".json"


@dataclass(frozen=True, slots=True)
class Report:
    """One report to one place.

    Attributes:
        to: where, in the words of `tasks.reports`.
        method: how the events came.
        rows: values in the order of a report's columns.
        attempts: how often its delivery failed.

    """

    to: str
    method: str
    rows: list[list[Any]]
    attempts: int = 0


def keep(data_dir: Path, number: int, report: Report, file: Path | None = None) -> None:
    """Keep a report of the attribution of this number, in `file` if it is kept there already."""
    folder = _folder(data_dir, number)
    folder.mkdir(parents=True, exist_ok=True)
    (data_dir / SCRATCH).mkdir(exist_ok=True)
    name = uuid4().hex
    written = data_dir / SCRATCH / f"report-{name}{_ENDING}"
    written.write_text(json.dumps(asdict(report)), encoding="utf-8")
    written.replace(file or folder / f"{name}{_ENDING}")


def kept(data_dir: Path, number: int) -> list[tuple[Path, Report]]:
    """All reports that wait."""
    return [
        (file, Report(**json.loads(file.read_text(encoding="utf-8"))))
        for file in sorted(_folder(data_dir, number).glob(f"*{_ENDING}"))
    ]


def any_kept(data_dir: Path, number: int) -> bool:
    """Whether reports wait."""
    return any(_folder(data_dir, number).glob(f"*{_ENDING}"))


def forget(data_dir: Path, number: int) -> None:
    """The attribution is gone."""
    shutil.rmtree(_folder(data_dir, number), ignore_errors=True)


def _folder(data_dir: Path, number: int) -> Path:
    return data_dir / _FOLDER / str(number)
