"""Servers in the background: found, and told from what is not there."""

from __future__ import annotations

import fcntl
import threading
from typing import TYPE_CHECKING

from personalize_pipeline.local_stack.process import Process

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_never_started_has_no_number(tmp_path: Path) -> None:
    assert Process("server", tmp_path).pid() is None


def test_a_number_that_nobody_holds_is_a_server_that_died(tmp_path: Path) -> None:
    (tmp_path / "server.pid").write_text("4242\n")

    assert Process("server", tmp_path).pid() is None


def test_a_server_that_is_being_started_is_known_when_its_number_is_written(tmp_path: Path) -> None:
    server = Process("server", tmp_path)
    with server.pid_file.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        writing = threading.Timer(0.1, lambda: server.pid_file.write_text("4242\n"))
        writing.start()

        found = server.pid()
        writing.join()

    assert found == 4242
