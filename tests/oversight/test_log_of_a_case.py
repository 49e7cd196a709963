"""The log as people of a case read it: others first, and a citizen's own looks for that citizen alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.errors import NotFound, Refused
from portal.events import Event
from portal.models import FileVersion
from portal.services.cases import overview
from portal.services.exports import exports
from portal.services.files import downloads, files, text_index
from portal.services.messages import threads
from portal.services.oversight import case_log, questions
from portal.services.oversight.log_lines import MACHINE, Visit
from portal.services.shared import audience
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skole")
    story.add(room, made, Level.READ)
    return made


def lines(story: Story, room: Room, who: Someone, only: str = "", whom: str = "") -> list[tuple[str, Event]]:
    """Name and event of each line of the newest page, as somebody reads it."""
    page = story.play(room, who, lambda t: case_log.log(t, None, only, whom))
    return [
        (line.who.member.display_name if line.who else "", line.event) for visit in page.visits for line in visit.lines
    ]


def test_the_young_person_reads_who_has_looked_at_what_with_role_and_place_but_no_staff_name(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide, name="Plan.pdf")
    story.play(room, teacher, lambda t: downloads.download(t, story.runtime.store, file_id, 1))
    with pytest.raises(Refused):
        story.play(room, teacher, lambda t: t.require(files.Action.FILE_ADD))
    page = story.play(room, room.young, lambda t: case_log.log(t, None, "looks"))
    line = next(line for visit in page.visits for line in visit.lines if line.event == "version.downloaded")
    assert (line.about, line.fields["number"]) == ("Plan.pdf", 1)
    assert line.who is not None
    assert line.who.name_shown is False
    assert line.who.workplace is not None
    assert (line.who.member.job_title, line.who.workplace.unit) == ("Skole-medarbejder", "Skole")


def test_whether_staff_are_named_counts_for_whoever_a_line_is_about_too(
    story: Story, room: Room, teacher: Someone, browser: Browser
) -> None:
    story.everybody_agrees(room)
    story.set_level(room, teacher, Level.WRITE)
    story.set_level(room, room.parents[1], Level.WRITE)
    log = f"/cases/{room.case_id}/log"
    told = Browser(browser.app, story.token(room.parents[0])).get(log).text
    assert "satte adgangen for Skole-medarbejder (Skole) til" in told
    assert "Lars" not in told
    assert "satte adgangen for Finn Far til" in told, "citizens are named"
    assert "satte adgangen for Lars Lærer til" in Browser(browser.app, story.token(room.guide)).get(log).text


def test_the_guide_sees_names_and_so_does_everybody_of_citizens(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room)
    story.play(room, teacher, files.list_files)
    story.thread(room, room.young)
    for reader, of_staff in ((room.guide, True), (room.parents[0], False)):
        page = story.play(room, reader, case_log.log)
        shown = {line.who.member.display_name: line.who.name_shown for v in page.visits for line in v.lines if line.who}
        assert shown["Lars Lærer"] is of_staff
        assert shown["Ulla Ung"] is True


def test_what_a_citizen_looked_at_is_told_to_that_citizen_alone_and_what_they_did_to_others_too(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide)
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    citizens = (room.young, *room.parents)
    for who in citizens:
        for look in (overview.overview, files.list_files, audience.audience_picture):
            story.play(room, who, look)
        story.play(room, who, lambda t: downloads.download(t, story.runtime.store, file_id, 1))
        story.play(room, who, lambda t: exports.ask_for_case(t, uuid4(), "da"))
        with pytest.raises(Refused):
            story.play(room, who, lambda t: t.require(files.Action.TEAM_CHANGE))
    assert aunt
    for reader in (*citizens, room.guide, teacher):
        for only in ("", "looks", "changes"):
            for whom in ("", *map(str, room.members.values())):
                told = lines(story, room, reader, only, whom)
                others = {name for name, event in told if event in case_log.READING and event not in MACHINE}
                assert not others & {who.name for who in citizens if who.id != reader.id}, (reader.name, only)
    own = [event for name, event in lines(story, room, room.parents[0], "", "me") if name == "Mona Mor"]
    assert {Event.CASE_VIEWED, Event.VERSION_DOWNLOADED, Event.EXPORT_ASKED, Event.CONSENT_GIVEN} <= set(own)
    given = [name for name, event in lines(story, room, room.young, "changes") if event is Event.CONSENT_GIVEN]
    assert {"Mona Mor", "Finn Far"} <= set(given), "what they decide is everybody's to know, as before"


def test_the_database_gives_out_no_line_of_what_another_citizen_looked_at(
    story: Story, room: Room, teacher: Someone
) -> None:
    """Wall two alone."""
    from sqlalchemy import select

    from portal.models import AuditEvent

    story.everybody_agrees(room)
    for who in (room.young, *room.parents, teacher, room.guide):
        story.play(room, who, overview.overview)
    looked = {}
    for reader in (room.young, room.parents[0], teacher, room.guide):
        with story.runtime.unit_of_work(reader.id) as session:
            found = select(AuditEvent.actor_id).where(
                AuditEvent.chain_id == room.case_id, AuditEvent.event.in_(case_log.READING)
            )
            looked[reader.name] = set(session.scalars(found)) & {room.young.id, *(one.id for one in room.parents)}
            professionals = set(session.scalars(select(AuditEvent.actor_id).where(AuditEvent.event == "case.viewed")))
            assert {teacher.id, room.guide.id} <= professionals
    assert looked == {
        "Ulla Ung": {room.young.id},
        "Mona Mor": {room.parents[0].id},
        "Lars Lærer": set(),
        "Grete Guide": set(),
    }


def test_both_walls_know_the_same_events_for_reading(story: Story, room: Room) -> None:
    from sqlalchemy import text

    with story.runtime.unit_of_work() as session:
        rule = session.scalars(text("select qual from pg_policies where policyname = 'own_reading'")).one()
    assert {event for event in Event if f"'{event}'" in rule} == set(case_log.READING)


def test_ones_own_visits_are_folded_and_counted(story: Story, room: Room, calendar) -> None:  # type: ignore[no-untyped-def]
    for _ in range(3):
        story.play(room, room.guide, files.list_files)
        calendar.move(minutes=20)
        story.play(room, room.young, overview.overview)
        calendar.move(minutes=20)
    page = story.play(room, room.young, case_log.log)
    assert {line.who.member.display_name for day in page.days for v in day.visits for line in v.lines if line.who} == {
        "Grete Guide"
    }
    assert page.own is not None
    assert page.own.count == 3, "between one and the next more than half an hour went by"
    assert {line.is_me for day in page.own.days for v in day.visits for line in v.lines} == {True}
    calendar.move(minutes=20)
    calendar.move(minutes=20)
    story.play(room, room.young, overview.overview)
    page = story.play(room, room.young, case_log.log)
    assert page.own is not None
    assert page.own.count == 4, "the one that goes on now"
    assert story.play(room, room.young, lambda t: case_log.log(t, None, "looks")).own is None


def test_the_work_of_the_machine_is_told_as_the_machines(
    story: Story, room: Room, browser: Browser, teacher: Someone
) -> None:
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide, name="Plan.pdf")

    def index(ticket: CaseTicket) -> None:
        version = ticket.session.scalars(ticket.select(FileVersion).where(FileVersion.file_id == file_id)).one()
        text_index.read_text(ticket, story.runtime.store, version.id)

    story.play(room, room.guide, index)
    asked = [only for only in ("", "machine") if ("", Event.VERSION_INDEXED) in lines(story, room, room.young, only)]
    assert asked == ["", "machine"]
    guide = str(room.member(room.guide))
    for only, whom in (("changes", ""), ("looks", ""), ("", guide), ("", "me")):
        assert Event.VERSION_INDEXED not in {event for _name, event in lines(story, room, room.guide, only, whom)}
    told = Browser(browser.app, story.token(room.young)).get(f"/cases/{room.case_id}/log?only=machine").text
    assert "Systemet" in told
    assert "gjorde version 1 af ”Plan.pdf” klar til søgning" in told
    assert "Sagsbehandler" not in told.split("Systemet")[1]


def test_a_refusal_is_told_to_citizens_by_its_day_and_to_professionals_by_its_minute(
    story: Story, room: Room, teacher: Someone, browser: Browser, calendar
) -> None:  # type: ignore[no-untyped-def]
    story.everybody_agrees(room)
    calendar.move(days=1)
    other = Browser(browser.app, story.token(teacher))
    assert other.get(f"/cases/{room.case_id}/team/find").status == 403
    calendar.move(days=2)
    for reader, minute in ((room.young, False), (room.parents[0], False), (room.guide, True)):
        page = story.play(room, reader, case_log.log)
        day = next(day for day in page.days if any(v.who.is_refusal for v in (*day.visits, *day.refused)))
        assert bool(day.refused) is not minute
        html = Browser(browser.app, story.token(reader)).get(f"/cases/{room.case_id}/log").soup
        row = next(li for li in html.select(".log .rows > li") if "blev afvist" in li.get_text())
        assert ("kl." in row.get_text()) is minute


def test_the_log_turns_its_pages(story: Story, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_log, "PAGE", 7)
    for _ in range(20):
        story.play(room, room.guide, files.list_files)
    seen, before = [], None
    while True:
        page = story.play(room, room.young, lambda t, b=before: case_log.log(t, b))
        seen += [line.seq for day in page.days for visit in day.visits for line in visit.lines]
        before = page.older_than
        if before is None:
            break
    assert seen[-1] == 1
    assert len(seen) == len(set(seen))


def test_no_address_of_the_log_tells_how_much_there_is_that_its_reader_does_not_see(
    story: Story, room: Room, teacher: Someone, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running number would: what lies between two lines of the page can be counted by it."""
    monkeypatch.setattr(case_log, "PAGE", 3)
    story.everybody_agrees(room)
    for _ in range(9):
        story.play(room, room.guide, files.list_files)
        story.play(room, room.young, overview.overview)
    page = story.play(room, room.parents[0], case_log.log)
    shown = {line.seq for visit in page.visits for line in visit.lines}
    html = Browser(browser.app, story.token(room.parents[0])).get(f"/cases/{room.case_id}/log")
    links = [link for link in html.links() if "before=" in link or "why=" in link]
    assert links
    assert not [number for number in shown for link in links if f"={number}" in link or f"-{number}" in link]
    assert page.older_than is not None
    assert len(page.older_than) == 16


def test_what_is_no_line_of_theirs_is_no_place_to_go_on_from(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room, otherwise=("shared",))
    secret = story.thread(room, room.guide, "health", "Medicin")
    page = story.play(room, room.guide, lambda t: case_log.log(t, None, "", "me"))
    mark = next(line.mark for v in page.visits for line in v.lines if line.event is Event.THREAD_STARTED)
    assert secret
    story.set_level(room, teacher, Level.READ)
    first = story.play(room, teacher, case_log.log)
    for nothing in (mark, "0" * 16, "nonsense", "12", "z" * 16, mark[:8], mark * 2):
        told = story.play(room, teacher, lambda t, b=nothing: case_log.log(t, b))
        assert told.days[0].visits[0].lines[0].seq >= first.days[0].visits[0].lines[0].seq, nothing


# Asking why


def visit_of(story: Story, room: Room, reader: Someone, name: str) -> Visit:
    page = story.play(room, reader, case_log.log)
    return next(v for v in page.visits if v.who.who is not None and v.who.who.member.display_name == name)


def test_a_citizen_asks_the_guide_why_somebody_looked_with_the_lines_in_the_message(
    story: Story, room: Room, teacher: Someone, browser: Browser
) -> None:
    story.everybody_agrees(room)
    story.play(room, teacher, files.list_files)
    young = Browser(browser.app, story.token(room.young))
    html = young.get(f"/cases/{room.case_id}/log")
    row = next(li for li in html.soup.select(".log .rows > li") if "Skole-medarbejder" in li.get_text())
    page = young.get(str(row.select_one(".ask a")["href"]))
    written = page.soup.find("textarea").get_text()
    assert "Hej Grete. Jeg har læst dette i loggen:" in written
    assert "Skole-medarbejder, Skole, " in written
    assert "- så listen over filer" in written
    assert "Lars" not in written
    sent = young.submit(page, "subject")
    assert sent.status == 303
    told = story.play(room, room.guide, threads.list_threads)
    assert told[0].subject == "Hvorfor er der kigget i min sag?"
    assert "Spørg hvorfor" not in Browser(browser.app, story.token(room.guide)).get(f"/cases/{room.case_id}/log").text


def test_it_is_asked_where_the_fewest_people_read_it(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room)
    place = story.play(room, room.young, questions.question_compartment)
    assert place is not None
    readers = story.play(room, room.young, audience.audience_sizes)
    assert readers[place.key] == min(
        readers[compartment.key]
        for compartment in story.play(room, room.young, lambda t: list(t.compartments.values()))
    )
    assert story.play(room, room.parents[0], questions.question_compartment) is None, (
        "who only reads cannot ask in writing"
    )


def test_nobody_is_asked_about_who_is_no_professional_or_not_theirs_to_read_of(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.everybody_agrees(room)
    story.play(room, teacher, files.list_files)
    of_teacher = visit_of(story, room, room.young, "Lars Lærer")
    of_guide = visit_of(story, room, room.young, "Grete Guide")
    of_mother = visit_of(story, room, room.young, "Mona Mor")

    def asks(first: str, last: str, who: Someone = room.young) -> int:
        return len(story.play(room, who, lambda t: questions.question_lines(t, first, last)))

    assert asks(of_teacher.lines[-1].mark, of_teacher.lines[0].mark) == len(of_teacher.lines)
    for first, last, who in (
        (of_mother.lines[-1].mark, of_mother.lines[0].mark, room.young),
        (of_teacher.lines[0].mark, of_guide.lines[0].mark, room.young),
        ("nonsense", "", room.young),
        ("0" * 16, "0" * 16, room.young),
        (of_teacher.lines[-1].mark, of_teacher.lines[0].mark, room.guide),
        (of_teacher.lines[-1].mark, of_teacher.lines[0].mark, room.parents[0]),
    ):
        with pytest.raises(NotFound):
            asks(first, last, who)


def test_lines_are_gathered_by_day(story: Story, room: Room, calendar, browser: Browser) -> None:  # type: ignore[no-untyped-def]
    story.play(room, room.guide, files.list_files)
    calendar.move(days=1)
    story.play(room, room.guide, files.list_files)
    page = story.play(room, room.young, case_log.log)
    assert [b.on - a.on for a, b in zip(page.days[1:], page.days, strict=False)] == [timedelta(days=1)]
    headings = [h.get_text() for h in Browser(browser.app, story.token(room.young)).get(
        f"/cases/{room.case_id}/log").soup.select(".log .day")]  # fmt: skip
    assert headings[:2] == ["I dag", "I går"]
