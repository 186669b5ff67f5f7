import json
from copy import deepcopy
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from personalize_pipeline import clients
from personalize_pipeline.data import files
from personalize_pipeline.read_params import read_params

RUN = {
    "id": "run-1",
    "execution": "arn:aws:states:us-east-1:123456789012:execution:pipeline:run-1",
    "stateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:pipeline",
    "startTime": "2026-11-20T09:02:00.000Z",
}


THEMES = {
    "batchInferenceJobMode": "THEME_GENERATION",
    "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "PLOT"}},
}


def schema(name, *columns):
    fields = [{"name": column, "type": "long" if column == "TIMESTAMP" else "string"} for column in columns]
    return {
        "type": "record",
        "name": name,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": fields,
        "version": "1.0",
    }


PARAMS = {
    "datasetGroup": {"name": "movies"},
    "datasets": {
        "Interactions": {
            "name": "movies-interactions",
            "schema": schema("Interactions", "USER_ID", "ITEM_ID", "TIMESTAMP"),
        },
    },
    "solutions": [
        {
            "name": "movies-for-you",
            "recipeArn": "arn:aws:personalize:::recipe/aws-user-personalization-v2",
            "campaigns": [{"name": "movies-for-you", "minProvisionedTPS": 1}],
        }
    ],
}
ROWS = b"u1,i1,1\nu1,i2,2\nu2,i2,3\nu2,i3,4\nu3,i4,5\n"
CSV = b"USER_ID,ITEM_ID,TIMESTAMP\n" + 200 * ROWS


@pytest.fixture
def bucket(monkeypatch):
    """A versioned input bucket with good data below movies/."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("INPUT_BUCKET", "input")
    with mock_aws():
        clients.s3.cache_clear()
        resource = boto3.resource("s3").Bucket("input")
        resource.create()
        resource.Versioning().enable()
        resource.put_object(Key="movies/Interactions/1.csv", Body=CSV)
        yield resource
        clients.s3.cache_clear()


def upload(bucket, params, key="movies/params.json"):
    body = params if isinstance(params, bytes) else json.dumps(params).encode()
    return {"bucket": "input", "key": key, "versionId": bucket.put_object(Key=key, Body=body).version_id}


def read(given):
    return json.loads(json.dumps(read_params({"input": given, "run": RUN})))


def changed(**sections):
    return deepcopy(PARAMS) | sections


def test_an_upload_becomes_the_plan_of_its_run(bucket):
    given = upload(bucket, PARAMS)

    plan = read(given)

    assert plan["datasetGroup"] == {"name": "movies"}
    (dataset,) = plan["datasets"]
    assert dataset["import"]["dataSource"] == {"dataLocation": "s3://input/movies/Interactions/"}
    assert plan["solutions"][0]["campaigns"] == [{"name": "movies-for-you", "minProvisionedTPS": 1}]
    assert plan["run"] == RUN | given | {
        "startTime": "2026-11-20T09:02:00Z",
        "datasetGroup": "movies",
        "prefix": "movies/",
        "shares": {},
        "examples": {
            "userId": "u1",
            "userIds": ["u1", "u2", "u3"],
            "itemIds": ["i1", "i2", "i3"],
            "filterValues": {},
        },
    }


def test_the_version_that_started_the_run_counts_whatever_was_uploaded_since(bucket):
    given = upload(bucket, PARAMS)
    newer = upload(bucket, changed(datasetGroup={"name": "books"}))

    plan = read(given)

    assert plan["datasetGroup"]["name"] == "movies"
    (note,) = plan["notes"]
    assert "has been uploaded again since" in note
    assert given["versionId"] in note
    assert newer["versionId"] in note
    assert read(newer)["notes"] == []


def test_a_params_file_that_was_deleted_since_is_read_all_the_same(bucket):
    given = upload(bucket, PARAMS)
    bucket.Object(given["key"]).delete()

    assert read(given)["notes"] == []


def test_a_document_can_be_the_input_itself(bucket):
    bucket.put_object(Key="Interactions/1.csv", Body=CSV)

    plan = read(PARAMS)

    assert plan["datasets"][0]["import"]["dataSource"]["dataLocation"] == "s3://input/Interactions/"
    assert "key" not in plan["run"]


def test_the_bucket_may_be_left_out(bucket):
    upload(bucket, PARAMS)

    assert read({"key": "movies/params.json"})["run"]["bucket"] == "input"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(
            {"bucket": "input", "key": "x.json"}, "s3://input/x.json does not exist.", id="no object"
        ),
        pytest.param({"bucket": "nope", "key": "x.json"}, "s3://nope/x.json does not exist.", id="no bucket"),
        pytest.param("x", "the input of the execution is not an object.", id="not an object"),
        pytest.param(
            {"bucket": "<x>", "key": "params.json"},
            "s3://<x>/params.json is no place of a file in S3. (Invalid bucket name",
            id="no name of a bucket",
        ),
        pytest.param(
            {"key": 7}, "the key in the input of the execution is 7, not a text. Give {", id="number"
        ),
        pytest.param({"key": ""}, 'the key in the input of the execution is "", not a text.', id="empty"),
        pytest.param(
            {"bucket": ["b"], "key": "a"}, 'bucket in the input of the execution is ["b"]', id="list"
        ),
        pytest.param(
            {"key": "a", "versionId": 1}, "the versionId in the input of the execution is 1", id="1"
        ),
    ],
)
def test_what_cannot_be_read_is_said_so(bucket, given, words):
    answer = read(given)

    assert answer["failed"]["error"] == "ParamsInvalid"
    assert words in answer["failed"]["reason"]
    assert answer["run"]["id"] == "run-1"


def test_all_problems_of_the_file_and_the_data_come_at_once(bucket):
    params = changed()
    params["solutions"][0]["recipeArm"] = params["solutions"][0].pop("recipeArn")
    params["datasets"]["Users"] = {"name": "movies-users", "schema": schema("Users", "USER_ID", "GENDER")}
    params["datasets"]["Users"]["schema"]["fields"][1]["categorical"] = True
    bucket.put_object(Key="movies/Interactions/2.csv", Body=CSV.replace(b"TIMESTAMP", b"time"))

    answer = read(upload(bucket, params))

    reason = answer["failed"]["reason"]
    assert answer["failed"]["error"] == "ParamsInvalid"
    assert answer["datasetGroup"] == "movies"
    assert "solutions[0].recipeArm" in reason
    assert "datasets.Interactions, s3://input/movies/Interactions/2.csv: the header" in reason
    assert "lacks TIMESTAMP" in reason
    assert "datasets.Users, s3://input/movies/Users/: there is no CSV file. Upload the data there" in reason


@pytest.mark.parametrize(
    ("key", "location", "advice"),
    [
        pytest.param("x/1.csv", "s3://input/x", "with a slash at its end", id="slash forgotten"),
        pytest.param("x/2025/1.csv", "s3://input/x/", "put the files one level up", id="deeper"),
        pytest.param("x/1.txt", "s3://input/x/", "1.txt does not end in .csv", id="no csv"),
        pytest.param("x/1.csv", "s3://nope/x/", "there is no bucket nope", id="no bucket"),
    ],
)
def test_data_that_is_not_found_has_a_way_out(bucket, key, location, advice):
    bucket.put_object(Key=key, Body=CSV)
    params = changed()
    params["datasets"]["Interactions"]["dataLocation"] = location

    answer = read(upload(bucket, params))

    # A location without its slash is a mistake in the params file already.
    assert answer["failed"]["error"] == ("DataInvalid" if location.endswith("/") else "ParamsInvalid")
    assert advice in answer["failed"]["reason"]


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("s3://<your-bucket>/Interactions/", "names no bucket. Write s3://bucket/folder/"),
        ("s3:///Interactions/", "names no bucket"),
        ("Interactions/", "It begins with s3://"),
    ],
)
def test_a_place_that_is_none_is_a_problem_of_the_params_file(bucket, location, words):
    params = changed()
    params["datasets"]["Interactions"]["dataLocation"] = location
    params["solutions"][0]["batchInferenceJobs"] = [{"jobInput": {"s3DataSource": {"path": location}}}]
    params["dataDeletionJobs"] = [{"dataSource": {"dataLocation": location}}]

    failed = read(upload(bucket, params))["failed"]

    assert failed["error"] == "ParamsInvalid"
    assert words in failed["reason"]
    assert len(failed["reason"].splitlines()) == 4  # "3 problems:" and each once


def test_lines_in_a_folder_that_is_written_like_a_file_have_a_way_out(bucket):
    bucket.put_object(Key="movies/lines/users.json", Body=b'{"userId": "u1"}\n')
    params = changed()
    source = {"s3DataSource": {"path": "s3://input/movies/lines"}}
    params["solutions"][0]["batchInferenceJobs"] = [{"jobInput": source}]

    failed = read(upload(bucket, params))["failed"]

    assert failed["error"] == "DataInvalid"
    assert "A folder is written with a slash at its end: s3://input/movies/lines/" in failed["reason"]


def test_a_folder_with_a_number_sign_is_found(bucket):
    bucket.put_object(Key="other/day#1/1.csv", Body=CSV)
    params = changed()
    params["datasets"]["Interactions"]["dataLocation"] = "s3://input/other/day#1/"

    assert "failed" not in read(upload(bucket, params))


@pytest.mark.parametrize(
    ("folder", "read_from"),
    [
        ("batch/movies-for-you/", "lines are"),
        ("batch/movies-for-you/answers/", "lines are"),
        ("Interactions/", "data of datasets.Interactions is"),
        ("deletions/x/", "users of dataDeletionJobs[0] are"),
        ("Interactions/answers/", None),
        ("elsewhere/", None),
    ],
)
def test_answers_that_the_next_run_would_read_are_a_problem(bucket, folder, read_from):
    params = changed(dataDeletionJobs=[{}])
    destination = {"s3DataDestination": {"path": f"s3://input/movies/{folder}"}}
    params["solutions"][0]["batchInferenceJobs"] = [{"jobOutput": destination}]
    bucket.put_object(Key="movies/batch/movies-for-you/users.json", Body=b'{"userId": "u1"}\n')
    bucket.put_object(Key="movies/deletions/users.csv", Body=b"USER_ID\nu1\n")

    answer = read(upload(bucket, params))

    if read_from is None:
        assert "failed" not in answer
    else:
        said = f"the answers would be written into the folder that the {read_from} read from. Write them"
        assert said in answer["failed"]["reason"]


@pytest.mark.parametrize(("rows", "fine"), [(199 * ROWS, False), ((200 * ROWS)[:-1], True)])
def test_too_few_interactions_are_known_before_the_run(bucket, rows, fine):
    bucket.put_object(Key="movies/Interactions/1.csv", Body=CSV[: CSV.index(b"\n") + 1] + rows)

    answer = read(upload(bucket, PARAMS))

    assert ("failed" not in answer) is fine
    if not fine:
        said = "movies/Interactions/: 995 interactions; Amazon Personalize takes 1,000 or more in an import."
        assert said in answer["failed"]["reason"]


@pytest.mark.parametrize(
    ("word", "size", "said"),
    [
        ("Interactions", 10**12, None),
        ("Interactions", 10**12 + 1, "takes at most 1,000,000,000,000 in an import"),
        ("Users", 10**11 + 1, "100,000,000,001 bytes; Amazon Personalize takes at most 100,000,000,000 in"),
    ],
)
def test_more_data_than_an_import_takes_is_known_before_the_run(bucket, monkeypatch, word, size, said):
    params = changed()
    params["datasets"]["Users"] = {"name": "movies-users", "schema": schema("Users", "USER_ID", "AGE")}
    params["datasets"]["Users"]["schema"]["fields"][1]["type"] = "int"
    bucket.put_object(Key="movies/Users/1.csv", Body=b"USER_ID,AGE\nu1,8\n")
    large(monkeypatch, f"movies/{word}/", size)

    answer = read(upload(bucket, params))

    assert said in answer["failed"]["reason"] if said else "failed" not in answer


@pytest.mark.parametrize(
    ("recipe", "job", "body", "said"),
    [
        ("item-affinity", {}, b'{"itemId": "1"}\n' * 501, "users.json: more than 500 lines"),
        ("item-affinity", {}, b'{"itemId": "1"}\n' * 500 + b" \n", None),
        ("item-attribute-affinity", {}, b'{"itemAttributes": "a"}\n' * 11, "users.json: more than 10 lines"),
        ("similar-items", THEMES, b'{"itemId": "1"}\n' * 101, "users.json: more than 100 lines"),
        ("similar-items", {}, b'{"itemId": "1"}\n' * 501, None),
    ],
)
def test_more_than_a_batch_job_answers_is_known_before_the_run(bucket, recipe, job, body, said):
    kind = "batchSegmentJobs" if "affinity" in recipe else "batchInferenceJobs"
    solution = {"name": "lots", "recipeArn": f"arn:aws:personalize:::recipe/aws-{recipe}", kind: [job]}
    params = changed(solutions=[solution])
    params["datasets"]["Items"] = {"name": "movies-items", "schema": schema("Items", "ITEM_ID", "PLOT")}
    params["datasets"]["Items"]["schema"]["fields"][1]["textual"] = True
    bucket.put_object(Key="movies/Items/1.csv", Body=b"ITEM_ID,PLOT\ni1,x\n")
    bucket.put_object(Key="movies/batch/lots/users.json", Body=body)

    answer = read(upload(bucket, params))

    assert said in answer["failed"]["reason"] if said else "failed" not in answer, answer.get("failed")


def test_files_of_a_batch_job_are_counted_and_weighed_before_the_run(bucket, monkeypatch):
    bucket.put_object(Key="movies/batch/movies-for-you/users.json", Body=b'{"userId": "u1"}\n')
    large(monkeypatch, "movies/batch/", 10**6, times=1001)
    params = changed()
    params["solutions"][0]["batchInferenceJobs"] = [{}]

    reason = read(upload(bucket, params))["failed"]["reason"]

    assert "1,001 files; a batch job takes at most 1,000. Join them" in reason
    assert "1,001,000,000 bytes; a batch job takes at most 1,000,000,000. Divide them" in reason


def large(monkeypatch, prefix, size, times=1):
    """Let each file below `prefix` be listed as one of `size` bytes, so many times."""
    whole = files._list

    def listed(client, bucket, key, how):
        found = whole(client, bucket, key, how)
        shown = tuple(replace(file, size=size) for file in found.files)
        return replace(found, files=times * shown) if key.startswith(prefix) else found

    monkeypatch.setattr(files, "_list", listed)


def test_data_that_the_pipeline_may_not_see_is_left_to_personalize(bucket, monkeypatch):
    def denied(*_):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    monkeypatch.setattr(files, "_list", denied)

    plan = read(upload(bucket, PARAMS))

    assert any("may not look into s3://input/movies/Interactions/" in note for note in plan["notes"])
    assert plan["run"]["examples"] == {"userIds": [], "itemIds": [], "filterValues": {}}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{", b"[]"], ids=["empty", "cut", "UTF-16", "list"])
def test_a_file_that_is_no_json_object_is_a_failed_outcome(bucket, body):
    answer = read(upload(bucket, body))

    assert answer["failed"]["error"] == "ParamsInvalid"
    assert answer["run"]["key"] == "movies/params.json"
    assert "datasetGroup" not in answer
