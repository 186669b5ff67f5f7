"""The CloudWatch metrics of a run, written to the log in embedded metric format: no call, no permission.

docs/monitoring.md lists them. A metric costs only in the hours in which it gets data, so these cost next to
nothing; what counts is that none has a dimension that is new with every run.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from personalize_pipeline.reporting.mail import Ending
from personalize_pipeline.reporting.mail.ending import Outcome
from personalize_pipeline.resources.resource import tail

NAMESPACE: Final = "PersonalizePipeline"
SERVICE: Final = "service"
"""The dimension that all have: the name of the stack. Powertools calls it so."""

Values = Mapping[str, tuple[MetricUnit, float]]

_CHANGES = frozenset({"created", "updated", "trained", "imported"})
_PLAIN = MetricUnit.NoUnit


def write_metrics(ending: Ending, now: datetime) -> None:
    """Write the metrics of a run, its solution versions and its imports. A deletion has none."""
    if ending.deletes:
        return
    group = {"DatasetGroup": ending.dataset_group} if ending.dataset_group else {}
    _write(ending, group, _of_run(ending, now))
    for outcome in ending.of("SolutionVersion"):
        if outcome.did == "trained":
            _write(ending, {**group, "Solution": _solution(outcome)}, _of_version(outcome), arn=outcome.arn)
    for outcome in ending.of("DatasetImport"):
        if outcome.did == "imported":
            _write(ending, {**group, "Dataset": outcome.name}, _of_import(outcome), arn=outcome.arn)


def _of_run(ending: Ending, now: datetime) -> Values:
    done = [outcome.did for outcome in ending.worked]
    counts = {
        "RunsSucceeded": ending.succeeded,
        "RunsFailed": not ending.succeeded,
        "ResourcesChanged": sum(did in _CHANGES for did in done),
        "ResourcesReused": done.count("reused"),
        "ResourcesFailed": sum(1 for outcome in ending.outcomes if outcome.failed),
    }
    seconds = (now - ending.run.start_time).total_seconds()
    return {
        "RunDuration": (MetricUnit.Seconds, seconds),
        **{name: (MetricUnit.Count, count) for name, count in counts.items()},
    }


def _of_version(outcome: Outcome) -> Values:
    """Personalize's offline metrics under their own names, and what the training took."""
    values = {name: (_PLAIN, value) for name, value in outcome.details.get("metrics", {}).items()}
    hours = outcome.details.get("trainingHours")
    return {
        **values,
        **({"TrainingHours": (_PLAIN, hours)} if hours is not None else {}),
        "TrainingDuration": (MetricUnit.Seconds, outcome.seconds or 0),
    }


def _of_import(outcome: Outcome) -> Values:
    details = outcome.details
    return {
        **({"ImportedBytes": (MetricUnit.Bytes, details["bytes"])} if "bytes" in details else {}),
        **({"ImportedFiles": (MetricUnit.Count, details["files"])} if "files" in details else {}),
        "ImportDuration": (MetricUnit.Seconds, outcome.seconds or 0),
    }


def _solution(outcome: Outcome) -> str:
    return tail(outcome.arn).split("/")[1] if "/" in outcome.arn else outcome.name


def _write(ending: Ending, dimensions: Mapping[str, str], values: Values, **about: str) -> None:
    """One line of the log: values that share their dimensions; the run and the ARN can be searched for."""
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=ending.run.stack)
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for name, (unit, number) in values.items():
        metrics.add_metric(name, unit, number)
    for name, text in {"run": ending.run.id, **about}.items():
        metrics.add_metadata(name, text)
    metrics.flush_metrics()
