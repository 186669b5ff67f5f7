"""The section `schedules`: its model, and the schedules that it asks for."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from personalize_pipeline.params.shapes import Fields, Model, make_model, member_type

Kind = Literal["import", "retrain", "batch"]
KINDS: Final[tuple[Kind, ...]] = ("import", "retrain", "batch")

CLOCK: Final = ("expression", "timezone", "startDate", "endDate", "state")
"""Keys of an entry that say when; the others say what."""


class _OneOrMany:
    """In the file, a list of one entry may be the entry itself; `in_lists` makes a list of it."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


@cache
def schedules() -> type[Model]:
    """CreateSchedule of EventBridge Scheduler, three times."""
    names = (list[str], Field(None, min_length=1, description="Names of solutions. If left out: all."))
    mode = member_type("CreateSolutionVersion", "trainingMode")
    training = (
        mode,
        Field(None, description="FULL or UPDATE. If left out: as the solution's solutionVersion says."),
    )
    imports: Fields = {
        "importMode": (
            member_type("CreateDatasetImportJob", "importMode"),
            Field(None, description="FULL or INCREMENTAL. If left out: as the dataset says."),
        ),
        "datasets": (
            list[str],
            Field(None, min_length=1, description="Types of datasets: Interactions. If left out: all."),
        ),
    }
    return make_model(
        "Schedules",
        {
            "import": _entries("Import", "Imports again.", imports),
            "retrain": _entries(
                "Retrain",
                "Imports again, trains, and moves the campaigns to the new versions, in one run.",
                {"trainingMode": training, "solutions": names},
            ),
            "batch": _entries(
                "Batch", "Runs the batch jobs with the newest versions; trains nothing.", {"solutions": names}
            ),
        },
        "When the pipeline runs by itself.",
    )


def in_lists(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Turn each single entry into a list of one; and say where that stands in the file: new place -> old."""
    given = document.get("schedules")
    if not isinstance(given, Mapping):
        return dict(document), {}
    single = {kind for kind in KINDS if isinstance(given.get(kind), Mapping)}
    lists = {key: [value] if key in single else value for key, value in given.items()}
    places = {f"schedules.{kind}[0]": f"schedules.{kind}" for kind in single}
    return {**document, "schedules": lists}, places


def entries_of(document: Mapping[str, Any]) -> Iterator[tuple[Kind, int, Mapping[str, Any]]]:
    """Give every entry with its kind and its number among those of its kind."""
    section = in_lists(document)[0].get("schedules")
    if not isinstance(section, Mapping):
        return
    for kind in KINDS:
        given = section.get(kind)
        for number, entry in enumerate(given if isinstance(given, list) else []):
            if isinstance(entry, Mapping):
                yield kind, number, entry


def options_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a run of this schedule is told, beside its kind."""
    return {key: value for key, value in entry.items() if key not in CLOCK}


def wanted_schedules(document: Mapping[str, Any], bucket: str, key: str) -> dict[str, Any]:
    """What the state `Schedules` is to bring about, for the params file in this place."""
    return {
        "name": document["datasetGroup"]["name"],
        "bucket": bucket,
        "key": key,
        "schedules": [
            {"kind": kind, "number": number, "timezone": "UTC", "state": "ENABLED"}
            | {name: entry[name] for name in CLOCK if name in entry}
            | {"options": options_of(entry)}
            for kind, number, entry in entries_of(document)
        ],
    }


def _entries(name: str, description: str, own: Fields) -> tuple[Any, Any]:
    entry = make_model(f"{name}Schedule", {**_clock(), **own}, description)
    kind = Annotated[list[entry], _OneOrMany()]  # type: ignore[valid-type]
    return kind, Field([], description=f"{description} One schedule, or a list of them.")


@cache
def _clock() -> Fields:
    def of_call(key: str) -> Any:
        return member_type("CreateSchedule", key, service="scheduler")

    time = Annotated[str, Field(json_schema_extra={"examples": ["2030-01-31T03:00:00Z"]})]
    return {
        "expression": (
            of_call("ScheduleExpression"),
            Field(
                ...,
                description="When: cron(minutes hours day-of-month month day-of-week year), "
                "rate(7 days), or once at(2030-01-31T03:00:00).",
                examples=["cron(0 3 ? * SUN *)", "rate(7 days)", "at(2030-01-31T03:00:00)"],
            ),
        ),
        "timezone": (
            of_call("ScheduleExpressionTimezone"),
            Field(
                "UTC",
                description="The time zone of the expression, by its IANA name.",
                examples=["Europe/Berlin"],
            ),
        ),
        "startDate": (
            time,
            Field(None, description="Not before this time; a rate counts from it. Without an offset: UTC."),
        ),
        "endDate": (time, Field(None, description="Not after this time. Without an offset: UTC.")),
        "state": (
            of_call("State"),
            Field("ENABLED", description="DISABLED: it is there and does nothing."),
        ),
    }
