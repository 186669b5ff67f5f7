"""Names that Personalize wants to be unique: per kind of resource, in the whole account and region."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personalize_pipeline.params.batch import job_name
from personalize_pipeline.params.candidates import candidates
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.data_jobs import deletion_name, export_name
from personalize_pipeline.params.names import derived_name
from personalize_pipeline.params.places import shown
from personalize_rules.schemas import Problem


def check(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Find names that are taken twice in the file."""
    schemas, solutions, campaigns = [], [], []
    jobs: dict[str, list[tuple[str, str | None]]] = {"Inference": [], "Segment": []}
    for word, dataset in inner(document, "datasets").items():
        if "schemaName" in dataset:
            schemas.append((f"datasets.{word}.schemaName", dataset["schemaName"]))
        elif "name" in dataset:
            schemas.append((f"datasets.{word}.name", schema_name(dataset)))
    filters = [(f"{place}.name", section.get("name")) for place, section in entries(document, "filters")]
    for place, solution in entries(document, "solutions"):
        # Candidates of one solution are told from each other in `bake_off`.
        made = dict.fromkeys(one.get("name") for one in candidates(solution).solutions)
        solutions += [(f"{place}.name", name) for name in made]
        campaigns += [
            (f"{inner_place}.name", campaign.get("name"))
            for inner_place, campaign in entries(solution, "campaigns", place)
        ]
        for kind, named in jobs.items():
            named += [
                (f"{inner_place}.jobName", job_name(job, solution.get("name", "")))
                for inner_place, job in entries(solution, f"batch{kind}Jobs", place)
            ]
    recommenders = [
        (f"{place}.name", section.get("name")) for place, section in entries(document, "recommenders")
    ]
    yield from _repeated("schema", schemas)
    yield from _repeated("filter", filters)
    yield from _repeated("solution", solutions)
    yield from _repeated("campaign", campaigns)
    yield from _repeated("recommender", recommenders)
    for kind, named in jobs.items():
        yield from _repeated(f"batch {kind.lower()} job", named)
    group = inner(document, "datasetGroup").get("name", "")
    deletions = [
        (f"{place}.jobName", deletion_name(job, group))
        for place, job in entries(document, "dataDeletionJobs")
    ]
    yield from _repeated("data deletion job", deletions)
    exports = [
        (f"{place}.jobName", export_name(job, dataset))
        for word, dataset in inner(document, "datasets").items()
        for place, job in entries(dataset, "datasetExportJobs", f"datasets.{word}")
    ]
    yield from _repeated("dataset export job", exports)


def schema_name(dataset: Mapping[str, Any]) -> str:
    """Name the schema of a dataset section."""
    name: str = dataset.get("schemaName") or derived_name(dataset["name"], "schema")
    return name


def _repeated(kind: str, named: Sequence[tuple[str, str | None]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for place, name in named:
        if not name:
            continue
        if name in first:
            yield Problem(
                place,
                f"the {kind} {shown(name)} is there already, at {first[name]}.",
                f"Each {kind} needs a name of its own in the account.",
            )
        first.setdefault(name, place)
