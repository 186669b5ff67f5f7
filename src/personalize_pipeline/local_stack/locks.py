"""File locks that end with their holder, however it ends."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personalize_pipeline.local_stack.errors import LocalStackError


@contextmanager
def exclusive(path: Path, *, what: str, seconds: float) -> Iterator[None]:
    """Hold the lock file at `path`, waiting up to `seconds` for another holder to finish.

    Raises:
        LocalStackError: somebody else still holds it; `what` tells the reader what they are doing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LocalStackError(
                        f"Another command is still {what} (it holds {path}). Wait for it, or stop it."
                    ) from None
                time.sleep(0.05)
        yield
