"""What is asked of a campaign or a recommender that is live, and what is made of the answers."""

import pytest
from botocore.exceptions import ClientError

from personalize_pipeline import clients
from personalize_pipeline.errors import NoRecommendations, PermissionMissing
from personalize_pipeline.smoke_test import UNKNOWN, smoke_test

ARN = "arn:aws:personalize:eu-west-1:1:"
CAMPAIGN, RECOMMENDER = f"{ARN}campaign/c", f"{ARN}recommender/r"
EXAMPLES = {
    "userId": "7",
    "userIds": ["7", "8"],
    "itemIds": ["50", "51"],
    "filterValues": {"genre": {"G": '"Crime"'}},
}
RUN = {
    "id": "run",
    "execution": f"{ARN}execution:p:run",
    "stateMachine": "m",
    "startTime": "2026-11-20T09:02:00Z",
}


class Runtime:
    """Answers every request, and remembers it."""

    def __init__(self, answer=("a", "b", "c", "d", "e", "f")):
        self.answer, self.asked = answer, []

    def _take(self, operation, arguments):
        self.asked.append((operation, arguments))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get_recommendations(self, **arguments):
        return {"itemList": [{"itemId": one} for one in self._take("items", arguments)]}

    def get_personalized_ranking(self, **arguments):
        return {"personalizedRanking": [{"itemId": one} for one in self._take("ranking", arguments)]}

    def get_action_recommendations(self, **arguments):
        return {"actionList": [{"actionId": one} for one in self._take("actions", arguments)]}


def error(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetRecommendations")


@pytest.fixture
def runtime(monkeypatch):
    made = Runtime()
    monkeypatch.setattr(clients, "personalize_runtime", lambda: made)
    return made


def tried(recipe, examples=EXAMPLES, arn=CAMPAIGN, filters=()):
    want = {"name": "campaign/c", "arn": arn, "recipes": [recipe], "filters": list(filters)}
    context = {"run": RUN | {"examples": examples}, "startedAt": RUN["startTime"]}
    return smoke_test({"want": want, "context": context})


def filter_(name, expression, made=True):
    return {"name": name, "expression": expression} | ({"arn": f"{ARN}filter/{name}"} if made else {})


def asked(runtime, *leave_out):
    return [
        (operation, {key: value for key, value in arguments.items() if key not in leave_out})
        for operation, arguments in runtime.asked
    ]


@pytest.mark.parametrize(
    ("recipe", "arn", "expected"),
    [
        pytest.param(
            "aws-user-personalization-v2",
            CAMPAIGN,
            [("items", {"userId": user}) for user in ("7", "8", UNKNOWN)],
            id="users",
        ),
        pytest.param(
            "aws-similar-items",
            CAMPAIGN,
            [("items", {"itemId": item}) for item in ("50", "51", UNKNOWN)],
            id="items",
        ),
        pytest.param(
            "aws-personalized-ranking-v2",
            CAMPAIGN,
            [("ranking", {"userId": user, "inputList": ["50", "51"]}) for user in ("7", "8", UNKNOWN)],
            id="ranking",
        ),
        pytest.param(
            "aws-next-best-action",
            CAMPAIGN,
            [("actions", {"userId": user}) for user in ("7", "8", UNKNOWN)],
            id="actions",
        ),
        pytest.param(
            "aws-vod-more-like-x",
            RECOMMENDER,
            [
                ("items", {"itemId": "50", "userId": "7"}),
                ("items", {"itemId": "51", "userId": "7"}),
                ("items", {"itemId": UNKNOWN, "userId": "7"}),
                ("items", {"itemId": "50", "userId": UNKNOWN}),
            ],
            id="items for a user",
        ),
        pytest.param(
            "aws-trending-now",
            CAMPAIGN,
            [("items", {"userId": user}) for user in ("7", "8", UNKNOWN)],
            id="the same for all",
        ),
    ],
)
def test_each_recipe_is_asked_as_it_wants_to_be_asked(runtime, recipe, arn, expected):
    step = tried(recipe, arn=arn)

    assert step["done"]
    assert asked(runtime, "campaignArn", "recommenderArn", "numResults") == expected
    key = "recommenderArn" if arn == RECOMMENDER else "campaignArn"
    assert {arguments[key] for _, arguments in runtime.asked} == {arn}
    assert [answer["first"] for answer in step["details"]["answers"]] == [["a", "b", "c", "d", "e"]] * len(
        expected
    )
    assert {answer["count"] for answer in step["details"]["answers"]} == {6}


def test_every_filter_is_tried_or_it_is_said_why_not(runtime):
    filters = [
        filter_("unseen", 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'),
        filter_("genre", "INCLUDE ItemID WHERE Items.GENRE IN ($G)"),
        filter_("mood", "INCLUDE ItemID WHERE Items.MOOD IN ($M)"),
        filter_("users", "INCLUDE UserID WHERE Users.AGE > 3"),
        filter_("alike", "INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE"),
        filter_("broken", 'EXCLUDE ItemID WHERE Items.GENRE IN ("x")', made=False),
    ]

    step = tried("aws-user-personalization-v2", filters=filters)

    filtered = [
        arguments for _, arguments in asked(runtime, "campaignArn", "numResults") if "filterArn" in arguments
    ]
    assert filtered == [
        {"userId": "7", "filterArn": f"{ARN}filter/unseen"},
        {"userId": "7", "filterArn": f"{ARN}filter/genre", "filterValues": {"G": '"Crime"'}},
    ]
    assert step["details"]["skipped"] == [
        "filter mood: the data shows no value for $M.",
        "filter users: it is for UserID, and this gives ItemID.",
        "filter alike: it is for requests with an item (CurrentItem).",
        "filter broken: it was not made.",
    ]


def triedout_known_users_a_stranger_is_asked_for(runtime):
    step = tried("aws-user-personalization-v2", examples={})

    assert asked(runtime, "campaignArn", "numResults") == [("items", {"userId": UNKNOWN})]
    assert step["details"]["skipped"] == ["known users: none is known, because the data was not looked at."]


def triedout_known_items_nothing_can_be_asked_about_them(runtime):
    step = tried("aws-similar-items", examples={})

    assert runtime.asked == []
    assert (step["done"], step["details"]["answers"]) == (True, [])
    assert step["details"]["skipped"] == ["known items: none is known, because the data was not looked at."]


@pytest.mark.parametrize("answer", [(), error("InvalidInputException")], ids=["empty", "refused"])
def test_answering_nothing_at_all_is_a_failure(runtime, answer):
    runtime.answer = answer

    with pytest.raises(NoRecommendations) as raised:
        tried("aws-user-personalization-v2")

    said = "nothing" if answer == () else "InvalidInput: no"
    assert str(raised.value) == (
        "campaign/c is live, but answers nothing at all:\n"
        f"  user 7: {said}\n  user 8: {said}\n  a user whom nobody knows: {said}"
    )


def test_a_busy_moment_is_waited_out(runtime):
    runtime.answer = error("ThrottlingException")

    step = tried("aws-user-personalization-v2")

    assert (step["done"], step["reason"]) == (False, "Throttling: no")


def test_a_missing_permission_is_named(runtime):
    runtime.answer = error("AccessDeniedException")

    with pytest.raises(PermissionMissing, match="campaign/c: no"):
        tried("aws-user-personalization-v2")
