"""Danish order, and names that could be taken for one another."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import names
from portal.names import folded, mistakable, nearly_the_same
from portal.text import in_order

IN_ORDER = [
    "Abel Zahle", "alma Berg", "Bo 2", "Bo 10", "Célia Dahl", "Celine Dahl", "Wilma", "Yrsa", "Zenia", "Zøren",
    "Ægir", "Ärlig Lars", "Østen", "Aage Bæk", "Åse Ø",
]  # fmt: skip


def test_names_stand_as_in_a_danish_list() -> None:
    shuffled = list(IN_ORDER)
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=in_order) == IN_ORDER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aksel Rasmussen", "Aksel Rasmussen"),
        ("Aksel Rasmussen", "aksel  rasmussen"),
        ("Aksel Rasmussen", "Axel Rasmussen"),
        ("Aksel Rasmussen", "Aksel Juul Rasmussen"),
        ("Christian Åby", "Kristian Aaby"),
        ("Sofie Thygesen", "Sophie Tygesen"),
        ("Mathias Schmidt", "Matias Smidt"),
        ("Mohamed Ali Hassan", "Mohammed Hassan"),
        ("Camilla Bech", "Kamilla Bek"),
        ("Zoë Dahl", "Soe Dahl"),
        ("Frederik Holm", "Fredrik Holm"),
        ("Emma Hansen", "Emam Hansen"),
        ("Emma Hansen", "Emmy Hansen"),
    ],
)
def test_names_that_people_mix_up_are_nearly_the_same(one: str, other: str) -> None:
    assert nearly_the_same(one, other)
    assert nearly_the_same(other, one)
    assert mistakable([one, "Ubeslægtet Person", other]) == [frozenset({2}), frozenset(), frozenset({0})]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aksel Rasmussen", "Aksel Jensen"),
        ("Aksel Rasmussen", "Malik Rasmussen"),
        ("Mona Mor", "Bent Mor"),
        ("Bo Ly", "Bo Li Jensen"),
        ("Ib", "Bo"),
        ("Alma", "Alma Dahl"),
        ("", ""),
        ("...", "---"),
    ],
)
def test_other_names_are_not(one: str, other: str) -> None:
    assert not nearly_the_same(one, other)
    assert mistakable([one, other]) == [frozenset(), frozenset()]


@given(st.lists(st.text(alphabet="aAbkcxåæ hth", max_size=12), max_size=12))
def test_the_quick_way_finds_what_holding_each_against_each_finds(made_up: list[str]) -> None:
    slow = [
        frozenset(b for b, other in enumerate(made_up) if a != b and nearly_the_same(one, other))
        for a, one in enumerate(made_up)
    ]
    assert mistakable(made_up) == slow


def test_ten_times_the_names_are_at_most_fifteen_times_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    held, compare = [0], names.nearly_the_same

    def counted(one: str, other: str) -> bool:
        held[0] += 1
        return compare(one, other)

    monkeypatch.setattr(names, "nearly_the_same", counted)
    letters = "abdefgiklmnoprstuv"
    chance = random.Random(3)

    def many(count: int) -> int:
        held[0] = 0
        mistakable(
            ["".join(chance.choices(letters, k=9)) + " " + "".join(chance.choices(letters, k=9)) for _ in range(count)]
        )
        return held[0] + count

    assert many(2000) <= 15 * many(200)


def test_looking_for_a_name_does_not_mind_accents_capitals_or_aa() -> None:
    assert folded("Aage  ZOË Ærø") == folded("åge zoe ærø")
    assert folded("Ål") != folded("Al")
