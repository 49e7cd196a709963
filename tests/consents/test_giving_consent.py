"""Giving a consent as a person does it: answering, reading it through, proving who one is, keeping a receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.errors import InvalidInput
from portal.services.consents import declare, requests
from portal.services.consents import receipts as consent_receipts
from portal.services.consents.requests import ConsentState
from tests.support.browser import Browser, Page, held
from tests.support.story import PDF, Room, Someone, Story, compartments, years_ago
from tests.web.test_bad_input import TODAY


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def school(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ, "Så skolen kender planen")
    return teacher


def chosen(page: Page, party: str, yes: Collection[str] | None = None) -> dict[str, str]:
    """What is sent to say yes to some compartments for a party, to all if none are named, and no to the rest."""
    group = next(f for f in page.soup.select("fieldset.panel") if f.legend and f.legend.get_text().startswith(party))
    names = {str(tag["name"]): None for tag in group.find_all("input", type="radio")}
    keys = {name: name.rsplit("-", 1)[1] for name in names}
    return {name: "yes" if yes is None or key in yes else "no" for name, key in keys.items()}


def answer(browser: Browser, room: Room, **typed: object) -> Page:
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    return browser.submit(page, "valid_until", **typed)


# Reading it through


def test_an_answer_is_read_through_in_its_exact_words_with_what_it_does_before_it_is_given(
    app: Flask, story: Story, room: Room, school: Someone, owner: psycopg.Connection
) -> None:
    for parent in room.parents:
        story.consent(room, parent)
    story.file(room, room.guide, "shared", "Min plan.pdf")
    story.thread(room, room.guide, "shared", "Velkommen")
    browser = Browser(app, story.token(room.young))
    sent = answer(browser, room, **chosen(browser.get(f"/cases/{room.case_id}/consents/give"), "Skole", ["shared"]))
    assert sent.headers["Location"].endswith("/consents/sign")
    assert owner.execute("select count(*) from consent where giver_id = %s", [room.member(room.young)]).fetchone() == (
        0,
    )
    page = browser.follow(sent)
    assert (
        "Lars Lærer (Skole-medarbejder) kan fra nu af se: Fælles (1 fil, 1 samtale: Min plan.pdf, Velkommen)"
        in page.text
    )
    assert "Jeg, Ulla Ung, svarer her på" in page.text
    assert "må ikke se: - Helbred (" in page.text
    shown = page.form("read")
    done = browser.follow(browser.submit(page, "read"))
    assert "Dit svar er gemt" in done.text
    assert compartments(story, room, school) == {"shared"}
    saved = story.play(room, room.young, lambda t: consent_receipts.history(t, t.membership.id))[0]
    assert saved.digest == held(shown)["read"] == hashlib.sha256(saved.words.encode()).hexdigest()
    for line in filter(None, saved.words.split("\n")):
        assert line in page.text, "what was read is what was kept"


def test_what_was_answered_is_kept_sealed_and_offered_again_until_it_is_given(
    app: Flask, story: Story, room: Room, school: Someone, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    assert page.soup.find_all("input", type="radio", checked=True) == [], "nothing is chosen beforehand"
    said = chosen(page, "Skole", ["health"])
    answer(browser, room, **said)
    again = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/consents/give")
    assert {t["name"]: t["value"] for t in again.soup.find_all("input", type="radio", checked=True)} == said
    row = owner.execute("select answers_sealed from consent_draft").fetchone()
    assert row is not None
    assert b"health" not in row[0]
    browser.submit(browser.get(f"/cases/{room.case_id}/consents/sign"), "read")
    assert owner.execute("select count(*) from consent_draft").fetchone() == (0,)


def test_words_that_changed_after_they_were_read_are_not_given(
    app: Flask, story: Story, room: Room, school: Someone, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(room.young))
    yes = chosen(browser.get(f"/cases/{room.case_id}/consents/give"), "Skole", ["shared"])
    page = browser.follow(answer(browser, room, **yes))
    story.paper_consent(room, room.young, signed=TODAY - timedelta(days=1))
    before = story.play(room, room.young, lambda t: len(consent_receipts.history(t, t.membership.id)))
    refused = browser.submit(page, "read")
    assert refused.status == 422
    assert "Mona Mor" in refused.text
    assert owner.execute("select count(*) from consent").fetchone() == (before,)
    assert browser.submit(refused, "read").status == 303


def test_an_act_that_binds_asks_for_the_eid_again_when_it_is_a_while_ago(
    app: Flask, story: Story, room: Room, school: Someone, calendar, owner: psycopg.Connection
) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(app, story.token(room.young))
    yes = chosen(browser.get(f"/cases/{room.case_id}/consents/give"), "Skole", ["shared"])
    page = browser.follow(answer(browser, room, **yes))
    calendar.move(minutes=11)
    late = browser.submit(page, "read")
    assert late.headers["Location"].endswith("/step-up")
    assert owner.execute("select count(*) from consent").fetchone() == (0,)
    again = Browser(app, story.token(room.young))
    assert again.submit(again.get(f"/cases/{room.case_id}/consents/sign"), "read").status == 303
    assert owner.execute("select method from consent").fetchone() == ("eid",)


# What if


def test_what_a_no_to_the_school_means_is_told_as_names_and_things(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    story.everybody_agrees(room)
    story.file(room, room.guide, "shared", "Min plan.pdf")
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    link = next(a for a in page.links() if "/if-no/unit-" in a)
    told = browser.get(link).text
    no, yes = told.split("Hvis du siger ja til det hele")
    assert "Lars Lærer (Skole-medarbejder) kan ikke længere se: Fælles (1 fil: Min plan.pdf)" in no
    assert "De ser det allerede" in yes
    assert compartments(story, room, school), "asking changes nothing"
    story.withdraw(room, room.young, "Skole")
    told = browser.get(link).text
    no, yes = told.split("Hvis du siger ja til det hele")
    assert "sådan bliver det" in no
    assert "Lars Lærer (Skole-medarbejder) kan fra nu af se: Fælles" in yes


def test_what_a_yes_still_waits_for_is_told_with_whose(app: Flask, story: Story, room: Room, school: Someone) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    told = browser.get(next(a for a in page.links() if "/if-no/unit-" in a)).text
    assert "må stadig vente" in told
    assert "Mona Mor har ikke svaret endnu" in told
    assert "Finn Far har ikke svaret endnu" in told


# What is left as it is, and periods


def test_what_is_not_answered_anew_stays_and_stands_in_the_words(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    for parent in room.parents:
        story.consent(room, parent)
    story.consent(room, room.young, {"Skole": ("shared", "health")})
    job = story.staff("Jonas Job", "Jobcenter")
    story.add(room, job, Level.READ)
    for parent in room.parents:
        story.consent(room, parent)
    browser = Browser(app, story.token(room.young))
    one = browser.get(f"/cases/{room.case_id}/consents/give?about=unit-{job.unit_id}")
    assert "Skole, Testby" not in one.text
    sign = browser.follow(browser.submit(one, "valid_until", **chosen(one, "Jobcenter", ["professionals"])))
    assert "Skole, Testby" in sign.text, "what stands is read through again"
    browser.submit(sign, "read")
    assert compartments(story, room, job) == {"professionals"}
    assert compartments(story, room, school) == {"shared", "health"}
    mine = browser.get(f"/cases/{room.case_id}/consents/mine").text
    assert "Ja Fælles, Helbred Nej Uden forældre, Kun fagpersoner" in mine
    again = browser.get(f"/cases/{room.case_id}/consents/give")
    assert again.soup.find_all("input", type="radio", checked=True) == [], "also an answer is not chosen beforehand"
    assert again.text.count("Du har sagt ja den") >= 3


def test_a_no_to_everybody_is_an_answer_that_can_be_given(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    nothing = browser.submit(page, "valid_until")
    assert nothing.status == 422
    assert "Der er ikke svaret på noget endnu" in nothing.text
    noes = {k: v for party in ("Skole", "Mona Mor", "Finn Far") for k, v in chosen(page, party, ()).items()}
    sign = browser.follow(browser.submit(page, "valid_until", **noes))
    assert "Mit ja gælder" not in sign.text
    assert "må se:" not in sign.text.split("Jeg har fået at vide")[0].split("Mona Mor (forælder)")[1]
    done = browser.follow(browser.submit(sign, "read"))
    assert done.text.count("Du har sagt nej den") == 3
    assert story.play(room, room.young, requests.asks_me) == 0
    saved = story.play(room, room.young, lambda t: consent_receipts.history(t, t.membership.id))[0]
    assert saved.state is ConsentState.IN_FORCE


def test_what_nobody_asked_about_cannot_be_answered(story: Story, room: Room, school: Someone) -> None:
    def give(ticket, party: str, key: str) -> None:  # type: ignore[no-untyped-def]
        declare.give(ticket, uuid4(), {party: {key: True}}, None, "da")

    for party, key in ((f"unit-{school.unit_id}", "shoe size"), (f"unit-{uuid4()}", "shared")):
        with pytest.raises(InvalidInput, match="form_stale"):
            story.play(room, room.young, lambda t, p=party, k=key: give(t, p, k))
    mother = f"person-{room.member(room.parents[0])}"
    with pytest.raises(InvalidInput, match="form_stale"):
        story.play(room, room.young, lambda t: give(t, mother, "professionals"))


def test_a_custody_holders_consent_ends_at_the_latest_with_the_day_before_the_birthday(
    story: Story,
) -> None:
    room = story.case(born=years_ago(18, -40))
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ)
    birthday = clock.birthday(years_ago(18, -40), 18)

    def asked_until(ticket) -> date:  # type: ignore[no-untyped-def]
        return requests.request(ticket, ticket.membership.id).until

    assert story.play(room, room.parents[0], asked_until) == birthday - timedelta(days=1)
    assert story.play(room, room.young, asked_until) > birthday
    with pytest.raises(InvalidInput, match="consent_past_majority"):
        story.consent(room, room.parents[0], until=birthday)
    story.consent(room, room.parents[0], until=birthday - timedelta(days=1))


def test_the_twelve_months_of_a_paper_are_counted_from_the_day_it_was_signed(
    story: Story, room: Room, school: Someone
) -> None:
    signed = TODAY - timedelta(days=100)
    latest = clock.months_on(signed, 12)
    for asked, counts in ((None, latest), (TODAY + timedelta(days=360), latest), (TODAY, TODAY)):
        made = story.paper_consent(room, room.young, signed=signed, until=asked)
        saved = story.play(room, room.guide, lambda t, made=made: consent_receipts.stored_declaration(t, made))
        assert saved.valid_until == clock.end_of(counts, ZoneInfo("Europe/Copenhagen"))
    with pytest.raises(InvalidInput, match="paper_over") as refused:
        story.paper_consent(room, room.young, signed=TODAY - timedelta(days=400))
    assert refused.value.field == "given_on"
    story.paper_consent(room, room.young, signed=TODAY - timedelta(days=400), otherwise=())  # a no has no period


def test_of_two_papers_of_the_same_day_the_one_registered_last_counts(
    story: Story, room: Room, school: Someone, calendar
) -> None:  # type: ignore[no-untyped-def]
    for parent in room.parents:
        story.consent(room, parent)
    signed = TODAY - timedelta(days=5)
    for number in range(6):
        story.paper_consent(room, room.young, ("shared", "health") if number % 2 else ("health",), signed=signed)
        calendar.move(minutes=1)
        assert ("shared" in compartments(story, room, school)) == bool(number % 2)


def test_what_somebody_did_in_the_portal_stands_above_a_paper_of_the_same_day(
    story: Story, room: Room, school: Someone, calendar
) -> None:  # type: ignore[no-untyped-def]
    """A paper has a day and no hour: it may have been signed before."""
    for parent in room.parents:
        story.consent(room, parent)
    story.consent(room, room.young, {"Skole": ("health",)})
    calendar.move(seconds=1)
    story.paper_consent(room, room.young)
    assert compartments(story, room, school) == {"health"}
    story.withdraw(room, room.young)
    story.paper_consent(room, room.young)
    assert compartments(story, room, school) == set()
    calendar.move(days=1)
    story.paper_consent(room, room.young)
    assert compartments(story, room, school) == {"shared", "health", "without_parents", "professionals"}


def test_the_guide_answers_for_the_giver_having_been_told(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/consents/register/{room.member(room.young)}")
    typed = {f"given_on-{part}": str(getattr(TODAY, part)) for part in ("day", "month", "year")}
    typed |= chosen(page, "Skole", ["shared"])
    missing = browser.submit(page, "given_on", **typed, scan=("s.pdf", PDF))
    assert missing.status == 422
    assert "Sæt kryds, når de har fået det at vide" in missing.text
    assert "Valgt: s.pdf" in missing.text
    read = browser.submit(missing, "given_on", told="y")
    assert read.status == 200, "neither what was typed nor the file is asked for again"
    assert browser.submit(read, "read").status == 303
