"""Where tests find what a user does not have: the shared reference data, by an environment variable."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the MovieLens data and the results recorded from Amazon Personalize."""
    place = os.environ.get("PERSONALIZE_SHARED")
    if not place:
        pytest.skip("needs the reference data: set PERSONALIZE_SHARED to its folder")
    return Path(place)
