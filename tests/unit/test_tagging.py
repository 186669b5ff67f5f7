"""Which tags are put, which are removed, and which are nobody's business but their owner's."""

import pytest

from personalize_pipeline.tagging import NOTE, carried_over, missing, outdated, with_note
from personalize_rules import quotas


def tags(**pairs):
    return [{"tagKey": key, "tagValue": value} for key, value in pairs.items()]


def after(wanted, there):
    """What the resource has when the pipeline has done its part."""
    gone = outdated(wanted, there)
    kept = {tag["tagKey"]: tag["tagValue"] for tag in there if tag["tagKey"] not in gone}
    return kept | {tag["tagKey"]: tag["tagValue"] for tag in missing(wanted, there)}


def plain(found):
    return {key: value for key, value in found.items() if key != NOTE}


def listed(found):
    return [{"tagKey": key, "tagValue": value} for key, value in found.items()]


TEAM, STAGE = tags(team="reco"), tags(stage="prod")


def test_what_was_made_with_tags_is_as_wanted():
    there = with_note(TEAM + STAGE)

    assert missing(TEAM + STAGE, there) == []
    assert outdated(TEAM + STAGE, there) == []


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        pytest.param(TEAM + STAGE, with_note(TEAM), {"team": "reco", "stage": "prod"}, id="new"),
        pytest.param(tags(team="ads"), with_note(TEAM), {"team": "ads"}, id="changed"),
        pytest.param(TEAM, with_note(TEAM + STAGE), {"team": "reco"}, id="one less"),
        pytest.param([], with_note(TEAM + STAGE), {}, id="none any more"),
        pytest.param([], [], {}, id="never any"),
        pytest.param([], TEAM, {"team": "reco"}, id="of others only"),
        pytest.param([], with_note(TEAM) + tags(bill="42"), {"bill": "42"}, id="those of others stay"),
        pytest.param(STAGE, with_note(TEAM) + tags(bill="42"), {"stage": "prod", "bill": "42"}, id="another"),
    ],
)
def test_tags_become_those_of_the_params_file(wanted, there, expected):
    found = after(wanted, there)

    assert plain(found) == expected
    again = listed(found)
    assert (missing(wanted, again), outdated(wanted, again)) == ([], [])


def test_a_tag_that_somebody_else_put_stays_when_the_file_had_it_too_for_a_while():
    theirs = tags(team="reco")
    both = listed(after(TEAM + STAGE, theirs))

    assert plain(after([], both)) == {"team": "reco"}


def test_a_tag_whose_value_the_file_changed_is_the_pipelines():
    ours = listed(after(tags(team="ads"), tags(team="reco")))

    assert after([], ours) == {}


def test_a_successor_has_the_tags_of_others_and_those_of_the_file():
    there = with_note(TEAM + STAGE) + tags(bill="42")

    found = {tag["tagKey"]: tag["tagValue"] for tag in carried_over(TEAM, there)}

    assert plain(found) == {"team": "reco", "bill": "42"}
    assert after(TEAM, listed(found)) == found
    assert plain(after([], listed(found))) == {"bill": "42"}


def test_as_many_tags_as_there_may_be_fit_the_note():
    many = tags(**{f"key{number}": "" for number in range(quotas.TAGS - 1)})

    found = with_note(many)

    assert len(found) == quotas.TAGS
    assert len(found[-1]["tagValue"]) <= 256
    assert len(outdated([], found)) == quotas.TAGS
