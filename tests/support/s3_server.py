"""An S3 (with IAM, STS and SNS) in this process, on a socket: moto's server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from moto.server import ThreadedMotoServer
from tests.support.local_server import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class S3Server:
    """`url` is what `AWS_ENDPOINT_URL_S3` takes."""

    url: str

    @property
    def client(self) -> S3Client:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def put(self, bucket: str, files: dict[str, str | bytes]) -> None:
        """Put objects into a bucket, which is made if need be."""
        client = self.client
        if bucket not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=bucket)
        for key, content in files.items():
            client.put_object(Bucket=bucket, Key=key, Body=content)


def start_s3() -> tuple[S3Server, ThreadedMotoServer]:
    """A server on a free port of loopback; the caller stops the second part."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return S3Server(f"http://{host}:{port}"), server
