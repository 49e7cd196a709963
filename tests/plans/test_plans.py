"""The goal and agreement schema: written together, nobody's words lost, told apart from the version before."""

from __future__ import annotations

import pytest

from portal.access.policy.roles import Level
from portal.errors import InvalidInput, Refused
from portal.services.plans import diff
from portal.services.plans import history as plans_history
from portal.services.plans.versions import PlanState
from tests.support.story import Room, Someone, Story
from tests.support.writing import Writing, agree


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    room = story.case()
    story.add(room, colleague)
    return room


def test_what_is_written_is_read_by_everybody_in_the_compartment(writing: Writing, room: Room) -> None:
    goal = writing.add(room.young, "goals")
    writing.write(room.young, now__goal="Jeg vil bo for mig selv", **{f"goals__{goal}__words": "Jeg skal i skole"})
    page = writing.page(room.guide)
    assert page.answers["now.goal"] == "Jeg vil bo for mig selv"
    assert page.answers[f"goals.{goal}.words"] == "Jeg skal i skole"
    assert page.state is PlanState.DRAFT


def test_two_people_who_begin_at_once_begin_the_same_plan(writing: Writing, room: Room) -> None:
    writing.begin(room.young)
    assert writing.page(room.young).number == 1


def test_two_people_who_write_in_different_places_both_keep_their_words(writing: Writing, room: Room) -> None:
    base = writing.page(room.guide).revision
    writing.write(room.guide, base, now__goal="Målet")
    saved = writing.write(room.young, base, now__strengths="Jeg er god til heste")
    assert not saved.clashes
    answers = writing.page(room.guide).answers
    assert (answers["now.goal"], answers["now.strengths"]) == ("Målet", "Jeg er god til heste")


def test_two_people_in_the_same_answer_keep_both_texts_and_are_told(writing: Writing, room: Room) -> None:
    base = writing.page(room.guide).revision
    writing.write(room.guide, base, now__goal="Guidens ord")
    saved = writing.write(room.young, base, now__goal="Mine egne ord")
    (clash,) = saved.clashes
    assert (clash.mine, clash.theirs, clash.by.display_name) == ("Mine egne ord", "Guidens ord", "Grete Guide")
    page = writing.page(room.young)
    assert page.answers["now.goal"] == "Guidens ord"
    lines = writing.story.play(room, room.young, lambda t: plans_history.history(t, page))
    assert ("Guidens ord", "Mine egne ord") in [words for line in lines for words in line.words.values()]
    writing.write(room.young, saved.revision, now__goal="Mine egne ord")
    assert writing.page(room.guide).answers["now.goal"] == "Mine egne ord"


def test_an_old_page_sent_again_changes_nothing_it_did_not_touch(writing: Writing, room: Room) -> None:
    writing.write(room.guide, now__goal="Først")
    base = writing.page(room.young).revision
    writing.write(room.guide, now__goal="Siden")
    saved = writing.write(room.young, base, now__goal="Først", now__strengths="Heste")
    assert not saved.clashes
    assert saved.changed == 1
    assert writing.page(room.guide).answers["now.goal"] == "Siden"


def test_rows_are_moved_and_taken_out_and_what_stood_there_stays_in_the_history(writing: Writing, room: Room) -> None:
    first, second = writing.add(room.guide, "goals"), writing.add(room.guide, "goals")
    agreement = writing.add(room.guide, "agreements", goal=second)
    writing.write(room.guide, **{f"goals__{second}__words": "Det andet mål"})
    writing.move(room.guide, "goals", second, -1)
    assert writing.page(room.guide).rows("goals") == [second, first]
    writing.move(room.guide, "goals", second, 0)
    page = writing.page(room.guide)
    assert page.rows("goals") == [first]
    assert f"agreements.{agreement}.goal" not in page.answers, "it no longer belongs to a goal that is gone"
    lines = writing.story.play(room, room.guide, lambda t: plans_history.history(t, page))
    assert ("Det andet mål", "") in [words for line in lines for words in line.words.values()]


@pytest.mark.parametrize(
    ("address", "words", "code"),
    [
        ("now.from", "i morgen", "date_wrong"),
        ("now.goal", "x" * 100_001, "answer_long"),
        ("goals.ROW.area", "space_travel", "choice"),
        ("agreements.ROW.who", "somebody", "choice"),
        ("agreements.ROW.goal", "nowhere", "choice"),
    ],
)
def test_an_answer_that_cannot_be_one_is_told_at_its_place_and_nothing_is_saved(
    writing: Writing, room: Room, address: str, words: str, code: str
) -> None:
    row = writing.add(room.guide, address.split(".")[0]) if "ROW" in address else ""
    address = address.replace("ROW", row)
    before = writing.page(room.guide).revision
    with pytest.raises(InvalidInput) as problem:
        writing.write(room.guide, now__strengths="Bliver ikke gemt", **{address: words})
    assert (problem.value.field, problem.value.code) == (address, code)
    assert writing.page(room.guide).revision == before


def test_an_end_before_the_beginning_is_refused(writing: Writing, room: Room) -> None:
    with pytest.raises(InvalidInput, match=r"now\.until: dates_crossed"):
        writing.write(room.guide, **{"now.from": "2026-05-01", "now.until": "2026-04-01"})


def test_who_may_only_read_does_not_write(writing: Writing, room: Room, story: Story) -> None:
    reader = story.staff("Lis Læser")
    story.add(room, reader, Level.READ)
    with pytest.raises(Refused):
        writing.write(reader, now__goal="Ikke min")


def test_a_difference_is_told_word_by_word() -> None:
    pieces = diff.word_by_word("Jeg skal i skole 2 dage", "Jeg skal i skole 3 dage om ugen")
    assert [(p.kind, p.words) for p in pieces] == [
        ("same", "Jeg skal i skole "),
        ("gone", "2"),
        ("new", "3"),
        ("same", " dage"),
        ("new", " om ugen"),
    ]


def test_a_difference_of_two_versions_names_every_place(writing: Writing, room: Room) -> None:
    agree(writing, room, "Det første")
    writing.renew(room.guide)
    goal = writing.add(room.guide, "goals")
    writing.write(room.guide, now__goal="Det andet", **{f"goals__{goal}__words": "Nyt mål"})
    old, new = writing.page(room.guide, 1), writing.page(room.guide, 2)
    found = diff.between(new.definition, old.answers, new.answers)
    assert [each.place.address for each in found] == ["now.goal", f"goals.{goal}.words"]
