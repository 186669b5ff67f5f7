"""Terms and their weights, for any text."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.engine.text import CutTexts, Terms, phrases, spellings, words
from personalize_local.engine.themes import NO_THEME, Themes

TEXTS = st.lists(st.text(alphabet="abc de.,|-'é漢 0", max_size=30), max_size=12)


def test_words_are_as_written_and_empty_ones_left_out():
    assert words("The Lord of the Rings: a film by P. Jackson's crew") == [
        "Lord",
        "Rings",
        "film",
        "Jackson's",
        "crew",
    ]


def test_pairs_of_words_do_not_cross_punctuation():
    terms = [term for term, _ in phrases("Science Fiction|Crime, Noir drama")]

    assert terms == ["science", "fiction", "science fiction", "crime", "noir", "drama", "noir drama"]


def test_rare_terms_weigh_more_and_unknown_ones_nothing():
    terms = Terms.of(["apple pear", "apple plum", "apple pear", "apple plum"])

    [row] = terms.weigh(["apple pear melon"]).toarray()

    assert row[terms.numbers["pear"]] > row[terms.numbers["apple"]] > 0
    assert "melon" not in terms.numbers
    assert np.linalg.norm(row) == pytest.approx(1)


def test_a_term_is_spelt_as_most_texts_spell_it():
    assert spellings(["Sci-Fi", "sci-fi", "Sci-Fi now"], ["sci-fi", "never"]) == {
        "sci-fi": "Sci-Fi",
        "never": "never",
    }


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_catalogues_are_cut_into_the_phrases_of_their_texts(texts):
    cut = CutTexts(texts)

    found = [Counter[str]() for _ in texts]
    for row, key, count in zip(*(one.tolist() for one in cut.entries()), strict=True):
        found[row][cut.term(key)] = count
        assert cut.key(cut.term(key)) == key
    assert found == [Counter(term for term, _ in phrases(text)) for text in texts]


def test_a_text_weighs_the_same_alone_and_among_many():
    texts = [f"red apple {number}. Green pear-tree" for number in range(10, 60)] + ["", "apple red apple"]
    terms = Terms.of(texts)

    together = terms.weigh(texts).toarray()

    assert np.allclose(together, [terms.weigh([text]).toarray()[0] for text in texts])


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_vectors_are_of_length_one_or_empty(texts):
    matrix = Terms.of(texts).weigh(texts)

    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    assert matrix.shape[0] == len(texts)
    assert all(length == pytest.approx(1, abs=1e-4) or length == 0 for length in lengths)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 12))
def test_every_group_has_a_title_and_a_relevance_per_item(texts, size):
    by_item = {f"i{number}": text for number, text in enumerate(texts)}
    group = [*list(by_item)[:size], "unknown"]

    theme = Themes(by_item).of(group)

    assert theme.title
    assert len(theme.relevance) == len(group)
    assert all(-1.001 <= value <= 1.001 for value in theme.relevance)
    assert theme.relevance[-1] == 0
    if not any(words(text) for text in texts):
        assert theme.title == NO_THEME
