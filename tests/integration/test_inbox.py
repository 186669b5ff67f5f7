"""Mails: what a topic with an e-mail subscription publishes arrives in the local inbox."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.local_server import LocalServer
from tests.support.ministack_server import MiniStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def request(url: str, method: str = "GET", body: Any = None, **headers: str) -> Any:
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, content, headers, method=method)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def status_of(*arguments: Any, **headers: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as error:
        request(*arguments, **headers)
    return error.value.code


def notification(number: str, text: str = "Done.") -> dict[str, str]:
    return {
        "Type": "Notification",
        "MessageId": number,
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:runs",
        "Subject": "Succeeded: movies",
        "Message": text,
    }


@pytest.mark.e2e
def test_a_mail_arrives(tmp_path_factory: pytest.TempPathFactory) -> None:
    with MiniStack(tmp_path_factory.mktemp("ministack")) as aws:
        sns = aws.client("sns")
        topic = sns.create_topic(Name="runs")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
        sns.create_topic(Name="nobody-waits-for-its-mail")
        data = tmp_path_factory.mktemp("local")
        with LocalServer(data, ("--inbox-from", aws.url), aws.environment) as server:
            _wait(lambda: len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 2)
            sns.publish(TopicArn=topic, Subject="Succeeded: movies", Message="Täglich frisch.\n" * 2)
            _wait(lambda: request(f"{server.url}/_local/inbox")["mails"])

            (mail,) = request(f"{server.url}/_local/inbox")["mails"]

            time.sleep(2.5)  # another look of the feed: it must not subscribe again
            subscribed = sns.list_subscriptions()["Subscriptions"]
    assert (mail["id"], mail["topicArn"], mail["subject"]) == (1, topic, "Succeeded: movies")
    assert mail["message"] == "Täglich frisch.\n" * 2
    assert sorted(s["Protocol"] for s in subscribed) == ["email", "http"]
    assert {s["TopicArn"] for s in subscribed} == {topic}


def confirmed(sns: Any, topic: str) -> set[str]:
    """The protocols that a mail goes out by: SNS sends nothing to who has not confirmed yet."""
    found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return {one["Protocol"] for one in found if one["SubscriptionArn"].startswith("arn:")}


def _wait(done: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_the_inbox_keeps_each_mail_once_and_survives_a_restart(
    start_local: Callable[[], LocalServer],
) -> None:
    server = start_local()
    for number in ("a", "b", "a"):
        request(f"{server.url}/_local/inbox", "POST", notification(number))
    server.stop()
    server.start()
    inbox = f"{server.url}/_local/inbox"

    assert [mail["messageId"] for mail in request(inbox)["mails"]] == ["a", "b"]
    assert [mail["id"] for mail in request(f"{inbox}?after=1")["mails"]] == [2]
    assert request(inbox, "DELETE") == {"mails": []}
    assert request(inbox) == {"mails": []}


class Confirmations(BaseHTTPRequestHandler):
    """Stands for an SNS whose confirmation link is followed."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def sns() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Confirmations,), {"seen": seen}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_a_subscription_is_confirmed_at_its_sns_only(
    start_local: Callable[..., LocalServer], sns: tuple[str, list[str]]
) -> None:
    url, seen = sns
    inbox = f"{start_local('--inbox-from', url).url}/_local/inbox"
    port = url.rpartition(":")[2]

    def confirmation(link: str) -> dict[str, str]:
        return {"Type": "SubscriptionConfirmation", "SubscribeURL": link}

    request(inbox, "POST", confirmation(f"http://localhost:{port}/?Action=ConfirmSubscription&Token=1"))
    refused = [
        status_of(inbox, "POST", confirmation(link))
        for link in (
            "http://127.0.0.1:1/?Token=2",
            f"http://evil.example:{port}/?Token=3",
            "file:///etc/passwd",
            f"https://127.0.0.1:{port}/?Token=4",
        )
    ]

    assert [path for path in seen if "Token" in path] == ["/?Action=ConfirmSubscription&Token=1"]
    assert refused == [400] * 4


@pytest.mark.parametrize("body", [{}, [], {"Type": "Notification"}, {"Type": "Other", "MessageId": "1"}])
def test_only_sns_messages_are_taken(local: LocalServer, body: Any) -> None:
    assert status_of(f"{local.url}/_local/inbox", "POST", body) == 400


def test_pages_of_other_sites_may_not_use_it(local: LocalServer) -> None:
    inbox = f"{local.url}/_local/inbox"

    assert status_of(inbox, "POST", notification("x"), Origin="http://evil.example") == 403
    assert request(inbox, "GET", None, Origin=local.url)["mails"] is not None


def test_faults_are_listed_taken_and_forgotten(local: LocalServer) -> None:
    faults = f"{local.url}/_local/faults"

    request(faults, "POST", {"resourceType": "SolutionVersion", "reason": "12 interactions"})
    listed = request(
        faults, "POST", {"operation": "CreateSolution", "times": 2, "code": "ThrottlingException"}
    )

    assert listed["failures"] == [{"resourceType": "solution-version", "reason": "12 interactions"}]
    assert listed["throttles"][0]["times"] == 2
    assert request(faults, "DELETE") == {"failures": [], "throttles": [], "delays": []}
    assert request(faults) == {"failures": [], "throttles": [], "delays": []}


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "BuyEverything"},
        {"operation": "CreateSolution", "times": "two"},
        {"operation": "CreateSolution", "times": 0},
        {"resourceType": "moon", "reason": "full"},
        {"reason": "full"},
    ],
)
def test_a_wrong_fault_is_refused(local: LocalServer, body: Any) -> None:
    assert status_of(f"{local.url}/_local/faults", "POST", body) == 400


def test_an_unknown_path_names_the_known_ones(local: LocalServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        request(f"{local.url}/_local/nothing")
    assert error.value.code == 404
    assert "GET /_local/health" in json.load(error.value)["message"]
