"""Strategies for requests to every operation, made from botocore's service models.

`valid(shape)`: JSON documents that keep every rule of the model. `broken(shape)`: one rule broken, so that
the request must be refused. `strange(shape)`: values that no rule forbids and no program would send.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from personalize_local.api.shapes import python_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    Shape = Any  # of botocore, whose subclasses have members, a member, a key or a value
    Documents = st.SearchStrategy[Any]

ACCOUNT = "arn:aws:personalize:us-east-1:000000000000:"
LONGEST = 3  # elements of a list or map, where the model allows more
NOW = 1_769_860_800
NUMBERS = ("integer", "long", "float", "double")

# Values that mean something to the service, so that requests get past its first look.
MEANINGFUL: dict[str, Documents] = {
    "RoleArn": st.just("arn:aws:iam::000000000000:role/PersonalizeRole"),
    "KmsKeyArn": st.just("arn:aws:kms:us-east-1:000000000000:key/1234"),
    "S3Location": st.sampled_from(
        ["s3://club/none/", "s3://no-such-bucket/", "s3://club/out/", "https://x/y", "s3://x"]
    ),
    "DatasetType": st.sampled_from(["Interactions", "ITEMS", "users", "Actions", "Action_Interactions", "x"]),
    "NextToken": st.text(st.characters(codec="ascii"), max_size=40),
    "TagKey": st.text(st.sampled_from("abcÄ日 _.:/=+-@7"), min_size=1, max_size=128),
    "TagValue": st.text(st.sampled_from("abcÄ日 _.:/=+-@7"), max_size=256),
    "SchedulingExpression": st.builds(
        "rate({} day{})".format, st.integers(0, 40), st.sampled_from(["", "s"])
    ),
    "FilterExpression": st.one_of(
        st.text(min_size=1, max_size=80),
        st.sampled_from(
            [
                'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
                "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)",
                "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE",
                "EXCLUDE ItemID WHERE Items.PRICE > $P IF CurrentUser.AGE > 18",
                "INCLUDE UserID WHERE Users.AGE < $AGE",
                "INCLUDE ActionID WHERE Actions.VALUE > 3",
                'INCLUDE ItemID WHERE Items.GENRE IN ("a"',
                "INCLUDE ItemID WHERE Items.NONE IN ($A) | EXCLUDE ItemID WHERE Items.PRICE != 3",
            ]
        ),
    ),
    "ItemID": st.one_of(st.sampled_from(["i1", "i2", "none"]), st.text(max_size=20)),
    "ItemId": st.one_of(st.sampled_from(["i1", "i2", "new"]), st.text(min_size=1, max_size=20)),
    "UserID": st.one_of(st.sampled_from(["u1", "u2", "none"]), st.text(max_size=20)),
    "FilterAttributeName": st.sampled_from(["GENRE", "P", "AGE", "x_1"]),
    "FilterAttributeValue": st.one_of(
        st.sampled_from(['"Crime","Drama"', "7", '"', ""]), st.text(max_size=20)
    ),
    "EventPropertiesJSON": st.one_of(
        st.sampled_from(['{"price": 3}', "{}", "[]", '{"a": {"b": NaN}}', "{", "null", '"\\ud800"']),
        st.text(min_size=1, max_size=30),
    ),
    "HyperParameters": st.dictionaries(
        st.sampled_from(["explorationWeight", "explorationItemAgeCutOff", "hidden_dimension", "bptt", "x"]),
        st.sampled_from(["0.3", "30", "-1", "NaN", "inf", "true", "", "1e309", "٣"]),
        max_size=LONGEST,
    ),
    "AvroSchema": st.one_of(
        st.text(max_size=40),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(
                    st.sampled_from(["type", "name", "fields", "version", "x"]), inner, max_size=4
                ),
            ),
            max_leaves=12,
        ).map(json.dumps),
    ),
}
for name in ("ActionProperties", "ActionInteractionProperties", "ItemProperties", "UserProperties"):
    MEANINGFUL[name] = MEANINGFUL["EventPropertiesJSON"]

STRANGE = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(
        ["\x00", "\u202e\U0001f600", "'; DROP TABLE resources; --", "../../etc/passwd", "%00%n", " "]
    ),
    st.sampled_from([0, -1, 2**31, -(2**63), 10**40, 1e308, -1e308, 5e-324, 1.5, -0.0, True, False]),
    st.sampled_from([[], {}, [[]], [{}], {"": ""}, {"a": [None]}]),
)


@dataclass(frozen=True)
class Arns:
    """The ARNs of what is there, which requests name."""

    known: tuple[str, ...]

    def strategy(self) -> Documents:
        """Mostly one that is there."""
        there = st.sampled_from(self.known)
        gone = st.builds(
            "{}{}/{}".format,
            st.just(ACCOUNT),
            st.sampled_from(["dataset-group", "solution", "campaign", "filter", "x", "dataset/a"]),
            st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=30),
        )
        return st.one_of(there, there, there, gone)


@cache
def valid(shape: Shape, arns: Arns) -> Documents:
    """Documents that the model accepts."""
    if shape.name == "Arn":
        return arns.strategy()
    if shape.name in MEANINGFUL:
        return MEANINGFUL[shape.name]
    meta = shape.metadata
    match shape.type_name:
        case "structure":
            parts = {name: valid(member, arns) for name, member in shape.members.items()}
            needed = {name: parts.pop(name) for name in shape.required_members}
            return st.fixed_dictionaries(needed, optional=parts)
        case "list":
            most = min(meta.get("max", LONGEST), LONGEST)
            return st.lists(valid(shape.member, arns), min_size=meta.get("min", 0), max_size=most)
        case "map":
            most = min(meta.get("max", LONGEST), LONGEST)
            return st.dictionaries(valid(shape.key, arns), valid(shape.value, arns), max_size=most)
        case "string":
            return _text(shape)
        case "boolean":
            return st.booleans()
        case "timestamp":
            return st.one_of(st.integers(0, NOW), st.floats(0, NOW, allow_nan=False))
        case _:
            return _number(shape)


def _number(shape: Shape) -> Documents:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "integer":
            near = st.integers(0 if least is None else least, min(100 if most is None else most, 100))
            return near | st.integers(-(2**31) if least is None else least, most or 2**31 - 1)
        case "float":
            return st.floats(width=32, allow_nan=False, allow_infinity=False)
        case "double":
            return st.floats(-1e9 if least is None else least, 1e9 if most is None else most, allow_nan=False)
    raise AssertionError(f"{shape.name}: no strategy for a {shape.type_name}. Add one here.")


def _text(shape: Shape) -> Documents:
    if values := getattr(shape, "enum", None):
        return st.sampled_from(values)
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 1000)
    if pattern := shape.metadata.get("pattern"):
        matching = st.from_regex(python_pattern(pattern), fullmatch=True)
        return matching.filter(lambda text: least <= len(text) <= most)
    short = st.text(min_size=least, max_size=min(most, 30))
    return st.one_of(short, short, short, st.just("x" * most))


@dataclass(frozen=True)
class Node:
    """A place in a document: where it hangs, what the model says of it, and whether it must be there."""

    holder: Any
    key: Any
    shape: Shape
    required: bool

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def nodes(document: Any, shape: Shape) -> Iterator[Node]:
    """All places below a document that are there."""
    match shape.type_name:
        case "structure":
            for name in [name for name in shape.members if name in document]:
                member = shape.members[name]
                yield Node(document, name, member, name in shape.required_members)
                yield from nodes(document[name], member)
        case "list":
            for number, value in enumerate(document):
                yield Node(document, number, shape.member, required=False)
                yield from nodes(value, shape.member)
        case "map":
            for key, value in document.items():
                yield Node(document, key, shape.value, required=False)
                yield from nodes(value, shape.value)


def breakages(node: Node) -> list[tuple[str, Any]]:
    """Ways to break a rule at a place: what is done, and the value to put there (`...` takes it away)."""
    shape, meta, value = node.shape, node.shape.metadata, node.value
    wrong: Any = {"of": "another type"} if shape.type_name in ("list", *NUMBERS) else [["another type"]]
    ways: list[tuple[str, Any]] = [("another type", wrong)]
    if shape.type_name in ("structure", "list", "boolean"):
        ways.append(("another type", "text"))
    if node.required:
        ways += [("missing", ...), ("null", None)]
    least, most = meta.get("min"), meta.get("max")
    match shape.type_name:
        case "string":
            ways += [("too long", "x" * (most + 1))] if most is not None else []
            ways += [("too short", "")] if least else []
            ways += [("pattern", "\x00é\n")] if "pattern" in meta else []
            ways += [("no such value", "NONSENSE")] if getattr(shape, "enum", None) else []
        case "list":
            ways += [("too long", value * (most + 1))] if most is not None and value else []
            ways += [("too short", [])] if least else []
        case "map" if most is not None and value:
            one = next(iter(value.values()))
            ways += [("too long", {f"k{number}": one for number in range(most + 1)})]
        case "integer" | "double":
            ways += [("too large", most + 1)] if most is not None else []
            ways += [("too small", least - 1)] if least is not None else []
            ways += [("no whole number of 32 bits", 10**30)] if shape.type_name == "integer" else []
    return ways


@st.composite
def broken(draw: st.DrawFn, shape: Shape, arns: Arns) -> tuple[Any, str]:
    """A document with one rule broken, and which."""
    document = copy.deepcopy(draw(valid(shape, arns).filter(bool)))
    node = draw(st.sampled_from(list(nodes(document, shape))))
    what, value = draw(st.sampled_from(breakages(node)))
    if value is ...:
        del node.holder[node.key]
    else:
        node.holder[node.key] = value
    return document, f"{node.shape.name} at {node.key}: {what}"


@st.composite
def strange(draw: st.DrawFn, shape: Shape, arns: Arns) -> Any:
    """A document with strange values at some places, and members that nobody knows."""
    document = copy.deepcopy(draw(valid(shape, arns)))
    for node in draw(st.lists(st.sampled_from([*nodes(document, shape), None]), min_size=1, max_size=3)):
        if node is None:
            document[draw(st.text(max_size=10))] = draw(STRANGE)
        else:
            node.holder[node.key] = draw(STRANGE)
    return document
