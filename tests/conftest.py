"""For all tests: where the reference data is, which a user does not have, and how properties are tested."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast this machine is today says nothing about the code.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")


def pytest_sessionstart() -> None:
    # A shell without job control makes its background jobs ignore Ctrl-C, and their children inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the MovieLens data and the results recorded from Amazon Personalize."""
    place = os.environ.get("PERSONALIZE_SHARED")
    if not place:
        pytest.skip("needs the reference data: set PERSONALIZE_SHARED to its folder")
    return Path(place)
