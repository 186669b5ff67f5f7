"""The commands that stand in README.md, CONTRIBUTING.md and docs/, and a terminal to type them into.

The comment before a block says which it is. One that begins with "not run by a test" gives the reason.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools" / "bin"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"(?:<!-- ([^>]*) -->\n)?```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = "not run by a test: "
BLOCK_SECONDS = 300


@dataclass(frozen=True)
class Block:
    page: str
    marker: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text.splitlines()[0]}"


BLOCKS = [
    Block(str(page.relative_to(ROOT)), marker, text)
    for page in PAGES
    for marker, text in BLOCK.findall(page.read_text(encoding="utf-8"))
]


def blocks(page: str, *markers: str) -> list[Block]:
    """The blocks of a page with one of these markers, in the order of the page."""
    return [block for block in BLOCKS if block.page == page and block.marker in markers]


def clean_environment(**more: str) -> dict[str, str]:
    """That of the tests without what leads to any AWS, and with the commands of the pages."""
    unwanted = ("AWS_", "PERSONALIZE_")
    path = os.pathsep.join([str(Path(sys.executable).parent), str(TOOLS), os.environ["PATH"]])
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(unwanted)},
        "PATH": path,
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        **more,
    }


@dataclass
class Terminal:
    """A shell in a folder: what one block sets, the next one sees."""

    folder: Path
    environment: dict[str, str]
    typed: list[Block] = field(default_factory=list)

    def type(self, block: Block) -> str:
        """Run a block, line after line; returns what stood on the screen."""
        self.typed.append(block)
        return self.run(block.text, about=str(block))

    def run(self, script: str, *, about: str, answers: str = "") -> str:
        variables = self.folder / "variables"
        done = subprocess.run(
            ["/bin/bash", "-c", f"set -aeuo pipefail\n{script}\nenv -0 >{variables}"],
            cwd=self.folder,
            env=self.environment,
            input=answers,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BLOCK_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{about}\n{done.stdout}"
        pairs = variables.read_text().rstrip("\0").split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs)
        return done.stdout
