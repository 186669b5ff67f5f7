"""Lines of every kind through batch jobs: each is answered or says why not, and none fails the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.batches import BUCKET, Batches
from tests.support.world import World

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    club = World(local, s3, "line-club")
    club.fill()
    return club


def broken(key: str) -> list[tuple[bytes, str]]:
    """Lines without an answer, and what their errors say."""
    name = key.encode()
    return [
        (b'{"' + name + b'": ', "The line is not JSON"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"{}", f"{key}: missing"),
        (b'{"' + name + b'": null}', f"{key}: null must be a text"),
        (b'{"' + name + b'": ["1"]}', "must be a text"),
        (b'{"' + name + b'": "\xff\xfe"}', "The line is not UTF-8"),
        (b'{"' + name + b'": "' + 2**20 * b"x" + b'"}', "more than 1048576 bytes"),
        (100_000 * b"[", "nested too deeply"),
        (b'{"' + name + b'": "1"} {"' + name + b'": "1"}', "The line is not JSON"),
        (b'{"' + name + b'": "i1", "filterValues": null}', "filterValues: must be an object"),
    ]


@pytest.mark.parametrize(
    ("kind", "recipe", "key", "known"),
    [
        ("inference", "aws-user-personalization", "userId", "u1"),
        ("inference", "aws-sims", "itemId", "i1"),
        ("inference", "aws-similar-items", "itemId", "i1"),
        ("segment", "aws-item-affinity", "itemId", "i1"),
    ],
)
def test_lines_of_every_kind(club: World, kind: str, recipe: str, key: str, known: str) -> None:
    jobs = Batches(club, kind)
    version = club.version(club.solution(recipe, f"{recipe}-lines"))
    good = b'{"%s": "%s"}' % (key.encode(), known.encode())
    unasked = good[:-1] + b', "filterValues": {"NO_SUCH": "1"}}'
    bad = broken(key)
    content = b"\xef\xbb\xbf" + b"\r\n".join(
        [good, b"", b"   ", *(line for line, _ in bad), unasked, b"", good]
    )
    club.s3.put(BUCKET, {f"{recipe}-lines/in/lines.json": content})

    jobs.wait(jobs.create(version, f"{recipe}-lines"))

    found = jobs.outputs(f"{recipe}-lines")
    assert len(found) == len(bad) + 3
    for line, (_, text) in zip(found[1:-2], bad, strict=True):
        assert line["output"] is None, text
        assert text in line["error"]
    assert found[0] == found[-1]
    assert found[0]["error"] is None
    assert any(found[0]["output"].values())
    assert found[-2]["output"] == found[0]["output"]  # values that nothing asks for are as online: no matter
