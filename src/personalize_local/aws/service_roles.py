"""Service roles: Amazon Personalize reads and writes with the rights of a role, for one of its resources.

With an IAM (`--iam-endpoint`), the role's trust policy must let personalize.amazonaws.com have it for this
account and resource. Without one, the credentials of the process are used and roles are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.aws.iam import Iam, IamRefused, iam_from_environment
from personalize_local.aws.permissions import SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from personalize_local.service.settings import Settings


class RoleRefused(Exception):
    """The role cannot be had, or may not do what is asked; the text says which."""


class ServiceRoles:
    """Assumes roles and asks about policies. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._iam: Iam | None = iam_from_environment()

    @property
    def enforced(self) -> bool:
        """Whether there is an IAM to ask."""
        return self._iam is not None

    def credentials(self, role_arn: str | None, source_arn: str) -> dict[str, str]:
        """Credentials as boto3's clients take them; none, for those of the process, without an IAM.

        Raises:
            RoleRefused: the role cannot be assumed.
        """
        if self._iam is None:
            return {}
        session = self._session(role_arn, source_arn)
        return {
            "aws_access_key_id": session["accessKeyId"],
            "aws_secret_access_key": session["secretAccessKey"],
            "aws_session_token": session["sessionToken"],
        }

    def check(
        self,
        role_arn: str | None,
        source_arn: str,
        action: str,
        resource: str,
        context: Mapping[str, str] | None = None,
    ) -> None:
        """Find out whether the policies of a role allow an action; without an IAM they do.

        Raises:
            RoleRefused: the role cannot be assumed, or may not.
        """
        if self._iam is None:
            return
        session = self._session(role_arn, source_arn)
        check = {"action": action, "resource": resource, "context": dict(context or {})}
        answer = self._ask({"ask": "may", "accessKeyId": session["accessKeyId"], "checks": [check]})
        if answer["decisions"] != ["Allow"]:
            on = "" if resource == "*" else f" on {resource}"
            raise RoleRefused(f"{role_arn} may not do {action}{on}.")

    def check_resource_policy(
        self, policy: str, source_arn: str, needed: Sequence[tuple[str, str]], owner: str
    ) -> None:
        """Find out whether a policy, such as that of a bucket (`owner`), lets the service in.

        `needed` are actions with their resources. Without an IAM everything is allowed.

        Raises:
            RoleRefused: an action is not allowed; the first one is named.
        """
        if self._iam is None:
            return
        context = self._context(source_arn)
        checks = [{"action": action, "resource": resource, "context": context} for action, resource in needed]
        answer = self._ask({"ask": "resource-policy", "policy": policy, "service": SERVICE, "checks": checks})
        for (action, resource), decision in zip(needed, answer["decisions"], strict=True):
            if decision != "Allow":
                raise RoleRefused(f"The {owner} does not allow {action} on {resource} to {SERVICE}.")

    def _context(self, source_arn: str) -> dict[str, str]:
        return {"aws:SourceAccount": self._settings.account_id, "aws:SourceArn": source_arn}

    def _session(self, role_arn: str | None, source_arn: str) -> dict[str, Any]:
        if role_arn is None:
            raise RoleRefused("No role was given, so nothing may be read or written.")
        context = self._context(source_arn)
        return self._ask({"ask": "assume", "roleArn": role_arn, "service": SERVICE, "context": context})

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._iam
        try:
            return self._iam.ask({**question, "region": self._settings.region})
        except (IamRefused, ConnectionError) as refused:
            raise RoleRefused(str(refused)) from refused
