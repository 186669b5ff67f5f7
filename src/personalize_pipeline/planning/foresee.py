"""What a run would do with everything in its plan: one entry for each resource, in the order of the run.

The very steps of the run are taken (`step.attempt`), with a client that sends no changes. So the plan cannot
say anything else than the run does; a resource that is new to the pipeline needs a line in `_walk`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3

from personalize_pipeline.best_version import best_version
from personalize_pipeline.context import Run
from personalize_pipeline.planning.entries import Action
from personalize_pipeline.planning.looking import Looking
from personalize_pipeline.planning.walk import DID, Seen, Walk, make_resource
from personalize_pipeline.preprocessing import preprocessing
from personalize_pipeline.promotion import promotion
from personalize_pipeline.resources.batch_inference_job import BatchInferenceJob
from personalize_pipeline.resources.batch_segment_job import BatchSegmentJob
from personalize_pipeline.resources.campaign import Campaign
from personalize_pipeline.resources.data_deletion_job import DataDeletionJob
from personalize_pipeline.resources.dataset import Dataset
from personalize_pipeline.resources.dataset_export_job import DatasetExportJob
from personalize_pipeline.resources.dataset_group import DatasetGroup
from personalize_pipeline.resources.dataset_import import DatasetImport
from personalize_pipeline.resources.event_tracker import EventTracker
from personalize_pipeline.resources.filter import Filter
from personalize_pipeline.resources.metric_attribution import MetricAttribution
from personalize_pipeline.resources.recommender import Recommender
from personalize_pipeline.resources.resource import Resource, tail
from personalize_pipeline.resources.schema import Schema
from personalize_pipeline.resources.solution import Solution
from personalize_pipeline.resources.solution_version import SolutionVersion
from personalize_pipeline.scheduling.schedules import schedules

_DELETED = "users are deleted from the data"

NEW_VERSION = "new-version"
"""In place of the identifier that Personalize will give to a version that is still to be trained."""

# Of imports and data deletion jobs: what changes the data. New tags (update) do not.
_NEWS: frozenset[Action] = frozenset({"create", "import", "wait"})


def foresee(
    plan: Mapping[str, Any], run: Run, looking: Looking, make: Callable[..., Resource] = make_resource
) -> list[Seen]:
    """Say what a run with this plan (`params.plan`) would do now.

    Asks about everything, also what would not be begun ("skip") because something before it fails.
    """
    # Nothing is waited for here.
    walk = Walk(run.model_copy(update={"shares": {}}), looking, make)
    _walk(walk, plan)
    return walk.seen


def _walk(walk: Walk, plan: Mapping[str, Any]) -> None:  # a line for each kind of resource
    run = walk.run
    prepares = "preprocess" in plan and _preprocess(walk, plan["preprocess"])
    walk.check()
    walk.see(DatasetGroup, plan["datasetGroup"])
    walk.check()
    group = {"dataset_group_arn": run.arn(f"dataset-group/{plan['datasetGroup']['name']}")}
    changed = _datasets(walk, plan["datasets"], group, prepares)
    outdated = [reason for reason in changed.values() if reason]
    if plan.get("eventTracker"):
        walk.see(EventTracker, plan["eventTracker"], **group)
        walk.check()
    for want in plan["filters"]:
        walk.see(Filter, want, **group)
    if plan.get("metricAttribution"):
        walk.see(MetricAttribution, plan["metricAttribution"], **group)
    imports = [one.step.arn for one in walk.seen if one.foreseen.resource == "DatasetImport" and one.step]
    for want in plan["dataDeletionJobs"]:
        deletion = walk.see(DataDeletionJob, want, import_arns=tuple(imports), **group)
        if deletion.foreseen.action in _NEWS:
            outdated.append(_DELETED)
    walk.check()
    for want in plan["recommenders"]:
        walk.see(Recommender, want, **group)
    for solution in plan["solutions"]:
        with walk.branch():
            _solution(walk, solution, group, outdated[0] if outdated else None)
    for want in plan["datasetExportJobs"]:
        reason = changed.get(want["datasetType"]) or (_DELETED if _DELETED in outdated else None)
        walk.see(DatasetExportJob, want, outdated=reason, **group)
    if plan.get("schedules"):
        _schedules(walk, plan["schedules"])


def _preprocess(walk: Walk, want: Mapping[str, Any]) -> bool:
    """The Glue job; whether it is to run."""
    glue = walk.looking.guard(boto3.client("glue"))
    step = walk.ask("Preprocess", want, lambda event: preprocessing(event, glue))
    if step is None:
        return True
    runs = step.did != "reused"
    why = (step.details or {}).get("because") or step.reason or ""
    walk.add("Preprocess", want, step, action="start" if runs else "keep", why=why)
    return runs


def _datasets(
    walk: Walk,
    plans: Sequence[Mapping[str, Any]],
    group: Mapping[str, str],
    prepared: bool,  # noqa: FBT001
) -> dict[str, str]:
    """All datasets; by type, why what was trained on it would be out of date after the run."""
    changed = {}
    for plan in plans:
        with walk.branch():
            changed[plan["dataset"]["datasetType"].upper()] = _dataset(walk, plan, group, prepared)
    walk.check()
    return changed


def _dataset(walk: Walk, plan: Mapping[str, Any], group: Mapping[str, str], prepared: bool) -> str:  # noqa: FBT001
    """One dataset; returns why what was trained on it would be out of date after the run.

    `prepared`: its files are not there yet, because a Glue job makes them.
    """
    schema = walk.see(Schema, plan["schema"])
    if schema.step and not schema.step.arn.endswith(f"/{schema.foreseen.name}"):
        walk.add_why(
            f"as {tail(schema.step.arn).partition('/')[2]}: {schema.foreseen.name} has other columns"
        )
    walk.stopped |= schema.fails
    schema_arn = schema.step.arn if schema.step else walk.run.arn(f"schema/{plan['schema']['name']}")
    document = {"schema_arn": schema_arn, "schema_document": plan["schema"]["schema"]}
    dataset = walk.see(Dataset, plan["dataset"], **document, **group)
    walk.stopped |= dataset.fails
    if "import" not in plan:
        return ""
    if prepared:
        why = "what the Glue job makes, unless that was imported last"
        entry = {**plan["import"], "name": dataset.foreseen.name}
        walk.add("DatasetImport", entry, None, action="import", why=why)
        return f"{dataset.foreseen.name} is imported"
    name = group["dataset_group_arn"].rpartition("/")[2]
    dataset_arn = walk.run.arn(f"dataset/{name}/{plan['dataset']['datasetType'].upper()}")
    context = {"schema_arn": schema_arn, "dataset_arn": dataset_arn, **group}
    imported = walk.see(DatasetImport, plan["import"], dataset.foreseen.name, **context)
    return f"{dataset.foreseen.name} is imported" if imported.foreseen.action in _NEWS else ""


def _solution(walk: Walk, plan: Mapping[str, Any], group: Mapping[str, str], outdated: str | None) -> None:
    candidates, needed = [], False
    for candidate in plan["candidates"]:
        arn = walk.run.arn(f"solution/{candidate['solution']['name']}")
        with walk.branch():
            solution = walk.see(Solution, candidate["solution"], **group)
            walk.stopped |= solution.fails
            needed |= solution.fails or "solutionVersion" in candidate
            if "solutionVersion" not in candidate:  # nothing of this run needs one
                continue
            reason = "eventsConfig is changed" if "eventsConfig" in solution.foreseen.why else outdated
            context = {"solution_arn": arn, "outdated": reason, **group}
            seen = walk.see(SolutionVersion, candidate["solutionVersion"], solution.foreseen.name, **context)
        if seen.step and not solution.fails:
            trained = {"name": seen.foreseen.name, "arn": seen.step.arn or f"{arn}/{NEW_VERSION}"}
            candidates.append({**trained, "details": seen.step.details or {}})
    walk.stopped |= needed and not candidates
    version = _version(plan, candidates) if candidates or not needed else f"{arn}/{NEW_VERSION}"
    uses = {**group, "solution_version_arn": version}
    for want in plan["campaigns"]:
        _campaign(walk, want, plan.get("promotion"), uses)
        if len(plan["candidates"]) > 1 and version.endswith(NEW_VERSION) and "solutionVersionArn" not in want:
            walk.add_why("or another candidate's version: which is the best shows when all are trained")
    for want in plan["batchInferenceJobs"]:
        walk.see(BatchInferenceJob, want, **uses)
    for want in plan["batchSegmentJobs"]:
        walk.see(BatchSegmentJob, want, **uses)


def _campaign(
    walk: Walk, want: Mapping[str, Any], gate: Mapping[str, Any] | None, uses: Mapping[str, str]
) -> None:
    """A campaign, which moves to the version only if the gate lets it."""
    if gate is None or "solutionVersionArn" in want:
        walk.see(Campaign, want, **uses)
    elif uses["solution_version_arn"].endswith(NEW_VERSION):
        action = walk.see(Campaign, want, **uses).foreseen.action
        other = "it is not made" if action == "create" else "it keeps what it serves"
        walk.add_why(f"if the new version passes the gate (promotion); else {other}")
    else:
        context = {"run": walk.run.output(), "solutionVersionArn": uses["solution_version_arn"]}
        verdict = promotion({"want": {**gate, "name": want["name"]}, "context": context}).get("details", {})
        if verdict.get("decision") == "withheld":
            walk.add("Campaign", want, None, action="withhold", why=verdict["reason"])
            return
        version = verdict.get("solutionVersionArn", uses["solution_version_arn"])
        walk.see(Campaign, want, **{**uses, "solution_version_arn": version})


def _schedules(walk: Walk, want: Mapping[str, Any]) -> None:
    """Not of Personalize: those that are there, and those that the params file no longer asks for."""
    scheduler = walk.looking.guard(boto3.client("scheduler"))
    step = walk.ask("Schedules", want, lambda event: schedules(event, scheduler))
    if step is None:
        return
    shown: Sequence[Mapping[str, Any]] = (step.details or {}).get("schedules", [])
    done = [one for one in shown if one["did"] != "reused"]
    why = "\n".join(f"{one['did'].removesuffix('d')} {one['name']}" for one in done)
    if shown:
        action = DID.get(step.did or "", "keep") if done else "keep"
        walk.add("Schedules", want, step, action=action, why=why)


def _version(plan: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> str:
    """The version to be used: it is known, unless one of them is still to be trained."""
    to_come = [one["arn"] for one in candidates if one["arn"].endswith(NEW_VERSION)]
    if to_come or not candidates:
        return to_come[0] if to_come else ""
    if len(candidates) == 1:
        return str(candidates[0]["arn"])
    return str(
        best_version({"name": plan["name"], "choose": plan["choose"], "candidates": candidates})["arn"]
    )
