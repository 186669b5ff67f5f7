"""Schemas: what a dataset of Amazon Personalize may look like.

Two steps, because they need different knowledge. `parse_schema` reads the Avro document as far as it can be
judged alone; `check_schema` holds it against the rules of a dataset type and a domain. Both report every
problem, not the first one.

Source: Developer Guide, "Creating schema JSON files for Amazon Personalize schemas", "Custom dataset and
schema requirements", "VIDEO_ON_DEMAND dataset and schema requirements", "ECOMMERCE dataset and schema
requirements".
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from personalize_rules import quotas
from personalize_rules.spelling import closest, did_you_mean

NAMESPACE: Final = "com.amazonaws.personalize.schema"
VERSION: Final = "1.0"

NUMERIC_TYPES: Final = frozenset({"int", "long", "float", "double"})
PRIMITIVE_TYPES: Final = ("string", "int", "long", "float", "double", "boolean")

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELD_KEYS = ("name", "type", "categorical", "textual", "itemName")
_SCHEMA_KEYS = ("type", "name", "namespace", "fields", "version")
# Attributes of every Avro schema that say nothing about the data; tools that write Avro add them.
_AVRO_KEYS = ("doc", "default", "aliases", "order")


class DatasetType(StrEnum):
    """The five datasets that a dataset group can hold, in the spelling of ARNs."""

    INTERACTIONS = "INTERACTIONS"
    ITEMS = "ITEMS"
    USERS = "USERS"
    ACTIONS = "ACTIONS"
    ACTION_INTERACTIONS = "ACTION_INTERACTIONS"

    @classmethod
    def parse(cls, text: str) -> "DatasetType":
        """Find the type that `text` names in any of the spellings in use: `Interactions`, `ITEMS`, `users`.

        Raises:
            ValueError: it names none; the text says which one is close.

        """
        wanted = text.replace("_", "").lower()
        for member in cls:
            if member.replace("_", "").lower() == wanted:
                return member
        raise ValueError(f"'{text}' is not a dataset type.{did_you_mean(text, WORDS.values())}")

    @property
    def word(self) -> str:
        """The spelling used in schemas and folders: `Interactions`, `ActionInteractions`."""
        return WORDS[self]


WORDS: Final[Mapping[DatasetType, str]] = {
    DatasetType.INTERACTIONS: "Interactions",
    DatasetType.ITEMS: "Items",
    DatasetType.USERS: "Users",
    DatasetType.ACTIONS: "Actions",
    DatasetType.ACTION_INTERACTIONS: "ActionInteractions",
}


ACTION_EVENTS: Final = ("taken", "not taken", "not_taken", "viewed")
"""The event types of action interactions, in lower case; the guide writes the second in both ways."""


def is_action_event(event_type: str) -> bool:
    """Whether an action interaction can have this event type, in any case."""
    return event_type.lower() in ACTION_EVENTS


class Domain(StrEnum):
    """The domains that a dataset group can be made for; without one it is a custom dataset group."""

    ECOMMERCE = "ECOMMERCE"
    VIDEO_ON_DEMAND = "VIDEO_ON_DEMAND"


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `type` is the Avro primitive without its null."""

    name: str
    type: str
    nullable: bool = False
    categorical: bool = False
    textual: bool = False
    item_name: bool = False

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.type in NUMERIC_TYPES


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema that could be read. Its fields keep the order of the document."""

    name: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """Return the field of exactly this name."""
        return next((field for field in self.fields if field.name == name), None)

    def find(self, name: str) -> Field | None:
        """Return the field of this name in any case, as filter expressions name it."""
        folded = name.casefold()
        return next((field for field in self.fields if field.name.casefold() == folded), None)

    @property
    def dataset_type(self) -> DatasetType | None:
        """The dataset type that the schema's name stands for, if it stands for one."""
        try:
            return DatasetType.parse(self.name)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that Personalize would refuse.

    `place` is relative to what was checked (`fields[2].type`; empty = the whole of it), `message` says what
    is wrong, in the service's words where they are known, and `advice` the way out.
    """

    place: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.place and f"{self.place}:", self.message, self.advice) if part)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What Personalize wants of a required or reserved field."""

    name: str
    types: tuple[str, ...]
    nullable: bool = False
    categorical: bool = False
    textual: bool = False


def _rule(name: str, *types: str, nullable: bool = False, flag: str = "") -> FieldRule:
    return FieldRule(name, types, nullable, categorical=flag == "categorical", textual=flag == "textual")


_USER_ID = _rule("USER_ID", "string")
_ITEM_ID = _rule("ITEM_ID", "string")
_ACTION_ID = _rule("ACTION_ID", "string")
_TIMESTAMP = _rule("TIMESTAMP", "long")
_EVENT_TYPE = _rule("EVENT_TYPE", "string")
# The guide's tables do not say that this one may be null, and its examples of new items need it: allowed.
_CREATION_TIMESTAMP = _rule("CREATION_TIMESTAMP", "long", nullable=True)

_REQUIRED: Final[Mapping[DatasetType, tuple[FieldRule, ...]]] = {
    DatasetType.INTERACTIONS: (_USER_ID, _ITEM_ID, _TIMESTAMP),
    DatasetType.ITEMS: (_ITEM_ID,),
    DatasetType.USERS: (_USER_ID,),
    DatasetType.ACTIONS: (_ACTION_ID,),
    DatasetType.ACTION_INTERACTIONS: (_USER_ID, _ACTION_ID, _EVENT_TYPE, _TIMESTAMP),
}

_REQUIRED_BY_DOMAIN: Final[Mapping[tuple[Domain, DatasetType], tuple[FieldRule, ...]]] = {
    (Domain.VIDEO_ON_DEMAND, DatasetType.INTERACTIONS): (_EVENT_TYPE,),
    (Domain.VIDEO_ON_DEMAND, DatasetType.ITEMS): (
        _rule("CREATION_TIMESTAMP", "long"),
        _rule("GENRES", "string", flag="categorical"),
    ),
    (Domain.ECOMMERCE, DatasetType.INTERACTIONS): (_EVENT_TYPE,),
    (Domain.ECOMMERCE, DatasetType.ITEMS): (
        _rule("PRICE", "float"),
        _rule("CATEGORY_L1", "string", flag="categorical"),
    ),
}

_RESERVED: Final[Mapping[DatasetType, tuple[FieldRule, ...]]] = {
    DatasetType.INTERACTIONS: (
        _EVENT_TYPE,
        _rule("EVENT_VALUE", "float", nullable=True),
        _rule("IMPRESSION", "string", nullable=True),
        _rule("RECOMMENDATION_ID", "string", nullable=True),
        _rule("EVENT_ATTRIBUTION_SOURCE", "string", nullable=True),
    ),
    DatasetType.ITEMS: (_CREATION_TIMESTAMP,),
    DatasetType.USERS: (),
    DatasetType.ACTIONS: (
        _CREATION_TIMESTAMP,
        _rule("VALUE", "long", nullable=True),
        _rule("TYPE", "string", nullable=True),
        # The guide uses both names for the expiry.
        _rule("ACTION_EXPIRATION_TIMESTAMP", "long", nullable=True),
        _rule("EXPIRATION_TIMESTAMP", "long", nullable=True),
        _rule("REPEAT_FREQUENCY", "long", nullable=True),
    ),
    DatasetType.ACTION_INTERACTIONS: (
        _rule("IMPRESSION", "string", nullable=True),
        _rule("RECOMMENDATION_ID", "string", nullable=True),
    ),
}

# Optional fields of a domain may be null, like all optional metadata: so are they in the guide's defaults.
_RESERVED_BY_DOMAIN: Final[Mapping[tuple[Domain, DatasetType], tuple[FieldRule, ...]]] = {
    (Domain.VIDEO_ON_DEMAND, DatasetType.USERS): (
        _rule("SUBSCRIPTION_MODEL", "string", nullable=True, flag="categorical"),
    ),
    (Domain.VIDEO_ON_DEMAND, DatasetType.ITEMS): (
        _rule("PRICE", "float", nullable=True),
        _rule("DURATION", "float", nullable=True),
        _rule("GENRE_L2", "string", nullable=True, flag="categorical"),
        _rule("GENRE_L3", "string", nullable=True, flag="categorical"),
        _rule("AVERAGE_RATING", "float", nullable=True),
        _rule("PRODUCT_DESCRIPTION", "string", nullable=True, flag="textual"),
        _rule("CONTENT_OWNER", "string", nullable=True, flag="categorical"),
        _rule("CONTENT_CLASSIFICATION", "string", nullable=True, flag="categorical"),
    ),
    (Domain.ECOMMERCE, DatasetType.ITEMS): (
        _rule("CATEGORY_L2", "string", nullable=True, flag="categorical"),
        _rule("CATEGORY_L3", "string", nullable=True, flag="categorical"),
        _rule("PRODUCT_DESCRIPTION", "string", nullable=True, flag="textual"),
        # One page of the guide says float.
        _rule("CREATION_TIMESTAMP", "long", "float", nullable=True),
        _rule("AGE_GROUP", "string", nullable=True, flag="categorical"),
        _rule("ADULT", "string", nullable=True, flag="categorical"),
        _rule("GENDER", "string", nullable=True, flag="categorical"),
    ),
}

_OWN_FIELDS_LIMIT: Final[Mapping[DatasetType, int]] = {
    DatasetType.INTERACTIONS: quotas.INTERACTIONS_METADATA_COLUMNS,
    DatasetType.ITEMS: quotas.ITEMS_METADATA_FIELDS,
    DatasetType.USERS: quotas.USERS_METADATA_FIELDS,
    DatasetType.ACTIONS: quotas.ACTIONS_METADATA_FIELDS,
    DatasetType.ACTION_INTERACTIONS: quotas.ACTION_INTERACTIONS_COLUMNS,
}


def required_fields(dataset_type: DatasetType, domain: Domain | None = None) -> tuple[FieldRule, ...]:
    """Return the fields that a schema of this type must have."""
    if domain is None:
        return _REQUIRED[dataset_type]
    return _REQUIRED[dataset_type] + _REQUIRED_BY_DOMAIN.get((domain, dataset_type), ())


def reserved_fields(dataset_type: DatasetType, domain: Domain | None = None) -> tuple[FieldRule, ...]:
    """Return the fields that a schema may have, and that then have to look as Personalize says."""
    required = {rule.name for rule in required_fields(dataset_type, domain)}
    by_domain = _RESERVED_BY_DOMAIN.get((domain, dataset_type), ()) if domain else ()
    taken = required | {rule.name for rule in by_domain}
    return by_domain + tuple(rule for rule in _RESERVED[dataset_type] if rule.name not in taken)


def parse_schema(document: str | Mapping[str, Any]) -> tuple[Schema | None, list[Problem]]:
    """Read an Avro document; the schema is None when it cannot be made sense of.

    A schema comes back beside problems where only some fields are wrong, so that the rest can be checked too.
    """
    if isinstance(document, str):
        try:
            loaded = json.loads(document)
        except (ValueError, RecursionError) as error:
            return None, [Problem("", f"the schema is not JSON: {error}.")]
    else:
        loaded = document
    if not isinstance(loaded, Mapping):
        return None, [Problem("", "the schema must be a JSON object: an Avro record.")]
    problems = _check_head(loaded)
    name = loaded.get("name")
    listed = loaded.get("fields")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        problems.append(Problem("fields", "a schema needs a list of at least one field."))
        return None, problems
    fields = [_parse_field(entry, f"fields[{index}]", problems) for index, entry in enumerate(listed)]
    problems += _clashes(fields)
    if not isinstance(name, str):
        return None, problems
    return Schema(name, tuple(field for field in fields if field)), problems


def check_schema(schema: Schema, dataset_type: DatasetType, domain: Domain | None = None) -> list[Problem]:
    """Everything in `schema` that Personalize refuses for this dataset type and domain."""
    problems = []
    if schema.dataset_type is not None and schema.dataset_type != dataset_type:
        problems.append(
            Problem(
                "name",
                f"'{schema.name}' is the schema of another dataset type.",
                f"For this dataset it is '{dataset_type.word}'.",
            )
        )
    if domain and dataset_type in (DatasetType.ACTIONS, DatasetType.ACTION_INTERACTIONS):
        problems.append(
            Problem("", f"a domain dataset group ({domain}) cannot have an {dataset_type.word} dataset.")
        )
    required = required_fields(dataset_type, domain)
    reserved = reserved_fields(dataset_type, domain)
    rules = {rule.name: rule for rule in required + reserved}
    strangers = [field.name for field in schema.fields if field.name not in rules]
    problems += [_missing(rule, strangers) for rule in required if schema.field(rule.name) is None]
    for index, field in enumerate(schema.fields):
        place = f"fields[{index}]"
        if rule := rules.get(field.name):
            problems += _check_rule(field, rule, place, required=rule in required)
        else:
            problems += _check_own(field, place, dataset_type)
        if field.item_name and (dataset_type != DatasetType.ITEMS or field.type != "string"):
            problems.append(
                Problem(f"{place}.itemName", "only a string field of an Items schema can be the item's name.")
            )
    problems += _check_counts(schema, dataset_type, rules, required)
    return problems


def _check_head(document: Mapping[str, Any]) -> list[Problem]:
    problems = [
        Problem(str(key), "unknown key.", did_you_mean(str(key), _SCHEMA_KEYS).strip())
        for key in document
        if key not in _SCHEMA_KEYS + _AVRO_KEYS
    ]
    for key, wanted in (("type", "record"), ("namespace", NAMESPACE), ("version", VERSION)):
        found = document.get(key)
        if key not in document:
            problems.append(Problem(key, "missing.", f'Add "{key}": "{wanted}".'))
        elif found != wanted:
            problems.append(Problem(key, f"{_shown(found)} must be '{wanted}'."))
    name = document.get("name")
    if not isinstance(name, str):
        problems.append(
            Problem(
                "name",
                "missing." if name is None else "must be a string.",
                f"It is one of {_listed(WORDS.values())}.",
            )
        )
    else:
        try:
            DatasetType.parse(name)
        except ValueError as error:
            problems.append(Problem("name", str(error), f"It is one of {_listed(WORDS.values())}."))
    return problems


def _parse_field(entry: Any, place: str, problems: list[Problem]) -> Field | None:
    if not isinstance(entry, Mapping):
        problems.append(
            Problem(place, 'a field must be an object such as {"name": "GENRE", "type": "string"}.')
        )
        return None
    problems += [
        Problem(f"{place}.{key}", "unknown key.", did_you_mean(str(key), _FIELD_KEYS).strip())
        for key in entry
        if key not in _FIELD_KEYS + _AVRO_KEYS
    ]
    name = entry.get("name")
    if not isinstance(name, str):
        problems.append(Problem(f"{place}.name", "a field needs a name."))
        name = None
    elif not _FIELD_NAME.fullmatch(name):
        problems.append(
            Problem(
                f"{place}.name",
                f"'{name}' is not a field name.",
                "Use letters, digits and underscores, and begin with a letter or an underscore.",
            )
        )
    elif len(name) > quotas.FIELD_NAME_LENGTH:
        problems.append(
            Problem(
                f"{place}.name", f"{len(name)} characters; a name has at most {quotas.FIELD_NAME_LENGTH}."
            )
        )
    kind, nullable = _parse_type(entry.get("type"), f"{place}.type", problems)
    flags = {}
    for key in ("categorical", "textual", "itemName"):
        flags[key] = entry.get(key, False)
        if not isinstance(flags[key], bool):
            problems.append(
                Problem(f"{place}.{key}", f"{_shown(flags[key])} must be true or false, without quotes.")
            )
            flags[key] = False
    if name is None or kind is None:
        return None
    return Field(name, kind, nullable, flags["categorical"], flags["textual"], flags["itemName"])


def _parse_type(found: Any, place: str, problems: list[Problem]) -> tuple[str | None, bool]:
    """Return the primitive, and whether null is allowed."""
    union = found if isinstance(found, list | tuple) else [found]
    kinds = [kind for kind in union if kind != "null"]
    nullable = len(kinds) < len(union)
    if len(kinds) == 1 and isinstance(kinds[0], str) and kinds[0] in PRIMITIVE_TYPES:
        return kinds[0], nullable
    advice = f'Use one of {_listed(PRIMITIVE_TYPES)}, or with null: ["string", "null"].'
    if len(kinds) == 1 and isinstance(kinds[0], str):
        advice = f"{did_you_mean(kinds[0], PRIMITIVE_TYPES)} {advice}".strip()
    if found is None:
        problems.append(Problem(place, "a field needs a type.", advice))
    elif len(kinds) > 1:
        problems.append(Problem(place, f"{_shown(found)} is more than one type beside null.", advice))
    else:
        problems.append(Problem(place, f"{_shown(found)} is not a type that Personalize knows.", advice))
    return None, nullable


def _clashes(fields: Sequence[Field | None]) -> list[Problem]:
    """Find names that are one to Personalize, which drops all but letters and digits (in filters: case)."""
    seen: dict[str, str] = {}
    problems = []
    for index, field in enumerate(fields):
        if field is None:
            continue
        key = "".join(re.findall(r"[A-Za-z0-9]", field.name)).casefold()
        if key in seen:
            problems.append(
                Problem(
                    f"fields[{index}].name",
                    f"'{field.name}' and '{seen[key]}' are the same name to Personalize.",
                    "Names must differ in letters and digits, not only in underscores or case.",
                )
            )
        seen.setdefault(key, field.name)
    return problems


def _missing(rule: FieldRule, strangers: Sequence[str]) -> Problem:
    wanted: dict[str, Any] = {"name": rule.name, "type": rule.types[0]}
    if rule.categorical:
        wanted["categorical"] = True
    message = f"the required field {rule.name} is missing."
    if found := closest(rule.name, strangers):
        message += f" '{found}' looks like it, but the name must be exact."
    return Problem("fields", message, f"Add {json.dumps(wanted)}.")


def _check_rule(field: Field, rule: FieldRule, place: str, *, required: bool) -> list[Problem]:
    problems = []
    kind = "required" if required else "reserved"
    if field.type not in rule.types:
        problems.append(
            Problem(
                f"{place}.type",
                f"{rule.name} is a {kind} field and must be {' or '.join(rule.types)}, not {field.type}.",
            )
        )
    if field.nullable and not rule.nullable:
        problems.append(Problem(f"{place}.type", f"{rule.name} is a {kind} field and cannot be null."))
    for flag, found, wanted in (
        ("categorical", field.categorical, rule.categorical),
        ("textual", field.textual, rule.textual),
    ):
        if wanted and not found:
            problems.append(
                Problem(f"{place}.{flag}", f"{rule.name} must be {flag}.", f'Add "{flag}": true.')
            )
        elif found and not wanted:
            problems.append(
                Problem(f"{place}.{flag}", f"{rule.name} cannot be {flag}.", f'Leave "{flag}" out.')
            )
    return problems


def _check_own(field: Field, place: str, dataset_type: DatasetType) -> list[Problem]:
    problems = [
        Problem(f"{place}.{flag}", f"only string fields can be {flag}; {field.name} is {field.type}.")
        for flag, found in (("categorical", field.categorical), ("textual", field.textual))
        if found and field.type != "string"
    ]
    if field.textual and dataset_type != DatasetType.ITEMS:
        problems.append(Problem(f"{place}.textual", "only an Items schema can have a textual field."))
    if field.textual and field.categorical:
        problems.append(
            Problem(place, f"{field.name} is both categorical and textual.", "Keep one of the two.")
        )
    return problems


def _check_counts(
    schema: Schema,
    dataset_type: DatasetType,
    rules: Mapping[str, FieldRule],
    required: tuple[FieldRule, ...],
) -> list[Problem]:
    problems = []
    own = [field for field in schema.fields if field.name not in rules]
    limit = _OWN_FIELDS_LIMIT[dataset_type]
    if len(own) > limit:
        problems.append(
            Problem(
                "fields",
                f"{len(own)} metadata fields of your own; {dataset_type.word} can have {limit}.",
            )
        )
    for flag, label in ((_textual, "textual field"), (_item_name, "field with itemName")):
        flagged = [field.name for field in schema.fields if flag(field)]
        if len(flagged) > 1:
            problems.append(Problem("fields", f"a schema can have one {label}; here are {_listed(flagged)}."))
    if metadata := _USABLE_METADATA.get(dataset_type):
        usable, wanted = metadata
        needed = {rule.name for rule in required if rule in _REQUIRED[dataset_type]}
        if not any(usable(field) for field in schema.fields if field.name not in needed):
            problems.append(
                Problem(
                    "fields",
                    f"{dataset_type.word} needs at least one metadata field.",
                    f"Add a field that is {wanted}.",
                )
            )
    return problems


def _textual(field: Field) -> bool:
    return field.textual


def _item_name(field: Field) -> bool:
    return field.item_name


def _categorical_or_numeric(field: Field) -> bool:
    return field.categorical or field.numeric


def _categorical_textual_or_numeric(field: Field) -> bool:
    return field.categorical or field.textual or field.numeric


def _any_field(field: Field) -> bool:  # noqa: ARG001  # one signature for all of them
    return True


_USABLE_METADATA: Final[Mapping[DatasetType, tuple[Callable[[Field], bool], str]]] = {
    DatasetType.USERS: (_categorical_or_numeric, "a categorical string or a number"),
    DatasetType.ITEMS: (_categorical_textual_or_numeric, "a categorical or textual string, or a number"),
    DatasetType.ACTIONS: (_any_field, "a categorical string or a number"),
}


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)


def _shown(value: Any) -> str:
    """Show a value as it stands in the document, cut to what fits a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
