"""The life of a case: counted down to eighteen, handed over, and a team the young person chooses."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.decide import Refusal
from portal.access.policy.roles import Level
from portal.access.window_store import differences
from portal.errors import InvalidInput, NotFound, Overtaken, Refused
from portal.runtime import Runtime
from portal.services.cases import overview
from portal.services.consents import requests
from portal.services.files import files
from portal.services.members import coming_of_age, handover, team, team_wishes
from portal.services.messages import threads
from portal.services.oversight import case_log
from tests.support.browser import Browser
from tests.support.story import HERE, Room, Someone, Story, compartments, years_ago

SOON = -40
"""Eighteen in forty days."""


def a_room(story: Story, days: int = SOON) -> tuple[Room, Someone]:
    room = story.case(born=years_ago(18, days))
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    return room, teacher


# Eighteen


def test_the_countdown_begins_half_a_year_before_and_names_what_changes(story: Story, app: Flask) -> None:
    room, teacher = a_room(story)
    story.consent(room, room.young)
    count = story.play(room, room.young, overview.overview).countdown
    assert count is not None
    assert count.days == 40
    said = {(change.member_id, change.becomes is Level.NONE) for change in count.changes}
    assert {(room.member(parent), True) for parent in room.parents} <= said, "parents' access ends"
    assert (room.member(teacher), False) in said, "nobody is asked for the custody holders' consent any more"
    assert {m.display_name for m in count.ends} == {"Mona Mor", "Finn Far"}
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}")
    assert "40 dage, til du bliver 18" in page.text
    text = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/coming-of-age").text
    assert "Mona Mor (Forælder) kan ikke længere se:" in text
    assert "Lars Lærer (Skole-medarbejder) kan se:" in text


def test_before_half_a_year_nothing_is_counted_and_on_the_day_it_begins_it_is(story: Story) -> None:
    today = clock.today(HERE)
    begins = clock.months_on(today, 6)
    for birthday, counted in ((begins, True), (begins + timedelta(days=1), False)):
        room = story.case(born=clock.birthday(birthday, -18))
        found = story.play(room, room.guide, overview.overview).countdown
        assert (found is not None) is counted, birthday


def test_before_the_day_the_young_person_alone_is_told_what_to_do_and_writes_to_the_guide_alone(
    story: Story, app: Flask
) -> None:
    room, teacher = a_room(story)
    story.everybody_agrees(room)
    here = f"/cases/{room.case_id}"
    young = Browser(app, story.token(room.young))
    page = young.get(f"{here}/coming-of-age")
    assert "Snart bestemmer du selv." in page.text
    assert "Før dagen" in page.text
    assert f"{here}/consents/mine" in page.links()
    (write,) = [link for link in page.links() if link.startswith(f"{here}/messages/new")]
    form = young.get(write)
    chosen = form.soup.find("input", attrs={"name": "compartment", "checked": True})
    assert chosen is not None
    assert chosen.find_parent("label").get_text(" ", strip=True).startswith("Kun dig og Grete")
    for other in (room.guide, room.parents[0], teacher):
        told = Browser(app, story.token(other)).get(f"{here}/coming-of-age").text
        assert "Før dagen" not in told
        assert "Snart bestemmer du selv." not in told


def test_a_parent_reads_of_their_own_access_and_of_nobody_elses(story: Story, app: Flask) -> None:
    room, _ = a_room(story)
    story.consent(room, room.young)
    text = Browser(app, story.token(room.parents[0])).get(f"/cases/{room.case_id}/coming-of-age").text
    assert "Mona Mor" in text
    assert "Finn Far" not in text
    assert "Lars Lærer" not in text


def test_after_the_day_parents_are_out_new_declarations_are_asked_for_and_each_parent_is_let_in_by_an_own_yes(
    story: Story, app: Flask, calendar
) -> None:  # type: ignore[no-untyped-def]
    room, _ = a_room(story)
    story.everybody_agrees(room)
    assert story.play(room, room.young, requests.asks_me) == 0
    calendar.move(days=41)
    mother, father = room.parents
    assert compartments(story, room, mother) == compartments(story, room, father) == set()
    page = story.play(room, room.young, coming_of_age.coming_of_age_page)
    assert page.asked_anew
    assert {m.display_name for m in page.outside} == {"Mona Mor", "Finn Far"}
    assert story.play(room, room.young, requests.asks_me) == 3
    young = Browser(app, story.token(room.young))
    shown = young.get(f"/cases/{room.case_id}/coming-of-age")
    assert "Tillykke med fødselsdagen!" in shown.text
    assert "Før dagen" not in shown.text
    shown = young.get(next(a["href"] for a in shown.soup.find_all("a") if "Luk Mona Mor ind igen" in a.get_text()))
    assert "Dit ja er dit samtykke for Mona Mor alene." in shown.text
    asked = young.get(next(link for link in shown.links() if "/consents/give?about=" in link))
    assert [legend.get_text() for legend in asked.soup.select("fieldset.panel > legend")] == ["Mona Mor"]
    assert asked.soup.find_all("input", type="radio", checked=True) == [], "what a minor said is not carried over"
    assert "Du har sagt ja" not in asked.text
    story.consent(room, room.young, {"Mona Mor": ("shared",)}, otherwise=())
    assert compartments(story, room, mother) == {"shared"}
    assert compartments(story, room, father) == set()
    assert story.play(room, room.young, requests.asks_me) == 0
    assert story.play(room, room.guide, overview.overview).countdown is None


# The hand-over


def an_offer(story: Story, room: Room, unit: str = "Voksenenheden") -> Someone:
    taker = story.guide("Viggo Voksen", unit)
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.refresh(room)
    return taker


def test_a_case_goes_to_a_guide_in_another_unit_and_nothing_is_lost(story: Story, runtime: Runtime) -> None:
    room, _ = a_room(story)
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide, "professionals", name="notat.pdf")
    thread_id = story.thread(room, room.guide, "health", subject="Helbred")
    taker = an_offer(story, room)
    assert compartments(story, room, taker) == set(), "an offer opens nothing"
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    assert compartments(story, room, taker) == {"shared", "health", "without_parents", "professionals", "guide_only-2"}
    assert story.play(room, taker, lambda t: files.file_page(t, file_id)).versions[0].name == "notat.pdf"
    assert story.play(room, taker, lambda t: threads.thread(t, thread_id)).subject == "Helbred"
    assert len(story.play(room, taker, requests.standing_consents)) == 3
    assert story.play(room, taker, lambda t: case_log.log(t, None, "")).visits
    story.play(room, taker, lambda t: team.change_level(t, room.member(room.parents[0]), Level.NONE))
    with runtime.unit_of_work() as session:
        assert differences(session, room.case_id) == []


def test_the_guide_before_sees_what_the_young_person_says_yes_to(story: Story) -> None:
    room, _ = a_room(story, days=10)
    story.consent(room, room.young)
    taker = an_offer(story, room)
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    assert compartments(story, room, room.guide) == set()
    with pytest.raises(Refused) as refused:
        story.play(room, room.guide, overview.overview)
    assert [note.obstacle for note in refused.value.reason.notes] == ["consent_missing"]
    assert story.play(room, room.young, requests.asks_me) == 1, "the young person is asked about them"
    story.consent(room, room.young, otherwise=("shared", "professionals"))
    assert compartments(story, room, room.guide) == {"shared", "professionals"}
    with pytest.raises(Refused):
        story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))


def test_colleagues_of_the_guide_before_need_consent_too_and_the_new_guides_do_not(story: Story) -> None:
    room, _ = a_room(story)
    old, new = story.staff("Kim Kollega"), story.staff("Nina Ny", "Voksenenheden")
    story.add(room, old, Level.READ)
    story.add(room, new, Level.READ)
    taker = story.guide("Viggo Voksen", "Voksenenheden")
    preview = story.play(room, room.guide, lambda t: handover.preview(t, taker.id))
    told = {(change.member_id, change.becomes) for change in preview.others}
    assert {(room.member(old), Level.NONE), (room.member(new), Level.READ)} <= told
    assert preview.me_then == ()
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    assert compartments(story, room, old) == set()
    assert "shared" in compartments(story, room, new)


def test_an_offer_is_declined_or_taken_back_and_then_opens_nothing(story: Story) -> None:
    room, _ = a_room(story)
    taker = an_offer(story, room)
    with pytest.raises(InvalidInput, match="offer_waits"):
        an_offer(story, room, "En tredje enhed")
    story.play(room, taker, lambda t: handover.decline(t, uuid4()))
    again = an_offer(story, room, "En fjerde enhed")
    story.play(room, room.guide, lambda t: handover.withdraw_handover(t, uuid4()))
    for one in (taker, again):
        with pytest.raises(Overtaken):
            story.play(room, one, lambda t: handover.accept_handover(t, uuid4()))
        assert compartments(story, room, one) == set()


def test_nobody_takes_a_case_over_who_was_not_asked_or_may_own_none(story: Story) -> None:
    room, teacher = a_room(story)
    story.everybody_agrees(room)
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), teacher.id))
    an_offer(story, room)
    with pytest.raises(NotFound):
        story.play(room, teacher, lambda t: handover.accept_handover(t, uuid4()))
    for who in (room.young, room.parents[0]):
        with pytest.raises(Refused) as refused:
            story.play(room, who, lambda t: handover.accept_handover(t, uuid4()))
        assert refused.value.reason.code is not Refusal.DENIED


def test_the_screens_hand_a_case_over(story: Story, app: Flask) -> None:
    room, _ = a_room(story)
    taker = story.guide("Viggo Voksen", "Voksenenheden")
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/hand-over?q=viggo")
    page = guide.get(next(link for link in page.links() if "/hand-over/to/" in link))
    assert "Viggo Voksen ser intet i sagen, før svaret er ja." in page.text
    assert "Du har bedt Viggo Voksen om at overtage sagen." in guide.follow(guide.submit(page, "submission")).text
    other = Browser(app, story.token(taker))
    page = other.get("/cases")
    assert "Grete Guide, Familie og unge beder dig om at overtage en sag" in page.text
    assert "Ulla" not in page.text
    page = other.get(next(link for link in page.links() if link.endswith("/hand-over/answer")))
    assert "Ulla" not in page.text
    assert other.submit(page, "answer").status == 422
    assert "Du er nu guide i denne sag." in other.follow(other.submit(page, "answer", answer="accept")).text
    log = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log?only=changes").text
    assert "overtog sagen som guide" in log


# The team


def test_a_yes_to_a_person_is_the_consent_for_their_unit_and_shows_whose_yes_is_missing(
    story: Story, app: Flask
) -> None:
    room, teacher = a_room(story)
    colleague = story.staff("Lene Lærer", "Skole")
    story.add(room, colleague, Level.READ)
    yes = story.play(room, room.young, lambda t: team_wishes.yes(t, room.member(teacher)))
    assert yes.line.party.unit_id == teacher.unit_id or yes.line.workplace is not None
    assert [m.display_name for m in yes.also] == ["Lene Lærer"]
    missing = {b.giver_id for p in yes.becomes for b in p.blockers}
    assert missing == {room.member(parent) for parent in room.parents}
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/choose/yes/{room.member(teacher)}")
    assert "Mona Mor har ikke svaret endnu" in page.text
    assert "du har ikke svaret endnu" not in page.text


def test_a_no_to_one_closes_at_once_what_rests_on_the_yes_and_the_guide_sees_it_with_a_date(
    story: Story, app: Flask
) -> None:
    room, teacher = a_room(story)
    story.everybody_agrees(room)
    before = compartments(story, room, room.parents[0])
    young = Browser(app, story.token(room.young))
    page = young.get(f"/cases/{room.case_id}/choose/no/{room.member(teacher)}")
    assert "Lars Lærer (Skole-medarbejder) kan ikke længere se:" in page.text
    young.submit(page, "reason", reason="Jeg er ikke tryg")
    assert compartments(story, room, teacher) == set()
    assert compartments(story, room, room.parents[0]) == before, "the yes to others stands"
    text = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}").text
    assert "Ulla har sagt nej til Lars Lærer. i dag kl." in text
    assert "Jeg er ikke tryg" in text


def test_a_no_to_somebody_who_needs_no_yes_asks_the_guide_and_shuts_nothing(story: Story) -> None:
    room, _ = a_room(story)
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.READ)
    for who in (colleague, room.guide):
        found = story.play(room, room.young, lambda t, w=who: team_wishes.preview_no(t, room.member(w)))
        assert found == team_wishes.No(decides=False, also=(), changes=())
        story.play(room, room.young, lambda t, w=who: team_wishes.say_no(t, uuid4(), room.member(w), ""))
    assert "shared" in compartments(story, room, colleague)
    assert len(story.play(room, room.guide, overview.overview).wishes) == 2


def test_proposing_and_asking_for_a_pause_reach_the_guide_who_answers(story: Story, app: Flask) -> None:
    room, _ = a_room(story)
    young = Browser(app, story.token(room.young))
    page = young.get(f"/cases/{room.case_id}/choose/propose")
    assert young.submit(page, "reason", name="", reason="Min træner").status == 422
    young.submit(page, "reason", name="Bent Bold", reason="Min træner")
    end = clock.today(HERE) + timedelta(days=14)
    page = young.get(f"/cases/{room.case_id}/choose/pause")
    young.submit(page, "until", **{"until-day": end.day, "until-month": end.month, "until-year": end.year})
    guide = Browser(app, story.token(room.guide))
    text = guide.get(f"/cases/{room.case_id}")
    assert "Ulla vil gerne have Bent Bold med på holdet." in text.text
    assert "Ulla beder om en pause til og med" in text.text
    link = next(a["href"] for a in text.soup.find_all("a") if "/choose/wishes/" in a["href"] and "Bent" in a.get_text())
    page = guide.get(link)
    assert guide.submit(page, "answer").status == 422
    guide.follow(guide.submit(page, "answer", answer="yes", reason="Jeg ringer til ham"))
    mine = young.get(f"/cases/{room.case_id}/choose").text
    assert "Din guide svarede: Ja, det sørger jeg for. Jeg ringer til ham" in mine
    assert guide.get(link).status == 404, "answered once"


def test_wishes_are_between_the_young_person_and_the_guide(
    story: Story, app: Flask, owner: psycopg.Connection, postgres, runtime: Runtime
) -> None:  # type: ignore[no-untyped-def]
    room, teacher = a_room(story)
    story.everybody_agrees(room)
    story.play(room, room.young, lambda t: team_wishes.propose_wishes(t, uuid4(), "Bent Bold", "mærkeord"))
    for who in (teacher, room.parents[0]):
        browser = Browser(app, story.token(who))
        for path in ("", "/people", "/log"):
            assert "Bent" not in browser.get(f"/cases/{room.case_id}{path}").text
            assert "ønske til holdet" not in browser.get(f"/cases/{room.case_id}{path}").text
        assert browser.get(f"/cases/{room.case_id}/choose").status == 403
        with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
            assert connection.execute("select count(*) from team_wish").fetchone() == (0,)
    stored = owner.execute("select words_sealed, name_sealed from team_wish").fetchone()
    assert stored is not None
    assert b"Bent" not in stored[1]


@pytest.mark.parametrize("until", [-1])
def test_a_pause_takes_a_day_that_has_not_passed(story: Story, until: int) -> None:
    room, _ = a_room(story)
    day = clock.today(HERE) + timedelta(days=until)
    with pytest.raises(InvalidInput) as refused:
        story.play(room, room.young, lambda t: team_wishes.ask_for_pause(t, uuid4(), day, ""))
    assert refused.value.field == "until"


def test_months_are_counted_to_the_same_day_or_the_last_of_the_month() -> None:
    assert clock.months_on(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert clock.months_on(date(2028, 8, 29), -6) == date(2028, 2, 29)
    assert clock.months_on(date(2026, 12, 31), 3) == date(2027, 3, 31)
    assert clock.months_on(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert clock.months_on(date(2026, 12, 5), 12) == date(2027, 12, 5)
