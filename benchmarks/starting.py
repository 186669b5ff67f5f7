"""How long until a new server has answered, and how much memory it takes when nobody asks.

    python benchmarks/starting.py

Time from the start of the process to the end of its first answer (ListRecipes), and the resident memory of
the server and its processes two seconds later. Bars: under 1 s, under 150 MB. Reference: uvicorn, the HTTP
server under Personalize Local, with an application that does nothing, started in turn with it.
"""

from __future__ import annotations

import argparse
import http.client
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Report, Row
from benchmarks.serving import AUTHORIZATION

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS, MEGABYTES = 1.0, 150.0
IDLE_SECONDS = 2.0
HEADERS = {
    "Authorization": AUTHORIZATION,
    "X-Amz-Target": "AmazonPersonalize.ListRecipes",
    "Content-Type": "application/x-amz-json-1.1",
}


class Start(NamedTuple):
    """One start of a server."""

    seconds: float
    processor: float
    megabytes: float


def measure(command: Sequence[str]) -> Start:
    """Start a server, ask it once, look at it a little later, and end it."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            found = re.search(r"http://\S+", server.stdout.readline())
            if found is None:
                raise SystemExit("The server did not start; see above.")
            connection = http.client.HTTPConnection(urlsplit(found.group()).netloc)
            connection.request("POST", "/", b"{}", HEADERS)
            answer = connection.getresponse()
            answer.read()
            seconds = time.perf_counter() - began
            if answer.status != 200:
                raise SystemExit(f"The server answered {answer.status}.")
            time.sleep(IDLE_SECONDS)
            group = [server.pid, *_children(server.pid)]
            return Start(seconds, _processor(server.pid), sum(_resident(one) for one in group) / 1e6)
        finally:
            server.terminate()


def _children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
    return [one for child in map(int, text.split()) for one in (child, *_children(child))]


def _resident(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _processor(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return an exit code: 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=5, help="starts of each (default: %(default)s)")
    options = parser.parse_args(arguments)
    bare = [sys.executable, str(Path(__file__).parent / "bare_server.py"), "100"]
    theirs, ours = [], []
    for _ in range(options.repeat):
        theirs.append(measure(bare))
        with TemporaryDirectory() as folder:
            ours.append(measure([sys.executable, "-m", "personalize_local", "--port", "0", "--data", folder]))
    (reference, reference_cpu, reference_mb), (seconds, cpu, megabytes) = (
        [median(column) for column in zip(*starts, strict=True)] for starts in (theirs, ours)
    )
    table = Report("Start, an empty data folder (reference: uvicorn that does nothing)")
    table.add(
        Row(
            "from the start to the first answer",
            f"{reference:.2f} s ({reference_cpu:.2f} s of processor)",
            f"{seconds:.2f} s ({cpu:.2f} s of processor)",
            seconds / reference,
            f"< {SECONDS:.0f} s",
            seconds < SECONDS,
        )
    )
    table.add(
        Row(
            "memory when idle, all processes",
            f"{reference_mb:.0f} MB",
            f"{megabytes:.0f} MB",
            megabytes / reference_mb,
            f"< {MEGABYTES:.0f} MB",
            megabytes < MEGABYTES,
        )
    )
    return table.print()


if __name__ == "__main__":
    sys.exit(main())
