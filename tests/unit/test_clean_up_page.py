"""The script of docs/clean-up.md for a group whose stack is gone, where something cannot be deleted."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.support.documents import blocks

# Has a dataset group with a solution; $REFUSED is what cannot be deleted, all else goes at once.
AWS = """#!/bin/bash
echo "$2" >>"$CALLS"
case "$2" in
  list-dataset-groups) grep -q "^delete-dataset-group$" "$CALLS" || echo arn:group ;;
  list-solutions) grep -q "^delete-solution$" "$CALLS" && [ "$STAYS" != yes ] || echo arn:solution ;;
  "$REFUSED") echo "ResourceInUseException: arn:solution/films is being trained" >&2; exit 254 ;;
esac
"""


def run(folder: Path, **settings: str) -> tuple[int, str, list[str]]:
    """Run the script with what AWS is to do; its exit code, what stood on the screen, and its calls."""
    aws, calls = folder / "aws", folder / "calls"
    aws.write_text(AWS)
    aws.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["/bin/bash", "-c", blocks("docs/clean-up.md", "run")[0].text],
        env={
            **os.environ,
            "PATH": path,
            "CALLS": str(calls),
            "PAUSE": "0",
            "REFUSED": "",
            "STAYS": "",
            **settings,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout, calls.read_text().split()


def test_it_deletes_the_solution_and_the_group(tmp_path: Path):
    code, said, calls = run(tmp_path)

    assert (code, said) == (0, "")
    assert [call for call in calls if call.startswith("delete-")] == [
        "delete-solution",
        "delete-dataset-group",
    ]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"REFUSED": "delete-solution"}, "arn:solution/films is being trained"),
        ({"STAYS": "yes"}, "Still there after an hour: arn:solution"),
    ],
    ids=["refused", "never gone"],
)
def test_what_cannot_be_deleted_ends_it_and_keeps_the_rest(
    settings: dict[str, str], why: str, tmp_path: Path
):
    code, said, calls = run(tmp_path, **settings)

    assert code != 0
    assert why in said
    assert "delete-dataset-group" not in calls
