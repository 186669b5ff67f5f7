"""Clients of an HTTP server: many connections in one process of raw sockets, so that asking costs little.

The server shares the machine with whoever asks it. A client of an SDK would take more time than the server.
Every connection sends its next request when it has its answer, so the server is never without work.
"""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

WARM_UP_SECONDS = 1.0
_TICKS = 100  # per second, of /proc/<pid>/stat on Linux
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What came out: times in milliseconds, processor time in microseconds per request."""

    per_second: float
    p50: float
    p99: float
    worst: float
    server_us: float
    client_us: float

    @property
    def shown(self) -> str:
        """Rate and latencies."""
        return f"{self.per_second:,.0f}/s, p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms"


def measure(
    url: str, messages: Sequence[bytes], *, clients: int, seconds: float, process: int, status: int = 200
) -> Load:
    """Ask one question after the other on so many connections; `process` is the server's.

    Raises:
        SystemExit: an answer has another status.

    """
    address = urlsplit(url)
    question = cycle(messages)
    sockets: dict[int, socket.socket] = {}
    poll = select.poll()
    for _ in range(clients):
        one = socket.create_connection((address.hostname or "", address.port or 80))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = one
        poll.register(one, select.POLLIN)
    try:
        _ask(sockets, poll, question, WARM_UP_SECONDS, status)
        mine, theirs = time.process_time(), _processor_seconds(process)
        began = time.perf_counter()
        took = _ask(sockets, poll, question, seconds, status)
        seconds = time.perf_counter() - began
        mine, theirs = time.process_time() - mine, _processor_seconds(process) - theirs
    finally:
        for one in sockets.values():
            one.close()
    took.sort()
    return Load(
        len(took) / seconds,
        took[len(took) // 2] * 1e3,
        took[int(len(took) * 0.99)] * 1e3,
        took[-1] * 1e3,
        theirs / len(took) * 1e6,
        mine / len(took) * 1e6,
    )


def _ask(
    sockets: dict[int, socket.socket], poll: select.poll, question: cycle[bytes], seconds: float, status: int
) -> list[float]:
    """Keep every connection busy for so long, wait for the last answers, and return what each took."""
    clock, expected = time.perf_counter, str(status).encode()
    took: list[float] = []
    started: dict[int, float] = {}
    for number, one in sockets.items():
        started[number] = clock()
        one.sendall(next(question))
    begun: dict[int, bytes] = {}
    end = clock() + seconds
    while started:
        for number, _ in poll.poll():
            data = sockets[number].recv(1 << 16)
            if number in begun:
                data = begun.pop(number) + data
            if not _complete(data):
                if not data:
                    raise SystemExit("The server closed a connection.")
                begun[number] = data
                continue
            if data[9:12] != expected:
                raise SystemExit(f"Not the expected status {status}: {data[:1000]!r}")
            now = clock()
            took.append(now - started[number])
            if now < end:
                started[number] = now
                sockets[number].sendall(next(question))
            else:
                del started[number]
    return took


def _complete(answer: bytes) -> bool:
    head = answer.find(_HEAD_END)
    if head < 0:
        return False
    place = answer.lower().find(b"content-length:", 0, head)
    length = int(answer[place + 15 : answer.find(b"\r", place)])
    return len(answer) >= head + len(_HEAD_END) + length


def _processor_seconds(process: int) -> float:
    """What the process has used so far, by /proc; 0 where there is none."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
