"""Datasets of all types and domains: what schema they take, what data, and how a schema is replaced."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.domain_world import DOMAINS, DomainWorld
from tests.support.world import SCHEMAS, World, column, interactions, refused, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

ACTIONS = schema(
    "Actions", column("ACTION_ID"), column("VALUE", ["null", "long"]), column("KIND", categorical=True)
)
ACTION_INTERACTIONS = schema(
    "ActionInteractions",
    column("USER_ID"),
    column("ACTION_ID"),
    column("EVENT_TYPE"),
    column("TIMESTAMP", "long"),
)


def without(document: str, *names: str) -> str:
    found = json.loads(document)
    found["fields"] = [field for field in found["fields"] if field["name"] not in names]
    return json.dumps(found)


def with_fields(document: str, *fields: dict[str, Any]) -> str:
    found = json.loads(document)
    return json.dumps({**found, "fields": [*found["fields"], *fields]})


def changed(document: str, name: str, **values: Any) -> str:
    found = json.loads(document)
    found["fields"] = [{**field, **values} if field["name"] == name else field for field in found["fields"]]
    return json.dumps(found)


@pytest.fixture(scope="module")
def custom(local: LocalServer, s3: S3Server) -> World:
    world = World(local, s3, "datasets")
    world.make_group()
    return world


@pytest.fixture(scope="module")
def films(local: LocalServer, s3: S3Server) -> DomainWorld:
    world = DomainWorld(local, s3, "datasets-films", domain="VIDEO_ON_DEMAND")
    world.make_group()
    return world


@pytest.fixture(scope="module")
def shop(local: LocalServer, s3: S3Server) -> DomainWorld:
    world = DomainWorld(local, s3, "datasets-shop", domain="ECOMMERCE")
    world.make_group()
    return world


def _with_event_types(count: int) -> str:
    """Interactions that are clicks, or watched in so many ways."""
    lines = interactions().splitlines()
    return "\n".join(line.replace("watch", f"watch{n % count}") for n, line in enumerate(lines))


FILMS, SHOP = DOMAINS["VIDEO_ON_DEMAND"], DOMAINS["ECOMMERCE"]
UNFIT = [
    pytest.param("custom", "ACTIONS", without(ACTIONS, "ACTION_ID"), ["ACTION_ID"], id="action without ID"),
    pytest.param(
        "custom", "ACTIONS", without(ACTIONS, "VALUE", "KIND"), ["metadata"], id="action without data"
    ),
    pytest.param(
        "custom", "ACTIONS", changed(ACTIONS, "VALUE", type="string"), ["VALUE", "long"], id="reserved type"
    ),
    pytest.param(
        "custom",
        "ACTIONS",
        with_fields(ACTIONS, *(column(f"MINE_{n}", ["null", "long"]) for n in range(10))),
        ["10"],
        id="eleven metadata fields",
    ),
    pytest.param(
        "custom",
        "ACTION_INTERACTIONS",
        without(ACTION_INTERACTIONS, "EVENT_TYPE", "TIMESTAMP"),
        ["EVENT_TYPE", "TIMESTAMP"],
        id="action interaction, two fields missing",
    ),
    pytest.param("custom", "USERS", ACTIONS, ["another dataset type"], id="schema of another type"),
    pytest.param("films", "ACTIONS", ACTIONS, ["VIDEO_ON_DEMAND"], id="actions in a domain"),
    pytest.param(
        "shop",
        "ACTION_INTERACTIONS",
        ACTION_INTERACTIONS,
        ["ECOMMERCE"],
        id="action interactions in a domain",
    ),
    pytest.param(
        "films", "INTERACTIONS", without(FILMS["INTERACTIONS"], "EVENT_TYPE"), ["EVENT_TYPE"], id="film event"
    ),
    pytest.param(
        "films",
        "ITEMS",
        without(FILMS["ITEMS"], "GENRES", "CREATION_TIMESTAMP"),
        ["GENRES", "CREATION_TIMESTAMP"],
        id="film without genres and time",
    ),
    pytest.param("films", "ITEMS", SHOP["ITEMS"], ["GENRES"], id="thing as film"),
    pytest.param("shop", "ITEMS", without(SHOP["ITEMS"], "PRICE"), ["PRICE"], id="thing without price"),
    pytest.param(
        "shop",
        "ITEMS",
        changed(SHOP["ITEMS"], "CATEGORY_L1", categorical=False),
        ["CATEGORY_L1"],
        id="category",
    ),
    pytest.param(
        "shop",
        "USERS",
        schema("Users", column("USER_ID")),
        ["at least one metadata field"],
        id="user without data",
    ),
]


@pytest.mark.parametrize(("where", "kind", "document", "texts"), UNFIT)
def test_a_schema_must_fit_the_type_and_the_domain(
    request: pytest.FixtureRequest, where: str, kind: str, document: str, texts: list[str]
) -> None:
    world: World = request.getfixturevalue(where)
    domain = {"domain": world.domain} if isinstance(world, DomainWorld) else {}
    name = f"unfit-{request.node.callspec.id}".replace(" ", "-").replace(",", "")
    made = world.api.create_schema(name=name, schema=document, **domain)["schemaArn"]

    with refused("InvalidInputException") as refusal:
        world.api.create_dataset(name=name, schemaArn=made, datasetGroupArn=world.group, datasetType=kind)

    assert [text for text in texts if text not in refusal.message] == []
    assert not world.api.list_datasets(datasetGroupArn=world.group)["datasets"]


def test_schema_and_group_have_the_same_domain(custom: World, films: DomainWorld) -> None:
    plain = custom.api.create_schema(name="plain", schema=FILMS["ITEMS"])["schemaArn"]
    shop = custom.api.create_schema(name="other", schema=SHOP["ITEMS"], domain="ECOMMERCE")["schemaArn"]

    for group, made in ((films.group, plain), (films.group, shop), (custom.group, shop)):
        with refused("InvalidInputException", "They must have the same domain."):
            custom.api.create_dataset(name="x", schemaArn=made, datasetGroupArn=group, datasetType="ITEMS")


@pytest.fixture(scope="module")
def office(local: LocalServer, s3: S3Server) -> World:
    world = World(local, s3, "datasets-office")
    world.make_group()
    world.make_dataset("ACTIONS", ACTIONS)
    world.make_dataset("ACTION_INTERACTIONS", ACTION_INTERACTIONS)
    world.make_dataset("INTERACTIONS")
    world.make_dataset("ITEMS")
    return world


def test_only_action_interactions_have_a_tracking_id(office: World) -> None:
    found = {
        kind: office.api.describe_dataset(datasetArn=office.dataset(kind))["dataset"]
        for kind in ("ACTIONS", "ACTION_INTERACTIONS", "INTERACTIONS")
    }

    assert [kind for kind, dataset in found.items() if "trackingId" in dataset] == ["ACTION_INTERACTIONS"]
    assert not any("latestDatasetUpdate" in dataset for dataset in found.values())
    listed = office.api.list_datasets(datasetGroupArn=office.group)["datasets"]
    assert {(one["datasetType"], one["status"]) for one in listed} == {
        (kind, "ACTIVE") for kind in ("ACTIONS", "ACTION_INTERACTIONS", "INTERACTIONS", "ITEMS")
    }


def test_there_is_one_dataset_of_a_type(office: World) -> None:
    made = office.api.describe_dataset(datasetArn=office.dataset("ACTIONS"))["dataset"]["schemaArn"]
    with refused("ResourceAlreadyExistsException", f"{office.dataset('ACTIONS')} already exists."):
        office.api.create_dataset(
            name="second", schemaArn=made, datasetGroupArn=office.group, datasetType="Actions"
        )


def test_actions_are_imported(office: World) -> None:
    office.load("ACTIONS", "ACTION_ID,VALUE,KIND\ncall,7,phone\nmail,,letter\n")
    office.load(
        "ACTION_INTERACTIONS",
        "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\nu1,call,Taken,1\nu1,mail,NOT_TAKEN,2\nu1,mail,Viewed,3\n",
    )


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        (
            "ACTION_INTERACTIONS",
            "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\nu1,call,Clicked,1\n",
            "must be Taken, Not Taken or Viewed",
        ),
        ("ACTIONS", "ACTION_ID,VALUE,KIND\n,7,phone\n", "ACTION_ID"),
        ("ACTIONS", "ACTION_ID,KIND\ncall,phone\n", "Input CSV is missing the following columns: [VALUE]."),
        (
            "INTERACTIONS",
            _with_event_types(11),
            "12 event types and 0 metadata columns",
        ),
    ],
    ids=["event type", "no ID", "missing column", "too many event types"],
)
def test_data_that_breaks_a_rule_fails_the_import(
    office: World, request: pytest.FixtureRequest, kind: str, content: str, reason: str
) -> None:
    job = f"bad-{request.node.callspec.id}".replace(" ", "-")
    found = office.wait("dataset_import_job", office.begin_import(kind, content, job), "CREATE FAILED")
    assert reason in found["failureReason"]


def test_a_required_field_of_a_domain_cannot_be_empty(films: DomainWorld) -> None:
    films.make_dataset("ITEMS")
    content = io.StringIO("ITEM_ID,GENRES,CREATION_TIMESTAMP,TITLE\ni1,,1500000000,Film\n")

    arn = films.begin_import("ITEMS", content.getvalue(), "empty")

    assert "GENRES" in films.wait("dataset_import_job", arn, "CREATE FAILED")["failureReason"]


@pytest.mark.parametrize(
    ("kind", "document", "text"),
    [
        pytest.param(
            "ACTIONS",
            with_fields(ACTIONS, column("NEW", ["null", "long"])),
            "only of Items and Users",
            id="actions",
        ),
        pytest.param(
            "INTERACTIONS",
            with_fields(SCHEMAS["INTERACTIONS"], column("NEW", ["null", "long"])),
            "only of Items and Users",
            id="interactions",
        ),
        pytest.param(
            "ITEMS",
            with_fields(SCHEMAS["ITEMS"], column("NEW", "long")),
            "NEW is new and must allow null",
            id="new, no null",
        ),
        pytest.param("ITEMS", changed(SCHEMAS["ITEMS"], "PRICE", type="double"), "PRICE", id="other type"),
        pytest.param(
            "ITEMS", changed(SCHEMAS["ITEMS"], "GENRE", categorical=False), "GENRE", id="other attribute"
        ),
        pytest.param("ITEMS", SCHEMAS["USERS"], "another dataset type", id="schema of another type"),
    ],
)
def test_a_schema_is_replaced_by_one_that_has_more(
    office: World, request: pytest.FixtureRequest, kind: str, document: str, text: str
) -> None:
    name = f"replacing-{request.node.callspec.id}".replace(" ", "-").replace(",", "")
    made = office.api.create_schema(name=name, schema=document)["schemaArn"]
    with refused("InvalidInputException", text):
        office.api.update_dataset(datasetArn=office.dataset(kind), schemaArn=made)


def test_an_update_is_shown_and_keeps_others_out(
    start_local: Callable[..., LocalServer], s3: S3Server
) -> None:
    world = World(start_local("--durations", "realistic/1000"), s3, "updating")
    world.make_group()
    world.make_dataset("USERS")
    old = world.api.describe_dataset(datasetArn=world.dataset("USERS"))["dataset"]["schemaArn"]
    made = world.api.create_schema(
        name="wider",
        schema=with_fields(SCHEMAS["USERS"], column("CITY", ["string", "null"], categorical=True)),
    )["schemaArn"]

    world.clock(running=False)
    world.api.update_dataset(datasetArn=world.dataset("USERS"), schemaArn=made)

    during = world.api.describe_dataset(datasetArn=world.dataset("USERS"))["dataset"]
    assert (during["status"], during["schemaArn"]) == ("ACTIVE", old)
    assert during["latestDatasetUpdate"]["schemaArn"] == made
    assert during["latestDatasetUpdate"]["status"] in ("CREATE PENDING", "CREATE IN_PROGRESS")
    with refused("ResourceInUseException", "is being updated"):
        world.begin_import("USERS", "USER_ID,PLAN,AGE\nu1,free,3\n")
    with refused("ResourceInUseException", "is being updated"):
        world.events.put_users(
            datasetArn=world.dataset("USERS"),
            users=[{"userId": "u1", "properties": '{"plan": "free", "age": 3}'}],
        )
    with refused("ResourceInUseException", "is being updated"):
        world.api.update_dataset(datasetArn=world.dataset("USERS"), schemaArn=made)
    with refused("ResourceInUseException"):
        world.api.delete_schema(schemaArn=made)

    world.clock(running=True)
    after = world.wait_for_update("dataset", world.dataset("USERS"))
    assert after["schemaArn"] == made
    world.api.delete_schema(schemaArn=old)
    world.events.put_users(
        datasetArn=world.dataset("USERS"),
        users=[{"userId": "u1", "properties": '{"plan": "free", "age": 3, "city": "Ulm"}'}],
    )
