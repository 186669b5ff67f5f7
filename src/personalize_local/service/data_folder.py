"""The data folder belongs to one server at a time: two would each undo what the other begins."""

from __future__ import annotations

import fcntl
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "server.lock"
"""Name of the file whose lock the server holds. The lock ends with the process, however that ends."""

PATIENCE_SECONDS = 2.0
"""A server that was told to stop may still be ending."""


class FolderInUse(Exception):  # noqa: N818 -- reads as what happened
    """Another server works with the data folder."""


def claim(folder: Path) -> IO[str]:
    """Take the folder for this process, until the file that this returns is closed.

    Raises:
        FolderInUse: it is taken.
        OSError: it cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK).open("a")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise FolderInUse(
                    f"{folder} is used by another Personalize Local. "
                    "Stop that one, or use another --data folder."
                ) from None
            time.sleep(0.05)
        except OSError:
            file.close()
            raise
        else:
            return file
