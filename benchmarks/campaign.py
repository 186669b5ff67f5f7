"""A Personalize Local with a live campaign, its items, and a filter: what the HTTP benchmark asks."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import duckdb
from benchmarks.synthetic import write_interactions
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERACTIONS_PER_ITEM, GENRES = 30, 20
RECIPE = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
FILTER = 'INCLUDE ItemID WHERE Items.GENRE IN ("g1", "g2", "g3")'
BUCKET = "benchmark"
ROLE = "arn:aws:iam::000000000000:role/benchmark"  # without --iam-endpoint, any role may read
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
WAIT_SECONDS = 600.0
COLUMNS = {
    "Interactions": {"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long"},
    "Items": {"ITEM_ID": "string", "GENRE": "string"},
}


class Campaign(NamedTuple):
    """Where it is, and the process that answers. Users are called u0, u1, ..."""

    url: str
    arn: str
    filter: str
    users: int
    process: int


@contextmanager
def live_campaign(items: int) -> Iterator[Campaign]:
    """Start a server, import, train, deploy; all of it is gone afterwards."""
    os.environ.update(ENVIRONMENT)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else it prints every request
    s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3.start()
    with TemporaryDirectory() as folder:
        s3_url = "http://{}:{}".format(*s3.get_host_and_port())
        users = _upload(Path(folder), s3_url, items)
        server = subprocess.Popen(
            [sys.executable, "-m", "personalize_local", "--port", "0", "--data", f"{folder}/data"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "AWS_ENDPOINT_URL_S3": s3_url},
        )
        try:
            assert server.stdout
            ready = re.search(r"http://\S+", server.stdout.readline())
            if ready is None:
                raise SystemExit("Personalize Local did not start; see above.")
            yield _deploy(ready.group(), users, server.pid)
        finally:
            server.terminate()
            server.wait()
            s3.stop()


def _upload(folder: Path, s3_url: str, items: int) -> int:
    """Write both files to S3; give back how many users they have."""
    interactions = write_interactions(
        folder / "interactions.parquet", items * INTERACTIONS_PER_ITEM, items=items
    )
    with duckdb.connect() as connection:
        [(users,)] = connection.execute(f"SELECT count(DISTINCT USER_ID) FROM '{interactions}'").fetchall()
        connection.execute(f"COPY (FROM '{interactions}') TO '{folder}/Interactions.csv'")
        connection.execute(
            f"COPY (SELECT 'i' || n AS ITEM_ID,"
            f" 'g' || hash(n) % {GENRES} || '|g' || hash(n, 1) % {GENRES} AS GENRE"
            f" FROM range({items}) AS numbers(n)) TO '{folder}/Items.csv'"
        )
    client = boto3.client("s3", endpoint_url=s3_url)
    client.create_bucket(Bucket=BUCKET)
    for name in COLUMNS:
        client.upload_file(f"{folder}/{name}.csv", BUCKET, f"{name}.csv")
    return int(users)


def _deploy(url: str, users: int, process: int) -> Campaign:
    client = boto3.client("personalize", endpoint_url=url)
    group = client.create_dataset_group(name="benchmark")["datasetGroupArn"]
    _active(client.describe_dataset_group, "datasetGroup", datasetGroupArn=group)
    jobs = []
    for name, columns in COLUMNS.items():
        schema = client.create_schema(name=name, schema=_schema(name, columns))["schemaArn"]
        dataset = client.create_dataset(name=name, schemaArn=schema, datasetGroupArn=group, datasetType=name)[
            "datasetArn"
        ]
        _active(client.describe_dataset, "dataset", datasetArn=dataset)
        jobs.append(
            client.create_dataset_import_job(
                jobName=name,
                datasetArn=dataset,
                dataSource={"dataLocation": f"s3://{BUCKET}/{name}.csv"},
                roleArn=ROLE,
            )["datasetImportJobArn"]
        )
    for job in jobs:
        _active(client.describe_dataset_import_job, "datasetImportJob", datasetImportJobArn=job)
    chosen = client.create_filter(name="genre", datasetGroupArn=group, filterExpression=FILTER)["filterArn"]
    solution = client.create_solution(
        name="benchmark", datasetGroupArn=group, recipeArn=RECIPE, performAutoTraining=False
    )["solutionArn"]
    _active(client.describe_solution, "solution", solutionArn=solution)
    version = client.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    _active(client.describe_solution_version, "solutionVersion", solutionVersionArn=version)
    campaign = client.create_campaign(name="benchmark", solutionVersionArn=version)["campaignArn"]
    _active(client.describe_campaign, "campaign", campaignArn=campaign)
    _active(client.describe_filter, "filter", filterArn=chosen)
    return Campaign(url, campaign, chosen, users, process)


def _schema(name: str, columns: dict[str, str]) -> str:
    fields = [
        {"name": column, "type": kind, **({"categorical": True} if column == "GENRE" else {})}
        for column, kind in columns.items()
    ]
    namespace = "com.amazonaws.personalize.schema"
    return json.dumps(
        {"type": "record", "name": name, "namespace": namespace, "fields": fields, "version": "1.0"}
    )


def _active(describe: Callable[..., Any], member: str, **arguments: str) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while (found := describe(**arguments)[member])["status"] != "ACTIVE":
        if found["status"].endswith("FAILED") or time.monotonic() > end:
            raise SystemExit(f"The campaign could not be made: {found}")
        time.sleep(0.1)
