"""All benchmarks one after the other, at sizes that take minutes: `make benchmark`. Prints Markdown.

    python benchmarks/all.py             everything that can run here
    python benchmarks/all.py training    only some, by the names of their files

Each benchmark runs in a process of its own, so that its memory is its own; its docstring says what is
measured and what the goal is. Exit status 1: one failed, or missed its goal. Larger sizes: run it by itself.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.movielens import PLACE, ratings

ROOT = Path(__file__).resolve().parents[1]
SIZES: dict[str, tuple[str, ...]] = {
    "starting": (),
    "waiting": (),
    "functions": (),
    "serving": (),
    "answers": (),
    "batch": (),
    "filters": (),
    "training": ("--rows", "1e6"),
    "imports": ("--rows", "2000000", "--repeat", "2"),
    "quality": (),
    "recorded_metrics": (),
    "recorded_outputs": (),
}
NEED_MOVIELENS = {"quality", "recorded_metrics", "recorded_outputs"}


def main() -> None:
    """Exit status 1: one of them failed, or missed its goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(SIZES)}")
    names = parser.parse_args().names or list(SIZES)
    if unknown := set(names) - SIZES.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}. There are {', '.join(SIZES)}.")
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    print(f"# Benchmarks\n\n{machine}, {time.strftime('%Y-%m-%d')}\n")
    failed = [name for name in names if not run(name)]
    if failed:
        sys.exit(f"failed, or missed its goal: {', '.join(failed)}")


def run(name: str) -> bool:
    """Print a section with what a benchmark prints; whether it worked. Without its data it is left out."""
    print(f"## {name}\n")
    if name in NEED_MOVIELENS and ratings() is None:
        print(
            f"Left out: {PLACE} does not name a folder with data/ml-latest-small/ratings.csv.\n", flush=True
        )
        return True
    command = ["python", f"benchmarks/{name}.py", *SIZES[name]]
    print(f"`{' '.join(command)}`\n", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *command[1:]], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    print(markdown(done.stdout))
    print(f"({time.monotonic() - began:.0f} s)\n", flush=True)
    return done.returncode == 0


def markdown(printed: str) -> str:
    """Tables are Markdown as they are; lines that are aligned by blanks keep their form in a block."""
    text = printed.strip("\n")
    return text if re.search(r"^\|[ :|-]+\|$", text, re.MULTILINE) else f"```text\n{text}\n```"


if __name__ == "__main__":
    main()
