"""Makes docs/personalize-local.md: every operation of the three APIs, and where Personalize Local differs.

    python docs/operations.py            writes docs/personalize-local.md
    python docs/operations.py --check    exit status 1 if it is out of date
    python docs/operations.py --accept   writes docs/known-api.txt too: what botocore declares is known

Operations and parameters come from botocore's service models, differences from
personalize_local/differences.py, options, quotas and the admin API from the code that has them.
docs/known-api.txt is what botocore declared when somebody last looked: what is new shows against it.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from personalize_local import __main__ as command
from personalize_local.api import admin
from personalize_local.api.operations import SERVICES, model
from personalize_local.differences import DIFFERENCES, GENERAL
from personalize_local.service import settings
from personalize_local.service.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "personalize-local.md"
KNOWN = ROOT / "docs" / "known-api.txt"
VARIABLES = {service: f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}" for service in SERVICES}

INTRODUCTION = """# Personalize Local

<!-- Made by docs/operations.py; do not edit. -->

Personalize Local answers the APIs of Amazon Personalize on one computer, with models that it really trains on
the data that it is given. Programs and notebooks that were made for Amazon Personalize run on it as they are.

[Start](#start) · [S3](#where-data-comes-from) · [Old notebooks](#old-notebooks) ·
[What differs](#what-differs) · [Options](#options) · [Quotas](#quotas) · [Admin API](#admin-api)"""

START = """## Start

`make setup` puts the command into `.venv/bin`, and the AWS CLI into `.tools/bin`. To have it in a Python
environment of yours (3.11 or newer):

<!-- not run by a test: CI installs everything with make -->
```sh
pip install ".[local]"
```

It keeps what it is given in `.personalize-local/`, and serves until Ctrl-C:

<!-- serve -->
```sh
personalize-local
```

In another terminal, three variables lead there. The AWS CLI and every AWS SDK of today read them:

<!-- any program -->
```sh
{exports}
export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
aws personalize list-recipes
```

## Where data comes from

Imports, exports and batch jobs read and write S3. Which one, the **server** is told when it starts; programs
that upload or read results need the same variable. For MinIO, LocalStack, moto or another S3 on port 9000:

<!-- serve -->
```sh
AWS_ENDPOINT_URL_S3=http://127.0.0.1:9000 personalize-local
```

With `--allow-aws` it is the real S3. Either way the server uses its own AWS credentials and assumes no role.

Nothing of that at hand? After `make setup`, [`personalize local up`](local-stack.md) starts it together with
an S3, an IAM and the rest of AWS (MiniStack), and `eval "$(personalize local env)"` sets all variables. There
a role must exist, trust `personalize.amazonaws.com` and have the rights that it needs in AWS.

`python -m example.walkthrough` uses it in this way: the life of every resource, with boto3 alone, in half a
minute.

## Old notebooks

- Recipes that Amazon has retired (aws-hrnn and its kin) answer as they do there, unless `--legacy-recipes` is
  given: to `personalize-local`, or after two dashes to `personalize local up -- --legacy-recipes`.
- Loops that wait for `ACTIVE` are done at their first or second look. Where one sleeps for a minute in
  between, lower that, or nothing is gained.
- CSV files are read as Amazon reads them: a quote inside a quoted value is escaped by `\\`, not doubled."""


def members(shape: Shape | None, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """All parameters below a shape, dotted: `solutionConfig.hpoConfig`. Lists and maps add no level."""
    match shape:
        case StructureShape() if shape.name not in seen:
            for name, member in shape.members.items():
                yield name
                yield from (f"{name}.{below}" for below in members(member, (*seen, shape.name)))
        case ListShape():
            yield from members(shape.member, seen)
        case MapShape():
            yield from members(shape.value, seen)


def parameters(service: str, operation: str) -> set[str]:
    """Every parameter of an operation's input and answer, nested ones too."""
    declared = model(service).operation_model(operation)
    return {*members(declared.input_shape), *members(declared.output_shape)}


def declared_api() -> str:
    """What botocore declares: a line per operation, per structure and per set of values that is used."""
    lines = []
    for service in SERVICES:
        shapes: dict[str, str] = {}
        for name in sorted(model(service).operation_names):
            declared = model(service).operation_model(name)
            taken, given = (
                " ".join(shape.members) if shape else ""
                for shape in (declared.input_shape, declared.output_shape)
            )
            lines.append(f"{service} {name}: {taken} -> {given}".rstrip())
            for shape in (declared.input_shape, declared.output_shape):
                for member in shape.members.values() if shape else ():
                    _collect(member, shapes)
        lines += [f"{service} {name}: {text}" for name, text in sorted(shapes.items())]
    return "\n".join(lines) + "\n"


def _collect(shape: Shape, found: dict[str, str]) -> None:
    """Add the structures and enumerations that a shape consists of, each with its members."""
    match shape:
        case StructureShape() if shape.name not in found:
            found[shape.name] = " ".join(shape.members)
            for member in shape.members.values():
                _collect(member, found)
        case ListShape():
            _collect(shape.member, found)
        case MapShape():
            _collect(shape.key, found)
            _collect(shape.value, found)
        case _ if values := getattr(shape, "enum", None):
            found[shape.name] = " ".join(values)


def news(known_text: str, declared_text: str) -> list[str]:
    """What one text of `declared_api` has and another lacks, or the other way round, in words."""
    known, declared = (_entries(text) for text in (known_text, declared_text))
    found = []
    for name in sorted(known.keys() | declared.keys()):
        before, now = known.get(name, []), declared.get(name, [])
        if name not in known:
            found.append(f"{name} is new, with {' '.join(now)}")
        elif name not in declared:
            found.append(f"{name} is no longer there")
        else:
            found += [f"{name} has a new {word}" for word in now if word not in before]
            found += [f"{name} has no {word} any more" for word in before if word not in now]
    return found


def _entries(text: str) -> dict[str, list[str]]:
    """Name of an operation or structure -> its words."""
    return {
        name: words.split() for name, _, words in (line.partition(":") for line in text.splitlines() if line)
    }


def unsupported() -> list[str]:
    """The operations that the service lacks."""
    with TemporaryDirectory() as folder:
        service = Service(settings.Settings(data_dir=Path(folder)))
        try:
            there = set(service.operations)
        finally:
            service.stop()
    return [name for api in SERVICES for name in model(api).operation_names if xform_name(name) not in there]


def page() -> str:
    """The content of docs/personalize-local.md."""
    missing = set(unsupported())
    url = f"http://127.0.0.1:{command.DEFAULT_PORT}"
    exports = "\n".join(f"export {name}={url}" for name in VARIABLES.values())
    parts = [
        INTRODUCTION,
        START.format(exports=exports),
        "## What differs",
        "In general:",
        "\n".join(f"- {text}" for text in GENERAL),
    ]
    for service in SERVICES:
        names = sorted(model(service).operation_names)
        parts += [f"### {service}", *_operations(names, missing)]
    parts += [
        "## Options",
        f"```text\n{_help()}\n```",
        "## Quotas",
        "Those of AWS by default; `--quota NAME=VALUE` sets another.",
        _table(("Quota", "Default"), [(f"`{name}`", f"{value:,}") for name, value in _quotas().items()]),
        "## Admin API",
        "For tests and for looking in from outside, only from this computer:",
        f"```text\n{_admin()}\n```",
        "[local-faults.md](local-faults.md) describes it, with examples.",
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _operations(names: list[str], missing: set[str]) -> Iterator[str]:
    """Which operations there are: those that differ with what differs, the others by name."""
    there = [name for name in names if name not in missing]
    differing = [name for name in there if DIFFERENCES.get(name)]
    yield f"{len(there)} of {len(names)} operations are supported."
    if lacking := _listed([name for name in names if name in missing]):
        yield f"Not there: {lacking}."
    if as_on_aws := _listed([name for name in there if name not in differing]):
        yield f"Nothing to add about {as_on_aws}."
    yield _table(("Operation", "What differs"), [(f"`{name}`", _differences(name)) for name in differing])


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _differences(name: str) -> str:
    return "<br>".join(
        f"`{parameter}`: {text}" if parameter else text for parameter, text in DIFFERENCES[name].items()
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _help() -> str:
    """The command's options, the same on every terminal and every Python."""
    lines = []
    for action in command._parser()._actions:  # noqa: SLF001 - argparse has no other list of its options
        if not action.option_strings or action.dest == "help":
            continue
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
        text = (action.help or "") % {"default": action.default}
        lines.append(f"{', '.join(action.option_strings)}{value}\n    {text}")
    return "\n".join(lines)


def _quotas() -> Mapping[str, Any]:
    """As `--quota` takes them."""
    return {name.replace("_", "-"): value for name, value in dataclasses.asdict(settings.Quotas()).items()}


def _admin() -> str:
    """The routes, one per line."""
    return "\n".join(
        f"{method:<6}  {admin.PREFIX + path:<17} {what}" for (method, path), what in admin.ROUTES.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page is old")
    parser.add_argument("--accept", action="store_true", help="what botocore declares now is known")
    options = parser.parse_args()
    current = page()
    if options.check:
        old = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != current
        sys.exit("docs/personalize-local.md is out of date: python docs/operations.py" if old else 0)
    if options.accept:
        KNOWN.write_text(declared_api(), encoding="utf-8")
    PAGE.write_text(current, encoding="utf-8")


if __name__ == "__main__":
    main()
