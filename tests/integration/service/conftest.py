"""`club`: a server with a film club whose data is imported; `world` makes further ones."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    """All tests of a module share it: they add to it and leave its data alone."""
    world = World(local, s3, f"club{next(_numbers)}")
    world.fill()
    return world


@pytest.fixture
def world(start_local: Callable[..., LocalServer], s3: S3Server) -> World:
    """An empty world on a server of its own."""
    return World(start_local(), s3, f"world{next(_numbers)}")
