"""Batch segments: which users will most likely take to an item, or to items with certain attributes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from personalize_local.service.batch_segment_jobs import BY_ATTRIBUTES
from personalize_local.service.forgotten_users import forgotten_by
from personalize_local.service.store import STATE, open_reader
from personalize_local.service.tasks import batch_files
from personalize_local.service.tasks.batch_files import Answer, BatchJob, Line, LineRejected
from personalize_local.service.tasks.data import Data, read_schema
from personalize_local.service.tasks.serving import prepare_serving
from personalize_rules.filters import Text, parse_filter
from personalize_rules.item_attributes import (
    AttributesSyntaxError,
    check_item_attributes,
    parse_item_attributes,
)
from personalize_rules.schemas import DatasetType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from personalize_local.engine.answers import Segmenter
    from personalize_local.engine.arrays import BoolArray
    from personalize_local.engine.catalogue import ItemTable
    from personalize_local.service.settings import Settings
    from personalize_rules.item_attributes import ItemAttribute
    from personalize_rules.schemas import Schema


def segment_users(
    settings: Settings,
    *,
    job: dict[str, Any],
    recipe: str,
    model: str,
    serving: str,
    datasets: dict[str, dict[str, Any]],
    count: int,
    filter_expression: str | None,
) -> dict[str, Any]:
    """Make a segment of every line of every input file."""
    from personalize_local.engine.catalogue import ItemTable  # noqa: PLC0415
    from personalize_local.engine.serving import load  # noqa: PLC0415

    names = prepare_serving(settings, model=model, target=serving, datasets=datasets)
    segmenter = cast("Segmenter", load(Path(model)))
    questions: _ByItem | _ByAttributes
    if recipe == BY_ATTRIBUTES:
        table = ItemTable(Path(serving) / names["items"])
        questions = _ByAttributes(table, read_schema(datasets[DatasetType.ITEMS]["schema"]))
        most = settings.quotas.batch_segment_attribute_queries
    else:
        questions = _ByItem(segmenter)
        most = settings.quotas.batch_segment_affinity_queries
    place = BatchJob(**job)
    with closing(open_reader(settings.data_dir / STATE)) as reader:
        remembered = _remembered(segmenter, forgotten_by(reader, place.group, place.version))
    chosen = (
        _ChosenUsers(
            filter_expression,
            segmenter,
            lambda kind: Data.of(kind, datasets[kind], settings) if kind in datasets else _NOTHING,
            folder=Path(serving),
            model=Path(model).name,
        )
        if filter_expression
        else None
    )

    def answer(line: Line) -> Answer:
        if line.problem:
            return Answer(None, line.problem)
        try:
            items = questions.items(line.shown)
            values = batch_files.filter_values(line.shown)  # without a filter, too: as batch inference does
            allowed = _both(chosen.of(line.shown, values) if chosen else None, remembered)
        except LineRejected as rejected:
            return Answer(None, str(rejected))
        users = segmenter.segment(items, allowed=allowed, count=count)
        return Answer({settings.segment_users_key: users})

    def answers(lines: Iterator[Line]) -> Iterator[tuple[Line, Answer]]:
        for line in lines:
            yield line, answer(line)

    return batch_files.run(settings, place, answers, most_lines=most)


def _remembered(segmenter: Segmenter, forgotten: Iterable[str]) -> BoolArray | None:
    """Which users of the model may be in segments: not those whose data was deleted since its training."""
    import numpy as np  # noqa: PLC0415

    positions = [segmenter.user_ids.position(user) for user in forgotten]
    known = [position for position in positions if position is not None]
    if not known:
        return None
    mask = np.ones(len(segmenter.user_ids), np.bool_)
    mask[known] = False
    return mask


def _both(first: BoolArray | None, second: BoolArray | None) -> BoolArray | None:
    if first is None or second is None:
        return second if first is None else first
    return first & second


_NOTHING = Data(None, None, "none")


class _ByItem:
    """aws-item-affinity: the line names an item."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._ids = segmenter.item_ids

    def items(self, document: Mapping[str, Any]) -> Sequence[int]:
        """Return the number of the item."""
        item = batch_files.identifier(document, "itemId")
        position = self._ids.position(item)
        if position is None:
            raise LineRejected(f"itemId: '{item}' is not known to the solution version.")
        return [position]


class _ByAttributes:
    """aws-item-attribute-affinity: the line names attributes of items."""

    def __init__(self, table: ItemTable, schema: Schema) -> None:
        """Take the items of the model, in its order, and the schema of their dataset."""
        self._table = table
        self._schema = schema

    def items(self, document: Mapping[str, Any]) -> Sequence[int]:
        """Return the numbers of all items that have the attributes."""
        text = document.get("itemAttributes")
        if not isinstance(text, str):
            example = '{"itemAttributes": "ITEMS.genres = \\"Comedy\\""}'
            raise LineRejected(f"itemAttributes: must be a text, as in {example}.")
        try:
            attributes = parse_item_attributes(text)
        except AttributesSyntaxError as error:
            raise LineRejected(f"itemAttributes: {error}") from error
        if problems := check_item_attributes(attributes, self._schema):
            raise LineRejected(f"itemAttributes: {' '.join(problems)}")
        found: set[int] | None = None
        for condition in attributes.conditions:
            positions = self._positions(condition)
            found = positions if found is None else found & positions
        if not found:
            raise LineRejected(f"itemAttributes: the solution version knows no item with {attributes}.")
        return sorted(found)

    def _positions(self, condition: ItemAttribute) -> set[int]:
        import numpy as np  # noqa: PLC0415

        value = condition.value
        kind = self._table.kind(condition.field)
        if kind == "numbers":
            number = float(value.text) if isinstance(value, Text) else value.number
            return set(np.flatnonzero(self._table.numbers(condition.field) == number).tolist())
        if kind is None:  # the dataset has no data
            return set()
        text = value.text if isinstance(value, Text) else str(value)
        return set(self._table.categories(condition.field).positions(text).tolist())


class _ChosenUsers:
    """The users that the job's filter lets through."""

    def __init__(
        self,
        expression: str,
        segmenter: Segmenter,
        data: Callable[[DatasetType], Data],
        *,
        folder: Path,
        model: str,
    ) -> None:
        """Prepare the filter; the properties of the model's users are kept in `folder`."""
        from personalize_local.engine.catalogue import ItemTable  # noqa: PLC0415
        from personalize_local.engine.filtering import CompiledFilter  # noqa: PLC0415
        from personalize_local.engine.item_events import ItemEvents  # noqa: PLC0415

        users = data(DatasetType.USERS)
        table = ItemTable.build(
            users.parquet,
            users.schema,
            folder / f"segment-users-{model}-{users.version}",
            ids=segmenter.user_ids,
            version=users.version,
        )
        read = parse_filter(expression)
        self._filter = CompiledFilter(read, table)
        self._events = (
            ItemEvents(data(DatasetType.INTERACTIONS).parquet, segmenter.user_ids)
            if read.uses_interactions
            else None
        )

    def of(self, document: Mapping[str, Any], values: Mapping[str, str]) -> BoolArray | None:
        """Return who may be in the segment of this line; None for everybody."""
        from personalize_local.engine.events import NO_EVENTS  # noqa: PLC0415
        from personalize_local.engine.filtering import FilterValueError  # noqa: PLC0415

        events = self._events.of(document["itemId"]) if self._events else NO_EVENTS
        try:
            return self._filter.mask(values, None, events)
        except FilterValueError as error:
            raise LineRejected(str(error)) from error
