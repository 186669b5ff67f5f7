"""`stack`: the template deployed on a local stack, with IAM enforced; emptied after each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.deployed_stack import DeployedStack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    # The documents end with deleting the stack that all tests of the session share.
    items.sort(key=lambda item: item.path == here / "test_documents.py")


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    stack = DeployedStack(tmp_path_factory.mktemp("stack"))
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


@pytest.fixture
def stack(deployed: DeployedStack) -> Iterator[DeployedStack]:
    yield deployed
    deployed.empty()
