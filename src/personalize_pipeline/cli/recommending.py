"""Ask a campaign or a recommender, and put titles to the item IDs it answers with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from personalize_pipeline.cli import titles
from personalize_pipeline.cli.output import CommandError
from personalize_rules.filters import parse_filter
from personalize_rules.spelling import closest

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask: for a user, similar to an item, or in which order for a user."""

    campaign: str
    """Name or ARN, also of a recommender."""
    user: str | None = None
    item: str | None = None
    items: tuple[str, ...] = ()
    count: int = 10
    filter: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One line of the answer. `score` is None where the recipe gives none."""

    rank: int
    item: str
    title: str | None
    score: float | None


def ask(question: Question, folder: Path | None = None) -> list[Recommendation]:
    """The answer, best first; titles from the Items file in `folder`, if it has them.

    Raises:
        CommandError: no such campaign, recommender or filter, or a question that is none.
    """
    if question.items and not question.user:
        raise CommandError("A ranking is for somebody: give --user as well as --items.")
    if not (question.items or question.user or question.item):
        raise CommandError("Give --user ID, --item ID, or --user ID with --items ID,ID,...")
    if question.values and not question.filter:
        raise CommandError("--value is for a filter: give --filter NAME as well.")
    personalize = boto3.client("personalize")
    arn = _arn(personalize, "campaign", question.campaign)
    served_by = "recommenderArn" if ":recommender/" in arn else "campaignArn"
    if question.items and served_by == "recommenderArn":
        raise CommandError("A recommender does not rank: --items is for campaigns.")
    asked: dict[str, Any] = {served_by: arn}
    if question.user:
        asked["userId"] = question.user
    if question.filter:
        asked["filterArn"] = _arn(personalize, "filter", question.filter)
        values = dict(map(_pair, question.values))
        _check_values(personalize, asked["filterArn"], values)
        # Personalize wants a text value in quotes; who types a name does not think of them.
        asked["filterValues"] = {name: _quoted(text) for name, text in values.items()}
    runtime = boto3.client("personalize-runtime")
    if question.items:
        ranking = runtime.get_personalized_ranking(inputList=list(question.items), **asked)
        answered = ranking["personalizedRanking"][: question.count]
    else:
        if question.item:
            asked["itemId"] = question.item
        answered = runtime.get_recommendations(numResults=question.count, **asked)["itemList"]
    names = titles.read(folder)
    return [
        Recommendation(rank, one["itemId"], names.get(one["itemId"]), one.get("score"))
        for rank, one in enumerate(answered, 1)
    ]


def table(answer: list[Recommendation]) -> str:
    """The answer for people: rank, title (or ID), score."""
    named = any(one.title for one in answer)
    shown = [
        (f"{one.title}  ({one.item})" if one.title else one.item) if named else one.item for one in answer
    ]
    width = max(map(len, shown))
    return "\n".join(
        f"{one.rank:>3}  {text if one.score is None else f'{text:<{width}}  {one.score:.4f}'}"
        for one, text in zip(answer, shown, strict=True)
    )


def _arn(client: "PersonalizeClient", kind: str, name: str) -> str:
    """The ARN of the campaign (or recommender) or filter with this name; an ARN is taken as it is."""
    if name.startswith("arn:"):
        return name
    if kind == "campaign":
        pages: Any = client.get_paginator("list_recommenders").paginate()
        found = {one["name"]: one["recommenderArn"] for page in pages for one in page["recommenders"]}
        pages = client.get_paginator("list_campaigns").paginate()
        found |= {one["name"]: one["campaignArn"] for page in pages for one in page["campaigns"]}
        kind = "campaign or recommender"
    else:
        pages = client.get_paginator("list_filters").paginate()
        found = {one["name"]: one["filterArn"] for page in pages for one in page["Filters"]}
    if name in found:
        return str(found[name])
    meant = closest(name, found)
    there = ", ".join(sorted(found)) or "none"
    raise CommandError(
        f"There is no {kind} {name!r}." + (f" Did you mean {meant!r}?" if meant else f" There are: {there}.")
    )


def _check_values(client: "PersonalizeClient", arn: str, values: Mapping[str, str]) -> None:
    """Compare the values with the placeholders of the filter: AWS ignores a misspelt one."""
    expression = client.describe_filter(filterArn=arn)["filter"].get("filterExpression", "")
    wanted = parse_filter(expression).parameters
    name = arn.rpartition("/")[2]
    if unknown := sorted(values.keys() - wanted):
        there = f"It has {', '.join(sorted(wanted))}" if wanted else "It has none"
        raise CommandError(f"The filter {name!r} has no parameter {', '.join(unknown)}. {there}.")
    if missing := sorted(wanted - values.keys()):
        options = " ".join(f"--value {one}=..." for one in missing)
        raise CommandError(f"The filter {name!r} needs a value for {', '.join(missing)}: {options}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandError(f"--value {text}: write it as NAME=VALUE.")
    return name, value


def _quoted(value: str) -> str:
    """A filter value as the API wants it: texts in quotes (several with commas between), numbers bare."""
    if value.startswith('"'):
        return value
    try:
        float(value)
    except ValueError:
        return ",".join(f'"{one.strip()}"' for one in value.split(","))
    return value
