import re

import pytest

from personalize_pipeline.execution import execution_name


def test_the_same_upload_has_the_same_name_and_another_version_another():
    assert execution_name("b", "movies/params.json", "v1") == execution_name("b", "movies/params.json", "v1")
    assert execution_name("b", "movies/params.json", "v1") != execution_name("b", "movies/params.json", "v2")
    assert execution_name("b", "a/params.json", "v1") != execution_name("c", "a/params.json", "v1")


def test_a_name_begins_with_the_folder_and_the_file():
    assert re.fullmatch(r"movies-params-[0-9a-f]{12}", execution_name("b", "movies/params.json", "v1"))


@pytest.mark.parametrize(
    "key", ["params.json", "größe/ä b/params.json", "x" * 900 + "/params.json", "///", ".json", "日本.json"]
)
def test_any_key_gives_a_name_that_step_functions_takes(key):
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", execution_name("b", key, None))


def test_the_parts_do_not_run_into_each_other():
    assert execution_name("b", "a", "cd") != execution_name("b", "ac", "d")
