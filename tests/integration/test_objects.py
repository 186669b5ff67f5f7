"""Objects in S3 as jobs read and write them, without IAM; with IAM: `test_iam`."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from tests.support.local_server import ACCOUNT, REGION

from personalize_local.aws.s3 import S3Objects
from personalize_local.service.objects import Layout, ObjectsMissing, ObjectsTooLarge, ObjectsUnreachable
from personalize_local.service.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.s3_server import S3Server

SOURCE = f"arn:aws:personalize:{REGION}:{ACCOUNT}:batch-inference-job/films"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
FILES: dict[str, str | bytes] = {
    "in/": "",
    "in/b.csv": "bb",
    "in/a.CSV": "a",
    "in/notes.txt": "notes",
    "in/deep/er/a.csv": "deep",
    "in_more/c.csv": "more",
    "in.csv": "one",
}


@pytest.fixture(scope="module", autouse=True)
def _files(s3: S3Server) -> None:
    s3.put("objects", FILES)


@pytest.fixture
def objects(s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Objects:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
    return S3Objects(Settings(data_dir=tmp_path, region=REGION, account_id=ACCOUNT))


@pytest.mark.parametrize(
    ("location", "layout", "suffix", "keys"),
    [
        pytest.param("in/", Layout.FOLDER, "", ["in/a.CSV", "in/b.csv", "in/notes.txt"], id="folder"),
        pytest.param("in.csv", Layout.FOLDER, "", ["in.csv"], id="folder, one object"),
        pytest.param(
            "in/", Layout.TREE, ".csv", ["in/a.CSV", "in/b.csv", "in/deep/er/a.csv"], id="tree, suffix"
        ),
        pytest.param("in/b.csv", Layout.TREE, ".csv", ["in/b.csv"], id="tree, one object"),
        pytest.param(
            "in",
            Layout.PREFIX,
            ".csv",
            ["in.csv", "in/a.CSV", "in/b.csv", "in/deep/er/a.csv", "in_more/c.csv"],
            id="prefix, neighbours too",
        ),
        pytest.param("in.csv", Layout.PREFIX, "", ["in.csv"], id="prefix, one object"),
    ],
)
def test_a_layout_decides_what_a_location_holds(
    objects: S3Objects, tmp_path: Path, *, location: str, layout: Layout, suffix: str, keys: list[str]
) -> None:
    fetched = objects.fetch_all(
        f"s3://objects/{location}", None, tmp_path, source_arn=SOURCE, layout=layout, suffix=suffix
    )

    assert [one.key for one in fetched] == keys
    assert [one.path.read_text() for one in fetched] == [FILES[key] for key in keys]


def test_nothing_with_the_suffix_is_missing(objects: S3Objects, tmp_path: Path) -> None:
    with pytest.raises(ObjectsMissing, match=r"there is no object whose key ends with \.json"):
        objects.fetch_all(
            "s3://objects/in/", None, tmp_path, source_arn=SOURCE, layout=Layout.TREE, suffix=".json"
        )


def test_more_than_allowed_is_not_even_fetched(objects: S3Objects, tmp_path: Path) -> None:
    folder = tmp_path / "none"

    with pytest.raises(ObjectsTooLarge, match="holds 3 objects, more than 2 and 7 bytes, more than 6"):
        objects.fetch_all(
            "s3://objects/in/",
            None,
            folder,
            source_arn=SOURCE,
            layout=Layout.TREE,
            suffix=".csv",
            max_files=2,
            max_bytes=6,
        )
    assert list(folder.iterdir()) == []


def test_a_stored_file_is_the_object_encrypted_with_the_key(
    objects: S3Objects, s3: S3Server, tmp_path: Path
) -> None:
    file = tmp_path / "made.csv"
    file.write_text("USER_ID\nu1\n")
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 40_000)  # beyond the size of one part

    objects.store(file, "s3://objects/out/made.csv", None, source_arn=SOURCE, kms_key_arn=KEY)
    objects.store(large, "s3://objects/out/large.bin", None, source_arn=SOURCE)

    found = s3.client.get_object(Bucket="objects", Key="out/made.csv")
    assert found["Body"].read() == b"USER_ID\nu1\n"
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", KEY)
    assert s3.client.get_object(Bucket="objects", Key="out/large.bin")["Body"].read() == large.read_bytes()


def test_a_bucket_that_is_not_there_is_missing(objects: S3Objects, tmp_path: Path) -> None:
    file = tmp_path / "made.csv"
    file.write_text("x")
    objects.check_writable("s3://objects/out/", None, source_arn=SOURCE)

    with pytest.raises(ObjectsMissing, match="no-such-bucket"):
        objects.check_writable("s3://no-such-bucket/out/", None, source_arn=SOURCE)
    with pytest.raises(ObjectsMissing, match="no-such-bucket"):
        objects.store(file, "s3://no-such-bucket/out/made.csv", None, source_arn=SOURCE)


class _Refusal(BaseHTTPRequestHandler):
    """An S3 that answers everything with one error."""

    status = 0
    code = ""

    def _refuse(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = f"<Error><Code>{self.code}</Code><Message>not today</Message></Error>".encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = _refuse  # noqa: N815 -- the names that the base class looks for
    do_PUT = _refuse  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "KMS.NotFoundException"),
        (400, "KMS.DisabledException"),
        (503, "SlowDown"),
        (500, "InternalError"),
    ],
)
def test_any_other_error_of_s3_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    handler = type("Refusal", (_Refusal,), {"status": status, "code": code})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
        objects = S3Objects(Settings(data_dir=tmp_path, region=REGION, account_id=ACCOUNT))
        written = tmp_path / "report.csv"
        written.write_text("report")
        try:
            with pytest.raises(ObjectsUnreachable, match=code):
                objects.store(written, "s3://objects/x.csv", None, source_arn=SOURCE)
            with pytest.raises(ObjectsUnreachable, match=code):
                objects.fetch_all(
                    "s3://objects/in/", None, tmp_path / "in", source_arn=SOURCE, layout=Layout.FOLDER
                )
        finally:
            server.shutdown()
