"""The story of a case through its verbs: what opens, what shuts, what stays."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from portal import clock
from portal.access.ledger import differences
from portal.access.policy import Refusal
from portal.access.roles import Capacity, Level
from portal.access.ticket import CaseTicket, enter_case
from portal.errors import Damaged, NotFound, Refused
from portal.house import House
from portal.models import File, FileVersion, Message, Thread
from portal.services import cases, consent_requests, downloads, files, insight, messages, overview, people, search, team
from tests.story import PDF, Room, Someone, Story, shelf_id, years_ago


def shelves(story: Story, room: Room, who: Someone) -> set[str]:
    """The compartments that are open to somebody right now."""
    try:
        return story.play(room, who, lambda t: {hatch.key for hatch in t.hatches.values()})
    except NotFound:
        return set()


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skole")
    story.add(room, made, Level.READ)
    return made


# Opening


def test_a_new_case_has_its_key_its_compartments_and_its_first_members(story: Story, room: Room) -> None:
    assert shelves(story, room, room.guide) == {"shared", "health", "without_parents", "professionals"}
    assert shelves(story, room, room.young) == {"shared", "health", "without_parents"}
    assert [shelves(story, room, parent) for parent in room.parents] == [set(), set()]


def test_only_somebody_whose_office_allows_it_opens_cases(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.case(story.staff("Lars Lærer", "Skole"))
    assert refused.value.reason.code is Refusal.OFFICE


def test_the_same_parent_in_two_cases_is_one_person_with_a_name_in_each(story: Story) -> None:
    from portal.services.citizens import NewCitizen
    from tests.story import PROFILE

    guide, born = story.guide(), years_ago(17, 30)
    made = []
    for name in ("Mor Ét", "Mor To"):
        new = cases.NewCase(NewCitizen("Barn"), born, (NewCitizen(name, "0101700002"),))
        with story.acting(guide) as actor:
            made.append(Room(cases.open_case(actor, uuid4(), new, PROFILE), guide, Someone(uuid4(), ""), []))
    for room in made:
        story.refresh(room)
    assert made[0].parents[0].id == made[1].parents[0].id
    assert [room.parents[0].name for room in made] == ["Mor Ét", "Mor To"]


# Consent


def test_nobody_from_outside_sees_anything_until_the_last_consent_is_in(
    story: Story, room: Room, teacher: Someone
) -> None:
    assert shelves(story, room, teacher) == set()
    story.consent(room, room.young)
    story.consent(room, room.parents[0])
    assert shelves(story, room, teacher) == set()
    line = next(m for m in story.play(room, room.guide, people.picture) if m.membership.person_id == teacher.id)
    missing = {b.giver_id for prospect in line.lacking for b in prospect.blockers}
    assert missing == {room.member(room.parents[1])}, "the page says exactly whose"
    story.paper_consent(room, room.parents[1])
    assert shelves(story, room, teacher) == {"shared", "health", "without_parents", "professionals"}


def test_a_withdrawal_shuts_at_once_and_what_was_written_stays(story: Story, room: Room) -> None:
    job = story.staff("Jonas Job", "Jobcenter")
    story.add(room, job, Level.WRITE)
    story.everybody_agrees(room)
    thread = story.thread(room, job, "shared", "Praktik", "Jeg ringer i morgen")
    story.withdraw(room, room.young, "Jobcenter")
    assert shelves(story, room, job) == set()
    with pytest.raises(Refused) as refused:
        story.play(room, job, lambda t: messages.thread(t, thread))
    reason = refused.value.reason
    assert [(n.obstacle, n.giver) for n in reason.notes] == [("consent_withdrawn", "young_person")]
    assert "Grete Guide" in reason.guide
    page = story.play(room, room.young, lambda t: messages.thread(t, thread))
    assert (page.messages[0].author.display_name, page.messages[0].body) == ("Jonas Job", "Jeg ringer i morgen")


def test_the_guide_shuts_somebody_out_and_lets_them_in_again(story: Story, room: Room) -> None:
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.READ)
    assert shelves(story, room, colleague)
    story.set_level(room, colleague, Level.NONE)
    assert shelves(story, room, colleague) == set()
    story.set_level(room, colleague, Level.WRITE)
    assert shelves(story, room, colleague)


def test_a_consent_runs_out_by_itself(story: Story, room: Room, teacher: Someone, calendar) -> None:  # type: ignore[no-untyped-def]
    until = clock.now().date() + timedelta(days=5)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, until=until)
    assert shelves(story, room, teacher)
    calendar.move(days=7)
    assert shelves(story, room, teacher) == set()


def test_the_eighteenth_birthday_passes_and_the_parents_access_has_ended_by_itself(story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    room = story.case(born=years_ago(18, -3))
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    mother = room.parents[0]
    assert shelves(story, room, mother) == {"shared", "health"}
    calendar.move(days=4)
    assert shelves(story, room, mother) == set()
    with pytest.raises(Refused) as refused:
        story.play(room, mother, lambda t: t.require(files.Action.FILE_VIEW))
    assert [n.obstacle for n in refused.value.reason.notes] == ["grown_up"]
    assert shelves(story, room, teacher), "the grown-up's own consent to professionals goes on"
    with pytest.raises((NotFound, Refused)):
        story.consent(room, mother)
    story.consent(room, room.young)
    assert shelves(story, room, mother) == {"shared", "health"}, "let in again by the adult"


def test_a_custody_holder_without_access_still_decides_about_consent(story: Story, teacher: Someone) -> None:
    room = story.case(parent_level=Level.NONE)
    other = story.staff("Lene Lærer", "Anden skole")
    story.add(room, other, Level.READ)
    story.consent(room, room.young)
    for parent in room.parents:
        assert shelves(story, room, parent) == set()
        story.consent(room, parent)
    assert shelves(story, room, other)
    assert teacher


def test_a_case_whose_citizens_never_sign_in_works_on_paper(story: Story) -> None:
    room = story.case(young_level=Level.NONE, parent_level=Level.NONE)
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    for giver in (room.young, *room.parents):
        story.paper_consent(room, giver)
    assert shelves(story, room, teacher)
    assert shelves(story, room, room.young) == set()


def test_the_consent_is_kept_word_for_word_with_its_hash(story: Story, room: Room, teacher: Someone) -> None:
    import hashlib

    from portal.models import Consent

    consent_id = story.consent(room, room.young, {"Skole": ("shared",)})

    def read(ticket: CaseTicket) -> tuple[str, str]:
        row = ticket.session.get_one(Consent, consent_id)
        return (
            ticket.keys.unseal_text(row.text_sealed, f"consent.text {consent_id}"),
            ticket.keys.unseal_text(row.text_sha256_sealed, f"consent.sha256 {consent_id}"),
        )

    words, digest = story.play(room, room.young, read)
    assert "Jeg, Ulla Ung, siger ja" in words
    assert "Skole, Testby" in words
    assert "skole og uddannelse" in words
    assert "psykisk" not in words.split("Mona Mor")[0]
    assert hashlib.sha256(words.encode()).hexdigest() == digest


def test_asking_tells_how_many_wait_for_an_answer(story: Story, room: Room) -> None:
    assert story.play(room, room.young, consent_requests.asks_me) == 2, "the two parents"
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ)
    assert story.play(room, room.young, consent_requests.asks_me) == 3
    story.consent(room, room.young, {"Skole": ()})
    assert story.play(room, room.young, consent_requests.asks_me) == 0, "a no is an answer"
    story.add(room, story.staff("Jonas Job", "Jobcenter"), Level.READ)
    assert story.play(room, room.young, consent_requests.asks_me) == 1, "only the new one is asked about"


def test_two_changes_at_once_leave_the_windows_both_would_make(story: Story, room: Room, house: House) -> None:
    """Two givers answer in the same moment; whoever commits last must not forget the other."""
    teachers = [story.staff(f"Lærer {n}", f"Skole {n}") for n in range(4)]
    for one in teachers:
        story.add(room, one, Level.READ)
    givers = [room.young, *room.parents]
    threads = [threading.Thread(target=story.consent, args=(room, giver)) for giver in givers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(shelves(story, room, one) for one in teachers)
    with house.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id) == []


# Files


def test_versions_are_numbered_named_dated_and_all_kept(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="Mål.pdf", content=PDF + b"one")
    assert story.version(room, room.young, file_id, "Mål rettet.pdf", PDF + b"two") == 2
    page = story.play(room, room.guide, lambda t: files.page(t, file_id))
    assert [(v.number, v.name, v.author.display_name) for v in page.versions] == [
        (2, "Mål rettet.pdf", "Ulla Ung"),
        (1, "Mål.pdf", "Grete Guide"),
    ]
    for number, content in ((1, PDF + b"one"), (2, PDF + b"two")):
        found = story.play(room, room.young, lambda t, n=number: downloads.download(t, story.house.store, file_id, n))
        assert b"".join(found.content) == content


def test_many_versions_at_once_are_numbered_without_gaps_and_none_is_lost(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    numbers: list[int] = []

    def put_in() -> None:
        numbers.extend(story.version(room, room.guide, file_id) for _ in range(3))

    threads = [threading.Thread(target=put_in) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(2, 20))


def test_a_damaged_object_is_refused_and_never_shown_as_garbage(story: Story, room: Room, house: House) -> None:
    file_id = story.file(room, room.guide, content=PDF * 9000)
    blob = next(house.store.keys())
    path = house.settings.data_dir / "blobs" / blob[:2] / blob
    sealed = bytearray(path.read_bytes())
    sealed[100] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(Damaged):
        story.play(room, room.guide, lambda t: downloads.download(t, house.store, file_id, 1))
    path.unlink()
    with pytest.raises(Damaged):
        story.play(room, room.guide, lambda t: downloads.download(t, house.store, file_id, 1))


def test_another_cases_object_under_this_ones_name_is_refused(story: Story, room: Room, house: House) -> None:
    file_id = story.file(room, room.guide)
    mine = next(house.store.keys())
    other = story.case()
    story.file(other, other.guide)
    theirs = next(key for key in house.store.keys() if key != mine)  # noqa: SIM118  a store is no dict
    root = house.settings.data_dir / "blobs"
    (root / mine[:2] / mine).write_bytes((root / theirs[:2] / theirs).read_bytes())
    with pytest.raises(Damaged):
        story.play(room, room.guide, lambda t: downloads.download(t, house.store, file_id, 1))


def test_destroying_the_case_key_makes_everything_of_the_case_unreadable(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide)
    thread = story.thread(room, room.guide)
    owner.execute("delete from case_key where case_id = %s", [room.case_id])
    for act in (
        lambda t: files.page(t, file_id),
        lambda t: messages.thread(t, thread),
        lambda t: downloads.download(t, story.house.store, file_id, 1),
    ):
        with pytest.raises(Exception, match=r"key of case .* is gone"):
            story.play(room, room.guide, act)


def test_what_lies_in_health_leaves_no_trace_for_whoever_sees_only_shared(
    story: Story, room: Room, teacher: Someone
) -> None:
    for giver in (room.young, *room.parents):
        story.consent(room, giver, {"Skole": ("shared",)})
    psychiatrist = story.staff("Petra Psykiater", "Psykiatri")
    story.add(room, psychiatrist, Level.WRITE)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, {"Skole": ("shared",)})
    before = story.play(room, teacher, overview.overview)
    hidden = story.file(room, psychiatrist, "health", "Behandlingsplan.pdf")
    story.thread(room, psychiatrist, "health", "Medicin", "Ny medicin fra mandag")
    assert shelves(story, room, teacher) == {"shared", "without_parents", "professionals"}
    assert story.play(room, teacher, files.listing) == []
    assert story.play(room, teacher, lambda t: search.find(t, "behandlingsplan medicin")) == []
    after = story.play(room, teacher, overview.overview)
    assert (after.files, after.threads) == (before.files, before.threads)
    assert story.play(room, teacher, messages.count_unread) == 0
    log = story.play(room, teacher, lambda t: insight.log(t, None, ""))
    told = [line for visit in log.visits for line in visit.lines]
    assert not [line for line in told if line.compartment == "health" or line.in_shut_compartment]
    assert str(hidden) not in str(told)
    with pytest.raises(NotFound):
        story.play(room, teacher, lambda t: files.page(t, hidden))
    with pytest.raises(NotFound):
        story.play(room, teacher, lambda t: downloads.download(t, story.house.store, hidden, 1))


def test_the_ticket_loads_nothing_of_another_case_or_compartment(story: Story, room: Room) -> None:
    other = story.case()
    file_id, thread = story.file(other, other.guide), story.thread(other, other.guide)
    for noun, item in ((File, file_id), (Thread, thread), (FileVersion, uuid4()), (Message, uuid4())):
        with pytest.raises(NotFound):
            story.play(room, room.guide, lambda t, n=noun, i=item: t.load(n, i))


def test_nobody_writes_where_they_only_read(story: Story, room: Room) -> None:
    reader = story.staff("Kim Kollega")
    story.add(room, reader, Level.READ)
    thread = story.thread(room, room.guide)
    for act in (
        lambda t: messages.reply(t, uuid4(), thread, "Hej"),
        lambda t: messages.start(t, uuid4(), shelf_id(t, "shared"), "Emne", "Hej"),
        lambda t: files.add(t, uuid4(), shelf_id(t, "shared"), story.upload("x.pdf", PDF)),
    ):
        with pytest.raises(Refused) as refused:
            story.play(room, reader, act)
        assert refused.value.reason.code is Refusal.READ_ONLY


def test_nobody_writes_into_a_compartment_that_is_not_open(story: Story, room: Room) -> None:
    shut = story.play(room, room.guide, lambda t: shelf_id(t, "professionals"))
    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: messages.start(t, uuid4(), shut, "Emne", "Hej"))


# Messages and search


def test_unread_is_what_came_after_one_last_looked(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide)
    assert story.play(room, room.young, messages.count_unread) == 1
    assert story.play(room, room.guide, messages.count_unread) == 0, "one's own is not unread"
    page = story.play(room, room.young, lambda t: messages.thread(t, thread))
    assert [m.is_new for m in page.messages] == [True]
    assert story.play(room, room.young, messages.count_unread) == 0
    story.reply(room, room.guide, thread)
    assert story.play(room, room.young, messages.count_unread) == 1
    with story.acting(room.young) as actor:
        assert cases.my_cases(actor).open[0].unread == 1


@pytest.mark.parametrize("blind", ["12e4567890abcdef", "0000000000000001", "9e99999999999999", "abcdef0123456789"])
def test_a_word_is_found_whatever_its_hash_looks_like(
    blind: str, story: Story, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.storage.keys.CaseKeys.blind", lambda _keys, stem: blind)
    thread = story.thread(room, room.guide, "shared", "Praktikplads", "Hej")
    assert [hit.item_id for hit in story.play(room, room.young, lambda t: search.find(t, "praktikplads"))] == [thread]


def test_words_are_found_by_their_danish_stems_and_only_where_one_may_look(story: Story, room: Room) -> None:
    thread = story.thread(room, room.guide, "shared", "Praktikpladser", "Vi taler om møderne på torsdag")
    found = story.play(room, room.young, lambda t: search.find(t, "mødet torsdage"))
    assert [hit.item_id for hit in found] == [thread]
    assert story.play(room, room.young, lambda t: search.find(t, "praktikplads")) != []
    assert story.play(room, room.young, lambda t: search.find(t, "fredag")) == []


def test_the_index_holds_no_word_anybody_could_read(story: Story, room: Room, owner: psycopg.Connection) -> None:
    story.thread(room, room.guide, "shared", "Hemmelighed", "Hemmelighed")
    rows = owner.execute("select words::text from search_entry").fetchall()
    assert rows
    assert all("emmelig" not in row[0] for row in rows)


# The log


def test_the_young_person_reads_who_has_looked_at_what_with_role_and_place_but_no_staff_name(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide, name="Plan.pdf")
    story.play(room, teacher, lambda t: downloads.download(t, story.house.store, file_id, 1))
    with pytest.raises(Refused):
        story.play(room, teacher, lambda t: t.require(files.Action.FILE_ADD))
    page = story.play(room, room.young, lambda t: insight.log(t, None, "looks"))
    line = next(line for visit in page.visits for line in visit.lines if line.event == "version.downloaded")
    assert (line.about, line.fields["number"], line.name_shown) == ("Plan.pdf", 1, False)
    assert line.who is not None
    assert line.workplace is not None
    assert (line.who.job_title, line.workplace.unit) == ("Skole-medarbejder", "Skole")


def test_the_guide_sees_names_and_so_does_everybody_of_citizens(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room)
    story.play(room, teacher, files.listing)
    story.play(room, room.young, files.listing)
    for reader, of_staff in ((room.guide, True), (room.parents[0], False)):
        page = story.play(room, reader, lambda t: insight.log(t, None, ""))
        shown = {line.who.display_name: line.name_shown for v in page.visits for line in v.lines if line.who}
        assert shown["Lars Lærer"] is of_staff
        assert shown["Ulla Ung"] is True


def test_the_log_turns_its_pages(story: Story, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight, "PAGE", 7)
    for _ in range(20):
        story.play(room, room.guide, files.listing)
    seen, before = [], None
    while True:
        page = story.play(room, room.young, lambda t, b=before: insight.log(t, b, ""))
        seen += [line.seq for visit in page.visits for line in visit.lines]
        before = page.older_than
        if before is None:
            break
    assert seen[-1] == 1
    assert len(seen) == len(set(seen))


# The team


def test_adding_somebody_previews_what_they_will_see_and_what_is_missing(story: Story, room: Room) -> None:
    unit = story.unit("Skole")
    outside = story.play(room, room.guide, lambda t: team.preview(t, Capacity.PROFESSIONAL, unit, Level.READ))
    assert {p.compartment: (p.level, len(p.blockers)) for p in outside} == dict.fromkeys(
        ("shared", "health", "without_parents", "professionals"), (Level.NONE, 3)
    )
    inside = story.play(
        room, room.guide, lambda t: team.preview(t, Capacity.PROFESSIONAL, room.guide.unit_id, Level.READ)
    )
    assert {p.level for p in inside} == {Level.READ}


def test_a_withdrawal_previews_who_loses_what(story: Story, room: Room, teacher: Someone) -> None:
    from portal.services import consents

    story.everybody_agrees(room)
    consent = story.consent(room, room.young)
    found = story.play(room, room.young, lambda t: consents.preview_withdrawal(t, consent, f"unit-{teacher.unit_id}"))
    (one,) = found.people
    assert one.membership.id == room.member(teacher)
    changes = one.shuts
    assert {c.compartment for c in changes} == {"shared", "health", "without_parents", "professionals"}
    assert {(c.was, c.becomes) for c in changes} == {(Level.READ, Level.NONE)}


def test_only_the_young_person_and_the_guide_see_who_is_kept_out_and_why(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.consent(room, room.young, {"Skole": ()}, ("shared",))
    for who, sees_waiting in ((room.guide, True), (room.young, True), (room.parents[0], False)):
        lines = story.play(room, who, people.picture)
        assert (teacher.id in {line.membership.person_id for line in lines}) is sees_waiting


def test_the_purpose_is_read_by_the_asked_and_is_sealed(story: Story, room: Room, owner: psycopg.Connection) -> None:
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ, "Så vi kan planlægge din skoledag")
    asked = story.play(room, room.young, lambda t: consent_requests.request(t, t.membership.id))
    assert ("Så vi kan planlægge din skoledag",) in {line.purposes for line in asked.parties}
    rows = owner.execute("select purpose_sealed from membership where purpose_sealed is not null").fetchall()
    assert rows
    assert all(b"skoledag" not in row[0] for row in rows)


def test_a_national_id_is_sealed_recognised_and_shown_only_as_an_act_of_its_own(
    story: Story, owner: psycopg.Connection
) -> None:
    from portal.services.citizens import NewCitizen
    from tests.story import PROFILE

    born = years_ago(17, 30)
    number = f"{born:%d%m%y}4001"
    guide = story.guide()
    with story.acting(guide) as actor:
        case_id = cases.open_case(actor, uuid4(), cases.NewCase(NewCitizen("Barn", number), born), PROFILE)
    room = Room(case_id, guide, Someone(uuid4(), ""), [])
    story.refresh(room)
    for table in ("membership", "national_id", "person", "audit_event"):
        assert owner.execute(f"select count(*) from {table} t where t::text like %s", [f"%{number}%"]).fetchone() == (
            0,
        )  # type: ignore[arg-type]
    shown = story.play(room, guide, lambda t: team.show_national_id(t, room.member(room.young)))
    assert shown == number
    assert owner.execute("select count(*) from audit_event where event = 'national_id.shown'").fetchone() == (1,)
    with pytest.raises(Refused):
        story.play(room, room.young, lambda t: team.show_national_id(t, room.member(room.young)))


def test_stored_windows_are_what_the_facts_give(story: Story, room: Room, teacher: Someone, house: House) -> None:
    story.everybody_agrees(room)
    story.withdraw(room, room.parents[0])
    story.set_level(room, teacher, Level.WRITE)
    with house.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id) == []


def test_a_stored_window_that_does_not_follow_from_the_facts_is_found(
    story: Story, room: Room, house: House, owner: psycopg.Connection
) -> None:
    owner.execute("update access_window set can_write = not can_write where case_id = %s", [room.case_id])
    with house.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id)
        assert enter_case


def test_every_word_that_is_indexed_is_found_however_its_keyed_form_looks(story: Story) -> None:
    """One keyed word in sixteen looks like a number to the parser of text search."""
    room = story.case()
    words = [f"ord{number}x" for number in range(120)]
    story.thread(room, room.guide, body=" ".join(words))

    def lost(ticket: CaseTicket) -> list[str]:
        return [word for word in words if not search.find(ticket, word)]

    assert story.play(room, room.guide, lost) == []
