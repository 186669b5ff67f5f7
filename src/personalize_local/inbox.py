"""The local inbox: what SNS would mail, kept where the terminal and the console can read it."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 500  # mails; older ones are forgotten


@dataclass(frozen=True, slots=True)
class Mail:
    """One message of a topic. `id` grows with time; `message_id` is the one that SNS gave."""

    id: int
    received_at: str
    topic_arn: str
    subject: str
    message: str
    message_id: str

    def to_json(self) -> dict[str, str | int]:
        """As `/_local/inbox` shows it."""
        return {
            "id": self.id,
            "receivedAt": self.received_at,
            "topicArn": self.topic_arn,
            "subject": self.subject,
            "message": self.message,
            "messageId": self.message_id,
        }


class Inbox:
    """Mails in a file of JSON lines, so that they survive a restart. Safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._mails = _read(file)

    def add(self, topic_arn: str, subject: str, message: str, message_id: str) -> None:
        """Keep a mail, once: SNS may deliver it several times."""
        with self._lock:
            if any(mail.message_id == message_id for mail in self._mails):
                return
            number = self._mails[-1].id + 1 if self._mails else 1
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            mail = Mail(number, now, topic_arn, subject, message, message_id)
            self._mails = [*self._mails[-(KEPT - 1) :], mail]
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(mail)) + "\n")

    def after(self, number: int) -> list[Mail]:
        """The mails whose id is larger, oldest first."""
        return [mail for mail in self._mails if mail.id > number]

    def clear(self) -> None:
        """Forget all mails."""
        with self._lock:
            self._mails = []
            self._file.unlink(missing_ok=True)


def _read(file: Path) -> list[Mail]:
    """What an earlier process kept; a last line that it could not finish is left out."""
    mails = []
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines[-KEPT:]:
        try:
            mails.append(Mail(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return mails
