"""Identifiers and their numbers, whatever their characters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.engine.vocabulary import Vocabulary

identifiers = st.lists(st.text(max_size=5), max_size=20)


@given(identifiers)
def test_a_number_leads_to_its_identifier_and_back(ids):
    vocabulary = Vocabulary.of(ids)

    assert list(vocabulary) == sorted(set(ids), key=str.encode)
    assert vocabulary[:] == list(vocabulary)
    for _ in range(2):  # by binary search, and later from the dictionary
        assert [vocabulary.position(one) for one in vocabulary] == list(range(len(vocabulary)))
        vocabulary.index_in_memory()
    assert vocabulary.position("not an identifier") is None


@given(identifiers, st.data())
def test_many_at_once_are_the_same_as_one_by_one(ids, data):
    vocabulary = Vocabulary.of(ids)
    numbers = data.draw(st.lists(st.sampled_from(range(len(vocabulary))))) if len(vocabulary) else []

    assert vocabulary.texts(np.array(numbers, np.int64)) == [vocabulary[one] for one in numbers]


def test_a_number_that_is_none_is_refused():
    with pytest.raises(IndexError):
        Vocabulary.of(["a"])[1]
