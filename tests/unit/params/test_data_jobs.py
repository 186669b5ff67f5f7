"""Metric attribution, data deletion and dataset export jobs of the params file: checks and plan."""

import pytest
from tests.unit.params.documents import movies, problems_of

from personalize_pipeline.data.deletion_lists import UserList, check_user_list, user_lists
from personalize_pipeline.params import plan
from personalize_rules import quotas


def metric(expression="SAMPLECOUNT()", name="m", event_type="watch"):
    return {"metricName": name, "eventType": event_type, "expression": expression}


def attributed(*metrics, **settings):
    section = {"name": "worth", "metrics": list(metrics), **settings}
    return movies() | {"metricAttribution": section}


def exported(*jobs, word="Items"):
    document = movies()
    document["datasets"][word]["datasetExportJobs"] = list(jobs)
    return document


def deleting(*jobs):
    return movies() | {"dataDeletionJobs": list(jobs)}


def without_event_type():
    document = attributed(metric())
    fields = document["datasets"]["Interactions"]["schema"]["fields"]
    fields[:] = [field for field in fields if field["name"] != "EVENT_TYPE"]
    del document["filters"]
    return document


def to(path):
    return {"s3DataDestination": {"path": path}}


FINE = {
    "no metrics": attributed(),
    "all functions": attributed(
        metric(), metric("SUM(Items.YEAR)", "y"), metric("sum(interactions.event_value)", "v")
    ),
    "another role": attributed(metric(), metricsOutputConfig={"roleArn": "arn:aws:iam::123456789012:role/x"}),
    "CloudWatch only": attributed(metric(), metricsOutputConfig={}),
    "another place": attributed(metric(), metricsOutputConfig=to("s3://b/out/")),
    "deletion": deleting({}),
    "two deletions": deleting({}, {"jobName": "b", "dataSource": {"dataLocation": "s3://b/u.csv"}}),
    "export": exported({}),
    "two exports": exported({}, {"jobName": "bulk", "ingestionMode": "BULK", "jobOutput": to("s3://b/out/")}),
}


@pytest.mark.parametrize("document", FINE.values(), ids=FINE)
def test_what_fits_has_no_problems(document):
    assert problems_of(document) == []


WRONG = {
    "no expression": (
        attributed(metric("AVG(Items.YEAR)")),
        "metrics[0].expression: 'AVG(Items.YEAR)' is not an expr",
    ),
    "unknown column": (attributed(metric("SUM(Items.YEER)")), "has no column 'YEER'. Did you mean 'YEAR'?"),
    "no number": (
        attributed(metric("SUM(Items.GENRE)")),
        "GENRE has type string; SUM takes numeric columns.",
    ),
    "other dataset": (
        attributed(metric("SUM(Users.AGE)")),
        "SUM takes columns of Items and Interactions, not of Users",
    ),
    "name twice": (
        attributed(metric(), metric()),
        'metrics[1].metricName: the metric "m" is there already, at metric',
    ),
    "eleven": (attributed(*(metric(name=f"m{n}") for n in range(11))), "11 entries; at most 10 are allowed."),
    "no event types": (without_event_type(), "the Interactions schema has no field EVENT_TYPE."),
    "group filled in": (
        attributed(datasetGroupArn="x"),
        "datasetGroupArn: the pipeline fills this in itself.",
    ),
    "no folder": (
        attributed(metricsOutputConfig=to("s3://b/out")),
        'metricsOutputConfig.s3DataDestination.path: "s3://b/out" must be a folder. Write s3://b/out/',
    ),
    "deletion twice": (
        deleting({}, {}),
        'dataDeletionJobs[1].jobName: the data deletion job "movies" is there already',
    ),
    "deletion elsewhere": (
        deleting({"dataSource": {"dataLocation": "https://b/users.csv"}}),
        'dataDeletionJobs[0].dataSource.dataLocation: "https://b/users.csv" is no place in S3.',
    ),
    "deletion of no CSV": (
        deleting({"dataSource": {"dataLocation": "s3://b/users"}}),
        'is neither a folder nor a .csv file. Write "s3://b/users/" for a folder.',
    ),
    "deletion nowhere": (
        deleting({"dataSource": {}}),
        "dataDeletionJobs[0].dataSource.dataLocation: missing. Add it, or",
    ),
    "export to no folder": (
        exported({"jobOutput": to("s3://b/x.csv")}),
        'datasets.Items.datasetExportJobs[0].jobOutput.s3DataDestination.path: "s3://b/x.csv" must be a folder.',
    ),
    "export twice": (exported({}, {}), 'the dataset export job "movies-items" is there already'),
    "misspelt": (
        exported({"ingestionMod": "ALL"}),
        "ingestionMod: unknown key. Did you mean 'ingestionMode'?",
    ),
    "tags of AWS": (
        deleting({"tags": [{"tagKey": "aws:x", "tagValue": ""}]}),
        "dataDeletionJobs[0].tags[0].tagKey",
    ),
}


@pytest.mark.parametrize(("document", "words"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named_with_its_place(document, words):
    found = problems_of(document)

    assert len(found) == 1
    assert words in found[0]


def test_all_of_them_read_and_write_beside_the_params_file_unless_they_say_where():
    document = deleting({}) | {"metricAttribution": {"name": "worth", "metrics": [metric()]}}
    document["datasets"]["Items"]["datasetExportJobs"] = [{}, {"jobName": "o", "jobOutput": to("s3://c/")}]

    made = plan(document, bucket="b", prefix="p/")

    tags = {"tags": document["tags"]} if "tags" in document else {}
    assert made["metricAttribution"] == {
        "name": "worth",
        "metrics": [metric()],
        "metricsOutputConfig": to("s3://b/p/metrics/"),
    }
    assert made["dataDeletionJobs"] == [
        {"jobName": "movies", "dataSource": {"dataLocation": "s3://b/p/deletions/"}, **tags}
    ]
    usual, own = made["datasetExportJobs"]
    both = {"datasetType": "ITEMS", "ingestionMode": "ALL", **tags}
    assert usual == {**both, "jobName": "movies-items", "outputFolder": "s3://b/p/exports/Items/"}
    assert own == {**both, "jobName": "o", "jobOutput": to("s3://c/")}
    kinds = [one["resource"] for one in made["expected"]]
    assert kinds.index("Filter") < kinds.index("MetricAttribution") < kinds.index("DataDeletionJob")
    assert kinds.index("DataDeletionJob") < kinds.index("Solution") < kinds.index("DatasetExportJob")


def test_a_list_of_users_is_looked_at_before_anything_is_begun():
    [users] = user_lists(deleting({}), "s3://b/p/")
    assert users == UserList("dataDeletionJobs[0]", "s3://b/p/deletions/")

    def found(heads, size=10):
        return [str(problem) for problem in check_user_list(users, heads, size)]

    assert found({"u.csv": b"USER_ID\n1\n"}) == []
    assert "there is no CSV file." in found({})[0]
    assert "the header (user) lacks USER_ID" in found({"u.csv": b"user\n1\n"})[0]
    assert (
        "a data deletion job takes 100,000,000"
        in found({"u.csv": b"USER_ID\n"}, quotas.DATA_DELETION_SIZE + 1)[0]
    )
