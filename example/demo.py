"""What `make demo` does: the whole way from a folder of CSV files to recommendations, on this computer.

It brings the local stack up, runs the commands that README.md prints for AWS, follows the run, and shows the
mail, the metrics, and what three users get. With --movielens FOLDER it does so on real data.
"""

import argparse
import csv
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
ROOT = HERE.parent
METRICS = (
    "normalized_discounted_cumulative_gain_at_25",
    "mean_reciprocal_rank_at_25",
    "precision_at_5",
    "precision_at_25",
    "coverage",
)
HEADINGS = ("NDCG@25", "MRR@25", "P@5", "P@25", "coverage")
USERS_SHOWN = 3
FOLLOW = "personalize watch"
STACK = "personalize-pipeline"  # as in the commands that the README prints
console = Console(highlight=False, soft_wrap=True)


def commands(readme: str) -> list[str]:
    """The command lines of the README's section about deploying, in their order.

    Raises:
        SystemExit: there is no such section.
    """
    section = re.search(r"<!-- deploy -->\s*```sh\n(.*?)```", readme, re.DOTALL)
    if section is None:
        raise SystemExit("README.md has no commands after <!-- deploy -->.")
    lines = (line.split("  #")[0].rstrip() for line in section[1].replace("\\\n", "").splitlines())
    return [" ".join(line.split()) for line in lines if line]


def undoing(samconfig: dict[str, Any], region: str) -> str:
    """Options for `sam deploy`, where an earlier `sam deploy --guided` saved answers that are meant for AWS.

    `samconfig` is what samconfig.toml holds; "" if it is as in the repository.
    """
    saved = samconfig["default"]
    deploy = saved["deploy"]["parameters"]
    options = []
    if deploy["stack_name"] != STACK:
        options.append(f"--stack-name {STACK}")
    if deploy.get("region", saved.get("global", {}).get("parameters", {}).get("region", region)) != region:
        options.append(f"--region {region}")
    if deploy.get("confirm_changeset"):
        options.append("--no-confirm-changeset")
    return " ".join(options)


def deploy_and_run(folder: Path, environment: dict[str, str]) -> None:
    """Run the README's commands in one shell, each shown before it runs, for this folder.

    Raises:
        SystemExit: one failed, or the run did.
    """
    place = os.path.relpath(folder, ROOT)
    show = "\\n\\033[1;36m$ %s\\033[0m\\n" if sys.stdout.isatty() else "\\n$ %s\\n"
    script = ["set -euo pipefail"]
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    options = undoing(samconfig, environment["AWS_DEFAULT_REGION"])
    for command in commands((ROOT / "README.md").read_text(encoding="utf-8")):
        adapted = command.replace("example/", f"{place}/").replace("/films", f"/{_dataset_group(folder)}")
        if adapted.startswith("sam deploy") and options:
            adapted += f" {options}"
        script += [f"printf {shlex.quote(show)} {shlex.quote(adapted)}", adapted]
    done = subprocess.run(["/bin/bash", "-c", "\n".join(script)], check=False, env=environment, cwd=ROOT)
    if done.returncode:
        raise SystemExit(
            "\nThe demo stopped at the last command above (exit code "
            f"{done.returncode}). More is told by: personalize local logs"
        )


def json_of(command: str, environment: dict[str, str]) -> Any:
    """What a command of ours prints with --json.

    Raises:
        SystemExit: it failed; carries what it said.
    """
    printed = subprocess.run(
        shlex.split(f"{command} --json"),
        check=False,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if printed.returncode:
        raise SystemExit(f"`{command}` failed (exit code {printed.returncode}):\n{printed.stderr}")
    return json.loads(printed.stdout)


def metrics_table(run: dict[str, Any], recorded: Path | None) -> Table:
    """The metrics of every solution of the run, with those that Amazon Personalize reported, if recorded."""
    table = Table(box=None, pad_edge=False, title_justify="left", title_style="bold")
    table.title = "Metrics, by Amazon Personalize's protocol (a tenth of the users held out)"
    table.add_column("solution")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    amazon = (
        {one["solution"]: one for one in json.loads(recorded.read_text())["solutions"]} if recorded else {}
    )
    for resource in run["resources"]:
        found = resource["details"].get("metrics")
        if resource["resource"] != "SolutionVersion" or not found:
            continue
        table.add_row(resource["name"], *_figures(found))
        if there := amazon.get(resource["name"]):
            table.add_row(f"  Amazon, {there['recipe']}", *_figures(there["metrics"]), style="dim")
    if amazon:
        table.caption = (
            "Amazon: means of 3 to 4 trainings on this data (example/recorded.json says where from). "
            "Personalized-ranking was recorded on 157,395 of the interactions, aws-sims is what came "
            "before similar-items."
        )
        table.caption_justify = "left"
    return table


def _figures(metrics: dict[str, float]) -> list[str]:
    return ["-" if name not in metrics else f"{metrics[name]:.3f}" for name in METRICS]


def show_users(folder: Path, environment: dict[str, str]) -> None:
    """For three users: what they watched last, and what the first campaign recommends."""
    params = json.loads((folder / "params.json").read_text(encoding="utf-8"))
    campaign = params["solutions"][0]["campaigns"][0]["name"]
    unseen = params["filters"][0]["name"]
    histories, titles = _histories(folder), _titles(folder)
    everybody = sorted(user for user, history in histories.items() if len(history) >= 8)
    for number in range(1, USERS_SHOWN + 1):
        user = everybody[number * len(everybody) // (USERS_SHOWN + 1)]
        command = f"personalize recommend {campaign} --user {user} --filter {unseen} -n 5"
        console.print(f"\n[bold]{user}[/] watched last:")
        for item in list(dict.fromkeys(reversed(histories[user])))[:5]:
            console.print(f"       {titles[item]}", markup=False)
        console.print(f"[bold]{user}[/] should watch ({command}):", soft_wrap=True)
        answer = json_of(command, environment)
        if not answer:
            raise SystemExit(f"{campaign} recommends nothing to {user}.")
        for one in answer:
            console.print(f"  {one['rank']:>3}  {titles[one['item']]}", markup=False)


def _histories(folder: Path) -> dict[str, list[str]]:
    histories: dict[str, list[str]] = {}
    for row in _rows(folder / "data" / "Interactions" / "interactions.csv"):
        if row["EVENT_TYPE"] == "watch":
            histories.setdefault(row["USER_ID"], []).append(row["ITEM_ID"])
    return histories


def _titles(folder: Path) -> dict[str, str]:
    """Item to title and genres."""
    return {
        row[
            "ITEM_ID"
        ]: f"{row['TITLE']}  [{(row.get('GENRES') or row.get('GENRE') or '').replace('|', ', ')}]"
        for row in _rows(folder / "data" / "Items" / "items.csv")
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, doublequote=False, escapechar="\\")


def _dataset_group(folder: Path) -> str:
    name: str = json.loads((folder / "params.json").read_text(encoding="utf-8"))["datasetGroup"]["name"]
    return name


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--movielens", type=Path, metavar="FOLDER", help="ml-latest-small, unpacked")
    movielens: Path | None = parser.parse_args().movielens
    started = time.monotonic()
    folder, recorded = HERE, None
    if movielens:
        folder, recorded = ROOT / "build" / "movielens", HERE / "recorded.json"
        console.print(f"Preparing MovieLens from {movielens}")
        runpy.run_path(str(HERE / "movielens.py"))["prepare"](movielens, folder)

    environment = dict(os.environ)
    console.print("[bold cyan]$ personalize local up[/]")
    subprocess.run(["personalize", "local", "up"], check=True, env=environment, cwd=ROOT)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        environment.pop(name, None)
    environment |= json_of("personalize local env", environment)
    deploy_and_run(folder, environment)
    console.print()
    console.print(metrics_table(json_of(FOLLOW, environment), recorded))
    show_users(folder, environment)

    place = os.path.relpath(folder, ROOT)
    campaign = json.loads((folder / "params.json").read_text())["solutions"][1]["campaigns"][0]["name"]
    item = next(iter(_titles(folder)))
    console.print(
        f"""
Done in {time.monotonic() - started:.0f} s. The stack is still up. What to type next:

  source .venv/bin/activate && eval "$(personalize local env)"
  personalize recommend {campaign} --item {item} --titles {place}
  personalize run {place}       after a change to {place}/params.json or its data
  personalize local down""",
        markup=False,
    )


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"`{shlex.join(error.cmd)}` failed (exit code {error.returncode}); see above.")
    except KeyboardInterrupt:
        sys.exit(130)
