"""Imports run one way: functions -> personalize_pipeline -> boto3, and api -> service -> engine."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AWS = {"boto3", "botocore"}
TYPES = {
    f"mypy_boto3_{service}"
    for service in (
        "cloudwatch",
        "events",
        "glue",
        "personalize",
        "personalize_runtime",
        "s3",
        "scheduler",
        "sns",
        "stepfunctions",
    )
}

# By package or module: which other ones of ours it may import, and what else beside the standard library.
# The most exact entry counts.
MAY_IMPORT: dict[str, tuple[set[str], set[str]]] = {
    "personalize_rules": (set(), set()),
    "personalize_pipeline": (
        {"personalize_rules"},
        AWS | TYPES | {"aws_lambda_powertools", "pydantic", "pydantic_core"},
    ),
    # From here on: what is not in the layer.
    "personalize_pipeline.cli": (
        {"personalize_pipeline", "personalize_pipeline.local_stack", "personalize_rules"},
        AWS | TYPES | {"mypy_boto3_cloudformation", "rich", "typer"},
    ),
    "personalize_pipeline.local_stack": (set(), AWS | {"mypy_boto3_cloudformation"}),
    "personalize_local.engine": (
        {"personalize_rules"},
        {"duckdb", "implicit", "numpy", "scipy", "threadpoolctl"},
    ),
    "personalize_local.service": (
        {"personalize_local.engine", "personalize_rules"},
        # Never at the start: worker processes load them ahead of their first job, functions when a model has.
        {"boto3", "duckdb", "numpy"},
    ),
    "personalize_local.aws": (
        {"personalize_local.service", "personalize_local.settings_from_environment"},
        AWS | TYPES | {"ministack", "urllib3", "yaml"},
    ),
    "personalize_local.api": (
        {
            "personalize_local.aws",
            "personalize_local.service",
            "personalize_local.inbox",
            "personalize_rules",
        },
        AWS | {"httptools", "uvicorn"},
    ),
    "personalize_local.differences": (set(), set()),  # for docs/operations.py
    "personalize_local.inbox": (set(), set()),
    "personalize_local.options": ({"personalize_local.service", "personalize_rules"}, set()),
    "personalize_local.settings_from_environment": (set(), set()),
    "personalize_local.__main__": (
        {
            "personalize_local.api",
            "personalize_local.aws",
            "personalize_local.service",
            "personalize_local.inbox",
            "personalize_local.options",
            "personalize_local.settings_from_environment",
        },
        set(),
    ),
    "functions": ({"personalize_pipeline"}, set()),
}


def files() -> Iterator[tuple[str, Path]]:
    """(name of the module, its file) for all code of ours that is shipped."""
    for folder, prefix in ((ROOT / "src", ()), (ROOT / "functions", ("functions",))):
        for file in sorted(folder.rglob("*.py")):
            parts = (*prefix, *file.relative_to(folder).with_suffix("").parts)
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


MODULES = dict(files())


def imported(file: Path) -> set[str]:
    """What a file imports anywhere in it, for type checking too: modules of ours by name, else packages."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            assert node.module
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            names = {name if name in MODULES else node.module for name in submodules}
        else:
            continue
        found |= {name if name in MODULES else name.partition(".")[0] for name in names}
    return found - sys.stdlib_module_names


IMPORTS = {module: imported(file) for module, file in MODULES.items()}


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def home(module: str) -> str:
    """The entry of the table that a module falls under."""
    return max((entry for entry in MAY_IMPORT if within(module, entry)), key=len, default="")


def test_every_module_has_a_place_in_the_table():
    packages = {"personalize_local"}  # nothing but the parts, each with an entry of its own

    assert [module for module in MODULES if not home(module)] == sorted(packages)
    assert len(MODULES) > 150  # all of them were found


@pytest.mark.parametrize("entry", MAY_IMPORT)
def test_imports_run_one_way(entry):
    ours, others = MAY_IMPORT[entry]
    inside = [module for module in MODULES if home(module) == entry]

    wrong = [
        f"{module} imports {name}"
        for module in inside
        for name in sorted(IMPORTS[module])
        if home(name) not in {entry, *ours} and name not in others
    ]

    assert inside
    assert not wrong


def test_no_modules_import_each_other_in_a_circle():
    graph = {module: {name for name in names if name in MODULES} for module, names in IMPORTS.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
