"""The command `personalize-local`: Amazon Personalize's three APIs on this computer."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import signal
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from personalize_local.options import durations, listed_quotas, quota, quotas
from personalize_local.settings_from_environment import (
    ALLOW_AWS,
    IAM_ENDPOINT,
    IAM_TOKEN,
    problems_of_environment,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_PORT = 4567

DESCRIPTION = """Answers the APIs of Amazon Personalize on this computer: personalize, personalize-runtime and
personalize-events. Any SDK and the AWS CLI find it by the variables AWS_ENDPOINT_URL_PERSONALIZE,
AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME and AWS_ENDPOINT_URL_PERSONALIZE_EVENTS."""

EPILOG = """environment:
  AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL   where S3 is; the real AWS is never used by accident
  PERSONALIZE_LOCAL_IAM_TOKEN               the secret shared with the IAM behind --iam-endpoint

/_local/ on the same port, from this computer only: faults on request, the clock, requests seen, the inbox

examples:
  personalize-local                             with data in .personalize-local, on port 4567
  personalize-local --durations realistic/60    what takes an hour on AWS takes a minute
  personalize-local --port 0 --data /tmp/data   on a free port, which the first line of output names
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Exit status 2: wrong usage; 1: cannot start."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list_quotas:
        print(listed_quotas())  # noqa: T201 - what the user asked for
        return
    os.environ.update(
        {name: value for name, value in ((IAM_ENDPOINT, options.iam_endpoint),) if value}
        | ({ALLOW_AWS: "1"} if options.allow_aws else {})
    )
    if not options.allow_aws:
        # No credentials of an EC2 instance are looked for: nothing here talks to the real AWS.
        os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    if problem := problems_of_environment(os.environ):
        parser.error(problem)
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    _serve(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="personalize-local",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(".personalize-local"),
        metavar="DIR",
        help="where everything is kept (default: %(default)s)",
    )
    parser.add_argument("--region", default="us-east-1", type=_region, help="in ARNs (default: %(default)s)")
    parser.add_argument(
        "--account-id", default="000000000000", type=_account, help="in ARNs (default: %(default)s)"
    )
    parser.add_argument(
        "--iam-endpoint",
        metavar="URL",
        help=f"check callers and roles with the IAM of this MiniStack (needs {IAM_TOKEN}); without it, every"
        " signed request is allowed and roles are not assumed",
    )
    parser.add_argument(
        "--inbox-from",
        metavar="URL",
        help="bring the mails of the SNS at this address to /_local/inbox",
    )
    parser.add_argument(
        "--allow-aws",
        action="store_true",
        help="read and write the real Amazon S3 (and CloudWatch) when no endpoint is set",
    )
    parser.add_argument(
        "--durations",
        type=durations,
        metavar="realistic[/SPEED]",
        help="take as long as Amazon does: imports 5 to 17 minutes, training 20 to 55, campaigns 7 to 11, new"
        " items 2 hours; realistic/60 is sixty times as fast (default: as long as the work takes)",
    )
    parser.add_argument(
        "--rate-limits",
        action="store_true",
        help="throttle as Amazon does: about 1 call per second and operation of the control plane, 2,500 for"
        " recommendations, 500 of each campaign, 1,000 events, 10 PutItems (see --list-quotas)",
    )
    parser.add_argument(
        "--quota",
        type=quota,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value for a quota, for example campaigns=50; may be given several times",
    )
    parser.add_argument("--list-quotas", action="store_true", help="print the quotas and Amazon's values")
    parser.add_argument(
        "--legacy-recipes",
        action="store_true",
        help="let aws-hrnn, aws-hrnn-metadata and aws-hrnn-coldstart work, which Amazon has retired",
    )
    parser.add_argument("--verbose", action="store_true", help="log every request")
    return parser


def _serve(options: argparse.Namespace) -> None:
    # Here and not above: `--help` and wrong usage answer at once.
    from personalize_local.api.admin import Admin
    from personalize_local.api.gateway import Gateway
    from personalize_local.api.server import Application, listen, make_server
    from personalize_local.aws.iam import guard_from_environment
    from personalize_local.aws.sns import InboxFeed, confirm_subscription
    from personalize_local.inbox import Inbox
    from personalize_local.service.data_folder import FolderInUse
    from personalize_local.service.service import Service
    from personalize_local.service.settings import Settings
    from personalize_local.service.store import StoreUnreadable

    data: Path = options.data.resolve()
    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        sys.exit(
            f"personalize-local cannot listen on {options.host}:{options.port}: {error}. Use another --port."
        )
    port = listener.getsockname()[1]
    url = f"http://{_reachable(options.host)}:{port}"

    settings = Settings(
        data_dir=data,
        region=options.region,
        account_id=options.account_id,
        partition=_partition(options.region),
        quotas=quotas(options.quota),
        rate_limits=options.rate_limits,
        legacy_recipes=options.legacy_recipes,
        **(options.durations or {}),
    )
    try:
        service = Service(settings)
    except (FolderInUse, StoreUnreadable) as error:
        sys.exit(f"personalize-local cannot start: {error}")
    except (OSError, sqlite3.Error) as error:
        sys.exit(
            f"personalize-local cannot start: the data folder {data} cannot be used: {error}. Check that it "
            "is a folder of yours and that its disk has space, or use another --data folder."
        )
    feed = (
        InboxFeed(options.inbox_from, options.region, f"{url}/_local/inbox") if options.inbox_from else None
    )
    guard = guard_from_environment(options.region, options.account_id, settings.partition)
    gateway = Gateway(service, guard)
    admin = Admin(
        service,
        Inbox(data / "inbox.jsonl"),
        lambda link: confirm_subscription(link, options.inbox_from),
        gateway.seen,
    )
    application = Application(gateway, admin, options.host)

    def ready() -> None:
        service.start()
        if feed:
            feed.start()
        print(f"Personalize Local is ready on {url}", flush=True)  # noqa: T201 - what the user waits for

    server = make_server(application, ready)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        if feed:
            feed.stop()
        service.stop()
    # Threads that still wait for something are of no use to anybody: nobody is left to be answered.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _reachable(host: str) -> str:
    """How this computer reaches a server that listens on `host`, as it stands in an address."""
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here
    return f"[{name}]" if ":" in name else name


def _partition(region: str) -> str:
    return "aws-cn" if region.startswith("cn-") else "aws"


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not an account: 12 digits")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a region such as us-east-1")
    return text


if __name__ == "__main__":
    main()
