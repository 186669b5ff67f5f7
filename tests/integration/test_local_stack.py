"""`personalize local` with the real servers: up, beside each other, down, and interrupted on the way."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from personalize_pipeline.local_stack.errors import LocalStackError
from personalize_pipeline.local_stack.process import Process
from personalize_pipeline.local_stack.stack import LocalStack

ROOT = Path(__file__).parents[2]
PERSONALIZE = (sys.executable, "-c", "from personalize_pipeline.cli import app; app()")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A home for local stacks, with the checkout's installation of MiniStack; stopped at the end."""
    installed = ROOT / ".personalize" / "ministack"
    installed.mkdir(parents=True, exist_ok=True)
    (tmp_path / "ministack").symlink_to(installed)
    yield tmp_path
    for stack in LocalStack.all(tmp_path):
        stack.down()


def command(place: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PERSONALIZE, *arguments],
        env=os.environ | {"PERSONALIZE_HOME": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(place: Path, *arguments: str) -> tuple[int, str, str]:
    process = command(place, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_until(happened: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def client_of(stack: LocalStack, service: str) -> Any:
    variables = stack.environment()
    own = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=variables.get(own, variables["AWS_ENDPOINT_URL"]),
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def test_from_up_to_down_by_command(place: Path) -> None:
    code, out, _ = run(place, "local", "up", "--name", "one")
    assert code == 0
    assert "is up" in out

    code, out, _ = run(place, "local", "status", "--json")
    (status,) = json.loads(out)
    assert (code, status["name"], status["state"]) == (0, "one", "up")

    code, out, _ = run(place, "local", "env", "--name", "one")
    ask = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    script = f'{out}\n{sys.executable} -c "{ask}"'
    asked = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "000000000000"

    code, out, err = run(place, "local", "up", "--name", "one")
    assert (code, "was up already" in out) == (0, True)

    code, out, err = run(place, "local", "up", "--name", "one", "--port", "5999")
    assert (code, out) == (1, "")
    assert "is up already, on the ports" in err
    assert "stop it first: personalize local down --name one" in err

    code, out, _ = run(place, "local", "logs", "--name", "one")
    assert "Personalize Local is ready" in out
    code, out, _ = run(place, "local", "logs", "--name", "one", "-n", "0", "--json")
    assert json.loads(out) == {"ministack": [], "personalize-local": []}

    code, out, _ = run(place, "local", "down", "--name", "one")
    assert (code, out.strip()) == (0, "The local stack 'one' is stopped.")
    code, out, err = run(place, "local", "env", "--name", "one")
    assert (code, out) == (1, "")
    assert "is not up. Start it: personalize local up --name one" in err


def test_two_stacks_side_by_side_know_nothing_of_each_other(place: Path) -> None:
    one, two = LocalStack("one", place=place), LocalStack("two", place=place)
    one.up()
    two.up()

    client_of(one, "s3").create_bucket(Bucket="only-in-one")
    client_of(two, "personalize").create_dataset_group(name="only-in-two")

    assert [b["Name"] for b in client_of(one, "s3").list_buckets()["Buckets"]] == ["only-in-one"]
    assert client_of(two, "s3").list_buckets()["Buckets"] == []
    assert client_of(one, "personalize").list_dataset_groups()["datasetGroups"] == []
    assert one.down()
    assert two.status().state == "up"


def test_what_a_stack_holds_survives_down_and_up_but_not_a_reset(place: Path) -> None:
    stack = LocalStack("kept", place=place)
    stack.up()
    client_of(stack, "s3").create_bucket(Bucket="kept")
    client_of(stack, "s3").put_object(Bucket="kept", Key="a", Body=b"1")
    client_of(stack, "personalize").create_dataset_group(name="kept")
    ports = stack.ports()

    stack.down()
    stack.up()
    assert stack.ports() == ports
    assert client_of(stack, "s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"1"
    groups = client_of(stack, "personalize").list_dataset_groups()["datasetGroups"]
    assert [group["name"] for group in groups] == ["kept"]

    stack.reset()
    stack.up()
    assert client_of(stack, "s3").list_buckets()["Buckets"] == []
    assert client_of(stack, "personalize").list_dataset_groups()["datasetGroups"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_interrupted_while_coming_up_nothing_is_left_running(place: Path, number: int) -> None:
    stack = LocalStack("broken-off", place=place)
    LocalStack("warm", place=place).up()  # MiniStack is installed now: what follows is about the servers
    process = command(place, "local", "up", "--name", "broken-off")
    wait_until(lambda: any(server.pid() for server in stack.processes))
    pids = [server.pid() for server in stack.processes]

    process.send_signal(number)
    out, _ = process.communicate(timeout=30)

    assert process.returncode != 0
    assert "is up" not in out
    assert stack.status().state == "down"
    for pid in filter(None, pids):
        with pytest.raises(ProcessLookupError):
            os.killpg(pid, 0)
    assert stack.up(), "and the next `up` works"


def test_interrupted_while_installing_ministack_no_half_of_it_is_left(tmp_path: Path) -> None:
    process = command(tmp_path, "local", "up")
    wait_until(lambda: any((tmp_path / "ministack").glob("python*/bin/python")))

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert process.returncode != 0
    assert [path.name for path in (tmp_path / "ministack").iterdir() if path.is_dir()] == []


def test_a_port_that_is_taken_is_named_and_nothing_starts(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code, _, err = run(place, "local", "up", "--port", str(port))

    assert code == 1
    assert f"Port {port} is taken by another program." in err
    assert LocalStack(place=place).status().state == "down"


def test_a_server_that_cannot_start_is_quoted_and_the_other_is_stopped(place: Path) -> None:
    stack = LocalStack("unwell", place=place)
    stack.folder.mkdir()
    (stack.folder / "data").mkdir()
    (stack.folder / "data" / "state.db").mkdir()  # a folder where the database should be

    with pytest.raises(
        LocalStackError, match=r"personalize-local ended while it was starting\. Its last words"
    ):
        stack.up()

    assert stack.status().state == "down"


def test_durations_are_chosen_when_it_starts(place: Path) -> None:
    code, _, err = run(place, "local", "up", "--name", "slow", "--durations", "fast")
    assert code == 1
    assert "argument --durations: 'fast' is not a choice: realistic, or realistic/SPEED" in err

    stack = LocalStack("slow", place=place)
    stack.up(options=["--durations", "realistic"])
    arn = client_of(stack, "personalize").create_dataset_group(name="slow")["datasetGroupArn"]
    found = client_of(stack, "personalize").describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert found["status"] == "CREATE PENDING"
    with pytest.raises(LocalStackError, match="Stop it first: personalize local down --name slow"):
        stack.up(options=["--durations", "realistic/60"])


def test_personalize_local_takes_its_options(place: Path) -> None:
    up = ("local", "up", "--name", "odd", "--")
    code, _, err = run(place, *up, "--quota", "campains=9")
    assert code == 1
    assert "'campains' is no quota. Did you mean 'campaigns'?" in err

    code, _, err = run(place, *up, "--legacy-recipes", "--port", "1")
    assert code == 0, err
    recipes = client_of(LocalStack("odd", place=place), "personalize").list_recipes()["recipes"]
    assert "aws-hrnn" in {recipe["name"] for recipe in recipes}

    code, _, err = run(place, *up, "--rate-limits")
    assert code == 1
    assert "Stop it first: personalize local down --name odd" in err


def test_after_one_server_died_up_brings_both_back(place: Path) -> None:
    stack = LocalStack("half", place=place)
    stack.up()
    pid = stack.personalize.pid()
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    wait_until(lambda: stack.personalize.pid() is None)
    assert stack.status().state == "partly up"

    assert stack.up()
    assert stack.status().state == "up"


def test_servers_that_run_older_code_are_started_anew(place: Path) -> None:
    stack = LocalStack("old", place=place)
    stack.up()
    before = stack.status().pids
    assert not stack.up(), "nothing changed: nothing happens"
    os.utime(stack.personalize.pid_file, (0, 0))  # as if it had been started before the last change

    assert stack.up()
    after = stack.status().pids
    assert all(after.values())
    assert not set(before.values()) & set(after.values())


def test_a_process_number_of_somebody_else_is_never_stopped(tmp_path: Path) -> None:
    """The file of a server that died is left, and the system has given its number to another process."""
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    (tmp_path / "server.pid").write_text(f"{other.pid}\n")
    server = Process("server", tmp_path)

    assert server.pid() is None
    assert not server.stop()
    assert other.poll() is None
    other.kill()
    other.wait()
