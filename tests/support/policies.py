"""What a function's code calls, and what its policy in the template allows, to hold one against the other."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import yaml
from botocore import xform_name

ROOT = Path(__file__).parents[2]
SERVICES = (
    "personalize",
    "personalize-runtime",
    "events",
    "glue",
    "cloudwatch",
    "s3",
    "scheduler",
    "sns",
    "stepfunctions",
)
# IAM's names, where they are not those of the service and its operations.
PREFIX = {"stepfunctions": "states", "personalize-runtime": "personalize"}
ACTIONS = {
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:GetObject": {"s3:GetObject", "s3:GetObjectVersion"},
    "s3:HeadObject": {"s3:GetObject"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, whose values do not matter here."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: str(node.value))


@cache
def _operations() -> dict[str, str]:
    """Method of a boto3 client -> IAM action."""
    session = botocore.session.get_session()
    return {
        xform_name(operation): f"{PREFIX.get(service, service)}:{operation}"
        # The first service wins where several have an operation of the same name (TagResource).
        for service in reversed(SERVICES)
        for operation in session.get_service_model(service).operation_names
    }


def actions_of(*parts: Any) -> set[str]:
    """The IAM actions behind all client calls in the source of these classes (with bases) and modules."""
    found: set[str] = set()
    for part in parts:
        for source in part.__mro__[:-2] if isinstance(part, type) else [part]:  # without ABC and object
            for node in ast.walk(ast.parse(inspect.getsource(source))):
                name = _called(node)
                if action := _operations().get(name):
                    found |= ACTIONS.get(action, {action})
    return found


def _called(node: ast.AST) -> str:
    """The client method that this node calls, or pages through."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ""
    if node.func.attr == "get_paginator" and isinstance(node.args[0], ast.Constant):
        return str(node.args[0].value)
    return node.func.attr


@cache
def template() -> dict[str, Any]:
    """The SAM template."""
    document: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)
    return document


def allowed(function: str) -> set[str]:
    """The actions that the policies of a function in the template allow, by the function's folder."""
    for resource in template()["Resources"].values():
        if resource.get("Properties", {}).get("CodeUri") == f"functions/{function}":
            policies = resource["Properties"].get("Policies", [])
            statements = [statement for policy in policies for statement in policy["Statement"]]
            lists = [s["Action"] if isinstance(s["Action"], list) else [s["Action"]] for s in statements]
            return {action for actions in lists for action in actions}
    raise KeyError(function)
