"""One local stack: where it is, which ports it has, and how it comes up and goes down."""

import json
import os
import re
import secrets
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from personalize_pipeline.local_stack import ministack
from personalize_pipeline.local_stack.errors import LocalStackError
from personalize_pipeline.local_stack.locks import exclusive
from personalize_pipeline.local_stack.process import Process

REGION = "us-east-1"
ACCOUNT = "000000000000"
# MiniStack's root key: what the person at this computer is, as in a new AWS account.
ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105
USUAL_PORTS = (4566, 4567)  # for the stack named "default"; any other gets free ones
READY_SECONDS = 60.0
_SERVED = ("personalize_local", "personalize_rules")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")


def home() -> Path:
    """The folder of all local stacks: PERSONALIZE_HOME, or `.personalize` in the working directory."""
    return Path(os.environ.get("PERSONALIZE_HOME") or ".personalize").absolute()


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the two servers listen, on 127.0.0.1."""

    aws: int
    personalize: int


@dataclass(frozen=True, slots=True)
class Status:
    """What `personalize local status` tells."""

    name: str
    state: str  # "up", "down", or "partly up" after one of the two died
    folder: str
    aws: str | None
    personalize: str | None
    pids: dict[str, int | None]


class LocalStack:
    """A MiniStack and a Personalize Local that belong together, under one name."""

    def __init__(self, name: str = "default", *, place: Path | None = None) -> None:
        if not NAME.fullmatch(name) or name == "ministack":
            raise LocalStackError(f"{name!r} cannot name a local stack: use letters, digits, - and _.")
        self.name = name
        self.home = place or home()
        self.folder = self.home / name
        self.aws = Process("ministack", self.folder)
        self.personalize = Process("personalize-local", self.folder)

    @classmethod
    def all(cls, place: Path | None = None) -> list[Self]:
        """Every stack that has a folder here, running or not."""
        found = sorted((place or home()).glob("*/ports.json"))
        return [cls(file.parent.name, place=place) for file in found]

    @property
    def processes(self) -> tuple[Process, Process]:
        return (self.aws, self.personalize)

    def ports(self) -> Ports | None:
        """The ports it has or had; None before its first `up`."""
        try:
            return Ports(**json.loads((self.folder / "ports.json").read_text()))
        except FileNotFoundError:
            return None

    def status(self) -> Status:
        pids = {process.name: process.pid() for process in self.processes}
        running = sum(pid is not None for pid in pids.values())
        ports = self.ports() if running else None
        return Status(
            name=self.name,
            state=("down", "partly up", "up")[running],
            folder=str(self.folder),
            aws=_url(ports.aws) if ports else None,
            personalize=_url(ports.personalize) if ports else None,
            pids=pids,
        )

    def up(
        self,
        *,
        aws_port: int | None = None,
        personalize_port: int | None = None,
        options: Sequence[str] = (),
        report: Callable[[str], None] = lambda _: None,
    ) -> bool:
        """Start both servers and wait until both answer. False if they did already.

        `options` are those of the command `personalize-local`, for as long as it runs: `["--rate-limits"]`.

        Servers that run older code than what is installed now are started anew; what they hold is kept.

        If anything goes wrong on the way (Ctrl-C too), what was started is stopped.

        Raises:
            LocalStackError: a port is taken, an installation failed, a server did not come up.
        """
        _check_installed()
        python = ministack.environment(self.home, report)
        with self._exclusive("starting or stopping this stack"):
            if self.status().state == "up" and self._answers() and not self._outdated():
                self._check_ports(aws_port, personalize_port)
                if options:
                    raise LocalStackError(
                        f"The local stack {self.name!r} is up already; {' '.join(options)} is for its start. "
                        f"Stop it first: {self.up_command.replace(' up', ' down')}"
                    )
                return False
            self._stop()
            ports = _choose_ports(self.name, self.ports(), aws_port, personalize_port)
            self._remember(ports)
            try:
                self._start(python, ports, options)
                report("Starting MiniStack and Personalize Local")
                self._wait_until_ready(ports)
            except BaseException:
                self._stop()
                raise
        return True

    def down(self) -> bool:
        """Stop both servers; what was deployed and uploaded is kept. False if nothing ran."""
        with self._exclusive("starting or stopping this stack"):
            return self._stop()

    def reset(self) -> None:
        """Stop both servers and delete everything that is in them: the next `up` begins with nothing."""
        with self._exclusive("starting or stopping this stack"):
            self._stop()
            for entry in self.folder.iterdir():
                if entry.name not in {"lock", "ports.json"}:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def environment(self) -> dict[str, str]:
        """The standard AWS variables with which any AWS program talks to this stack.

        Raises:
            LocalStackError: it is not up.
        """
        ports = self.ports()
        if ports is None or self.status().state != "up":
            raise LocalStackError(f"The local stack {self.name!r} is not up. Start it: {self.up_command}")
        return _variables(ports)

    @property
    def up_command(self) -> str:
        """What to type to start it."""
        return "personalize local up" + ("" if self.name == "default" else f" --name {self.name}")

    @contextmanager
    def _exclusive(self, what: str) -> Iterator[None]:
        with exclusive(self.folder / "lock", what=what, seconds=READY_SECONDS):
            yield

    def _remember(self, ports: Ports) -> None:
        target = self.folder / "ports.json"
        written = target.with_suffix(".new")
        written.write_text(json.dumps(asdict(ports)) + "\n")
        written.replace(target)

    def _start(self, python: Path, ports: Ports, options: Sequence[str]) -> None:
        for folder in ("state", "s3", "tmp", "data"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        for process in self.processes:
            process.log.unlink(missing_ok=True)
        variables = _variables(ports)
        functions_see = {name: variables[name] for name in variables if name.startswith("AWS_ENDPOINT_URL_")}
        functions_see |= {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "PERSONALIZE_PIPELINE_POLL_SECONDS": "1",  # `Wait` takes whole seconds
        }
        # With it Personalize Local may ask MiniStack's IAM whose a key is and what it allows.
        token = {"PERSONALIZE_LOCAL_IAM_TOKEN": secrets.token_hex(32)}
        self.aws.start(
            [str(python), str(_launcher())],
            ministack.settings(ports.aws, self.folder, functions_see | token),
        )
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.personalize.start(
            [
                *(sys.executable, "-m", "personalize_local", *options),
                *("--host", "127.0.0.1", "--port", str(ports.personalize)),
                *("--data", str(self.folder / "data"), "--region", REGION, "--account-id", ACCOUNT),
                *("--iam-endpoint", _url(ports.aws), "--inbox-from", _url(ports.aws)),
            ],
            inherited | variables | token | ministack.without_proxy() | {"TMPDIR": str(self.folder / "tmp")},
        )

    def _wait_until_ready(self, ports: Ports) -> None:
        deadline = time.monotonic() + READY_SECONDS
        checks = ((self.aws, _ready_page(ports.aws)), (self.personalize, _health_page(ports.personalize)))
        for process, page in checks:
            while not _answers(page):
                if process.pid() is None:
                    raise LocalStackError(
                        f"{process.name} ended while it was starting. Its last words:\n{process.last_lines()}"
                    )
                if time.monotonic() > deadline:
                    raise LocalStackError(
                        f"{process.name} did not answer on {page} within {READY_SECONDS:.0f} s. "
                        f"Its last words:\n{process.last_lines()}"
                    )
                time.sleep(0.05)

    def _answers(self) -> bool:
        ports = self.ports()
        return (
            ports is not None
            and _answers(_ready_page(ports.aws))
            and _answers(_health_page(ports.personalize))
        )

    def _check_ports(self, aws: int | None, personalize: int | None) -> None:
        """Ports can be chosen when it is started, not while it runs."""
        ports = self.ports()
        assert ports is not None, "it runs"
        wanted = Ports(aws or ports.aws, personalize or ports.personalize)
        if wanted != ports:
            option = "" if self.name == "default" else f" --name {self.name}"
            raise LocalStackError(
                f"The local stack {self.name!r} is up already, on the ports {ports.aws} and "
                f"{ports.personalize}. To give it others, stop it first: personalize local down{option}"
            )

    def _outdated(self) -> bool:
        """Whether Personalize Local was changed after it was started."""
        started = self.personalize.pid_file.stat().st_mtime
        return any(
            file.stat().st_mtime > started for name in _SERVED for file in _package(name).rglob("*.py")
        )

    def _stop(self) -> bool:
        # Personalize Local first: it asks MiniStack while it works, never the other way round.
        return any([self.personalize.stop(), self.aws.stop()])


def _variables(ports: Ports) -> dict[str, str]:
    personalize = _url(ports.personalize)
    return {
        "AWS_ENDPOINT_URL": _url(ports.aws),
        "AWS_ENDPOINT_URL_PERSONALIZE": personalize,
        "AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME": personalize,
        "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": personalize,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _ready_page(port: int) -> str:
    return f"{_url(port)}/_ministack/ready"


def _health_page(port: int) -> str:
    return f"{_url(port)}/_local/health"


def _answers(page: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(page, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _launcher() -> Path:
    """The script that starts MiniStack with the question that Personalize Local asks it."""
    return _package("personalize_local") / "aws" / "ministack_launcher.py"


def _package(name: str) -> Path:
    """Where a package is; it is only found, not imported."""
    package = find_spec(name)
    assert package is not None, "_check_installed looked"
    assert package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0])


def _check_installed() -> None:
    missing = [name for name in ("personalize_local", "uvicorn", "duckdb") if find_spec(name) is None]
    if missing:
        raise LocalStackError(
            f"Personalize Local is not installed here (no {', '.join(missing)}). "
            "Install it: pip install 'personalize-pipeline[cli,local]'"
        )


def _choose_ports(name: str, last: Ports | None, aws: int | None, personalize: int | None) -> Ports:
    """The ports asked for; else those of the last time, the usual ones, or any free ones."""
    for asked in filter(None, (aws, personalize)):
        if not _free(asked):
            raise LocalStackError(
                f"Port {asked} is taken by another program. "
                "Give another one, or give none and a free one is chosen."
            )
    usual = Ports(*USUAL_PORTS) if name == "default" else None
    for candidate in filter(None, (last, usual)):
        wanted = Ports(aws or candidate.aws, personalize or candidate.personalize)
        if wanted.aws != wanted.personalize and _free(wanted.aws) and _free(wanted.personalize):
            return wanted
    with _listener(0) as one, _listener(0) as other:
        return Ports(aws or one.getsockname()[1], personalize or other.getsockname()[1])


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port just left is free
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _free(port: int) -> bool:
    try:
        with _listener(port) as listener:
            listener.listen()
    except OSError:
        return False
    return True
