"""Totals of a metric attribution, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from personalize_local.engine.attribution import Metric, totals, write_events
from personalize_rules.metric_expressions import parse_metric_expression

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_700_000_100  # a multiple of 900


def metric(name: str, event_type: str, expression: str) -> Metric:
    return Metric(name, event_type, parse_metric_expression(expression))


def event(item: str, minutes: float = 0, **more: object) -> dict[str, object]:
    return {"ITEM_ID": item, "EVENT_TYPE": "watch", "TIMESTAMP": int(NOON + 60 * minutes), **more}


def items(folder: Path) -> Path:
    path = folder / "items.parquet"
    select = "SELECT * FROM (VALUES ('a', 2.5), ('b', 4.0)) t(ITEM_ID, LENGTH)"
    duckdb.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def rows(events: Path, folder: Path, *metrics: Metric, **origins: str) -> list[tuple[str, str, int, float]]:
    found = totals(events, items(folder), metrics, origins=origins)
    return [(one.metric.name, one.source, (one.timestamp - NOON) // 60, one.value) for one in found]


def test_events_are_counted_and_summed_by_source_and_quarter_of_an_hour(tmp_path: Path) -> None:
    events = tmp_path / "events.parquet"
    write_events(
        [
            event("a", EVENT_ATTRIBUTION_SOURCE="shop", EVENT_VALUE=1.5),
            event("b", 14.9, EVENT_ATTRIBUTION_SOURCE="shop", EVENT_VALUE=2.0),
            event("a", 15, EVENT_ATTRIBUTION_SOURCE="shop"),
            event("a", EVENT_TYPE="WATCH", EVENT_VALUE=8.0),
            event("a", EVENT_TYPE="click"),
        ],
        ["EVENT_VALUE"],
        events,
    )

    found = rows(
        events,
        tmp_path,
        metric("count", "Watch", "SAMPLECOUNT()"),
        metric("length", "watch", "SUM(Items.LENGTH)"),
        metric("value", "watch", "SUM(Interactions.event_value)"),
    )

    assert found == [
        ("count", "SOURCE_NAME_UNDEFINED", 0, 1.0),
        ("count", "shop", 0, 2.0),
        ("count", "shop", 15, 1.0),
        ("length", "SOURCE_NAME_UNDEFINED", 0, 2.5),
        ("length", "shop", 0, 6.5),
        ("length", "shop", 15, 2.5),
        ("value", "SOURCE_NAME_UNDEFINED", 0, 8.0),
        ("value", "shop", 0, 3.5),
        ("value", "shop", 15, 0.0),
    ]


def test_a_source_beats_the_recommendation_whose_campaign_is_the_source(tmp_path: Path) -> None:
    events = tmp_path / "events.parquet"
    ours = "RID-0000001f-1111-4111-8111-111111111111"
    write_events(
        [
            event("a", RECOMMENDATION_ID=ours),
            event("a", RECOMMENDATION_ID=ours, EVENT_ATTRIBUTION_SOURCE="mail"),
            event("a", RECOMMENDATION_ID="RID-0000002f-1111-4111-8111-111111111111"),
        ],
        [],
        events,
    )

    found = rows(events, tmp_path, metric("count", "watch", "SAMPLECOUNT()"), **{"0000001f": "campaign/c"})

    assert found == [
        ("count", "SOURCE_NAME_UNDEFINED", 0, 1.0),
        ("count", "campaign/c", 0, 1.0),
        ("count", "mail", 0, 1.0),
    ]


def test_data_without_what_a_metric_needs_has_no_totals(tmp_path: Path) -> None:
    events = tmp_path / "events.parquet"
    select = f"SELECT 'u' AS USER_ID, 'a' AS ITEM_ID, {NOON}::BIGINT AS TIMESTAMP"
    duckdb.execute(f"COPY ({select}) TO '{events}' (FORMAT parquet)")
    wanted = [metric("c", "watch", "SAMPLECOUNT()"), metric("l", "watch", "SUM(Items.LENGTH)")]

    assert totals(events, None, wanted, origins={}) == []
