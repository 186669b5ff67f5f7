"""Options of the command `personalize-local` that change how the service behaves."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.world import refused

from personalize_local import options
from personalize_local.service.settings import Quotas

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer


def test_too_many_calls_are_throttled_and_sdks_try_again(start_local: Callable[..., LocalServer]) -> None:
    server = start_local("--rate-limits")
    once = server.impatient("personalize")
    with refused("ThrottlingException", "Rate exceeded"):
        for _ in range(20):
            once.list_schemas()
    for mode in ("standard", "legacy"):
        patient = server.impatient("personalize", 10, mode)
        retries = [patient.list_filters()["ResponseMetadata"]["RetryAttempts"] for _ in range(3)]
        assert sum(retries) > 0


def test_a_quota_can_be_raised(start_local: Callable[..., LocalServer]) -> None:
    server = start_local("--quota", "dataset-groups=6", "--quota", "tags=1")
    for number in range(6):
        server.personalize.create_dataset_group(name=f"g{number}")
    with refused("LimitExceededException", "dataset group"):
        server.personalize.create_dataset_group(name="g6")
    group = server.personalize.list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"]
    with refused("TooManyTagsException", "at most 1 tags"):
        server.personalize.tag_resource(
            resourceArn=group, tags=[{"tagKey": key, "tagValue": ""} for key in "ab"]
        )


def test_all_quotas_are_listed_with_amazons_values() -> None:
    command = [sys.executable, "-m", "personalize_local", "--list-quotas"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    shown = dict(line.split() for line in listed.splitlines())
    assert {name.replace("-", "_"): int(value.replace(",", "")) for name, value in shown.items()} == asdict(
        Quotas()
    )


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (options.quota, "campaings=3", "Did you mean 'campaigns'?"),
        (options.quota, "campaigns", "give a whole number, as in campaigns=5"),
        (options.quota, "campaigns=-1", "give a whole number"),
        (options.durations, "real", "is not a choice"),
        (options.durations, "realistic/0", "is not a choice"),
        (options.durations, "realistic/fast", "is not a choice"),
        (options.durations, "realistic/inf", "is not a choice"),
    ],
)
def test_a_wrong_value_is_refused(parse: Callable[[str], Any], text: str, reason: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=re.escape(reason)):
        parse(text)


def test_durations_are_divided_by_the_speed() -> None:
    slow, fast = options.durations("realistic"), options.durations("realistic/60")
    assert slow["incremental_update_seconds"] == 60 * fast["incremental_update_seconds"] == 7200
    training = slow["durations"]["solution-version"]
    assert (training.in_progress, training.in_progress_most) == (20 * 60, 55 * 60)
    assert fast["durations"]["solution-version"].in_progress == 20
