"""Batch inference: the answers of the runtime API for every line of files, by the same rules.

Filters, live events, scores and reasons go through `service.requests`, as those of requests do: what a batch
says of a user is what GetRecommendations says of him on the same version and data.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service import kinds
from personalize_local.service.deployment import Deployment, open_deployment
from personalize_local.service.errors import InvalidInputException
from personalize_local.service.exploration_rules import read_exploration
from personalize_local.service.forgotten_users import forgotten_by
from personalize_local.service.live_events import events_of, last_number
from personalize_local.service.requests.answers import SCORE_DIGITS
from personalize_local.service.requests.filtering import allowed, listed
from personalize_local.service.requests.request import Request, best, refusals
from personalize_local.service.requests.sources import NamedFilter, Source
from personalize_local.service.store import STATE, open_reader
from personalize_local.service.tasks import batch_files
from personalize_local.service.tasks.batch_files import Answer, BatchJob, Line, LineRejected
from personalize_local.service.tasks.item_texts import item_texts
from personalize_local.service.tasks.serving import prepare_serving
from personalize_rules.filters import parse_filter
from personalize_rules.recipes import find_recipe
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from personalize_local.engine.answers import Scored
    from personalize_local.engine.arrays import BoolArray
    from personalize_local.engine.themes import Themes
    from personalize_local.service.live_events import LiveEvent
    from personalize_local.service.settings import Settings

MASKS_BYTES: Final = 64 * 2**20
"""Lines are answered together as long as what filters let through for each takes no more memory."""

MOST_AT_ONCE: Final = 1024


def infer_batch(
    settings: Settings,
    *,
    job: dict[str, Any],
    recipe: str,
    model: str,
    serving: str,
    datasets: dict[str, dict[str, Any]],
    count: int,
    filter_expression: str | None,
    last_event: int,
    exploration: dict[str, str] | None,
    influence: dict[str, float] | None,
    theme_field: str | None,
) -> dict[str, Any]:
    """Answer every line of every input file, from the datasets as they are now."""
    place = BatchJob(**job)
    found = find_recipe(recipe)
    assert found  # of the solution
    names = prepare_serving(settings, model=model, target=serving, datasets=datasets)
    interactions = datasets.get(DatasetType.INTERACTIONS)
    source = Source(
        arn=place.arn,
        kind=kinds.BATCH_INFERENCE_JOB,
        number=0,
        version=place.version,
        group=place.group,
        recipe=found,
        metadata=False,
        exploration=read_exploration(found, exploration),
        influence=influence or None,
        left_out=None,
    )
    deployment = open_deployment(
        found,
        Path(model),
        Path(serving),
        names,
        dataset=interactions["number"] if interactions else None,
        last_event=last_event,
        quotas=settings.quotas,
    )
    with closing(open_reader(settings.data_dir / STATE)) as reader:
        asker = _Asker(settings, source, deployment, reader, count=count, filter_expression=filter_expression)
        quotas = settings.quotas
        if theme_field is not None:
            asker.themes = _themes(deployment, datasets, theme_field)
        most = quotas.batch_inference_records if theme_field is None else quotas.batch_theme_records
        return batch_files.run(settings, place, asker.answers, most_lines=most)


def _themes(deployment: Deployment, datasets: Mapping[str, dict[str, Any]], name: str) -> Themes:
    from personalize_local.engine.themes import Themes  # noqa: PLC0415

    return Themes(item_texts(deployment.items, datasets[DatasetType.ITEMS]["schema"], name))


@dataclass(frozen=True, slots=True)
class _Filter:
    """The one filter of the job, where `requests.filtering` looks for filters."""

    found: NamedFilter | None

    @property
    def arn(self) -> str | None:
        return self.found.arn if self.found else None

    def filter(self, arn: str, group: str) -> NamedFilter:  # noqa: ARG002 -- checked when the job was made
        assert self.found
        return self.found


class _Asker:
    """Answers lines by the type of the recipe."""

    themes: Themes | None = None

    def __init__(
        self,
        settings: Settings,
        source: Source,
        deployment: Deployment,
        reader: sqlite3.Connection,
        *,
        count: int,
        filter_expression: str | None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._deployment = deployment
        self._reader = reader
        self._count = count
        expression = parse_filter(filter_expression) if filter_expression else None
        self._filter = _Filter(NamedFilter("of the job", 0, "", expression) if expression else None)
        self._forgotten = forgotten_by(reader, source.group, source.version)
        dataset = deployment.dataset
        self._has_events = dataset is not None and last_number(reader, dataset) > 0

    def answers(self, lines: Iterator[Line]) -> Iterator[tuple[Line, Answer]]:
        """Answer lines in their order, some hundred at a time."""
        items = len(self._deployment.model.item_ids)
        at_once = max(16, min(MOST_AT_ONCE, MASKS_BYTES // max(1, items)))
        kind = self._source.recipe.type
        while some := list(islice(lines, at_once)):
            if kind in ("RELATED_ITEMS", "PERSONALIZED_RANKING"):
                one = self._related if kind == "RELATED_ITEMS" else self._ranked
                for line in some:
                    yield line, self._answered(line, one)
            else:
                yield from self._recommended(some)

    def _answered(self, line: Line, one: Any) -> Answer:
        if line.problem:
            return Answer(None, line.problem)
        try:
            return Answer(one(line.shown))
        except LineRejected as rejected:
            return Answer(None, str(rejected))
        except InvalidInputException as refused:
            return Answer(None, refused.message)

    # -- by type of recipe

    def _recommended(self, lines: list[Line]) -> Iterator[tuple[Line, Answer]]:
        """USER_PERSONALIZATION: users together, because that is faster."""
        from personalize_local.engine.batch import Query, recommend_many  # noqa: PLC0415

        queries: list[Query] = []

        def prepare(document: Mapping[str, Any]) -> dict[str, Any]:
            request, mask = self._user_request(document)
            queries.append(Query(request.user, request.untrained(), mask))
            return {}

        prepared = [(line, self._answered(line, prepare)) for line in lines]
        with refusals():
            found = recommend_many(
                self._deployment.model, queries, count=self._count, exploration=self._source.exploration
            )
            for line, answer in prepared:
                yield line, answer if answer.error else Answer(self._output(next(found)))

    def _ranked(self, document: Mapping[str, Any]) -> dict[str, Any]:
        user = batch_files.identifier(document, "userId")
        items = document.get("itemList")
        most = self._settings.quotas.results
        if not isinstance(items, list) or not 1 <= len(items) <= most:
            raise LineRejected(f"itemList: must be a list of 1 to {most} items.")
        for number, item in enumerate(items):
            batch_files.checked_id(item, f"itemList[{number}]")
        request = self._request(user, None)
        values = batch_files.filter_values(document)
        rest = listed(self._filter, request, items, self._filter.arn, values)
        with refusals():
            found = self._deployment.model.rank(request.user, request.untrained(), rest, context={})
        return self._output(found)

    def _related(self, document: Mapping[str, Any]) -> dict[str, Any]:
        item = batch_files.identifier(document, "itemId")
        if self._settings.batch_unknown_ids_are_errors and self._deployment.model.position(item) is None:
            raise LineRejected(f"itemId: '{item}' is not known to the solution version.")
        # Filters on interactions or users need one; the service takes it in requests, not documented here.
        user = batch_files.identifier(document, "userId") if "userId" in document else None
        request = self._request(user, item)
        found = best(request, self._allowed(request, document), self._count)
        output = self._output(found)
        if self.themes is not None:
            theme = self.themes.of(found.items)
            output |= {"theme": theme.title, "itemsThemeRelevanceScores": theme.relevance}
        return output

    # -- what they share

    def _user_request(self, document: Mapping[str, Any]) -> tuple[Request, BoolArray | None]:
        user = batch_files.identifier(document, "userId")
        request = self._request(user, None)
        if (
            self._settings.batch_unknown_ids_are_errors
            and not request.live
            and (request.user is None or not self._deployment.model.history(request.user))
        ):
            raise LineRejected(f"userId: '{user}' is not known to the solution version.")
        return request, self._allowed(request, document)

    def _request(self, user: str | None, item: str | None) -> Request:
        live: tuple[LiveEvent, ...] = ()
        dataset = self._deployment.dataset
        if user is not None and self._has_events and dataset is not None:
            live = events_of(self._reader, dataset, user, self._settings.live_events_per_user)
        known = None if user in self._forgotten else user
        return Request(self._source, self._deployment, user is not None, known, item, live, {})

    def _allowed(self, request: Request, document: Mapping[str, Any]) -> BoolArray | None:
        values = batch_files.filter_values(document)
        return allowed(self._filter, request, self._filter.arn, values)

    def _output(self, found: Scored) -> dict[str, Any]:
        recipe, settings = self._source.recipe, self._settings
        output: dict[str, Any] = {"recommendedItems": found.items}
        # As `requests.answers.shown` has them, without an object per item: a batch has millions.
        if recipe.scores and found.scores is not None:
            unknown = settings.unknown_ranked_items_score
            output["scores"] = [
                score if score == score else unknown  # noqa: PLR0124 -- NaN: none
                for score in found.scores.round(SCORE_DIGITS).tolist()
            ]
        if found.reasons is not None:
            output[settings.batch_reasons_key] = [[reason] if reason else [] for reason in found.reasons]
        return output
