"""What the pipeline loses to waiting, how often it looks, and what its own machinery costs.

    python benchmarks/waiting.py              the runs of the goals, and ten of other durations
    python benchmarks/waiting.py --seeds 0    only those of the goals

Runs in virtual time: the deployed state machines and handlers, against a Personalize Local in this process
whose clock jumps from event to event. An import takes 15 minutes, three solutions 45 each, campaigns 9;
everything else what `personalize-local --durations realistic` takes. The second run has new data.

Goals: all that a run takes beyond the time in which Personalize built what it waited for, calls of functions
and state transitions included, is at most 1 % of that time; at most 120 looks at a resource. For the runs of
other durations (imports 5 to 17 minutes, trainings 20 to 55, campaigns 7 to 11, as recorded) the mean counts.
With 20 solutions and campaigns at once, Personalize's rate limits on: at most 60 calls in any 60 s.
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
GOAL = {"dataset-import-job": (15.0, 15.0), "solution-version": (45.0, 45.0), "campaign": (9.0, 9.0)}

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
    parser.add_argument("--seeds", type=int, default=5, help="runs of other durations (twice as many)")
    options = parser.parse_args(arguments)
    table = Report("Waiting (reference: the time in which Personalize built what the run waited for)")
    for which, found in zip(("first run", "again, new data"), runs(3, GOAL), strict=True):
        add(table, f"3 solutions, {which}", found)
    if options.seeds:
        others = [runs(3, {}, seed=seed) for seed in range(1, options.seeds + 1)]
        for which, several in zip(("first runs", "again"), zip(*others, strict=True), strict=True):
            mean = sum(one.share for one in several) / len(several)
            worst = max(several, key=lambda one: one.share)
            what = f"other durations, {which}"
            table.add(
                Row(
                    f"{what}: lost",
                    f"{worst.building:,.0f} s (worst run)",
                    f"{mean:.2%} on average, {worst.share:.2%} at worst",
                    None,
                    f"mean <= {LOST:.0%}",
                    mean <= LOST,
                )
            )
            looks = max(one.looks for one in several)
            table.add(Row(f"{what}: looks at one", "", f"{looks}", None, f"<= {LOOKS}", looks <= LOOKS))
    for which, found in zip(("first run", "again"), runs(20, {}, limits=True), strict=True):
        add_rate(table, f"20 solutions, {which}", found)
    return table.print()


def add(table: Report, what: str, found: Measured) -> None:
    """Rows about one run."""
    table.add(
        Row(
            f"{what}: lost",
            f"{found.building:,.0f} s",
            f"{found.lost:,.1f} s, {found.share:.2%}",
            None,
            f"<= {LOST:.0%}",
            found.share <= LOST,
        )
    )
    table.add(Row(f"{what}: looks at one", "", f"{found.looks}", None, f"<= {LOOKS}", found.looks <= LOOKS))
    machine, functions = found.cost
    table.add(Row(f"{what}: state transitions", "", f"{found.transitions:,}, ${machine:.3f}"))
    table.add(Row(f"{what}: function calls", "", f"{found.invocations:,}, ${functions:.4f}"))


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
