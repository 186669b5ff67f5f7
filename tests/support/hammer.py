"""Many threads that ask the same thing all the time, and count what fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tests.support.world import eventually

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Hammer:
    """A context manager: `ask` must give a list that is not empty, again and again, until the block ends."""

    ask: Callable[[], list[Any]]
    threads: int = 4
    failures: list[str] = field(default_factory=list)
    answers: int = 0
    _done: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asking: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._asking = [threading.Thread(target=self._run) for _ in range(self.threads)]
        for thread in self._asking:
            thread.start()
        self.answers_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._asking:
            thread.join()

    def answers_more(self, count: int = 20) -> None:
        """Wait for so many more answers, good or bad."""
        wanted = self.answers + len(self.failures) + count
        eventually(lambda: self.answers + len(self.failures) >= wanted)

    def _run(self) -> None:
        while not self._done.is_set():
            try:
                found = self.ask()
            except Exception as error:  # noqa: BLE001 -- whatever it is, it is counted
                with self._lock:
                    self.failures.append(f"{type(error).__name__}: {error}")
                continue
            with self._lock:
                if found:
                    self.answers += 1
                else:
                    self.failures.append("an empty answer")
