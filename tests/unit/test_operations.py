"""docs/personalize-local.md tells the truth: about botocore's models, the service, and the differences."""

import inspect
from pathlib import Path

import pytest
from botocore import xform_name
from docs import operations

from personalize_local import options
from personalize_local.api.operations import SERVICES, model
from personalize_local.differences import DIFFERENCES
from personalize_local.service.service import Service
from personalize_local.service.settings import Settings

SERVICE_OF = {name: service for service in SERVICES for name in model(service).operation_names}
WHAT_TO_DO = """
botocore's models of Amazon Personalize have changed. For each line above: make the service do it, or say in
src/personalize_local/differences.py what it does instead. Then: python docs/operations.py --accept"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = Service(Settings(data_dir=tmp_path_factory.mktemp("service")))
    yield service
    service.stop()


def test_the_page_is_current():
    page = operations.PAGE.read_text(encoding="utf-8")
    assert page == operations.page(), "docs/personalize-local.md is out of date: python docs/operations.py"


def test_botocore_declares_nothing_that_nobody_has_looked_at():
    known = operations.KNOWN.read_text(encoding="utf-8")
    news = operations.news(known, operations.declared_api())
    assert not news, "\n".join([*news, WHAT_TO_DO])


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ("api CreateX: name -> xArn\n", ["api CreateX has a new tags"]),
        ("", ["api CreateX is new, with name tags -> xArn"]),
        ("api CreateX: name tags colour -> xArn\n", ["api CreateX has no colour any more"]),
        ("api CreateX: name tags -> xArn\napi Mode: A B\n", ["api Mode is no longer there"]),
        ("api CreateX: name tags -> xArn\n", []),
    ],
    ids=["new parameter", "new operation", "parameter gone", "values gone", "nothing new"],
)
def test_what_is_new_in_botocore_is_said(known, found):
    assert operations.news(known, "api CreateX: name tags -> xArn\n") == found


def test_nested_parameters_and_values_are_known_too():
    known = operations.KNOWN.read_text(encoding="utf-8")
    assert "personalize AutoTrainingConfig: schedulingExpression\n" in known
    assert "personalize TrainingMode: FULL UPDATE AUTOTRAIN\n" in known


def test_differences_are_about_parameters_that_exist():
    unknown = [
        f"{name}: {parameter}"
        for name, differences in DIFFERENCES.items()
        for parameter in differences
        if name not in SERVICE_OF
        or (parameter and parameter not in operations.parameters(SERVICE_OF[name], name))
    ]
    assert not unknown, f"botocore has none of these, which differences.py names: {unknown}"


@pytest.mark.parametrize("name", SERVICE_OF)
def test_the_service_has_every_operation_with_every_parameter(service, name):
    method = service.operations.get(xform_name(name))
    assert method is not None, f"the service has no {xform_name(name)}: botocore declares {name}"
    takes = inspect.signature(method).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes.values())
    declared = model(SERVICE_OF[name]).operation_model(name).input_shape
    assert declared is not None
    lacking = [] if takes_all else [member for member in declared.members if member not in takes]
    assert not lacking, f"{xform_name(name)} does not take {lacking}"


def test_the_page_is_made_by_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(operations, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr("sys.argv", ["operations.py"])

    operations.main()

    assert "| `GetRecommendations` | " in (tmp_path / "page.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SERVICE_OF)
def test_the_page_lists_every_operation(name):
    assert f"`{name}`" in operations.PAGE.read_text(encoding="utf-8")


def test_an_operation_that_is_not_there_is_said_to_be_missing():
    said = list(
        operations._operations(["CreateCampaign", "DescribeCampaign", "ListCampaigns"], {"ListCampaigns"})
    )

    assert said[:3] == [
        "2 of 3 operations are supported.",
        "Not there: `ListCampaigns`.",
        "Nothing to add about `DescribeCampaign`.",
    ]
    assert "| `CreateCampaign` | `minProvisionedTPS`: kept and shown" in said[3]


@pytest.mark.parametrize("name", operations._quotas())
def test_quotas_have_the_names_that_the_option_takes(name):
    assert options.quota(f"{name}=7")[1] == 7
