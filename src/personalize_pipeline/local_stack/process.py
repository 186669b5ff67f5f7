"""A server in the background that a later command can find and stop again.

The server inherits an open, locked file and so holds the lock for as long as it lives. "Is it running?" is
then a question about the lock, not about a process number, which the system may have given to somebody else.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from personalize_pipeline.local_stack.errors import LocalStackError

GRACE_SECONDS = 15.0  # MiniStack writes its state down when it is asked to end


@dataclass(frozen=True, slots=True)
class Process:
    """One named server of a stack: its `<name>.pid`, locked while it lives, and its `<name>.log`."""

    name: str
    folder: Path

    @property
    def pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def pid(self) -> int | None:
        """Its process number, or None when it is not running."""
        # Locked, but without a number: it is being started just now, and its number is about to be written.
        while (written := self._number_while_locked()) == "":
            time.sleep(0.01)
        return int(written) if written else None

    def _number_while_locked(self) -> str | None:
        """What the file says while somebody holds its lock; None when nobody does."""
        try:
            with self.pid_file.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return file.read().strip()
        except FileNotFoundError:
            pass
        return None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it in a session of its own, so that a Ctrl-C in this terminal does not reach it.

        Raises:
            LocalStackError: it is running already, or the command cannot be run.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.pid_file.open("a+") as lock, self.log.open("ab") as log:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalStackError(f"{self.name} is running already (see {self.pid_file}).") from None
            lock.truncate(0)
            # The shell writes its own number and then becomes the server: there is no moment in which
            # the server runs and its number is not written down.
            starter = ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(self.pid_file), *command]
            try:
                subprocess.Popen(  # noqa: S603
                    starter,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(lock.fileno(),),
                )
            except OSError as error:
                raise LocalStackError(f"{self.name} cannot be started: {error}") from error

    def stop(self) -> bool:
        """End it and what it started: ask, and insist after a while. False if it was not running."""
        pid = self.pid()
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self.pid() == pid and time.monotonic() < deadline:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        while self.pid() == pid:
            time.sleep(0.02)
        with suppress(ChildProcessError):  # a command before this one started it
            os.waitpid(pid, 0)
        self.pid_file.unlink(missing_ok=True)
        return True

    def lines_since(self, offset: int) -> tuple[list[str], int]:
        """The complete lines of its log from this byte on, and the byte at which the next call goes on."""
        try:
            with self.log.open("rb") as file:
                # A server that was started anew has a new log, shorter than the old one.
                start = offset if offset <= self.log.stat().st_size else 0
                file.seek(start)
                written = file.read()
        except FileNotFoundError:
            return [], 0
        complete = written[: written.rfind(b"\n") + 1]
        return complete.decode(errors="replace").splitlines(), start + len(complete)

    def last_lines(self, count: int = 20) -> str:
        """The end of its log, for an error message."""
        return "\n".join(self.lines_since(0)[0][-count:]) or "(its log is empty)"
