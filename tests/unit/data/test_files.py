import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from personalize_pipeline.data.files import list_files
from personalize_pipeline.errors import DataInvalid

KEYS = (
    "m/Items/",
    "m/Items/2.csv",
    "m/Items/1.CSV",
    "m/Items/old/0.csv",
    "m/Items.csv",
    "m/Items_x/9.csv",
)


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="data")
        for key in KEYS:
            body = b"" if key.endswith("/") else key.encode()
            client.put_object(Bucket="data", Key=key, Body=body)
        yield client


@pytest.mark.parametrize(
    ("location", "files", "deeper"),
    [
        pytest.param(
            "s3://data/m/Items/", ["m/Items/1.CSV", "m/Items/2.csv"], ("m/Items/old/",), id="folder"
        ),
        pytest.param("s3://data/m/Items.csv", ["m/Items.csv"], (), id="file"),
        pytest.param("s3://data/m/Items", [], ("m/Items/", "m/Items_x/"), id="folder without its slash"),
        pytest.param("s3://data/none/", [], (), id="nothing"),
    ],
)
def test_a_location_is_a_file_or_the_first_level_of_a_folder(s3, location, files, deeper):
    listing = list_files(s3, location)

    assert [file.key for file in listing.files] == files
    assert all(file.is_csv and file.size and len(file.etag) == 32 for file in listing.files)
    assert listing.deeper == deeper


def test_a_bucket_of_a_name_that_s3_does_not_allow_is_said_so(s3):
    with Stubber(s3) as stub:
        stub.add_client_error("list_objects_v2", "InvalidBucketName", http_status_code=400)
        with pytest.raises(DataInvalid, match="s3://Films-Data/x/: there is no bucket Films-Data"):
            list_files(s3, "s3://Films-Data/x/")


def test_a_bucket_that_does_not_exist_is_said_so(s3):
    with pytest.raises(DataInvalid, match="s3://nope/x/: there is no bucket nope"):
        list_files(s3, "s3://nope/x/")


def test_long_listings_are_read_to_the_end(s3, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # per page of a listing; S3 has 1,000
    for number in range(5):
        s3.put_object(Bucket="data", Key=f"many/{number}.csv", Body=b"x")

    assert len(s3.list_objects_v2(Bucket="data", Prefix="many/")["Contents"]) == 2
    assert len(list_files(s3, "s3://data/many/").files) == 5
