"""SmokeTest: real requests to a campaign or a recommender that is live, and what it answers.

It is asked as an application would ask: for known users (or about known items), for a user whom nobody knows,
and once through each filter. An empty answer may be right; that every answer is empty is not.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from personalize_pipeline import clients
from personalize_pipeline.context import Examples, Message, StepInput
from personalize_pipeline.errors import NoRecommendations, PermissionMissing
from personalize_pipeline.resources.resource import sentence, tail
from personalize_pipeline.step import TROUBLE, wait_out, waiting_step
from personalize_rules.filters import FilterSyntaxError, parse_filter
from personalize_rules.recipes import Recipe, find_recipe

if TYPE_CHECKING:
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

UNKNOWN = "personalize-pipeline-unknown"
"""Nobody's identifier."""
_SHOWN = 5  # of the answer, in the mail
_ASKED_FOR = 10
_REFUSED = frozenset({"InvalidInputException", "ResourceNotFoundException", "ValidationException"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


class Filter(Message):
    """A filter of the params file; without an ARN, it was not made."""

    name: str
    expression: str = ""
    arn: str | None = None


class Want(Message):
    """What is to be asked; any of the `recipes` may be the one that answers."""

    name: str
    arn: str
    recipes: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()


class Answer(Message):
    """A request and what came of it."""

    asked: str
    filter: str | None = None
    first: tuple[str, ...] = ()
    count: int = 0
    milliseconds: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    asked: str
    arguments: Mapping[str, Any]
    filter: str | None = None


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a request to the recipes of one model carries."""

    operation: str
    user: bool
    item: bool
    ranking: bool

    @classmethod
    def of(cls, recipes: list[Recipe]) -> "_Needs":
        needs = frozenset[str]().union(*(recipe.request for recipe in recipes)) if recipes else {"userId"}
        actions = any(recipe.type == "PERSONALIZED_ACTIONS" for recipe in recipes)
        operation = "get_action_recommendations" if actions else "get_recommendations"
        return cls(
            "get_personalized_ranking" if "inputList" in needs else operation,
            # Those that need nothing take a user too, and with some filters they must have one.
            user="userId" in needs or "itemId" not in needs,
            item="itemId" in needs,
            ranking="inputList" in needs,
        )

    @property
    def target(self) -> str:
        return "ActionID" if self.operation == "get_action_recommendations" else "ItemID"


def smoke_test(event: Mapping[str, Any]) -> dict[str, Any]:
    """Ask, and tell what was answered: `answers`, and what could not be asked: `skipped`, in `details`.

    Follows the step contract: `want` is a `Want`, the examples are the run's.

    Raises:
        NoRecommendations: every answer is empty or an error.
        PermissionMissing: the function may not ask.
    """
    given, now = StepInput.parse(event), datetime.now(UTC)
    want = Want.model_validate(given.want)
    step = waiting_step(given.context, want.arn, want.name, now)
    needs = _Needs.of([recipe for arn in want.recipes if (recipe := find_recipe(arn))])
    skipped: list[str] = []
    questions = list(_questions(want, needs, given.context.run.examples, skipped))
    client = clients.personalize_runtime()
    try:
        answers = [_ask(client, want.arn, needs, question) for question in questions]
    except TROUBLE as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIED:
            reason = (
                f"{tail(want.arn)}: {sentence(error.response['Error']['Message'])} Deploy the stack again."
            )
            raise PermissionMissing(reason) from error
        return wait_out(error, step, given.context.last, now).output()
    if answers and not any(answer.count for answer in answers):
        tried = "\n".join(
            f"  {answer.asked}{f', filter {answer.filter}' if answer.filter else ''}: "
            f"{answer.error or 'nothing'}"
            for answer in answers
        )
        raise NoRecommendations(f"{tail(want.arn)} is live, but answers nothing at all:\n{tried}")
    details = {"answers": [answer.output() for answer in answers], "skipped": skipped}
    return step.model_copy(
        update={"done": True, "status": "ACTIVE", "wait_seconds": 0, "details": details}
    ).output()


def _questions(want: Want, needs: _Needs, examples: Examples, skipped: list[str]) -> Iterator[_Question]:
    """What can be asked with what is known; why something cannot goes into `skipped`."""
    users = examples.user_ids or ((examples.user_id,) if examples.user_id else ())
    items = examples.item_ids
    if not users and needs.user:
        skipped.append("known users: none is known, because the data was not looked at.")
    if not items and (needs.item or needs.ranking):
        skipped.append("known items: none is known, because the data was not looked at.")
    if needs.ranking and not items:
        return
    ranked: dict[str, Any] = {"inputList": list(items)} if needs.ranking else {}
    whose = {"userId": users[0]} if needs.user and users else {}
    if needs.item:
        known = [_Question(f"item {item}", {"itemId": item} | whose) for item in items]
        stranger = [_Question("an item that nobody knows", {"itemId": UNKNOWN} | whose)] if items else []
        if needs.user and items:
            stranger.append(
                _Question(f"item {items[0]}, unknown user", {"itemId": items[0], "userId": UNKNOWN})
            )
    else:
        known = [_Question(f"user {user}", {"userId": user} | ranked) for user in users]
        stranger = [_Question("a user whom nobody knows", {"userId": UNKNOWN} | ranked)]
    yield from known
    yield from stranger
    asked = known[0] if known else stranger[0] if stranger else None
    if asked:
        # With a filter on interactions, the user must be given whatever the recipe.
        base = dict(asked.arguments) | ({"userId": users[0]} if users else {})
        for one in want.filters:
            if found := _filtered(one, needs, examples, skipped):
                yield _Question(asked.asked, base | found, one.name)


def _filtered(one: Filter, needs: _Needs, examples: Examples, skipped: list[str]) -> dict[str, Any] | None:
    """The arguments for a filter, or None and why not."""
    if one.arn is None:
        skipped.append(f"filter {one.name}: it was not made.")
        return None
    try:
        parsed = parse_filter(one.expression)
    except FilterSyntaxError:  # newer than this pipeline
        skipped.append(f"filter {one.name}: its expression could not be read.")
        return None
    if parsed.target != needs.target:
        skipped.append(f"filter {one.name}: it is for {parsed.target}, and this gives {needs.target}.")
        return None
    if parsed.uses_current_item and not needs.item:
        skipped.append(f"filter {one.name}: it is for requests with an item (CurrentItem).")
        return None
    values = examples.filter_values.get(one.name, {})
    if missing := sorted(parsed.parameters - values.keys()):
        skipped.append(f"filter {one.name}: the data shows no value for ${', $'.join(missing)}.")
        return None
    return {"filterArn": one.arn} | ({"filterValues": dict(values)} if values else {})


def _ask(client: "PersonalizeRuntimeClient", arn: str, needs: _Needs, question: _Question) -> Answer:
    """One request; a refusal is an answer too."""
    served_by = "recommenderArn" if ":recommender/" in arn else "campaignArn"
    arguments: dict[str, Any] = {served_by: arn, **question.arguments}
    began = time.monotonic()
    answer = Answer(asked=question.asked, filter=question.filter)
    try:
        found = _answered(client, needs, arguments)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code not in _REFUSED:
            raise
        return answer.model_copy(update={"error": f"{code.removesuffix('Exception')}: {message}"})
    return answer.model_copy(
        update={
            "first": tuple(found[:_SHOWN]),
            "count": len(found),
            "milliseconds": round(1000 * (time.monotonic() - began)),
        }
    )


def _answered(client: "PersonalizeRuntimeClient", needs: _Needs, arguments: dict[str, Any]) -> list[str]:
    """The identifiers, best first."""
    if needs.ranking:
        ranking: Any = client.get_personalized_ranking(**arguments)["personalizedRanking"]
        return [one["itemId"] for one in ranking]
    arguments = {**arguments, "numResults": _ASKED_FOR}
    if needs.operation == "get_action_recommendations":
        actions: Any = client.get_action_recommendations(**arguments)["actionList"]
        return [one["actionId"] for one in actions]
    items: Any = client.get_recommendations(**arguments)["itemList"]
    return [one["itemId"] for one in items]
