"""Starts MiniStack with one endpoint more, which Personalize Local asks about callers and roles.

Runs inside MiniStack's own environment, so it needs the standard library and `ministack` only:
`python ministack_launcher.py`, with the environment variables that `ministack` takes. The endpoint is
`POST /_personalize_local/iam`.

Why it exists: no public API tells whose an access key is, `iam:SimulatePrincipalPolicy` of MiniStack knows
neither condition keys nor permissions boundaries, and no caller can assume a role the way an AWS service does
(`aws:SourceAccount` and `aws:SourceArn` come from the service, not from a caller). MiniStack has all of it
inside. Everything that this module takes from MiniStack is in `Iam`; MiniStack's version is pinned, and a
test starts it.

The endpoint answers on loopback only, to the bearer of the token in `PERSONALIZE_LOCAL_IAM_TOKEN` only: it
gives out secret keys, as AWS gives them to its own services. The variable is removed before any Lambda
function can inherit it.

Each question is a JSON object, each answer too; what is refused has an `error` with `code` and `message`:

- `{"ask": "caller", "accessKeyId"}`: whose key it is, and the secret that its signatures are checked with
- `{"ask": "may", "accessKeyId", "region", "checks": [{"action", "resource", "context"}]}`: may the caller?
- `{"ask": "assume", "roleArn", "service", "region", "context"}`: a session of the role for an AWS service
- `{"ask": "resource-policy", "policy", "service", "region", "checks": [...]}`: may the service itself?
"""

import hmac
import ipaddress
import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

TOKEN_VARIABLE = "PERSONALIZE_LOCAL_IAM_TOKEN"  # noqa: S105 - the name of the variable, not the token
PATH = "/_personalize_local/iam"
SESSION_SECONDS = 3600
GLUE_FAILED = frozenset({"FAILED", "ERROR", "TIMEOUT", "STOPPED", "EXPIRED"})
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
MAX_BODY = 1 << 20

Json = dict[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Refused(Exception):
    """A question with a negative answer: `code` is AWS's error code, the text AWS's message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Iam:
    """What is asked of MiniStack's IAM and STS. Decisions are `Allow`, `Deny` or `ImplicitDeny`."""

    def caller(self, question: Json) -> Json:
        """Whose access key it is.

        Raises:
            Refused: unknown, inactive or expired, with the code that AWS answers such a key with.
        """
        found = self._credential(question["accessKeyId"])
        return {
            "arn": found.principal_arn,
            "type": found.principal_type,
            "account": found.account_id,
            "secretAccessKey": found.secret_access_key,
            "sessionToken": found.session_token,
            "expires": found.expiration,
        }

    def may(self, question: Json) -> Json:
        """One decision per check, by the caller's policies, permissions boundary and session policies."""
        from ministack.core import iam_evaluator

        key = question["accessKeyId"]
        credential = self._credential(key)
        principal = iam_evaluator.resolve_principal(key, credential.account_id, credential)
        if isinstance(principal, iam_evaluator.AuthError):
            raise Refused(principal.code, principal.message)
        decisions = []
        for check in question["checks"]:
            if principal.policies is None:  # the account's root may everything
                decisions.append("Allow")
                continue
            context = iam_evaluator.EvalContext(
                principal_arn=principal.arn,
                principal_type=principal.type,
                principal_account=principal.account,
                action=check["action"],
                resource_arn=check["resource"],
                region=question["region"],
                service_context=_lower_keys(check.get("context")),
                principal_keys=principal.keys,
            )
            decisions.append(iam_evaluator.evaluate(context, principal.policies, *principal.limits).decision)
        return {"arn": principal.arn, "decisions": decisions}

    def assume(self, question: Json) -> Json:
        """Credentials of a role for an AWS service, if the role's trust policy lets that service have it.

        Raises:
            Refused: AccessDenied; that the role does not exist and that it does not trust look alike, as in
            AWS.
        """
        from ministack.services import iam, sts

        role_arn, service = question["roleArn"], question["service"]
        account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        role = iam._roles.get_scoped(account, None, name)  # noqa: SLF001 - nothing public finds a role by its account
        if role is None or role["Arn"] != role_arn:
            raise Refused("AccessDenied", f"{service} cannot assume {role_arn}: the role does not exist.")
        check = {"action": "sts:AssumeRole", "resource": role_arn, "context": question.get("context")}
        trust = role.get("AssumeRolePolicyDocument", "{}")
        if self._service_decision(trust, check, question) != "Allow":
            raise Refused(
                "AccessDenied",
                f"{service} cannot assume {role_arn}: its trust policy does not allow it for the service"
                f" with {json.dumps(question.get('context') or {})}.",
            )
        key, secret, token = (
            "ASIA" + secrets.token_hex(8).upper(),
            secrets.token_hex(20),
            secrets.token_hex(64),
        )
        sts.register_session(
            key,
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{service.partition('.')[0]}",
                "UserId": f"{role.get('RoleId', name)}:{service.partition('.')[0]}",
                "SecretAccessKey": secret,
                "SessionToken": token,
                "Expiration": time.time() + SESSION_SECONDS,
                "AccountId": account,
                "PrincipalType": "AssumedRole",
            },
        )
        return {"accessKeyId": key, "secretAccessKey": secret, "sessionToken": token}

    def resource_policy(self, question: Json) -> Json:
        """One decision per check, by a resource's own policy, for the service as the principal."""
        policy = question["policy"]
        return {
            "decisions": [self._service_decision(policy, check, question) for check in question["checks"]]
        }

    def _credential(self, key: str) -> Any:
        from ministack.core import iam_evaluator
        from ministack.core.responses import get_account_id, set_request_account_id

        set_request_account_id(key)  # a key belongs to its own account, not to the server's default one
        account = iam_evaluator.find_iam_access_key_account(key) or get_account_id()
        found = iam_evaluator.resolve_credential(key, account)
        if isinstance(found, iam_evaluator.CredentialResolutionError):
            raise Refused(found.code, found.message)
        return found

    def _service_decision(self, policy: str | Json, check: Json, question: Json) -> str:
        from ministack.core import iam_evaluator

        context = iam_evaluator.EvalContext(
            principal_arn="",  # a service has none: statements for "*" or for the service count, no others
            principal_type="AWSService",
            principal_account="",
            action=check["action"],
            resource_arn=check["resource"],
            region=question["region"],
            service_context=_lower_keys(check.get("context")),
            secure_transport=True,  # so do AWS services call each other
        )
        decision = iam_evaluator.evaluate_resource_policy(
            policy, context, service=question["service"]
        ).decision
        return str(decision)


def with_endpoint(app: App, token: str, iam: Iam) -> App:
    """The ASGI app with the endpoint in front; every other request goes through untouched."""
    answers = {
        "caller": iam.caller,
        "may": iam.may,
        "assume": iam.assume,
        "resource-policy": iam.resource_policy,
    }

    async def front(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"")
        if not _is_loopback(scope) or not hmac.compare_digest(given, f"Bearer {token}".encode()):
            await _answer(send, 403, {"error": {"code": "AccessDenied", "message": "Not for you."}})
            return
        try:
            question = json.loads(await _body(receive))
            answer = answers[question["ask"]](question)
        except Refused as refused:
            await _answer(send, 200, {"error": {"code": refused.code, "message": str(refused)}})
        except (ValueError, KeyError, TypeError, IndexError) as error:
            message = f"Not a question for this endpoint: {type(error).__name__}: {error}"
            await _answer(send, 400, {"error": {"code": "BadQuestion", "message": message}})
        else:
            await _answer(send, 200, answer)

    return front


def take_yaml_definitions() -> None:
    """Let state machines be defined in YAML files, as CloudFormation does: it turns them into JSON.

    MiniStack hands the file's text to Step Functions as it is, where every execution then ends at once with
    "Could not parse state machine definition".
    """
    import yaml
    from ministack.services.cloudformation import provisioners

    as_written = provisioners._sfn_definition  # noqa: SLF001 - MiniStack has no hook for this

    def in_json(properties: Json) -> str:
        text = as_written(properties)
        return json.dumps(yaml.safe_load(text)) if isinstance(text, str) else text

    provisioners._sfn_definition = in_json  # noqa: SLF001


def name_schedule_groups() -> None:
    """Let policies name the group of a schedule: `schedule/<group>/<name>`.

    MiniStack checks every request for a schedule against `schedule/default/<name>`, whatever group it is in,
    so a policy for one group would allow nothing.
    """
    from ministack.core import iam_actions

    as_written = iam_actions.extract_resource_arn

    def with_group(service: str, *request: Any) -> str:
        arn = str(as_written(service, *request))
        if service != "scheduler" or ":schedule/default/" not in arn:
            return arn
        _method, _path, _headers, body, query, *_ = request
        given = query.get("groupName") or _json_object(body).get("GroupName") or "default"
        group = given[0] if isinstance(given, list) else given
        return arn.replace(":schedule/default/", f":schedule/{group}/")

    iam_actions.extract_resource_arn = with_group


def tell_scheduled_time() -> None:
    """Put the time for which a schedule was due into what its target gets, in place of its keyword.

    MiniStack hands the keyword on as it is. It looks every ten seconds and does not say what it was due for:
    this takes the time of the look.
    """
    from ministack.services import eventbridge

    as_written = eventbridge._invoke_target  # noqa: SLF001 - MiniStack has no hook for this

    def with_time(target: Json, event: Json, *rest: Any) -> Any:
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["Time"]))
            target = {**target, "Input": target["Input"].replace(SCHEDULED_TIME, now)}
        return as_written(target, event, *rest)

    eventbridge._invoke_target = with_time  # noqa: SLF001


def wait_for_glue_jobs() -> None:
    """Let state machines run Glue jobs (`glue:startJobRun.sync`) as in AWS: start one, and wait for its end.

    MiniStack has the calls, but not this way to make them. Its Glue runs Python shell jobs; a Spark job needs
    Docker and the image of Glue. Without them MiniStack says SUCCEEDED and has done nothing; this says so.
    """
    from ministack.services import glue, stepfunctions

    def call(action: str, given: Json) -> Any:
        resource = f"arn:aws:states:::aws-sdk:glue:{action}"
        return stepfunctions._invoke_aws_sdk_integration(resource, given)  # noqa: SLF001 - no public way

    def run(resource: str, given: Json) -> Any:
        name = given.get("JobName")
        job = call("getJob", {"JobName": name})["Job"]
        if glue._is_spark_job(job) and not _has_glue_image(glue, job):  # noqa: SLF001
            reason = (
                f"Glue job {name} is a Spark job, and the local AWS runs these only with Docker and the "
                "image amazon/aws-glue-libs. Remove 'preprocess' and put the CSV files there by hand."
            )
            raise stepfunctions._ExecutionError("Glue.SparkNotAvailable", reason)  # noqa: SLF001
        started = call("startJobRun", given)
        if not resource.endswith(".sync"):
            return started
        while True:
            shown: Json = call("getJobRun", {"JobName": name, "RunId": started["JobRunId"]})["JobRun"]
            if shown["JobRunState"] == "SUCCEEDED":
                return shown
            if shown["JobRunState"] in GLUE_FAILED:
                raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(shown))  # noqa: SLF001
            time.sleep(0.2)

    stepfunctions._SERVICE_DISPATCH["arn:aws:states:::glue:startJobRun"] = run  # noqa: SLF001


def _has_glue_image(glue: Any, job: Json) -> bool:
    docker = glue._get_docker()  # noqa: SLF001
    try:
        docker.images.get(glue._glue_image_for_version(job.get("GlueVersion", "4.0")))  # noqa: SLF001
    except Exception:  # noqa: BLE001 - no Docker, no image: whatever MiniStack meets, it takes for this
        return False
    return True


def _json_object(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _lower_keys(context: Json | None) -> Json:
    return {name.lower(): value for name, value in (context or {}).items()}  # as MiniStack looks them up


def _is_loopback(scope: MutableMapping[str, Any]) -> bool:
    client = scope.get("client")
    return client is not None and ipaddress.ip_address(client[0]).is_loopback


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise ValueError("the question is too long")
        if not message.get("more_body"):
            return bytes(body)


async def _answer(send: Send, status: int, answer: Json) -> None:
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Run `ministack` in this process, with the endpoint."""
    token = os.environ.pop(TOKEN_VARIABLE, "")
    if len(token) < 16:
        raise SystemExit(
            f"{TOKEN_VARIABLE} must hold a secret of at least 16 characters, shared with personalize-local."
        )
    import ministack.app as server

    take_yaml_definitions()
    name_schedule_groups()
    tell_scheduled_time()
    wait_for_glue_jobs()
    # `main` looks its `app` up in its module when it starts to serve.
    server.app = with_endpoint(server.app, token, Iam())
    server.main()


if __name__ == "__main__":
    main()
