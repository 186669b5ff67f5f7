"""Requests per second and latencies of Personalize Local over HTTP, 16 clients, a filter on the items.

    python benchmarks/serving.py                        10,000 and 100,000 items: three minutes
    python benchmarks/serving.py --items 1000 --seconds 1

For each size of catalogue it starts a server, imports the items and thirty interactions for each, trains, and
asks the campaign for one user after the other. Bars: with the filter at least 1,500 requests per second on 2
cores, 99 of 100 answered in less than 15 ms; with ten times the items at least half of that rate.

Reference: uvicorn, the HTTP server under Personalize Local, with an application that answers the same number
of bytes and does nothing (`bare_server.py`). All are asked in turn, several rounds, and each row shows the
median round. "processor" is the server's time on the processor per request, which hardly depends on what else
the machine does; the clients are one process (`load.py`) beside it, whose own time per request is shown, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.campaign import live_campaign
from benchmarks.load import Load, measure
from benchmarks.report import Report, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCOPE = "20260131/us-east-1/personalize/aws4_request"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=test/{SCOPE}, SignedHeaders=host, Signature=0"
RATE, P99_MS, LARGER = 1500, 15.0, 2.0
ITEMS = [10_000, 100_000]
ANSWER_BYTES = 1500


class Asked(NamedTuple):
    """What is asked in turn."""

    name: str
    url: str
    process: int
    messages: list[bytes]


def request(url: str, document: dict[str, object]) -> bytes:
    """One GetRecommendations, ready to be sent."""
    body = json.dumps(document).encode()
    lines = (
        "POST /recommendations HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Authorization: {AUTHORIZATION}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@contextmanager
def bare_server() -> Iterator[tuple[str, int]]:
    """Start the reference; give its address and process."""
    command = [sys.executable, str(Path(__file__).parent / "bare_server.py"), str(ANSWER_BYTES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield server.stdout.readline().strip(), server.pid
        finally:
            server.terminate()


def middle(rounds: Sequence[Load]) -> Load:
    """Return the medians of several rounds."""
    figures = [(one.per_second, one.p50, one.p99, one.worst, one.server_us, one.client_us) for one in rounds]
    return Load(*(median(column) for column in zip(*figures, strict=True)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return an exit code: 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, nargs="+", default=ITEMS, help="sizes of the catalogue")
    parser.add_argument("--clients", type=int, default=16, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3, help="per round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    with ExitStack() as servers:
        url, process = servers.enter_context(bare_server())
        asked = [Asked("uvicorn", url, process, [request(url, {"campaignArn": "none", "userId": "u1"})])]
        for items in options.items:
            campaign = servers.enter_context(live_campaign(items))
            plain = {"campaignArn": campaign.arn, "numResults": 25}
            for name, fixed in (
                (f"{items:,} items", plain),
                (f"{items:,} items, filter", {**plain, "filterArn": campaign.filter}),
            ):
                users = range(min(campaign.users, 20_000))
                messages = [request(campaign.url, {**fixed, "userId": f"u{user}"}) for user in users]
                asked.append(Asked(name, campaign.url, campaign.process, messages))
        rounds: dict[str, list[Load]] = {one.name: [] for one in asked}
        for _ in range(options.rounds):
            for one in asked:
                rounds[one.name].append(
                    measure(
                        one.url,
                        one.messages,
                        clients=options.clients,
                        seconds=options.seconds,
                        process=one.process,
                    )
                )
    return report(
        {name: middle(loads) for name, loads in rounds.items()}, options.items, options.clients
    ).print()


def report(found: dict[str, Load], sizes: Sequence[int], clients: int) -> Report:
    """Make the table: rates and latencies, the processor's time, and how the larger catalogue compares."""
    table = Report(f"GetRecommendations over HTTP, {clients} clients (reference: uvicorn that does nothing)")
    bare = found["uvicorn"]
    for name, load in found.items():
        if name == "uvicorn":
            continue
        barred = name == f"{ITEMS[0]:,} items, filter"
        table.add(
            Row(
                name,
                bare.shown,
                load.shown,
                load.per_second / bare.per_second,
                f">= {RATE:,}/s, p99 < {P99_MS:.0f} ms" if barred else "",
                (load.per_second >= RATE and load.p99 < P99_MS) if barred else None,
            )
        )
        table.add(
            Row(
                f"{name}: processor per request",
                f"{bare.server_us:.0f} us",
                f"{load.server_us:.0f} us (clients: {load.client_us:.0f} us)",
                load.server_us / bare.server_us if bare.server_us else None,
            )
        )
    for small, large in pairwise(sizes):
        first, second = found[f"{small:,} items, filter"], found[f"{large:,} items, filter"]
        times = first.per_second / second.per_second
        table.add(
            Row(
                f"{large:,} against {small:,} items, filter",
                f"{first.per_second:,.0f}/s",
                f"{second.per_second:,.0f}/s",
                times,
                f"<= {LARGER:.0f} times as slow",
                times <= LARGER if [small, large] == ITEMS else None,
            )
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
