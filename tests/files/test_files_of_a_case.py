"""The files of a case through their verbs: kept in every version, sealed, and only in compartments that are open."""

from __future__ import annotations

import threading
from uuid import uuid4

import psycopg
import pytest

from portal.access.policy.decide import Refusal
from portal.access.policy.roles import Level
from portal.errors import CorruptData, NotFound, Refused
from portal.models import File, FileVersion, Message, Thread
from portal.runtime import Runtime
from portal.services.cases import overview, search
from portal.services.files import downloads, files
from portal.services.messages import threads as message_threads
from portal.services.oversight import case_log
from tests.support.story import PDF, Room, Someone, Story, compartment_id, compartments


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skole")
    story.add(room, made, Level.READ)
    return made


def test_versions_are_numbered_named_dated_and_all_kept(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="Mål.pdf", content=PDF + b"one")
    assert story.version(room, room.young, file_id, "Mål rettet.pdf", PDF + b"two") == 2
    page = story.play(room, room.guide, lambda t: files.file_page(t, file_id))
    assert [(v.number, v.name, v.author.display_name) for v in page.versions] == [
        (2, "Mål rettet.pdf", "Ulla Ung"),
        (1, "Mål.pdf", "Grete Guide"),
    ]
    for number, content in ((1, PDF + b"one"), (2, PDF + b"two")):
        found = story.play(room, room.young, lambda t, n=number: downloads.download(t, story.runtime.store, file_id, n))
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


def test_a_damaged_object_is_refused_and_never_shown_as_garbage(story: Story, room: Room, runtime: Runtime) -> None:
    file_id = story.file(room, room.guide, content=PDF * 9000)
    blob = next(runtime.store.keys())
    path = runtime.settings.data_dir / "blobs" / blob[:2] / blob
    sealed = bytearray(path.read_bytes())
    sealed[100] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(CorruptData):
        story.play(room, room.guide, lambda t: downloads.download(t, runtime.store, file_id, 1))
    path.unlink()
    with pytest.raises(CorruptData):
        story.play(room, room.guide, lambda t: downloads.download(t, runtime.store, file_id, 1))


def test_another_cases_object_under_this_ones_name_is_refused(story: Story, room: Room, runtime: Runtime) -> None:
    file_id = story.file(room, room.guide)
    mine = next(runtime.store.keys())
    other = story.case()
    story.file(other, other.guide)
    theirs = next(key for key in runtime.store.keys() if key != mine)  # noqa: SIM118  a store is no dict
    root = runtime.settings.data_dir / "blobs"
    (root / mine[:2] / mine).write_bytes((root / theirs[:2] / theirs).read_bytes())
    with pytest.raises(CorruptData):
        story.play(room, room.guide, lambda t: downloads.download(t, runtime.store, file_id, 1))


def test_destroying_the_case_key_makes_everything_of_the_case_unreadable(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide)
    thread = story.thread(room, room.guide)
    owner.execute("delete from case_key where case_id = %s", [room.case_id])
    for act in (
        lambda t: files.file_page(t, file_id),
        lambda t: message_threads.thread(t, thread),
        lambda t: downloads.download(t, story.runtime.store, file_id, 1),
    ):
        with pytest.raises(Exception, match=r"key of case .* is gone"):
            story.play(room, room.guide, act)


def test_what_lies_in_health_leaves_no_trace_for_whoever_sees_only_shared(
    story: Story, room: Room, teacher: Someone
) -> None:
    psychiatrist = story.staff("Petra Psykiater", "Psykiatri")
    story.add(room, psychiatrist, Level.WRITE)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, {"Skole": ("shared", "without_parents", "professionals")})
    before = story.play(room, teacher, overview.overview)
    hidden = story.file(room, psychiatrist, "health", "Behandlingsplan.pdf")
    story.thread(room, psychiatrist, "health", "Medicin", "Ny medicin fra mandag")
    assert compartments(story, room, teacher) == {"shared", "without_parents", "professionals"}
    assert story.play(room, teacher, files.list_files) == []
    assert story.play(room, teacher, lambda t: search.find_in_case(t, "behandlingsplan medicin")) == []
    after = story.play(room, teacher, overview.overview)
    assert (after.files, after.threads) == (before.files, before.threads)
    assert story.play(room, teacher, message_threads.count_unread) == 0
    log = story.play(room, teacher, lambda t: case_log.log(t, None, ""))
    told = [line for visit in log.visits for line in visit.lines]
    assert not [line for line in told if line.compartment == "health" or line.in_closed_compartment]
    assert str(hidden) not in str(told)
    with pytest.raises(NotFound):
        story.play(room, teacher, lambda t: files.file_page(t, hidden))
    with pytest.raises(NotFound):
        story.play(room, teacher, lambda t: downloads.download(t, story.runtime.store, hidden, 1))


def test_the_ticket_loads_nothing_of_another_case_or_compartment(story: Story, room: Room) -> None:
    other = story.case()
    file_id, thread = story.file(other, other.guide), story.thread(other, other.guide)
    for model, item in ((File, file_id), (Thread, thread), (FileVersion, uuid4()), (Message, uuid4())):
        with pytest.raises(NotFound):
            story.play(room, room.guide, lambda t, n=model, i=item: t.load(n, i))


def test_nobody_writes_where_they_only_read(story: Story, room: Room) -> None:
    reader = story.staff("Kim Kollega")
    story.add(room, reader, Level.READ)
    thread = story.thread(room, room.guide)
    for act in (
        lambda t: message_threads.reply(t, uuid4(), thread, "Hej"),
        lambda t: message_threads.start(t, uuid4(), compartment_id(t, "shared"), "Emne", "Hej"),
        lambda t: files.add_file(t, uuid4(), compartment_id(t, "shared"), story.upload("x.pdf", PDF)),
    ):
        with pytest.raises(Refused) as refused:
            story.play(room, reader, act)
        assert refused.value.reason.code is Refusal.READ_ONLY


def test_nobody_writes_into_a_compartment_that_is_not_open(story: Story, room: Room) -> None:
    closed = story.play(room, room.guide, lambda t: compartment_id(t, "professionals"))
    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: message_threads.start(t, uuid4(), closed, "Emne", "Hej"))
