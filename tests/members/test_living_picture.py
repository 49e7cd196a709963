"""The living picture: who x what x until when, what is missing and from whom, and what a change would do, before it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.access.window_store import differences
from portal.errors import InvalidInput, NotFound, Refused
from portal.runtime import Runtime
from portal.services.cases import move as case_move
from portal.services.cases import search
from portal.services.files import files
from portal.services.members import team
from portal.services.messages import threads
from portal.services.shared import audience
from tests.support.browser import Browser, Page
from tests.support.story import HERE, Room, Someone, Story, compartment_id, compartments, years_ago


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def school(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    return teacher


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


def cells(page: Page, name: str) -> dict[str, str]:
    """The row of the table of somebody, by what the column is called."""
    row = next(tr for tr in page.soup.select("table.whole tbody tr") if name in tr.th.get_text())
    return {str(td["data-label"]): " ".join(td.get_text(" ").split()) for td in row.find_all("td")}


# Who x what x until when


def test_one_table_tells_who_sees_what_until_when_and_what_is_missing_from_whom(
    app: Flask, story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    until = clock.today(HERE) + timedelta(days=50)
    story.consent(room, room.young, {"Skole": ("shared",)}, until=until)
    story.consent(room, room.parents[0], {"Skole": ("shared",)}, until=until)
    page = guide.get(f"/cases/{room.case_id}/people")
    told = cells(page, "Lars Lærer")
    assert told["Fælles"] == "Lukket Finn Far har ikke svaret endnu"
    assert "Ulla Ung har sagt nej den" in told["Helbred"]
    assert "Mona Mor har sagt nej den" in told["Helbred"]
    assert cells(page, "Mona Mor")["Uden forældre"] == "Ikke til dem"
    missing = page.soup.find(attrs={"aria-labelledby": "missing"})
    assert missing is not None
    said = " ".join(missing.get_text(" ").split())
    assert said == (
        "Det mangler, og fra hvem Finn Far Har ikke svaret om: Lars Lærer (Skole-medarbejder) "
        "Registrér et samtykke : Finn Far"
    ), "neither who has said no, nor what they said no to, is missing"
    story.paper_consent(room, room.parents[1], ("shared",))
    page = guide.get(f"/cases/{room.case_id}/people")
    assert cells(page, "Lars Lærer")["Fælles"].startswith("Læser til og med ")
    assert f"til og med {until.day}. " in cells(page, "Lars Lærer")["Fælles"]
    assert str(until.year) in cells(page, "Lars Lærer")["Fælles"]
    assert "Læser Fælles til og med" in page.text
    assert cells(page, "Grete Guide")["Kun fagpersoner"] == "Læser og skriver"


def test_the_end_that_is_told_is_the_end_of_all_of_it_and_not_of_a_window(story: Story) -> None:
    """On the birthday the windows change hands, from everybody's consent to the young person's own; nothing shuts."""
    room = story.case(born=years_ago(18, -40))
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    lines = story.play(room, room.guide, audience.audience_picture)
    line = next(one for one in lines if one.membership.person_id == teacher.id)
    ends = {compartment.until for compartment in line.open}
    assert len(ends) == 1
    assert min(end for end in ends if end) > clock.now() + timedelta(days=300)


def test_since_when_is_told_of_all_of_it_also_after_a_consent_was_renewed(
    story: Story, room: Room, school: Someone, calendar
) -> None:  # type: ignore[no-untyped-def]
    story.everybody_agrees(room)
    begun = clock.now()
    calendar.move(days=20)
    story.everybody_agrees(room)
    calendar.move(days=1)
    lines = story.play(room, room.young, lambda t: audience.who_sees(t, None))
    line = next(one for one in lines if one.membership.person_id == school.id)
    assert all(abs(compartment.since - begun) < timedelta(minutes=1) for compartment in line.open)


def test_whoever_does_not_answer_for_the_case_sees_neither_table_nor_what_is_missing(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    story.add(room, story.staff("Vibe Venter", "Jobcenter"), Level.READ)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, {"Jobcenter": ()})
    page = Browser(app, story.token(school)).get(f"/cases/{room.case_id}/people")
    assert page.soup.select("table.whole") == []
    assert "Vibe Venter" not in page.text
    assert "har sagt ja (" not in Browser(app, story.token(school)).get(f"/cases/{room.case_id}/audience").text


# The list behind "N persons can see this"


def test_the_number_on_every_page_opens_the_true_list_with_since_when_and_why(
    app: Flask, story: Story, room: Room, school: Someone, owner: psycopg.Connection
) -> None:
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide, "health")
    thread_id = story.thread(room, room.guide)
    for who in (room.guide, room.young, school):
        browser = Browser(app, story.token(who))
        for path in (
            "",
            "/plan",
            "/files",
            f"/files/{file_id}",
            "/messages",
            f"/messages/{thread_id}",
            "/people",
            "/log",
        ):
            page = browser.get(f"/cases/{room.case_id}{path}")
            pill = next(a for a in page.soup.select("a.seen"))
            number = int(pill.get_text().split()[0])
            listed = browser.get(str(pill["href"]))
            names = {h.get_text().split(" (")[0].strip() for h in listed.soup.select(".people h2")}
            mine = story.play(room, who, lambda t: [str(compartment) for compartment in t.compartments])
            true = owner.execute(
                "select distinct m.display_name from access_window w join membership m on m.id = w.membership_id "
                "where w.case_id = %s and w.compartment_id = any (%s::uuid[]) and w.valid_from <= now() "
                "and (w.valid_until is null or w.valid_until > now())",
                [room.case_id, mine],
            ).fetchall()
            assert names == {row[0] for row in true}, (who.name, path)
            assert number == len(names)
            assert listed.text.count("siden i dag kl.") >= number
    told = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/audience").text
    assert "tilføjet af guiden, og alle, der spørges, har sagt ja (Ulla Ung, Finn Far, Mona Mor)" in told or (
        "har sagt ja (Ulla Ung, Mona Mor, Finn Far)" in told
    )


def test_removal_takes_effect_on_the_next_request_and_on_the_number(
    app: Flask, story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    story.everybody_agrees(room)
    teacher = Browser(app, story.token(school))
    file_id = story.file(room, room.guide)
    addresses = ("", "/files", f"/files/{file_id}", f"/files/{file_id}/versions/1", "/messages", "/people", "/log")
    assert all(teacher.get(f"/cases/{room.case_id}{path}").status == 200 for path in addresses)
    before = int(guide.get(f"/cases/{room.case_id}").soup.select_one("a.seen").get_text().split()[0])  # type: ignore[union-attr]
    close = guide.get(f"/cases/{room.case_id}/team/{room.member(school)}/close")
    assert "Lars Lærer (Skole-medarbejder) kan ikke længere se: Fælles (1 fil: plan.pdf)" in close.text
    guide.submit(close, "submission")
    assert all(teacher.get(f"/cases/{room.case_id}{path}").status == 403 for path in addresses)
    page = guide.get(f"/cases/{room.case_id}/audience")
    assert int(page.soup.select_one("a.seen").get_text().split()[0]) == before - 1  # type: ignore[union-attr]
    assert "Lars Lærer" not in page.text


# Before the guide changes something


def test_each_level_says_before_the_button_what_it_would_open_and_shut(
    app: Flask, story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    story.everybody_agrees(room)
    story.file(room, room.guide, name="Min plan.pdf")
    page = guide.get(f"/cases/{room.case_id}/team/{room.member(school)}")
    said = {str(t.find("input")["value"]): " ".join(t.get_text().split()) for t in page.soup.select("label.choice")}
    assert "Lars Lærer kan ikke længere se: Fælles (1 fil: Min plan.pdf), Helbred" in said["none"]
    assert "Sådan er det nu" in said["read"]
    assert "Lars Lærer: Må læse og skrive: Fælles" in said["write"]


def test_a_new_custody_holder_shuts_others_out_and_the_page_says_so_before(
    app: Flask, story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    story.everybody_agrees(room)
    page = guide.get(f"/cases/{room.case_id}/team/citizen")
    ways = {d.summary.get_text().strip(): " ".join(d.get_text(" ").split()) for d in page.soup.select("details")}
    holder, other = ways["En forælder, der har forældremyndighed"], ways["En forælder uden forældremyndighed"]
    assert "Lars Lærer (Skole-medarbejder) kan ikke længere se:" in holder
    assert "kan ikke længere se" not in other
    assert "Ulla Ung har ikke svaret endnu" in other
    assert compartments(story, room, school)
    story.add_citizen(room, "Nye Forælder", Capacity.PARENT, custody=True)
    assert compartments(story, room, school) == set(), "it was no empty warning"


def test_custody_can_be_noted_and_taken_off_and_the_page_says_what_follows(
    app: Flask, story: Story, room: Room, school: Someone, guide: Browser, runtime: Runtime
) -> None:
    for giver in (room.young, room.parents[0]):
        story.consent(room, giver)
    father = room.parents[1]
    path = f"/cases/{room.case_id}/team/{room.member(father)}/custody"
    page = guide.get(path)
    assert "Lars Lærer (Skole-medarbejder) kan fra nu af se: Fælles" in page.text
    assert compartments(story, room, school) == set()
    guide.submit(page, "holds")
    assert compartments(story, room, school), "his consent is no longer asked for"
    with pytest.raises((Refused, NotFound)):
        story.consent(room, father)
    back = guide.get(path)
    assert "Lars Lærer (Skole-medarbejder) kan ikke længere se: Fælles" in back.text
    assert guide.post(path, {"holds": "perhaps"}).status == 422
    guide.submit(back, "holds")
    assert compartments(story, room, school) == set()
    story.consent(room, father)
    assert compartments(story, room, school)
    with runtime.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id) == []
    log = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log?only=changes").text
    assert "noterede, hvem der har forældremyndighed: Finn Far" in log


def test_sending_the_custody_form_twice_does_not_turn_it_back(
    app: Flask, story: Story, room: Room, guide: Browser
) -> None:
    page = guide.get(f"/cases/{room.case_id}/team/{room.member(room.parents[0])}/custody")
    for _ in range(2):
        guide.submit(page, "holds")
    line = story.play(room, room.guide, lambda t: team.member(t, room.member(room.parents[0])))
    assert line.holds_custody is False


def test_only_a_parent_can_hold_custody(story: Story, room: Room, school: Someone) -> None:
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: team.set_custody(t, room.member(school), True))
    with pytest.raises(Refused):
        story.play(room, room.young, lambda t: team.set_custody(t, room.member(room.parents[0]), False))


# Moving


@pytest.mark.parametrize("kind", ["file", "thread"])
def test_moving_says_who_gains_and_who_loses_sight_and_that_is_what_happens(
    kind: str, app: Flask, story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    for giver in (room.young, *room.parents):
        story.consent(room, giver, {"Skole": ("shared",)})
    if kind == "file":
        item = story.file(room, room.guide, "shared", "Hemmeligplan.pdf")
        story.version(room, room.guide, item, "Hemmeligplan.pdf")
    else:
        item = story.thread(room, room.guide, "shared", "Hemmeligplan")
        story.reply(room, room.guide, item, "Mere om det")
    address = f"/cases/{room.case_id}/{'files' if kind == 'file' else 'messages'}/{item}"
    page = guide.get(f"{address}/move")
    said = {t.strong.get_text().strip(): " ".join(t.get_text(" ").split()) for t in page.soup.select("label.choice")}
    assert "Kan ikke se det mere: Lars Lærer (Skole-medarbejder)" in said["Helbred"]
    assert "Kan se det fra nu af: ingen nye" in said["Helbred"]
    assert "Mona Mor (Forælder)" in said["Uden forældre"].split("Kan ikke se det mere")[1]
    teacher, mother = (Browser(app, story.token(who)) for who in (school, room.parents[0]))
    assert (teacher.get(address).status, mother.get(address).status) == (200, 200)
    health = str(next(t.input["value"] for t in page.soup.select("label.choice") if "Helbred" in t.strong.get_text()))
    moved = guide.follow(guide.submit(page, "compartment", compartment=health))
    assert "Det er flyttet" in moved.text
    assert (teacher.get(address).status, mother.get(address).status) == (404, 200)
    hits = {
        who.id: story.play(room, who, lambda t: search.find_in_case(t, "hemmeligplan")) for who in (school, room.young)
    }
    assert hits[school.id] == [], "its words are not findable either"
    assert [hit.compartment for hit in hits[room.young.id]][:1] == ["health"]
    if kind == "file":
        assert teacher.get(f"{address}/versions/1").status == 404
        assert len(story.play(room, room.young, lambda t: files.file_page(t, item)).versions) == 2
    else:
        assert len(story.play(room, room.young, lambda t: threads.thread(t, item)).messages) == 2
    again = guide.submit(guide.get(f"{address}/move"), "compartment", compartment=health)
    assert again.status == 422, "it lies there already"


def test_only_the_guide_moves_and_only_within_the_case(
    story: Story, room: Room, owner: psycopg.Connection, runtime: Runtime
) -> None:
    file_id = story.file(room, room.young)
    with pytest.raises(Refused):
        story.play(room, room.young, lambda t: case_move.move_file(t, file_id, compartment_id(t, "health")))
    other = story.case(room.guide)
    elsewhere = story.play(other, room.guide, lambda t: compartment_id(t, "shared"))
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: case_move.move_file(t, file_id, elsewhere))
    with pytest.raises(InvalidInput):
        story.play(room, room.guide, lambda t: case_move.move_file(t, file_id, compartment_id(t, "shared")))
    # The second wall: the young person may write in both, and the database still does not let them move.
    with runtime.unit_of_work(room.young.id) as session:
        from sqlalchemy import text

        health = story.play(room, room.young, lambda t: compartment_id(t, "health"))
        statement = text("update file set compartment_id = :to where id = :id")
        assert session.execute(statement, {"to": health, "id": file_id}).rowcount == 0  # type: ignore[attr-defined]


def test_a_stretch_joins_windows_that_touch_and_no_others(story: Story, room: Room, school: Someone, calendar) -> None:  # type: ignore[no-untyped-def]
    story.everybody_agrees(room)
    calendar.move(days=5)
    story.withdraw(room, room.young)
    calendar.move(days=5)
    story.consent(room, room.young)
    again = clock.now()
    calendar.move(days=1)

    def since(ticket: CaseTicket) -> set[object]:
        lines = audience.who_sees(ticket, None)
        line = next(one for one in lines if one.membership.person_id == school.id)
        return {compartment.since for compartment in line.open}

    (begun,) = story.play(room, room.guide, since)
    assert abs(begun - again) < timedelta(minutes=1)  # type: ignore[operator]
