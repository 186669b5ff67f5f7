"""Every rule that botocore's models can state about a value, and the texts of what breaks it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import DenormalizedStructureBuilder, ShapeResolver

from personalize_local.api import operations
from personalize_local.api.shapes import Problems, compile_reader, compile_writer, python_pattern

NAME = {"type": "string", "min": 1, "max": 5, "pattern": "^[a-z]*"}
NAME_RULES = (
    "[Member must have length less than or equal to 5, Member must have length greater than or equal to 1,"
    " Member must satisfy regular expression pattern: ^[a-z]*]"
)


def read(member: dict[str, Any], value: Any, *, required: bool = False) -> tuple[Any, Problems]:
    """Read `value` as the member `m` of a structure."""
    shape = structure({"m": member}, required=["m"] if required else [])
    problems = Problems()
    result = compile_reader(shape)({"m": value}, (), problems)
    return result, problems


def structure(members: dict[str, Any], required: list[str] | None = None) -> Any:
    shapes: dict[str, Any] = {"Top": {"type": "structure", "members": {}, "required": required or []}}

    def define(name: str, member: dict[str, Any]) -> dict[str, str]:
        declared = dict(member)
        for part in ("member", "key", "value"):
            if part in declared:
                declared[part] = define(f"{name}_{part}", declared[part])
        if "members" in declared:
            declared["members"] = {n: define(f"{name}_{n}", m) for n, m in declared["members"].items()}
        shapes[name] = declared
        return {"shape": name}

    for name, member in members.items():
        shapes["Top"]["members"][name] = define(name, member)
    return ShapeResolver(shapes).get_shape_by_name("Top")


@pytest.mark.parametrize(
    ("member", "value", "shown", "place", "rule"),
    [
        pytest.param(
            NAME,
            "toolong",
            "Value 'toolong'",
            "m",
            "Member must have length less than or equal to 5",
            id="too long",
        ),
        pytest.param(
            NAME, "", "Value ''", "m", "Member must have length greater than or equal to 1", id="too short"
        ),
        pytest.param(
            NAME,
            "ab1",
            "Value 'ab1'",
            "m",
            "Member must satisfy regular expression pattern: ^[a-z]*",
            id="pattern is for the whole value",
        ),
        pytest.param(
            NAME,
            "ab\n",
            "Value 'ab\n'",
            "m",
            "Member must satisfy regular expression pattern: ^[a-z]*",
            id="no newline slips through",
        ),
        pytest.param(
            {"type": "string", "enum": ["A", "B"]},
            "C",
            "Value 'C'",
            "m",
            "Member must satisfy enum value set: [A, B]",
            id="enum",
        ),
        pytest.param(
            {"type": "integer", "min": 1},
            0,
            "Value '0'",
            "m",
            "Member must have value greater than or equal to 1",
            id="too small",
        ),
        pytest.param(
            {"type": "integer", "max": 100},
            101,
            "Value '101'",
            "m",
            "Member must have value less than or equal to 100",
            id="too large",
        ),
        pytest.param(
            {"type": "double", "min": 0},
            -0.5,
            "Value '-0.5'",
            "m",
            "Member must have value greater than or equal to 0",
            id="double too small",
        ),
        pytest.param(
            {"type": "list", "member": {"type": "string"}, "max": 1},
            ["a", "b"],
            'Value \'["a", "b"]\'',
            "m",
            "Member must have length less than or equal to 1",
            id="list too long",
        ),
        pytest.param(
            {"type": "list", "member": {"type": "string"}, "min": 1},
            [],
            "Value '[]'",
            "m",
            "Member must have length greater than or equal to 1",
            id="list too short",
        ),
        pytest.param(
            {"type": "list", "member": NAME},
            ["ok", "A", "B"],
            'Value \'["ok", "A", "B"]\'',
            "m",
            f"Member must satisfy constraint: {NAME_RULES}",
            id="members of a list",
        ),
        pytest.param(
            {"type": "map", "key": NAME, "value": {"type": "string"}},
            {"A": "b"},
            'Value \'{"A": "b"}\'',
            "m",
            f"Map keys must satisfy constraint: {NAME_RULES}",
            id="keys of a map",
        ),
        pytest.param(
            {"type": "map", "key": {"type": "string"}, "value": {"type": "string", "max": 1}},
            {"A": "bb"},
            'Value \'{"A": "bb"}\'',
            "m",
            "Map value must satisfy constraint: [Member must have length less than or equal to 1]",
            id="values of a map",
        ),
        pytest.param(
            {"type": "map", "key": {"type": "string"}, "value": {"type": "string"}, "max": 1},
            {"A": "b", "C": "d"},
            'Value \'{"A": "b", "C": "d"}\'',
            "m",
            "Member must have length less than or equal to 1",
            id="map too large",
        ),
        pytest.param(
            {"type": "list", "member": {"type": "structure", "members": {"n": NAME}}},
            [{}, {"n": "A"}],
            "Value 'A'",
            "m.2.member.n",
            "Member must satisfy regular expression pattern: ^[a-z]*",
            id="place inside a list",
        ),
        pytest.param(
            {"type": "list", "member": {"type": "string"}},
            ["a", None],
            "Value null",
            "m.2.member",
            "Member must not be null",
            id="null in a list",
        ),
        pytest.param(
            {"type": "map", "key": {"type": "string"}, "value": {"type": "string"}},
            {"a": None},
            "Value null",
            "m.a.member",
            "Member must not be null",
            id="null in a map",
        ),
        pytest.param(
            {**NAME, "sensitive": True},
            "A",
            "Value",
            "m",
            "Member must satisfy regular expression pattern: ^[a-z]*",
            id="sensitive values are not repeated",
        ),
    ],
)
def test_a_broken_rule_is_named(
    member: dict[str, Any], value: Any, shown: str, place: str, rule: str
) -> None:
    _, problems = read(member, value)

    assert problems.constraints == [f"{shown} at '{place}' failed to satisfy constraint: {rule}"]
    assert problems.types == []


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ({"type": "string"}, 5, "NUMBER_VALUE can not be converted to a String"),
        ({"type": "string"}, True, "TRUE_VALUE can not be converted to a String"),
        ({"type": "string"}, {}, "START_OBJECT can not be converted to a String"),
        ({"type": "integer"}, "5", "STRING_VALUE can not be converted to an Integer"),
        ({"type": "integer"}, True, "TRUE_VALUE can not be converted to an Integer"),
        ({"type": "integer"}, 5.5, "NUMBER_VALUE can not be converted to an Integer"),
        ({"type": "integer"}, 2**31, "Numeric value (2147483648) out of range of int"),
        ({"type": "boolean"}, "true", "STRING_VALUE can not be converted to a Boolean"),
        ({"type": "boolean"}, 1, "NUMBER_VALUE can not be converted to a Boolean"),
        ({"type": "double"}, "1.5", "STRING_VALUE can not be converted to a Double"),
        ({"type": "double"}, False, "FALSE_VALUE can not be converted to a Double"),
        ({"type": "double"}, math.inf, "Numeric value out of range of double"),
        ({"type": "double"}, 10**400, "Numeric value out of range of double"),
        ({"type": "timestamp"}, "yesterday", "STRING_VALUE can not be converted to a Timestamp"),
        ({"type": "timestamp"}, 1e20, "NUMBER_VALUE can not be converted to a Timestamp"),
        ({"type": "list", "member": {"type": "string"}}, "a", "STRING_VALUE can not be converted to a list"),
        (
            {"type": "map", "key": {"type": "string"}, "value": {"type": "string"}},
            [],
            "START_ARRAY can not be converted to a map",
        ),
        ({"type": "structure", "members": {}}, "a", "STRING_VALUE can not be converted to a structure"),
    ],
)
def test_a_value_of_another_type_is_named(member: dict[str, Any], value: Any, message: str) -> None:
    _, problems = read(member, value)

    assert problems.types == [f"m: {message}"]
    assert problems.constraints == []


def test_all_problems_are_counted_and_named() -> None:
    shape = structure(
        {"a": NAME, "b": {"type": "integer", "min": 1}, "c": {"type": "string"}}, required=["c"]
    )
    problems = Problems()

    compile_reader(shape)({"a": "A", "b": 0}, (), problems)

    message = problems.validation_message()
    assert message.startswith("3 validation errors detected: ")
    assert all(f"at '{place}' failed to satisfy" in message for place in "abc")


def test_one_problem_is_not_a_plural() -> None:
    _, problems = read(NAME, None, required=True)

    assert problems.validation_message() == (
        "1 validation error detected: Value null at 'm' failed to satisfy constraint: Member must not be null"
    )


def test_values_arrive_as_python_has_them() -> None:
    members = {
        "when": {"type": "timestamp"},
        "iso": {"type": "timestamp"},
        "whole": {"type": "integer"},
        "float": {"type": "float"},
        "nan": {"type": "double"},
        "no": {"type": "boolean"},
        "absent": {"type": "string"},
    }
    document = {"when": 0.5, "iso": "2026-01-31T12:00:00+01:00", "whole": 3.0, "float": 1, "nan": "NaN"}

    result = compile_reader(structure(members))(
        {**document, "no": False, "absent": None, "unknown": 1}, (), Problems()
    )

    assert math.isnan(result.pop("nan"))
    assert result == {
        "when": datetime(1970, 1, 1, 0, 0, 0, 500_000, UTC),
        "iso": datetime(2026, 1, 31, 11, tzinfo=UTC),
        "whole": 3,
        "float": 1.0,
        "no": False,
    }
    assert type(result["whole"]) is int
    assert type(result["float"]) is float


def test_a_long_value_is_not_repeated_in_full() -> None:
    _, problems = read({"type": "string", "max": 5}, "x" * 100_000)

    assert len(problems.constraints[0]) < 1_200


@pytest.mark.parametrize(
    ("value", "matches"),
    [
        ("Größe 1_.:/=+-@", True),
        ("日本語", True),
        ("½", True),
        ("a\u2028b", True),
        ("a\tb", False),
        ("a#", False),
    ],
)
def test_java_unicode_classes_are_understood(value: str, *, matches: bool) -> None:
    pattern = operations.model("personalize").shape_for("TagKey").metadata["pattern"]

    assert (python_pattern(pattern).fullmatch(value) is not None) == matches


def test_digits_are_ascii_as_in_java() -> None:
    assert not python_pattern(r"rate\(\d+ days?\)").fullmatch("rate(\u0663 days)")


@pytest.mark.parametrize("pattern", [r"\p{Greek}", r"[\p{L}]"])
def test_an_unknown_unicode_class_is_not_ignored(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\\p"):
        python_pattern(pattern)


def test_answers_are_written_without_nulls_and_with_epoch_seconds() -> None:
    shape = structure(
        {
            "when": {"type": "timestamp"},
            "items": {
                "type": "list",
                "member": {"type": "structure", "members": {"score": {"type": "double"}}},
            },
            "table": {"type": "map", "key": {"type": "string"}, "value": {"type": "timestamp"}},
            "names": {"type": "list", "member": {"type": "string"}},
            "absent": {"type": "string"},
        }
    )
    moment = datetime(2026, 1, 31, 12, 0, 0, 123_456, UTC)
    answer = {
        "when": moment,
        "items": [
            {"score": 0.5},
            {"score": math.nan},
            {"score": -math.inf},
            {"score": math.inf},
            {"score": None},
        ],
        "table": {"a": moment},
        "names": ["x"],
        "absent": None,
    }

    assert compile_writer(shape)(answer) == {
        "when": 1769860800.123,
        "items": [{"score": 0.5}, {"score": "NaN"}, {"score": "-Infinity"}, {"score": "Infinity"}, {}],
        "table": {"a": 1769860800.123},
        "names": ["x"],
    }


def test_an_undeclared_member_of_an_answer_is_a_bug() -> None:
    shape = DenormalizedStructureBuilder().with_members({"a": {"type": "string"}}).build_model()

    with pytest.raises(TypeError, match="'b'"):
        compile_writer(shape)({"b": 1})
    with pytest.raises(TypeError, match="must be empty"):
        compile_writer(None)({"b": 1})


@pytest.mark.parametrize("service", operations.SERVICES)
def test_every_operation_of_the_models_compiles(service: str) -> None:
    names = operations.model(service).operation_names

    compiled = [operations.operation(service, name) for name in names]

    assert len(compiled) > 2
    assert all(operation.read({})[1].types == [] for operation in compiled)
