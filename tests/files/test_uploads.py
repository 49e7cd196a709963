"""Sending a file in pieces, by the tus protocol: what arrives is kept, what breaks off is taken up, what is given up is
gone, and nobody but the sender finds it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.errors import NotFound
from portal.runtime import Runtime
from portal.services.files import resumable_uploads
from portal.settings import Settings
from tests.support.browser import Browser
from tests.support.sender import LONG, SPEAKS, Sender, blobs, content, made_by, work_off
from tests.support.story import PDF, Room, Story


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Sender:
    return Sender(app, story, room, room.guide)


def test_a_file_sent_in_one_piece_is_the_object_it_was_sealed_into(
    guide: Sender, story: Story, room: Room, runtime: Runtime
) -> None:
    address = guide.began("Blåbær 🫐.pdf", len(LONG))
    answer = guide.patch(address, 0, LONG)
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(len(LONG)))
    before = blobs(runtime)
    file_id = made_by(guide.finish(address, note="Fra mødet"))
    assert blobs(runtime) == before
    assert content(story, room, file_id) == LONG
    page = guide.browser.get(f"{guide.case}/files/{file_id}")
    assert "Blåbær 🫐.pdf" in page.text
    assert "Fra mødet" in page.text
    assert guide.head(address).status == 404


def test_pieces_are_joined_and_nothing_is_left_of_them(
    guide: Sender, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    address = guide.began("lang.pdf", len(LONG))
    for at in range(0, len(LONG), 60_000):
        assert guide.arrived(address) == at
        assert guide.patch(address, at, LONG[at : at + 60_000]).status == 204
    file_id = made_by(guide.finish(address))
    assert content(story, room, file_id) == LONG
    work_off(runtime, owner)
    assert len(blobs(runtime)) == 1
    assert owner.execute("select count(*) from upload_part").fetchone() == (0,)


def test_what_came_before_the_connection_broke_is_kept(guide: Sender, story: Story, room: Room) -> None:
    address = guide.began("lang.pdf", len(LONG))
    guide.browser.send(
        "PATCH",
        address,
        headers={**guide.headers, "Upload-Offset": "0"},
        data=LONG[:70_001],
        environ_overrides={"CONTENT_LENGTH": str(len(LONG))},
        content_type="application/offset+octet-stream",
    )
    assert guide.arrived(address) == 70_001
    assert guide.finish(address).status == 409, "it is not whole yet"
    assert guide.patch(address, 70_001, LONG[70_001:]).status == 204
    assert content(story, room, made_by(guide.finish(address))) == LONG


def test_sender_and_store_must_agree_where_they_are(guide: Sender) -> None:
    address = guide.began("lang.pdf", len(LONG))
    assert guide.patch(address, 10, LONG[10:]).status == 409
    assert guide.patch(address, 0, LONG[:100]).status == 204
    assert guide.patch(address, 0, LONG[:100]).status == 409
    assert guide.patch(address, 100, LONG[100:] + b"more").status == 409
    assert guide.arrived(address) == 100


def test_two_requests_that_bring_the_same_bytes_are_kept_once(
    guide: Sender, story: Story, room: Room, runtime: Runtime
) -> None:
    """The second one began before the first was noted, as after a break that only one side has seen."""
    address = guide.began("lang.pdf", len(LONG))
    upload_id = UUID(address.rsplit("/", 1)[-1])

    def late() -> Iterator[bytes]:
        yield LONG[:500]
        assert guide.patch(address, 0, LONG[:400]).status == 204

    with pytest.raises(resumable_uploads.OutOfStep):
        story.play(room, room.guide, lambda t: resumable_uploads.receive(t, runtime.store, upload_id, 0, late()))
    assert guide.arrived(address) == 400
    assert len(blobs(runtime)) == 1, "what was refused is not in the store"


def test_a_checksum_that_does_not_fit_is_not_kept(guide: Sender, runtime: Runtime) -> None:
    address = guide.began("lang.pdf", len(LONG))
    right = b64encode(hashlib.sha1(LONG[:100]).digest()).decode()
    assert guide.patch(address, 0, LONG[:101], Upload_Checksum=f"sha1 {right}").status == 460
    assert guide.patch(address, 0, LONG[:100], Upload_Checksum=f"md5 {right}").status == 400
    assert (guide.arrived(address), blobs(runtime)) == (0, set())
    assert guide.patch(address, 0, LONG[:100], Upload_Checksum=f"sha1 {right}").status == 204


def test_the_protocol_is_spoken_as_it_is_written(guide: Sender, portal_settings: Settings) -> None:
    about = guide.browser.send("OPTIONS", f"{guide.case}/uploads")
    assert (about.status, about.headers["Tus-Version"]) == (204, "1.0.0")
    assert about.headers["Tus-Extension"] == "creation,expiration,termination,checksum"
    assert about.headers["Tus-Max-Size"] == str(portal_settings.upload_limit)
    address = guide.began("plan.pdf", len(PDF))
    without = guide.browser.send("HEAD", address)
    assert (without.status, without.headers["Tus-Version"]) == (412, "1.0.0")
    head = guide.head(address)
    assert (head.headers["Upload-Length"], head.headers["Tus-Resumable"]) == (str(len(PDF)), "1.0.0")
    assert head.headers["Upload-Expires"].endswith("GMT")
    wrong = guide.browser.send("PATCH", address, headers={**guide.headers, "Upload-Offset": "0"}, data=PDF)
    assert wrong.status == 415
    assert guide.patch(address, -1, PDF).status == 400


@pytest.mark.parametrize(
    ("name", "size", "says"),
    [
        ("virus.exe", 10, "Det er et program"),
        ("side.html", 10, "Det er en webside"),
        ("ukendt.xyz", 10, "Den slags filer"),
        ("plan.pdf", 0, "tom"),
        ("plan.pdf", 10**12, "for stor"),
        ("", 10, "Vælg en fil"),
    ],
)
def test_what_may_not_come_in_is_refused_before_it_is_sent(name: str, size: int, says: str, guide: Sender) -> None:
    page = guide.begin(name, size)
    assert page.status == 422
    assert says in page.response.get_data(as_text=True)


def test_what_cannot_be_understood_begins_nothing(guide: Sender, owner: psycopg.Connection) -> None:
    for headers in (
        {"Upload-Length": "ten"},
        {"Upload-Length": "10", "Upload-Metadata": "filename !!"},
        {"Upload-Defer-Length": "1"},
    ):
        sent = guide.browser.send("POST", f"{guide.case}/uploads", headers={**guide.headers, **headers})
        assert sent.status == 400
    assert guide.begin("plan.pdf", 10, compartment="somewhere").status == 422
    assert guide.begin("plan.pdf", 10, compartment=str(uuid4())).status == 404
    assert guide.begin("plan.pdf", 10, file=str(uuid4())).status == 404
    assert owner.execute("select count(*) from begun_upload").fetchone() == (0,)


def test_a_file_that_turns_out_to_be_something_else_is_refused_and_not_kept(
    guide: Sender, runtime: Runtime, owner: psycopg.Connection
) -> None:
    address = guide.began("plan.pdf", 1000)
    assert guide.patch(address, 0, b"MZ" + bytes(998)).status == 204
    answer = guide.finish(address)
    assert answer.status == 422
    assert "Det er et program" in answer.response.get_json()["says"]
    work_off(runtime, owner)
    assert blobs(runtime) == set()
    assert guide.head(address).status == 404


def test_a_note_that_is_too_long_does_not_cost_the_file(guide: Sender) -> None:
    address = guide.began("plan.pdf", len(PDF))
    guide.patch(address, 0, PDF)
    answer = guide.finish(address, note="x" * 1001)
    assert (answer.status, answer.response.get_json()["gone"]) == (422, False)
    assert made_by(guide.finish(address, note="x"))


def test_finishing_twice_makes_one_file(guide: Sender, owner: psycopg.Connection) -> None:
    address = guide.began("plan.pdf", len(PDF))
    guide.patch(address, 0, PDF)
    submission = uuid4()
    first = made_by(guide.finish(address, submission))
    assert made_by(guide.finish(address, submission)) == first
    assert owner.execute("select count(*) from file").fetchone() == (1,)


def test_what_is_given_up_is_gone(guide: Sender, runtime: Runtime, owner: psycopg.Connection) -> None:
    address = guide.began("lang.pdf", len(LONG))
    guide.patch(address, 0, LONG[:1000])
    assert guide.browser.send("DELETE", address, headers=guide.headers).status == 204
    work_off(runtime, owner)
    assert blobs(runtime) == set()
    assert guide.head(address).status == 404
    assert guide.patch(address, 1000, LONG[1000:]).status == 404
    told = owner.execute("select event from audit_event where event like 'upload.%' order by seq").fetchall()
    assert told == [("upload.begun",), ("upload.cancelled",)]


def test_the_next_version_can_come_in_pieces_and_meets_a_newer_one_as_any_other(
    guide: Sender, story: Story, room: Room, runtime: Runtime
) -> None:
    file_id = story.file(room, room.guide)
    address = guide.began("plan.pdf", len(LONG), file=str(file_id))
    guide.patch(address, 0, LONG)
    assert made_by(guide.finish(address, seen="1")) == file_id
    assert content(story, room, file_id, 2) == LONG
    story.version(room, room.young, file_id)
    address = guide.began("plan.pdf", len(LONG), file=str(file_id))
    guide.patch(address, 0, LONG[:9])
    guide.patch(address, 9, LONG[9:])
    submission = uuid4()
    answer = guide.finish(address, submission, seen="2")
    assert "/files/held/" in answer.response.get_json()["to"]
    assert guide.finish(address, submission, seen="2").response.get_json() == answer.response.get_json()


# Who may


def test_another_persons_upload_is_not_there_for_anybody_else(
    app: Flask, story: Story, room: Room, guide: Sender, owner: psycopg.Connection
) -> None:
    young = Sender(app, story, room, room.young)
    address = guide.began("plan.pdf", len(PDF))
    guide.patch(address, 0, PDF[:5])
    assert young.head(address).status == young.head(f"{guide.case}/uploads/{uuid4()}").status == 404
    assert young.patch(address, 5, PDF[5:]).status == 404
    assert young.finish(address).status == 404
    assert young.browser.send("DELETE", address, headers=young.headers).status == 404
    assert guide.arrived(address) == 5


def test_the_database_keeps_an_upload_to_its_sender_too(
    guide: Sender, story: Story, room: Room, portal_settings: Settings, runtime: Runtime
) -> None:
    address = guide.began("plan.pdf", len(PDF))
    guide.patch(address, 0, PDF[:5])
    seen = {}
    with psycopg.connect(portal_settings.database_url) as connection:
        for who in (room.guide, room.young):
            connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
            for table in ("begun_upload", "upload_part"):
                row = connection.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]
                seen[who.name, table] = row and row[0]
    assert seen == {
        (room.guide.name, "begun_upload"): 1,
        (room.guide.name, "upload_part"): 1,
        (room.young.name, "begun_upload"): 0,
        (room.young.name, "upload_part"): 0,
    }


def test_whoever_loses_the_right_to_write_cannot_go_on(app: Flask, story: Story) -> None:
    room = story.case()
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher)
    story.everybody_agrees(room)
    lars = Sender(app, story, room, teacher)
    address = lars.began("plan.pdf", len(PDF))
    assert lars.patch(address, 0, PDF[:5]).status == 204
    story.set_level(room, teacher, Level.READ)
    assert lars.patch(address, 5, PDF[5:]).status == 403
    assert lars.finish(address).status == 403
    story.set_level(room, teacher, Level.NONE)
    assert lars.patch(address, 5, PDF[5:]).status in (403, 404)
    story.set_level(room, teacher, Level.WRITE)
    assert lars.arrived(address) == 5


def test_access_that_ends_while_the_bytes_come_keeps_none_of_them(story: Story, runtime: Runtime, app: Flask) -> None:
    room = story.case()
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher)
    story.everybody_agrees(room)
    upload_id = UUID(Sender(app, story, room, teacher).began("plan.pdf", len(PDF)).rsplit("/", 1)[-1])

    def slowly() -> Iterator[bytes]:
        yield PDF[:5]
        story.set_level(room, teacher, Level.NONE)

    with pytest.raises(NotFound):
        story.play(room, teacher, lambda t: resumable_uploads.receive(t, runtime.store, upload_id, 0, slowly()))
    assert blobs(runtime) == set()


def test_whoever_is_signed_out_is_told_so_and_not_sent_a_page(app: Flask, guide: Sender) -> None:
    address = guide.began("plan.pdf", len(PDF))
    answer = Browser(app).send("HEAD", address, headers=SPEAKS)
    assert answer.status == 401


def test_a_page_of_somebody_else_cannot_send_pieces(guide: Sender) -> None:
    address = guide.began("plan.pdf", len(PDF))
    guide.headers = dict(SPEAKS)
    assert guide.patch(address, 0, PDF).status == 400
    assert guide.browser.send("DELETE", address, headers=SPEAKS).status == 400
    assert guide.arrived(address) == 0


# What nobody takes up


def test_an_upload_that_is_never_finished_goes_by_itself(
    guide: Sender, runtime: Runtime, owner: psycopg.Connection, calendar
) -> None:  # type: ignore[no-untyped-def]
    old = guide.began("lang.pdf", len(LONG))
    guide.patch(old, 0, LONG[:1000])
    calendar.move(hours=23)
    with runtime.unit_of_work() as session:
        assert resumable_uploads.sweep_uploads(session) == 0
    calendar.move(hours=2)
    with runtime.unit_of_work() as session:
        assert resumable_uploads.sweep_uploads(session) == 1
    work_off(runtime, owner)
    assert blobs(runtime) == set()
    assert owner.execute("select count(*) from begun_upload").fetchone() == (0,)


def test_only_so_many_may_be_on_their_way_at_once(guide: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumable_uploads, "MOST", 2)
    first, _second = guide.began("a.pdf", 10), guide.began("b.pdf", 10)
    assert guide.begin("c.pdf", 10).status == 422
    guide.browser.send("DELETE", first, headers=guide.headers)
    assert guide.begin("c.pdf", 10).status == 201


def test_a_store_that_is_away_loses_nothing_that_had_arrived(app: Flask, guide: Sender, runtime: Runtime) -> None:
    address = guide.began("lang.pdf", len(LONG))
    guide.patch(address, 0, LONG[:1000])
    root = runtime.settings.data_dir / "blobs"
    (root / "unfinished").rename(root / "away")
    assert guide.patch(address, 1000, LONG[1000:]).status == 503
    (root / "away").rename(root / "unfinished")
    assert guide.arrived(address) == 1000
