"""Models of the sections, made from the Create calls that they stand for.

A section takes all parameters of its call, with the call's own limits, less the ARNs that the pipeline fills
in. Nothing is listed by hand: a newer boto3 brings its new parameters and limits with it.
"""

import html
import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic_core import SchemaError, SchemaValidator, core_schema


class Model(BaseModel):
    """Base of every model: unknown keys are errors, values never change, nothing is converted."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, protected_namespaces=(), hide_input_in_errors=True
    )

    filled_in: ClassVar[frozenset[str]] = frozenset()
    """Parameters of the call that the pipeline gives itself."""


Fields = Mapping[str, tuple[Any, Any]]
"""Keys as in the file, with annotation and pydantic Field."""

ALWAYS: Final = "always"
"""The pipeline's own key of jobs that are done once for each state of what they work on."""


def always(otherwise: str) -> Fields:
    """Make the field `always`; `otherwise` says when the job is done without it."""
    return {ALWAYS: (bool, Field(default=False, description=f"true: in every run. Otherwise {otherwise}."))}


@cache
def service_model(service: str = "personalize") -> ServiceModel:
    """Load botocore's model of a service, once."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def input_shape(operation: str, service: str = "personalize") -> StructureShape:
    """Give the parameters of a call."""
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    return shape


@cache
def call_keys(operation: str) -> frozenset[str]:
    """All parameters of a call."""
    return frozenset(input_shape(operation).members)


def call_fields(operation: str, *, service: str) -> Fields:
    """Give the parameters of a call of another service, spelt as the params file spells: `jobName`."""
    return _members(input_shape(operation, service), service)


def call_model(
    name: str, *operations: str, filled_in: frozenset[str], description: str, own: Fields | None = None
) -> type[Model]:
    """Make the model of a section that stands for one or more calls, with the pipeline's `own` keys too."""
    fields: dict[str, tuple[Any, Any]] = {}
    for operation in operations:
        shape = input_shape(operation)
        fields |= {
            key: field for key, field in _members(shape).items() if key not in filled_in | fields.keys()
        }
    model = make_model(name, {**fields, **(own or {})}, description)
    model.filled_in = filled_in
    return model


def make_model(name: str, fields: Fields, description: str) -> type[Model]:
    """Make a model with these keys."""
    named = {
        _attribute(key): (Annotated[kind, Field(alias=key)], field) for key, (kind, field) in fields.items()
    }
    return create_model(name, __base__=Model, __doc__=description, **named)  # type: ignore[call-overload,no-any-return]


def part_model(
    name: str, operation: str, *path: str, optional: frozenset[str], description: str
) -> type[Model]:
    """Make the model of an object inside a call, of which some required keys may be left out."""
    shape: Any = input_shape(operation)
    for key in path:
        shape = shape.members[key]
    fields = {
        key: (kind, Field(None, description=field.description)) if key in optional else (kind, field)
        for key, (kind, field) in _members(shape).items()
    }
    return make_model(name, fields, description)


def member_type(operation: str, *path: str, service: str = "personalize") -> Any:
    """Give the type of one parameter of a call, limits included."""
    shape: Any = input_shape(operation, service)
    for key in path:
        shape = shape.members[key]
    return _annotation(shape)


def _attribute(key: str) -> str:
    """Name the attribute for a key: snake case, and none that pydantic needs itself (`schema`)."""
    name = xform_name(key.lstrip("$"))
    return f"{name}_" if hasattr(BaseModel, name) else name


def _members(shape: StructureShape, service: str = "personalize") -> dict[str, tuple[Any, Any]]:
    required = set(shape.required_members)
    fields = {}
    for key, member in shape.members.items():
        default = ... if key in required else None
        described = Field(default, description=plain_text(member.documentation))
        fields[key[0].lower() + key[1:]] = (_annotation(member, service), described)
    return fields


def _annotation(shape: Shape, service: str = "personalize") -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape.name, service)
    limits = shape.metadata
    if isinstance(shape, ListShape):
        return Annotated[list[_annotation(shape.member, service)], _length(limits)]  # type: ignore[misc]
    if isinstance(shape, MapShape):
        pair = _annotation(shape.key, service), _annotation(shape.value, service)
        return Annotated[dict[pair], _length(limits)]  # type: ignore[misc,valid-type]
    if isinstance(shape, StringShape):
        if enum := limits.get("enum"):
            return Literal[tuple(enum)]
        return Annotated[str, _length(limits, pattern=_pattern(limits.get("pattern")))]
    number = {"integer": int, "long": int, "float": float, "double": float}.get(shape.type_name)
    if number:
        return Annotated[number, Field(ge=limits.get("min"), le=limits.get("max"))]
    return bool if shape.type_name == "boolean" else Any


@cache
def _structure(name: str, service: str) -> type[Model]:
    shape = service_model(service).shape_for(name)
    assert isinstance(shape, StructureShape)
    return make_model(name, _members(shape, service), plain_text(shape.documentation))


def _length(limits: Mapping[str, Any], *, pattern: str | None = None) -> Any:
    return Field(min_length=limits.get("min"), max_length=limits.get("max"), pattern=pattern)


@cache
def _pattern(pattern: str | None) -> str | None:
    """Read a pattern as the service does, as one for the whole text; None if pydantic cannot apply it."""
    if pattern is None:
        return None
    whole = f"^(?:{pattern})$"
    try:
        SchemaValidator(core_schema.str_schema(pattern=whole))
    except SchemaError:
        # Its engine knows no look-around. The service checks the value in any case.
        return None
    return whole


def plain_text(documentation: str) -> str:
    """Cut botocore's HTML down to its first paragraph, as plain text."""
    paragraph = re.split(
        r"</p>|<note>|<important>|<ul>", documentation.removeprefix("<important>"), maxsplit=1
    )[0]
    text = html.unescape(re.sub(r"<[^>]+>", "", paragraph))
    return " ".join(text.split())
