"""The commands of README.md and docs/ about Personalize Local alone: a server, and programs that ask it."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.documents import BLOCKS, Block, Terminal, clean_environment
from tests.support.local_server import READY, LocalServer

PORT = re.compile(r"(?<=127\.0\.0\.1:)4567\b")  # the default; here it is what was free
SECONDS = 30


def marked(marker: str) -> list[Block]:
    return [block for block in BLOCKS if block.marker == marker]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with LocalServer(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, clean_environment())


def variables(block: Block, server: LocalServer) -> str:
    """A block that says where Personalize Local is, with the place where it is."""
    text, replaced = PORT.subn(server.url.rpartition(":")[2], block.text)
    assert replaced == 3, f"{block} should set the variables of three services"
    return text


@pytest.mark.parametrize("block", marked("serve"), ids=str)
def test_the_server_starts_as_printed(block: Block, tmp_path: Path):
    (line,) = block.text.splitlines()
    process = subprocess.Popen(
        ["/bin/bash", "-c", f"{line} --port 0"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        first = process.stdout.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=SECONDS)
    assert READY.match(first), first + said
    assert (tmp_path / ".personalize-local").is_dir()


@pytest.mark.parametrize("block", marked("any program"), ids=str)
def test_the_three_variables_lead_the_aws_command_there(
    block: Block, server: LocalServer, terminal: Terminal
):
    printed = terminal.run(variables(block, server), about=str(block))

    for recipe in ("aws-user-personalization-v2", "aws-next-best-action", "aws-vod-top-picks"):
        assert f'"{recipe}"' in printed


def test_faults_time_and_requests_are_as_their_page_says(server: LocalServer, terminal: Terminal):
    terminal.run(variables(marked("any program")[0], server), about="variables")

    faults, time, requests = (terminal.type(block) for block in marked("faults"))

    assert '"reason": "no capacity"' in faults
    assert '"code": "ThrottlingException"' in faults
    assert '"delaySeconds": 2.5' in faults
    assert '"running": false' in time
    assert '"running": true' in time.splitlines()[-1]
    assert '"requests"' in requests
    assert '"message"' not in faults + time + requests  # how a mistake is answered
    assert server.admin("faults") == {"failures": [], "throttles": [], "delays": []}
