"""What comes of two people's answers in the same form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.tools.merge import Merge, merge_answers

ANSWERS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "one", "two", "three"]))


def stands(now: dict[str, str], merge: Merge) -> dict[str, str]:
    return {**now, **merge.made}


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "expected"),
    [
        pytest.param({}, {"a": "one"}, {}, Merge({"a": "one"}, {}), id="a first answer stands"),
        pytest.param({"a": "one"}, {"a": "two"}, {"a": "one"}, Merge({"a": "two"}, {}), id="a change stands"),
        pytest.param({"a": "one"}, {"a": ""}, {"a": "one"}, Merge({"a": ""}, {}), id="an answer is taken out"),
        pytest.param({"a": "one"}, {"a": "one"}, {"a": "two"}, Merge({}, {}), id="an untouched answer is theirs"),
        pytest.param({"a": "one"}, {"a": "two"}, {"a": "two"}, Merge({}, {}), id="both wrote the same"),
        pytest.param({"a": "one"}, {"a": "two"}, {"a": "three"}, Merge({}, {"a": "two"}), id="both wrote otherwise"),
        pytest.param({"a": "one"}, {"a": "two"}, {}, Merge({}, {"a": "two"}), id="they took out what I changed"),
        pytest.param({"a": "one"}, {"a": ""}, {"a": "two"}, Merge({}, {"a": ""}), id="I took out what they changed"),
        pytest.param({}, {"a": "one"}, {"b": "two"}, Merge({"a": "one"}, {}), id="other addresses are left alone"),
    ],
)
def test_each_answer_goes_to_whoever_changed_it_and_to_the_first_of_two(
    base: dict[str, str], mine: dict[str, str], theirs: dict[str, str], expected: Merge
) -> None:
    found = merge_answers(base, mine, theirs)
    assert found == expected
    assert bool(found) == bool(expected.made or expected.aside)


@given(ANSWERS, ANSWERS, ANSWERS)
def test_nobodys_words_are_lost(base: dict[str, str], mine: dict[str, str], theirs: dict[str, str]) -> None:
    found = merge_answers(base, mine, theirs)
    after = stands(theirs, found)
    for address, words in mine.items():
        if words != base.get(address, ""):
            assert words in (after.get(address, ""), found.aside.get(address)), "mine stand, or are kept beside"
    for address, words in theirs.items():
        if words != base.get(address, ""):
            assert after[address] == words, "what they changed stands"


@given(ANSWERS, ANSWERS, ANSWERS)
def test_only_what_was_written_and_changed_is_touched(
    base: dict[str, str], mine: dict[str, str], theirs: dict[str, str]
) -> None:
    found = merge_answers(base, mine, theirs)
    assert not set(found.made) & set(found.aside)
    touched = {**found.made, **found.aside}
    assert touched == {a: words for a, words in mine.items() if a in touched}
    assert all(words != base.get(a, "") and words != theirs.get(a, "") for a, words in touched.items())


@given(ANSWERS, ANSWERS)
def test_whoever_writes_alone_meets_nobody(base: dict[str, str], mine: dict[str, str]) -> None:
    found = merge_answers(base, mine, base)
    assert found.aside == {}
    assert stands(base, found) == stands(base, Merge({a: w for a, w in mine.items() if w != base.get(a, "")}, {}))


@given(ANSWERS, ANSWERS, ANSWERS)
def test_sending_the_same_twice_changes_nothing_more(
    base: dict[str, str], mine: dict[str, str], theirs: dict[str, str]
) -> None:
    found = merge_answers(base, mine, theirs)
    assert merge_answers(base, mine, stands(theirs, found)) == Merge({}, found.aside)


@given(ANSWERS, ANSWERS, ANSWERS)
def test_the_order_of_two_who_wrote_at_different_places_does_not_matter(
    base: dict[str, str], one: dict[str, str], other: dict[str, str]
) -> None:
    other = {address: words for address, words in other.items() if address not in one}
    first = stands(base, merge_answers(base, one, base))
    second = stands(base, merge_answers(base, other, base))
    assert stands(first, merge_answers(base, other, first)) == stands(second, merge_answers(base, one, second))
