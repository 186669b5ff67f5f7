"""The real `personalize` command against the deployed stack, and folders for it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.deployed_stack import DeployedStack, interactions_csv

PERSONALIZE = (sys.executable, "-c", "from personalize_pipeline.cli import app; app()")
SECONDS = 300


def folder_with(place: Path, name: str, document: dict[str, Any], **data: Any) -> Path:
    """A folder as a person would have it."""
    folder = place / name
    (folder / "data" / "Interactions").mkdir(parents=True)
    (folder / "data" / "Interactions" / "interactions.csv").write_text(interactions_csv(**data))
    (folder / "params.json").write_text(json.dumps(document))
    return folder


def start(stack: DeployedStack, *arguments: str | Path, typed: bool = False) -> "subprocess.Popen[str]":
    """Run it; `typed`: a person may type something."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [*PERSONALIZE, *map(str, arguments)],
        env=clean | stack.variables | {"NO_PROXY": "127.0.0.1", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE if typed else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def personalize(stack: DeployedStack, *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    process = start(stack, *arguments)
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err
