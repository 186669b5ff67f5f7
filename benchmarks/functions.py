"""How long the functions take to load at a cold start, and how large the layer is that they load.

    python benchmarks/functions.py

The layer is built as `sam build` builds it. Each function's app.py is imported in a new Python process that
sees the layer and nothing else; the fastest of three counts, because other work on the machine can only add.
The largest dependency is the package outside of this project whose modules take longest by themselves
(`-X importtime`). Lambda gives a function of 512 MB a third of a processor: it takes a few times longer.

Goals: under 1 s for each function here; the layer under 250 MB unzipped, which is Lambda's limit for a
function and its layers together.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Report, Row

ROOT = Path(__file__).resolve().parents[1]
SECONDS, MEGABYTES, REPEAT = 1.0, 250.0, 3
OURS = ("personalize_", "app")
_LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \|(\s*)(\S+)", re.MULTILINE)


def load(function: str, layer: Path) -> tuple[float, Counter[str]]:
    """Seconds to import a function's app.py, and those of each package by itself."""
    command = [sys.executable, "-S", "-X", "importtime", "-c", "import app"]
    path = os.pathsep.join([str(ROOT / "functions" / function), str(layer)])
    done = subprocess.run(
        command,
        env={"PYTHONPATH": path, "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"functions/{function}/app.py cannot be imported with the layer:\n{done.stderr}")
    packages: Counter[str] = Counter()
    seconds = 0.0
    for own, total, _, module in _LINE.findall(done.stderr):
        packages[module.partition(".")[0]] += int(own)
        if module == "app":
            seconds = int(total) / 1e6
    return seconds, packages


def largest(packages: Counter[str]) -> str:
    """The package from elsewhere that takes longest, with its milliseconds."""
    found = [
        (microseconds, name)
        for name, microseconds in packages.items()
        if not name.startswith(OURS) and name not in sys.stdlib_module_names
    ]
    microseconds, name = max(found, default=(0, "none"))
    return f"{name} {microseconds / 1000:.0f} ms"


def sizes(layer: Path) -> Counter[str]:
    """Bytes by what lies in the layer."""
    found: Counter[str] = Counter()
    for file in layer.rglob("*"):
        if file.is_file():
            found[file.relative_to(layer).parts[0]] += file.stat().st_size
    return found


def main() -> int:
    """Measure, print the tables, and return an exit code: 1 if a goal is missed."""
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(ROOT / "layer" / "build.py"), folder], check=True)
        layer = Path(folder) / "python"
        starts = Report("Cold start: import of each function (512 MB on Lambda: a few times as long)")
        for app in sorted(ROOT.glob("functions/*/app.py")):
            tries = [load(app.parent.name, layer) for _ in range(REPEAT)]
            seconds, packages = min(tries, key=lambda one: one[0])
            ours = f"{seconds:.2f} s, of it {largest(packages)}"
            starts.add(Row(app.parent.name, "", ours, None, f"< {SECONDS:.0f} s", seconds < SECONDS))
        found = sizes(layer)
        total = sum(found.values()) / 1e6
        zipped = Path(folder) / "layer.zip"
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(layer.rglob("*")):
                archive.write(file, file.relative_to(folder))
        size = Report("The layer: dependencies of all Python versions and architectures side by side")
        size.add(Row("unzipped", "", f"{total:.1f} MB", None, f"< {MEGABYTES:.0f} MB", total < MEGABYTES))
        size.add(Row("zipped", "", f"{zipped.stat().st_size / 1e6:.1f} MB"))
        for name, bytes_ in found.most_common(5):
            size.add(Row(name, "", f"{bytes_ / 1e6:.1f} MB"))
        return starts.print() | size.print()


if __name__ == "__main__":
    sys.exit(main())
