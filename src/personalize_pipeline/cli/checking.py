"""Check a folder on this computer: the params file, and the first line of every CSV file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_pipeline import params
from personalize_pipeline.cli import folder as folders
from personalize_pipeline.data.headers import HEAD_BYTES, check_headers
from personalize_pipeline.errors import ParamsInvalid
from personalize_rules.schemas import DatasetType, Problem, parse_schema


@dataclass(frozen=True, slots=True)
class Report:
    """What `personalize check` found: all problems at once, and notes on what was read differently."""

    folder: str
    problems: list[Problem]
    notes: list[str]
    found: list[str]

    def text(self) -> str:
        """The report for people."""
        lines = [f"Note: {note}" for note in self.notes]
        if self.problems:
            count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
            lines += [f"{count} in {self.folder}:", *(f"- {problem}" for problem in self.problems)]
        else:
            lines += [*self.found, f"{self.folder} is ready: personalize run {self.folder}"]
        return "\n".join(lines)


def check(path: Path) -> Report:
    """Check the folder at `path`.

    Raises:
        CommandError: it is no folder with a params.json.
    """
    folder = folders.find(path)
    try:
        plan = params.plan(folder.params.read_bytes())
    except ParamsInvalid as error:
        return Report(str(path), list(error.problems), [], [])
    problems: list[Problem] = []
    found: list[str] = []
    for dataset in plan["datasets"]:
        problems += _check_dataset(folder, dataset, found)
    return Report(str(path), problems, list(plan.get("notes", [])), found)


def _check_dataset(folder: folders.Folder, dataset: dict[str, Any], found: list[str]) -> list[Problem]:
    """The CSV files of one dataset of the plan; what is fine is told in `found`."""
    name = DatasetType.parse(dataset["type"]).word
    if location := dataset["import"].get("dataSource", {}).get("dataLocation"):
        found.append(f"{name}: data at {location}, not checked here")
        return []
    files = sorted((folder.data / name).glob("*.csv"))
    if not files:
        return [
            Problem(
                f"{name}/",
                f"there is no CSV file in {folder.data / name}.",
                "Put the data there, or give the dataset a dataSource.",
            )
        ]
    schema, problems = parse_schema(json.loads(dataset["schema"]["schema"]))
    assert schema is not None, f"the plan was made from a checked schema: {problems}"
    heads = {f"{name}/{file.name}": _head(file) for file in files}
    wrong = check_headers(heads, schema)
    if not wrong:
        size = sum(file.stat().st_size for file in files)
        found.append(f"{name}: {len(files)} CSV file{'s' if len(files) > 1 else ''}, {size:,} bytes")
    return wrong


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(HEAD_BYTES)
