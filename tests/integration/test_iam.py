"""Callers and service roles, checked by the IAM of a real MiniStack."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.local_server import ACCOUNT, REGION, LocalServer
from tests.support.ministack_server import MiniStack, allow, document

from personalize_local.aws import ministack_launcher
from personalize_local.aws.s3 import S3Objects
from personalize_local.service.objects import Layout, ObjectsDenied, ObjectsMissing
from personalize_local.service.settings import Settings
from personalize_local.settings_from_environment import IAM_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}"
SOURCE = f"{ARN}:dataset-import-job/movies"
SERVICE = "personalize.amazonaws.com"
SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
        ],
        "version": "1.0",
    }
)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    with MiniStack(tmp_path_factory.mktemp("ministack")) as ministack:
        yield ministack


@pytest.fixture(scope="module")
def guarded(aws: MiniStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A Personalize Local that asks MiniStack's IAM."""
    arguments = ("--iam-endpoint", aws.url)
    with LocalServer(tmp_path_factory.mktemp("local"), arguments, aws.environment) as server:
        yield server


def denial(call: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    found = error.value.response
    return found["ResponseMetadata"]["HTTPStatusCode"], found["Error"]["Code"], found["Error"]["Message"]


def test_the_root_key_may_everything(guarded: LocalServer) -> None:
    assert guarded.personalize.list_schemas()["schemas"] is not None


def test_a_role_may_what_its_policy_says_and_no_more(aws: MiniStack, guarded: LocalServer) -> None:
    role = aws.role("maker", allow("personalize:CreateSchema", on=f"{ARN}:schema/mine-*"))
    client = guarded.client("personalize", **aws.session(role))

    client.create_schema(name="mine-1", schema=SCHEMA)

    assert denial(client.create_schema, name="yours", schema=SCHEMA) == (
        400,
        "AccessDeniedException",
        (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/maker/test is not authorized to perform:"
            f" personalize:CreateSchema on resource: {ARN}:schema/yours because no identity-based policy"
            " allows the personalize:CreateSchema action"
        ),
    )
    assert denial(client.describe_schema, schemaArn=f"{ARN}:schema/mine-1")[1] == "AccessDeniedException"


def test_an_explicit_deny_wins(aws: MiniStack, guarded: LocalServer) -> None:
    deny = {"Effect": "Deny", "Action": "personalize:ListSchemas", "Resource": "*"}
    client = guarded.client("personalize", **aws.session(aws.role("denied", allow("*"), deny)))

    _, code, message = denial(client.list_schemas)

    assert code == "AccessDeniedException"
    assert message.endswith("on resource: * with an explicit deny in an identity-based policy")
    assert client.list_campaigns()["campaigns"] == []


def test_runtime_refusals_are_403(aws: MiniStack, guarded: LocalServer) -> None:
    client = guarded.client("personalize-runtime", **aws.session(aws.role("nobody")))

    status, code, message = denial(client.get_recommendations, campaignArn=f"{ARN}:campaign/movies")

    assert (status, code) == (403, "AccessDeniedException")
    assert f"on resource: {ARN}:campaign/movies" in message


def test_a_user_is_known_by_his_key(aws: MiniStack, guarded: LocalServer) -> None:
    aws.iam.create_user(UserName="ada")
    aws.iam.put_user_policy(
        UserName="ada", PolicyName="p", PolicyDocument=document(allow("personalize:ListSchemas"))
    )
    key = aws.iam.create_access_key(UserName="ada")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    client = guarded.client("personalize", **keys)

    assert "schemas" in client.list_schemas()
    assert f"User: arn:aws:iam::{ACCOUNT}:user/ada is not" in denial(client.list_campaigns)[2]


def test_a_function_is_known_by_its_role(aws: MiniStack, guarded: LocalServer) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.role("function", allow("personalize:ListSchemas"), trust=trust)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "app.py",
            "import os\n"
            "def handler(event, context):\n"
            "    names = ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')\n"
            f"    leak = '{ministack_launcher.TOKEN_VARIABLE}' in os.environ\n"
            "    return {'leak': leak} | {name.lower(): os.environ[name] for name in names}\n",
        )
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName="asker",
        Runtime="python3.11",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="asker")
    answer = json.load(functions.invoke(FunctionName="asker")["Payload"])
    assert answer.pop("leak") is False, "the token must not reach functions"
    client = guarded.client("personalize", **answer)

    assert "schemas" in client.list_schemas()
    assert "assumed-role/function/asker is not authorized" in denial(client.list_campaigns)[2]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"aws_access_key_id": "AKIAUNKNOWN", "aws_secret_access_key": "x"},
            "security token included in the request",
        ),
        (
            {"aws_access_key_id": "test", "aws_secret_access_key": "guessed"},
            "signature we calculated does not match",
        ),
        ({"aws_session_token": "another"}, "security token included in the request is invalid"),
    ],
    ids=["unknown key", "wrong secret", "wrong session token"],
)
def test_a_stranger_is_refused(
    aws: MiniStack, guarded: LocalServer, change: dict[str, str], text: str
) -> None:
    session = {} if "aws_access_key_id" in change else aws.session(aws.role("stranger", allow("*")))

    status, code, message = denial(guarded.client("personalize", **{**session, **change}).list_schemas)

    assert status == 400
    assert code in ("UnrecognizedClientException", "InvalidSignatureException")
    assert text in message


def test_a_session_policy_limits_the_role(aws: MiniStack, guarded: LocalServer) -> None:
    role = aws.role("wide", allow("personalize:*"))
    narrow = aws.session(role, Policy=document(allow("personalize:ListSchemas")))
    client = guarded.client("personalize", **narrow)

    assert "schemas" in client.list_schemas()
    assert denial(client.list_campaigns)[1] == "AccessDeniedException"


def test_tags_at_creation_need_tag_resource(aws: MiniStack, guarded: LocalServer) -> None:
    role = aws.role("untagger", allow("personalize:CreateDatasetGroup"))
    client = guarded.client("personalize", **aws.session(role))
    tags = [{"tagKey": "team", "tagValue": "reco"}]

    assert (
        "personalize:TagResource on resource" in denial(client.create_dataset_group, name="g", tags=tags)[2]
    )


@pytest.mark.parametrize(
    ("service", "allowed"), [(SERVICE, True), ("lambda.amazonaws.com", False)], ids=["personalize", "another"]
)
def test_passing_a_role_needs_pass_role_for_this_service(
    aws: MiniStack, guarded: LocalServer, service: str, *, allowed: bool
) -> None:
    passed = f"arn:aws:iam::{ACCOUNT}:role/data"
    condition = {"StringEquals": {"iam:PassedToService": service}}
    role = aws.role(
        f"passer-{allowed}".lower(),
        allow("personalize:CreateDatasetGroup"),
        allow("iam:PassRole", on=passed, Condition=condition),
    )
    client = guarded.client("personalize", **aws.session(role))
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    arguments = {"name": f"passed-{allowed}".lower(), "roleArn": passed, "kmsKeyArn": key}

    if allowed:
        assert client.create_dataset_group(**arguments)["datasetGroupArn"].endswith("/passed-true")
    else:
        message = denial(client.create_dataset_group, **arguments)[2]
        assert f"iam:PassRole on resource: {passed}" in message


def test_the_endpoint_is_for_the_bearer_of_the_token_only(aws: MiniStack) -> None:
    question = json.dumps({"ask": "caller", "accessKeyId": "test"}).encode()
    for headers in ({}, {"Authorization": "Bearer guess"}):
        request = urllib.request.Request(f"{aws.url}{ministack_launcher.PATH}", question, headers)
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request)
        assert error.value.code == 403


# --- Reading data as a role ---


TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": SERVICE},
    "Action": "sts:AssumeRole",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "StringLike": {"aws:SourceArn": f"{ARN}:*"},
    },
}


@pytest.fixture(scope="module")
def bucket(aws: MiniStack) -> str:
    client = aws.client("s3")
    client.create_bucket(Bucket="movies")
    files = {
        "Interactions/b.csv": "2",
        "Interactions/a.csv": "1",
        "Interactions/": "",
        "Interactions/old/c.csv": "3",
        "Interactions.csv": "4",
    }
    for key, content in files.items():
        client.put_object(Bucket="movies", Key=key, Body=content.encode())
    return "movies"


@pytest.fixture
def objects(aws: MiniStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Objects:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(IAM_ENDPOINT, aws.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return S3Objects(Settings(data_dir=tmp_path, region=REGION, account_id=ACCOUNT))


def reading(bucket: str) -> list[dict[str, Any]]:
    return [
        allow("s3:ListBucket", on=f"arn:aws:s3:::{bucket}"),
        allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/*"),
    ]


def let_in(aws: MiniStack, bucket: str, *statements: dict[str, Any]) -> None:
    client = aws.client("s3")
    if statements:
        principal = {"Principal": {"Service": SERVICE}}
        client.put_bucket_policy(Bucket=bucket, Policy=document(*({**principal, **s} for s in statements)))
    else:
        client.delete_bucket_policy(Bucket=bucket)


def test_a_folder_is_its_own_files_in_order(
    aws: MiniStack, bucket: str, objects: S3Objects, tmp_path: Path
) -> None:
    role = aws.role("reader", *reading(bucket), trust=TRUST)
    let_in(aws, bucket, *reading(bucket))

    files = objects.fetch_all(
        "s3://movies/Interactions/", role, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER
    )
    single = objects.fetch_all(
        "s3://movies/Interactions.csv", role, tmp_path / "one", source_arn=SOURCE, layout=Layout.FOLDER
    )

    assert [file.path.read_text() for file in files] == ["1", "2"]
    assert [file.path.read_text() for file in single] == ["4"]


def test_what_is_not_there_is_missing(
    aws: MiniStack, bucket: str, objects: S3Objects, tmp_path: Path
) -> None:
    role = aws.role("reader-2", *reading(bucket), allow("s3:*"), trust=TRUST)
    let_in(aws, bucket, *reading(bucket))

    for location in (
        "s3://movies/none.csv",
        "s3://movies/none/",
        "s3://no-such-bucket-here/a.csv",
        "https://x/y",
    ):
        with pytest.raises(ObjectsMissing, match=location.removeprefix("s3://").partition("/")[0]):
            objects.fetch_all(location, role, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER)


@pytest.mark.parametrize(
    ("trust", "role_statements", "bucket_statements", "text"),
    [
        pytest.param(
            {**TRUST, "Principal": {"Service": "lambda.amazonaws.com"}},
            reading("movies"),
            reading("movies"),
            "trust policy does not allow",
            id="trusts another service",
        ),
        pytest.param(
            {**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}},
            reading("movies"),
            reading("movies"),
            "trust policy does not allow",
            id="trusts another account",
        ),
        pytest.param(
            {**TRUST, "Condition": {"ArnLike": {"aws:SourceArn": f"{ARN}:campaign/*"}}},
            reading("movies"),
            reading("movies"),
            "trust policy does not allow",
            id="trusts another resource",
        ),
        pytest.param(TRUST, [], reading("movies"), "may not do ListObjectsV2", id="role has no policy"),
        pytest.param(TRUST, reading("movies")[:1], reading("movies"), "may not do", id="role may only list"),
        pytest.param(
            TRUST,
            reading("movies"),
            [],
            "bucket policy of movies does not allow s3:ListBucket",
            id="no bucket policy",
        ),
        pytest.param(
            TRUST,
            reading("movies"),
            reading("movies")[:1],
            "does not allow s3:GetObject",
            id="bucket policy only lists",
        ),
        pytest.param(
            TRUST,
            reading("movies"),
            [
                allow(
                    "s3:*",
                    on=["arn:aws:s3:::movies", "arn:aws:s3:::movies/*"],
                    Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                )
            ],
            "does not allow s3:ListBucket",
            id="bucket policy for somebody else",
        ),
    ],
)
def test_a_lacking_right_is_denied(
    aws: MiniStack,
    bucket: str,
    objects: S3Objects,
    tmp_path: Path,
    *,
    request: pytest.FixtureRequest,
    trust: dict[str, Any],
    role_statements: list[dict[str, Any]],
    bucket_statements: list[dict[str, Any]],
    text: str,
) -> None:
    name = request.node.callspec.id.replace(" ", "-")
    role = aws.role(name, *role_statements, trust=trust)
    let_in(aws, bucket, *bucket_statements)

    with pytest.raises(ObjectsDenied, match=text):
        objects.fetch_all(
            "s3://movies/Interactions/", role, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER
        )


def test_a_role_that_does_not_exist_is_denied(objects: S3Objects, bucket: str, tmp_path: Path) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/none"

    with pytest.raises(ObjectsDenied, match="does not exist"):
        objects.fetch_all(
            f"s3://{bucket}/Interactions/", role, tmp_path, source_arn=SOURCE, layout=Layout.FOLDER
        )


# --- Writing results as a role ---


def writing(bucket: str) -> dict[str, Any]:
    return allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/out/*")


def test_a_role_writes_where_its_policy_and_the_bucket_allow(
    aws: MiniStack, bucket: str, objects: S3Objects, tmp_path: Path
) -> None:
    role = aws.role("writer", writing(bucket), trust=TRUST)
    let_in(aws, bucket, writing(bucket))
    file = tmp_path / "made.csv"
    file.write_text("made")

    objects.check_writable(f"s3://{bucket}/out/", role, source_arn=SOURCE)
    objects.store(file, f"s3://{bucket}/out/made.csv", role, source_arn=SOURCE)

    stored = aws.client("s3").get_object(Bucket=bucket, Key="out/made.csv")
    assert stored["Body"].read() == b"made"


@pytest.mark.parametrize(
    ("trust", "role_statements", "bucket_statements", "text"),
    [
        pytest.param({**TRUST, "Effect": "Deny"}, True, True, "trust policy does not", id="does not trust"),
        pytest.param(TRUST, False, True, "may not do", id="role may not write"),
        pytest.param(TRUST, True, False, "does not allow s3:PutObject", id="bucket does not let in"),
    ],
)
def test_writing_without_a_right_is_denied_before_and_when_it_happens(
    aws: MiniStack,
    bucket: str,
    objects: S3Objects,
    tmp_path: Path,
    *,
    request: pytest.FixtureRequest,
    trust: dict[str, Any],
    role_statements: bool,
    bucket_statements: bool,
    text: str,
) -> None:
    name = "writer-" + request.node.callspec.id.replace(" ", "-")
    granted = [writing(bucket)] if role_statements else reading(bucket)
    role = aws.role(name, *granted, trust=trust)
    let_in(aws, bucket, *([writing(bucket)] if bucket_statements else reading(bucket)))
    file = tmp_path / "made.csv"
    file.write_text("made")

    with pytest.raises(ObjectsDenied, match=text):
        objects.check_writable(f"s3://{bucket}/out/", role, source_arn=SOURCE)
    with pytest.raises(ObjectsDenied, match=text):
        objects.store(file, f"s3://{bucket}/out/{name}.csv", role, source_arn=SOURCE)


def test_a_tree_is_read_with_the_rights_of_the_role(
    aws: MiniStack, bucket: str, objects: S3Objects, tmp_path: Path
) -> None:
    location = f"s3://{bucket}/Interactions/"
    let_in(aws, bucket, *reading(bucket))

    fetched = objects.fetch_all(
        location,
        aws.role("tree-reader", *reading(bucket), trust=TRUST),
        tmp_path,
        source_arn=SOURCE,
        layout=Layout.TREE,
    )
    assert [one.key for one in fetched] == [
        "Interactions/a.csv",
        "Interactions/b.csv",
        "Interactions/old/c.csv",
    ]
    with pytest.raises(ObjectsDenied, match="may not do"):
        objects.fetch_all(
            location,
            aws.role("tree-lister", reading(bucket)[0], trust=TRUST),
            tmp_path / "denied",
            source_arn=SOURCE,
            layout=Layout.TREE,
        )
