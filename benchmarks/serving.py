"""Requests per second and latencies of Personalize Local, over HTTP, with 16 clients.

    python benchmarks/serving.py

It starts a server, imports 10,000 items and 300,000 interactions, trains, and asks the campaign for one
user after the other, with a filter on the items and without. Goal: with the filter at least 1,500 requests
per second on 2 cores, 99 of 100 answered in less than 15 ms. "no campaign" is the way through the server
and back without the engine. The clients keep their connections and share the machine with the server. The
first second of each measurement does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from functools import partial
from itertools import cycle, repeat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.campaign import live_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPE = "20260131/us-east-1/personalize/aws4_request"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=test/{SCOPE}, SignedHeaders=host, Signature=0"
NO_CAMPAIGN = "arn:aws:personalize:us-east-1:000000000000:campaign/none"
WARM_UP_SECONDS = 1.0


def request(host: str, path: str, document: dict[str, object], target: str = "") -> bytes:
    """One HTTP request, ready to be sent."""
    body = json.dumps(document).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: {AUTHORIZATION}",
        f"Content-Length: {len(body)}",
    ]
    if target:
        lines += [f"X-Amz-Target: {target}", "Content-Type: application/x-amz-json-1.1"]
    else:
        lines += ["Content-Type: application/json"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> int:
    """Send a request, read the whole answer, and give back its status."""
    writer.write(message)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split(" ", 2)[1])


async def client(
    url: str, messages: Iterator[bytes], status: int, end: float, results: list[tuple[float, float]]
) -> None:
    """Ask one question after the other until `end`; (when, how long) of each goes to `results`."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    while (started := time.perf_counter()) < end:
        found = await exchange(reader, writer, next(messages))
        if found != status:
            raise SystemExit(f"The server answered {found}, not {status}.")
        results.append((started, time.perf_counter() - started))
    writer.close()


async def measure(
    name: str, url: str, messages: Iterator[bytes], *, status: int, clients: int, seconds: float
) -> None:
    """Run the clients and print one line of the table."""
    begin = time.perf_counter()
    end = begin + WARM_UP_SECONDS + seconds
    results: list[tuple[float, float]] = []
    await asyncio.gather(*(client(url, messages, status, end, results) for _ in range(clients)))
    took = sorted(duration for when, duration in results if when >= begin + WARM_UP_SECONDS)
    p50, p99, worst = took[len(took) // 2], took[int(len(took) * 0.99)], took[-1]
    print(
        f"{name:<32} {len(took) / seconds:>8,.0f}/s  p50 {p50 * 1e3:6.2f} ms  p99 {p99 * 1e3:6.2f} ms"
        f"  max {worst * 1e3:6.1f} ms"
    )


def questions(host: str, users: int, **fixed: object) -> Iterator[bytes]:
    """GetRecommendations for one user after the other, for ever."""
    asked = [request(host, "/recommendations", {**fixed, "userId": f"u{user}"}) for user in range(users)]
    return cycle(asked)


async def main() -> None:
    """Measure a control plane call, and runtime calls with and without the engine and a filter."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=16, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5, help="per measurement (default: %(default)s)")
    options = parser.parse_args()
    with live_campaign() as campaign:
        host = urlsplit(campaign.url).netloc
        recipe: dict[str, object] = {"recipeArn": "arn:aws:personalize:::recipe/aws-sims"}
        describe = request(host, "/", recipe, target="AmazonPersonalize.DescribeRecipe")
        ask = partial(questions, host, campaign.users, numResults=25)
        for name, messages, status in (
            ("DescribeRecipe", repeat(describe), 200),
            ("GetRecommendations, no campaign", ask(campaignArn=NO_CAMPAIGN), 404),
            ("GetRecommendations", ask(campaignArn=campaign.arn), 200),
            ("GetRecommendations, filter", ask(campaignArn=campaign.arn, filterArn=campaign.filter), 200),
        ):
            await measure(
                name,
                campaign.url,
                messages,
                status=status,
                clients=options.clients,
                seconds=options.seconds,
            )


if __name__ == "__main__":
    asyncio.run(main())
