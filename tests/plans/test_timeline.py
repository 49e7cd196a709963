"""Support over time: gaps and overlaps in words, and what ends at 18 with nothing after it."""

from __future__ import annotations

from datetime import date

from flask import Flask

from portal.services.plans.timeline import Timeline, draw
from portal.tools.library import definition
from tests.plans.test_tools import add, begin
from tests.support.browser import Browser
from tests.support.story import Room, Story, years_ago

TODAY, MAJORITY = date(2026, 6, 1), date(2027, 4, 26)
known = definition("intervention_overview")
assert known is not None
SECTION = known.section[0]


def drawn(*lines: tuple[str, str, str, str]) -> Timeline:
    """Title, life area, first and last day of each support."""
    answers = {"support": " ".join(f"{number:08x}" for number in range(len(lines)))}
    for number, values in enumerate(lines):
        for key, value in zip(("title", "area", "from", "until"), values, strict=True):
            answers[f"support.{number:08x}.{key}"] = value
    made = draw(SECTION, answers, TODAY, MAJORITY)
    assert made is not None
    return made


def test_days_without_any_support_between_the_first_and_the_last_are_a_gap() -> None:
    line = drawn(
        ("Mentor", "education", "2026-01-01", "2026-03-31"),
        ("Kontaktperson", "family", "2026-02-01", "2026-04-30"),
        ("Bostøtte", "housing", "2026-07-01", ""),
    )
    assert [(gap.starts, gap.until) for gap in line.gaps] == [(date(2026, 5, 1), date(2026, 6, 30))]


def test_support_that_follows_the_day_after_leaves_no_gap_and_nothing_follows_one_without_an_end() -> None:
    assert not drawn(("A", "work", "2026-01-01", "2026-01-31"), ("B", "work", "2026-02-01", "2026-03-01")).gaps
    assert not drawn(("A", "work", "2026-01-01", ""), ("B", "work", "2027-02-01", "2027-03-01")).gaps


def test_two_in_the_same_life_area_at_the_same_time_overlap() -> None:
    line = drawn(
        ("Mentor", "education", "2026-01-01", "2026-06-30"),
        ("Vejleder", "education", "2026-06-30", "2026-12-31"),
        ("Bostøtte", "housing", "2026-02-01", "2026-08-01"),
        ("Uden område", "", "2026-02-01", "2026-08-01"),
        ("Også uden", "", "2026-02-01", "2026-08-01"),
    )
    (both,) = line.overlaps
    assert [bar.title for bar in both.bars] == ["Mentor", "Vejleder"]
    assert (both.starts, both.until) == (date(2026, 6, 30), date(2026, 6, 30))


def test_what_ends_at_eighteen_and_has_nothing_after_it_is_named() -> None:
    line = drawn(
        ("Kontaktperson", "family", "2025-01-01", "2027-04-25"),
        ("Skolestøtte", "education", "2025-01-01", "2027-04-26"),
        ("Vejledning", "education", "2027-05-01", ""),
        ("Mentor", "work", "2025-01-01", "2026-10-01"),
        ("Bostøtte", "housing", "2026-01-01", "2028-01-01"),
    )
    assert [bar.title for bar in line.ends_at_majority] == ["Kontaktperson"]


def test_what_has_no_day_is_counted_and_not_drawn() -> None:
    line = drawn(
        ("Mentor", "", "2026-01-01", ""), ("Uden dag", "", "", ""), ("Bagvendt", "", "2026-05-01", "2026-04-01")
    )
    assert ([bar.title for bar in line.bars], line.undated) == (["Mentor"], 2)
    assert draw(SECTION, {}, TODAY, MAJORITY) is None


def test_places_lie_within_the_drawing() -> None:
    line = drawn(("Kort", "", "2026-05-01", "2026-05-01"), ("Lang", "", "2020-01-01", "2030-12-31"))
    for bar in line.bars:
        assert 0 <= line.place(bar.starts) <= 100
        assert 0.8 <= line.width(bar) <= 100
        assert line.place(bar.starts) + line.width(bar) <= 101
    assert line.place(line.majority) < 100


def test_the_page_draws_it_and_says_the_same_in_words(app: Flask, story: Story) -> None:
    room: Room = story.case(born=years_ago(17, 300))
    begin(story, room, room.guide, "intervention_overview")
    eighteen = story.play(room, room.guide, lambda t: t.case.birth_date).replace(year=years_ago(17, 300).year + 18)
    add(story, room, room.guide, "intervention_overview", "support", title="Mentor <b>", area="work",
        **{"from": "2020-01-01", "until": eighteen.isoformat()})  # fmt: skip
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/plan/intervention_overview")
    assert len(page.soup.select(".timeline svg rect")) == 1
    assert page.soup.select_one(".timeline svg text.majority").get_text() == "18 år"
    assert "Mentor <b> slutter" in page.soup.select_one(".timeline .ends").get_text()
    assert "Mentor <b> (Arbejde): fra 1. januar 2020 til" in page.text
