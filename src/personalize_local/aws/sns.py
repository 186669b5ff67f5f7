"""Mails of a local SNS: an emulator sends none, so the inbox subscribes wherever somebody waits for mail."""

from __future__ import annotations

import logging
import threading
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
TIMEOUT_SECONDS = 5


class InboxFeed:
    """Subscribes `endpoint` to every topic that has an e-mail subscription, for as long as it runs."""

    def __init__(self, sns_url: str, region: str, endpoint: str) -> None:
        self._sns_url = sns_url
        self._region = region
        self._endpoint = endpoint
        self._stop = threading.Event()
        self._complained = ""

    def start(self) -> None:
        """Begin to look for subscriptions, in a thread."""
        threading.Thread(target=self._run, name="inbox-feed", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self) -> None:
        client = _sns_client(self._sns_url, self._region)
        while True:
            try:
                subscribe_where_mail_is_expected(client, self._endpoint)
                self._complained = ""
            except Exception as error:  # noqa: BLE001 - SNS may start later, or restart
                self._complain(str(error))
            if self._stop.wait(POLL_SECONDS):
                return

    def _complain(self, text: str) -> None:
        if text != self._complained:  # once, not every two seconds
            log.warning("The inbox cannot look for mail at %s: %s. It keeps trying.", self._sns_url, text)
            self._complained = text


def subscribe_where_mail_is_expected(client: Any, endpoint: str) -> None:
    """One look at all subscriptions. A topic with an e-mail subscription gets one for `endpoint`, once."""
    pages = client.get_paginator("list_subscriptions").paginate()
    subscriptions = [subscription for page in pages for subscription in page["Subscriptions"]]
    wanted = {s["TopicArn"] for s in subscriptions if s["Protocol"] in ("email", "email-json")}
    there = {s["TopicArn"] for s in subscriptions if s["Protocol"] == "http" and s["Endpoint"] == endpoint}
    for topic in sorted(wanted - there):
        client.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)


def confirm_subscription(link: str, sns_url: str | None) -> None:
    """Follow the link of a confirmation, if it leads to the SNS that the inbox listens to.

    Raises:
        OSError: it leads elsewhere (whoever sends it could make this process fetch anything), or SNS refused.
    """
    expected = urlsplit(sns_url or "")
    given = urlsplit(link)
    if (
        given.scheme != "http"
        or not sns_url
        or given.port != expected.port
        or not _same_host(given, expected)
    ):
        raise PermissionError(f"{link[:200]} is not at {sns_url or 'any SNS: start with --inbox-from'}")
    target = expected._replace(path=given.path, query=given.query).geturl()
    with urllib.request.urlopen(target, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - checked above
        answer.read()


def _same_host(given: Any, expected: Any) -> bool:
    local = ("127.0.0.1", "localhost", "::1")
    return given.hostname == expected.hostname or (given.hostname in local and expected.hostname in local)


def _sns_client(url: str, region: str) -> SNSClient:
    import boto3
    from botocore.config import Config

    timeouts = Config(
        connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"max_attempts": 0}
    )
    client: SNSClient = boto3.client("sns", endpoint_url=url, region_name=region, config=timeouts)
    return client
