"""`personalize run`: upload, follow, mail, exit code; with the real command on the deployed stack."""

import json
import re
import signal
from pathlib import Path

from tests.support.command import SECONDS, folder_with, personalize, start
from tests.support.deployed_stack import DeployedStack, params


def test_a_run_that_succeeds_is_followed_and_ends_with_the_mail_and_0(stack: DeployedStack, tmp_path: Path):
    folder = folder_with(tmp_path, "good", params("good"))

    code, out, err = personalize(stack, "run", folder)

    assert code == 0, err
    assert out.startswith("Succeeded: good\n\ngood is live.")
    assert "1 data file sent" in err
    followed = re.findall(r"^ +\d+ s  (.*)$", err, re.MULTILINE)
    order = [
        followed.index(line)
        for line in (
            "DatasetGroup good: ACTIVE, created",
            "DatasetImport good-interactions: ACTIVE, imported",
            "SolutionVersion good-for-you: ACTIVE, trained",
            "Campaign good-for-you: ACTIVE, created",
        )
    ]
    assert order == sorted(order)
    assert re.search(r"^SUCCEEDED after \d+ s$", err, re.MULTILINE)
    assert out.rstrip().endswith(")")  # the mail's last line: the params file with its version
    assert "Traceback" not in err

    code, out, _ = personalize(stack, "recommend", "good-for-you", "--user", "u2", "-n", "3", "--json")
    assert (code, [one["rank"] for one in json.loads(out)]) == (0, [1, 2, 3])


def test_a_run_that_fails_prints_the_mail_and_ends_with_1(stack: DeployedStack, tmp_path: Path):
    folder = folder_with(tmp_path, "small", params("small"))
    with (folder / "data" / "Interactions" / "interactions.csv").open("a") as file:
        file.write("u1,i1,watch,soon\n")

    code, out, err = personalize(stack, "run", folder)

    assert code == 1
    assert out.startswith("Failed: small")
    assert "soon" in out  # is no TIMESTAMP, which nobody sees in the first lines
    assert re.search(r"^ +\d+ s  DatasetImport small-interactions: FAILED: ", err, re.MULTILINE)
    assert re.search(r"^FAILED after \d+ s$", err, re.MULTILINE)

    code, out, _ = personalize(stack, "watch", "--json")
    run = json.loads(out)
    assert (code, run["status"], run["error"]) == (1, "FAILED", "ResourceFailed")
    assert run["mail"]["subject"].startswith("Failed: small")


def test_ctrl_c_ends_the_command_and_not_the_run(stack: DeployedStack, tmp_path: Path):
    folder = folder_with(tmp_path, "left", params("left"))
    process = start(stack, "run", folder)
    assert process.stderr
    assert process.stdout
    name = ""
    for line in process.stderr:
        if line.startswith("Run "):
            name = line.removeprefix("Run ").strip()
        if "DatasetGroup" in line:
            break

    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    code = process.wait(timeout=SECONDS)

    assert (code, process.stdout.read()) == (130, "")
    assert f"The run itself goes on. Follow it again: personalize watch {name}" in err
    code, out, _ = personalize(stack, "watch", name)
    assert (code, out.splitlines()[0]) == (0, "Succeeded: left"), out
