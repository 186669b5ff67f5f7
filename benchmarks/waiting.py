"""What the pipeline loses to waiting, how often it looks, and what its own machinery costs.

    python benchmarks/waiting.py              five runs of each kind
    python benchmarks/waiting.py --seeds 20   more of them

Runs in virtual time: the deployed state machines and handlers, against a Personalize Local in this process
whose clock jumps from event to event. An import takes 15 minutes, three solutions 45 each, campaigns 9, all
give or take 3 %, because how much is lost with one certain duration is luck; everything else takes what
`personalize-local --durations realistic` says. The second run of each has new data.

Goals: all that a run takes beyond the time in which Personalize built what it waited for, calls of functions
and state transitions included, is at most 1 % of that time, on average; at most 120 looks at a resource. Runs
of other durations (imports 5 to 17 minutes, trainings 20 to 55, campaigns 7 to 11, as recorded) are shown
beside them; their first run misleads the second. With 20 solutions and campaigns at once and
Personalize's rate limits: at most 60 calls in any 60 s.
"""

from __future__ import annotations

import argparse
import bisect
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import Report, Row
from tests.integration.resources.cloud import INTERACTIONS, avro
from tests.support.virtual_cloud import VirtualCloud, virtual_cloud

from personalize_local.service.durations import MINUTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOST, LOOKS, CALLS, WINDOW = 0.01, 120, 60, 60.0
GOAL = {"dataset-import-job": (14.5, 15.5), "solution-version": (43.5, 46.5), "campaign": (8.7, 9.3)}

# US dollars in us-east-1, after the free tier. https://aws.amazon.com/step-functions/pricing/ and
# https://aws.amazon.com/lambda/pricing/ (arm64, the template's default), November 2025.
PRICE_DATE = "2025-11"
PER_TRANSITION = 0.025 / 1000
PER_REQUEST = 0.20 / 1_000_000
PER_GB_SECOND = 0.0000133334
MEMORY_GB = 0.5  # Globals in template.yaml
SECONDS_PER_LOOK = 0.5  # billed, an estimate: a call or two of Personalize, warm


class Measured(NamedTuple):
    """One run."""

    building: float
    lost: float
    looks: int
    transitions: int
    invocations: int
    calls: int
    busiest: int
    throttled: int

    @property
    def share(self) -> float:
        """Of the build time."""
        return self.lost / self.building

    @property
    def cost(self) -> tuple[float, float]:
        """US dollars: Step Functions, Lambda."""
        lambda_ = self.invocations * (PER_REQUEST + SECONDS_PER_LOOK * MEMORY_GB * PER_GB_SECOND)
        return self.transitions * PER_TRANSITION, lambda_


def params(solutions: int) -> dict[str, Any]:
    """A dataset group with one dataset, an event tracker, two filters, and solutions with a campaign each."""
    return {
        "datasetGroup": {"name": "movies"},
        "datasets": {
            "Interactions": {"name": "movies-interactions", "schema": json.loads(avro(INTERACTIONS))}
        },
        "eventTracker": {"name": "movies-events"},
        "filters": [
            {
                "name": f"not-{verb}",
                "filterExpression": f'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("{verb}")',
            }
            for verb in ("watch", "click")
        ],
        "solutions": [
            {
                "name": f"movies-{number}",
                "recipeArn": "arn:aws:personalize:::recipe/aws-popularity-count",
                "campaigns": [{"name": f"movies-{number}", "minProvisionedTPS": 1}],
            }
            for number in range(solutions)
        ],
    }


def measure(cloud: VirtualCloud, solutions: int, name: str) -> Measured:
    """One run, from now on."""
    machines = cloud.machines
    machines.transitions.clear()
    machines.invocations.clear()
    took = cloud.run(params(solutions), name=name)
    building = sum(one.building for one in cloud.path())
    times = [when for when, _, _ in cloud.calls]
    return Measured(
        building,
        took - building,
        max(one.looks for one in cloud.built),
        sum(machines.transitions.values()),
        sum(machines.invocations.values()),
        len(times),
        max(bisect.bisect_left(times, begin + WINDOW) - place for place, begin in enumerate(times)),
        sum(error == "ThrottlingException" for _, _, error in cloud.calls),
    )


def runs(
    solutions: int, minutes: Mapping[str, tuple[float, float]], *, seed: int = 0, limits: bool = False
) -> list[Measured]:
    """A first run, and a second one with new data."""
    with (
        TemporaryDirectory() as folder,
        virtual_cloud(Path(folder), {**MINUTES, **minutes}, seed=seed, rate_limits=limits) as cloud,
    ):
        first = measure(cloud, solutions, "first")
        cloud.upload(seed + 1)
        return [first, measure(cloud, solutions, "second")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return an exit code: 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--seeds", type=int, default=5, help="runs of each kind, twice (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    table = Report("Waiting (reference: the time in which Personalize built what the run waited for)")
    kinds: dict[str, Mapping[str, tuple[float, float]]] = {"3 solutions": GOAL, "other durations": {}}
    for what, minutes in kinds.items():
        found = [runs(3, minutes, seed=seed) for seed in range(options.seeds)]
        for which, several in zip(("first run", "again"), zip(*found, strict=True), strict=True):
            add(table, f"{what}, {which}", several, goal=minutes is GOAL)
    for which, one in zip(("first run", "again"), runs(20, {}, limits=True), strict=True):
        add_rate(table, f"20 solutions, {which}", one)
    return table.print()


def add(table: Report, what: str, found: Sequence[Measured], *, goal: bool) -> None:
    """Rows about several runs of a kind."""
    building, lost = sum(one.building for one in found), sum(one.lost for one in found)
    share, looks = lost / building, max(one.looks for one in found)
    table.add(
        Row(
            f"{what}: lost",
            f"{building / len(found):,.0f} s",
            f"{share:.2%} on average, {max(one.share for one in found):.2%} at worst",
            None,
            f"<= {LOST:.0%} on average" if goal else "",
            share <= LOST if goal else None,
        )
    )
    table.add(Row(f"{what}: looks at one", "", f"{looks}", None, f"<= {LOOKS}", looks <= LOOKS))
    transitions = sum(one.transitions for one in found) / len(found)
    invocations = sum(one.invocations for one in found) / len(found)
    machine, functions = (sum(costs) / len(found) for costs in zip(*(one.cost for one in found), strict=True))
    table.add(Row(f"{what}: state transitions", "", f"{transitions:,.0f}, ${machine:.3f}"))
    table.add(Row(f"{what}: function calls", "", f"{invocations:,.0f}, ${functions:.4f}"))


def add_rate(table: Report, what: str, found: Measured) -> None:
    """Rows about the calls of Personalize in one run."""
    table.add(
        Row(
            f"{what}: calls of Personalize in the busiest 60 s",
            "",
            f"{found.busiest} of {found.calls:,}, {found.throttled} throttled",
            None,
            f"<= {CALLS}",
            found.busiest <= CALLS,
        )
    )
    table.add(Row(f"{what}: lost", f"{found.building:,.0f} s", f"{found.lost:,.0f} s, {found.share:.2%}"))
    table.add(Row(f"{what}: looks at one", "", f"{found.looks}", None, f"<= {LOOKS}", found.looks <= LOOKS))


if __name__ == "__main__":
    sys.exit(main())
