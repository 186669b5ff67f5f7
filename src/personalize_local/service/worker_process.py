"""The process at the other end of `workers`: settings first, then jobs, one line of JSON each way.

`python -m personalize_local.service.worker_process`, never started by hand.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from typing import IO, TYPE_CHECKING, Any

from personalize_local.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)


def main() -> None:
    """Serve jobs until the input ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s worker: %(message)s")
    answers = _private_output()
    messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(messages,), daemon=True).start()
    settings = Settings.from_json(messages.get())
    from personalize_local.service import tasks  # noqa: PLC0415 -- heavy; the server may be gone by now

    # Beside the first jobs, which need the first of these libraries and should not wait for the last.
    threading.Thread(target=_warm, args=(tasks.WARMING, settings), daemon=True).start()
    while True:
        message = messages.get()
        answers.write(json.dumps(_do(tasks.TASKS[message["task"]], settings, message["arguments"])) + "\n")
        answers.flush()


def _do(task: Any, settings: Settings, arguments: dict[str, Any]) -> dict[str, Any]:
    from personalize_local.service.tasks.rejected import Rejected  # noqa: PLC0415

    try:
        return {"result": task(settings, **arguments)}
    except Rejected as rejected:
        return {"reason": str(rejected)}
    except Exception as error:
        logger.exception("Job failed: %s", task.__name__)
        return {
            "reason": f"Internal error: {type(error).__name__}: {error} "
            "This is a bug in Personalize Local; its log has the traceback."
        }


def _warm(steps: Sequence[Callable[[Settings], None]], settings: Settings) -> None:
    for step in steps:
        step(settings)


def _read(messages: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        messages.put(json.loads(line))
    # The server is gone: whatever is being computed here is of no use to anybody.
    os._exit(3)


def _private_output() -> IO[str]:
    """Our standard output, which nothing else in this process can write to from now on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
