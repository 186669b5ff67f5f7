"""Export: find the dataset group, write its params file, say what it does not hold."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from personalize_pipeline import clients
from personalize_pipeline.cli.folder import PARAMS
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.exporting.allowed import only_allowed
from personalize_pipeline.exporting.group import export_group
from personalize_rules.schemas import Problem

_STAYS = (
    'A run of this file imports nothing ("import": false) and trains nothing ("train": false). Remove these '
    "lines where runs are to do so."
)
_NOT_OF_THE_GROUP = (
    "Schedules, promotion and preprocessing belong to a params file, not to the dataset group: copy them "
    "from the file that has them."
)


@dataclass(frozen=True, slots=True)
class Export:
    """A params document; `problems` are what `personalize check` says against it."""

    params: dict[str, Any]
    notes: list[str]
    problems: list[Problem]

    @property
    def text(self) -> str:
        """The params file."""
        return json.dumps(self.params, indent=2, ensure_ascii=False) + "\n"

    def json(self) -> dict[str, Any]:
        """All of it, for a script."""
        return asdict(self)


def export(group: str) -> Export:
    """Make the params file of the dataset group of this name or ARN; calls nothing that changes anything.

    Raises:
        CommandError: there is no such group.
    """
    client = clients.personalize_patient()
    arn = _find(client, group)
    console = Console(stderr=True)
    with console.status("Looking") as status:
        exported = export_group(client, arn, lambda what: status.update(f"Looking at {what}"))
    allowed, problems = only_allowed(exported)
    return Export(allowed.document, [*allowed.notes, _STAYS, _NOT_OF_THE_GROUP], list(problems))


def new_file(path: Path) -> Path:
    """Where the file goes; a folder gets a params.json.

    Raises:
        CommandError: there is a file already.
    """
    path = path / PARAMS if path.is_dir() else path
    if path.exists():
        raise CommandError(f"{path} is there already, and is not overwritten. Give another name: --output.")
    return path


def how_to_apply(file: Path) -> str:
    """The command that runs the file: that of its folder, if its name is the one that is looked for there."""
    if file.name != PARAMS:
        return f"Name it {PARAMS}, in a folder, to apply it: personalize run FOLDER"
    return f"Apply it: personalize run {file.parent}"


def _find(client: Any, group: str) -> str:
    names = []
    for page in client.get_paginator("list_dataset_groups").paginate():
        for item in page["datasetGroups"]:
            arn: str = item["datasetGroupArn"]
            name = arn.rpartition("/")[2]
            if group in (arn, name):
                return arn
            names.append(name)
    there = f"There are {', '.join(sorted(names))}." if names else "There is none in this region."
    raise CommandError(f"There is no dataset group {group}. {there}")
