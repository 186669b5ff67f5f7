"""Themes: what sets a group of items apart, in the words of their texts."""

import random

import pytest

from personalize_local.engine.themes import NO_THEME, Theme, Themes

_TOPICS = {
    "space": ["star ship", "galaxy", "alien planet", "robot"],
    "cooking": ["Italian pasta", "kitchen", "recipe", "chef"],
    "crime": ["police detective", "murder", "heist", "lawyer"],
}


@pytest.fixture(scope="module")
def texts():
    draw = random.Random(1)
    filler = [f"filler{n}" for n in range(40)]
    return {
        f"{topic}-{n}": f"A Story. {', '.join(draw.sample(words, 3))}. {' '.join(draw.sample(filler, 5))}"
        for topic, words in _TOPICS.items()
        for n in range(40)
    }


@pytest.mark.parametrize("topic", sorted(_TOPICS))
def test_the_title_is_of_the_words_that_only_the_group_has(texts, topic):
    theme = Themes(texts).of([f"{topic}-{number}" for number in range(25)])

    named = theme.title.casefold()
    assert any(word.casefold() in named for word in _TOPICS[topic])
    assert not any(word.casefold() in named for other in _TOPICS if other != topic for word in _TOPICS[other])
    assert "story" not in named
    assert "filler" not in named


def test_the_title_is_written_as_the_texts_write_it(texts):
    cooking = [item for item, text in texts.items() if "Italian pasta" in text and "chef" not in text]

    assert "Italian pasta" in Themes(texts).of(cooking).title


def test_an_item_that_does_not_belong_is_of_negative_relevance(texts):
    group = [f"space-{number}" for number in range(12)] + ["cooking-3"]

    theme = Themes(texts).of(group)

    assert len(theme.relevance) == 13
    assert all(value > 0.05 for value in theme.relevance[:12])
    assert theme.relevance[12] < 0
    assert all(-1 <= value <= 1 for value in theme.relevance)


def test_texts_that_share_nothing_have_no_theme():
    themes = Themes({"a": "apple", "b": "river", "c": "", "d": "cloud"})

    assert themes.of(["a", "b"]).title == NO_THEME
    assert themes.of(["c", "unknown"]) == Theme(NO_THEME, [0.0, 0.0])
    assert themes.of([]) == Theme(NO_THEME, [])
    assert Themes({}).of(["a"]) == Theme(NO_THEME, [0.0])
    assert Themes({"a": "!!", "b": "of the"}).of(["a", "b"]) == Theme(NO_THEME, [0.0, 0.0])


def test_the_same_group_has_the_same_theme_in_any_order(texts):
    themes = Themes(texts)
    group = [f"crime-{number}" for number in range(20)]

    forward, backward = themes.of(group), themes.of(group[::-1])

    assert forward.title == backward.title
    assert forward.relevance == backward.relevance[::-1]


def test_names_in_other_scripts_make_themes():
    texts = {f"k{n}": f"Кино про космос {n}" for n in range(5)} | {
        f"m{n}": f"Музыка {n} 音楽" for n in range(5)
    }

    assert "осмос" in Themes(texts).of([f"k{n}" for n in range(5)]).title
