"""What whoever runs the portal does for it, by the commands they would type."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner

from portal import audit
from portal.cli import cli
from portal.db import connect
from portal.errors import CorruptData, UnsafeConfiguration
from portal.runtime import Runtime, runtime_for
from portal.services.files import downloads
from portal.services.operations import maintenance
from portal.settings import Settings
from portal.storage.keys import read_keys
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from tests.support.served import environment
from tests.support.story import PDF, Room, Story

pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture(params=["filesystem", "s3"])
def runtime_on(
    request: pytest.FixtureRequest, portal_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Runtime]:
    """A portal on each kind of store, and an environment in which the commands find it."""
    settings = portal_settings
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        (tmp_path / "access").write_text(ACCESS_KEY)
        (tmp_path / "secret").write_text(SECRET_KEY)
        keys = {"s3_access_key_file": tmp_path / "access", "s3_secret_key_file": tmp_path / "secret"}
        settings = settings.model_copy(update={"s3_url": server.url(f"made-{uuid4().hex}"), **keys})
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert command("storage", "make") == "the store is ready\n"
    with runtime_for(settings) as runtime:
        yield runtime


def command(*words: str, fails: bool = False) -> str:
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert (done.exit_code == 1) == fails, done.output
    return done.output


def read(story: Story, room: Room, file_id: object) -> bytes:
    def download(ticket):  # type: ignore[no-untyped-def]
        return b"".join(downloads.download(ticket, story.runtime.store, file_id, 1).content)

    return story.play(room, room.guide, download)


def contents(runtime: Runtime) -> dict[str, bytes]:
    found = {}
    for stored in runtime.store.listing():
        with runtime.store.open(stored.key) as blob:
            found[stored.key] = blob.read_at(0, blob.size)
    return found


def test_rotating_wraps_every_case_anew_and_touches_no_blob(runtime_on: Runtime, owner: psycopg.Connection) -> None:
    story = Story(runtime_on)
    rooms = [story.case(), story.case(name="Noah")]
    made = [story.file(room, room.guide) for room in rooms]
    thread = story.thread(rooms[0], rooms[0].guide, body="før")
    blobs = contents(runtime_on)
    sealed = owner.execute("select body_sealed from message").fetchall()
    keys = Path(str(runtime_on.settings.keys_file))

    assert "m2 wraps every case key now; 2 were wrapped anew" in command("keys", "rotate")

    assert owner.execute("select distinct master_id from case_key").fetchall() == [("m2",)]
    assert contents(runtime_on) == blobs
    assert owner.execute("select body_sealed from message").fetchall() == sealed
    assert keys.stat().st_mode & 0o777 == 0o600
    # The running process knows only the old key until it looks into the file again.
    for room, file_id in zip(rooms, made, strict=True):
        assert read(story, room, file_id) == PDF
    story.reply(rooms[0], rooms[0].guide, thread, "efter")
    # What it wraps from now on, it wraps with the new one.
    late = story.case(name="Sen")
    assert owner.execute("select master_id from case_key where case_id = %s", [late.case_id]).fetchone() == ("m2",)
    assert read_keys(keys).masters.ids() == {"m1", "m2"}
    assert command("keys", "retire") == "took out m1\n"
    assert read_keys(keys).masters.ids() == {"m2"}
    assert story.thread(late, late.guide)
    assert command("keys", "retire") == "every master key is in use\n"
    lines = owner.execute("select fields, actor_id from audit_event where event = 'keys.rotated' order by seq")
    assert lines.fetchall() == [({"cases": 2, "apps": 0}, None)]
    engine = connect(runtime_on.settings.owner_database_url)
    with engine.connect() as connection:
        assert list(audit.verify(connection, runtime_on.keyring)) == []
    engine.dispose()


def test_without_its_old_master_key_a_case_does_not_open(runtime_on: Runtime) -> None:
    story = Story(runtime_on)
    room = story.case()
    keys = Path(str(runtime_on.settings.keys_file))
    content = json.loads(keys.read_text())
    content["masters"] = {"m7": content["masters"]["m1"][::-1].replace("=", "A")[:43] + "="}
    content["current"] = "m7"
    keys.write_text(json.dumps(content))
    with runtime_for(runtime_on.settings) as beside, pytest.raises(CorruptData):
        Story(beside).thread(room, room.guide)


def test_destroying_a_case_key_makes_everything_of_the_case_unreadable(
    runtime_on: Runtime, owner: psycopg.Connection
) -> None:
    story = Story(runtime_on)
    room, other = story.case(), story.case(name="Noah")
    file_id, thread = story.file(room, room.guide), story.thread(room, room.guide)
    saved = story.file(other, other.guide)
    blob, file_key, name = owner.execute(
        "select blob, file_key, name_sealed from file_version where case_id = %s", [room.case_id]
    ).fetchone()  # type: ignore[misc]
    owner.execute("delete from case_key where case_id = %s", [room.case_id])
    with pytest.raises(CorruptData):
        read(story, room, file_id)
    with pytest.raises(CorruptData):
        story.reply(room, room.guide, thread)
    # Nothing that is left opens it: not the master key, not another case's key.
    theirs = runtime_on.keyring.open_case(
        other.case_id,
        *owner.execute("select master_id, wrapped from case_key where case_id = %s", [other.case_id]).fetchone(),  # type: ignore[misc]
    )
    with pytest.raises(CorruptData):
        theirs.unwrap_file_key(file_key, blob)
    with pytest.raises(CorruptData):
        runtime_on.keyring.open_case(room.case_id, "m1", name)
    assert read(story, other, saved) == PDF


def test_a_store_in_order_is_said_to_be(runtime_on: Runtime) -> None:
    story = Story(runtime_on)
    room = story.case()
    story.file(room, room.guide)
    story.paper_consent(room, room.young)
    said = command("storage", "check")
    assert "2 whole, 0 missing, 0 of a wrong size" in said
    assert "0 that nobody names, 0 broken off" in said


def test_orphans_and_broken_off_uploads_are_swept_and_nothing_else(runtime_on: Runtime) -> None:
    story = Story(runtime_on)
    room = story.case()
    file_id = story.file(room, room.guide)
    named = set(runtime_on.store.keys())
    orphan = uuid4().hex
    with runtime_on.store.create(orphan) as blob:
        blob.write(b"nobody names this")
    dangle(runtime_on)

    said = command("storage", "check", "--grace", "24", "--repair")
    assert "0 that nobody names, 0 broken off" in said, "what is young may be on its way"
    time.sleep(1.1)  # S3 tells times in whole seconds
    said = command("storage", "check", "--grace", "0")
    assert "1 that nobody names, 1 broken off: left" in said
    assert orphan in set(runtime_on.store.keys())
    said = command("storage", "check", "--grace", "0", "--repair")
    assert "1 that nobody names, 1 broken off: removed" in said
    assert set(runtime_on.store.keys()) == named
    assert list(runtime_on.store.unfinished()) == []
    assert read(story, room, file_id) == PDF


def test_a_file_that_is_gone_or_cut_is_named_and_cannot_be_repaired(
    runtime_on: Runtime, owner: psycopg.Connection
) -> None:
    story = Story(runtime_on)
    room = story.case()
    story.file(room, room.guide)
    gone, short = story.file(room, room.guide), story.file(room, room.guide)
    blobs = dict(owner.execute("select file_id, blob from file_version").fetchall())
    runtime_on.store.delete(blobs[gone])
    runtime_on.store.delete(blobs[short])
    with runtime_on.store.create(blobs[short]) as blob:
        blob.write(b"short")
    said = command("storage", "check", "--repair", fails=True)
    assert f"missing: {blobs[gone]}" in said
    assert f"has another size than noted: {blobs[short]}" in said
    assert "1 whole, 1 missing, 1 of a wrong size" in said


def test_rows_that_cannot_be_seen_are_never_taken_for_orphans(
    runtime_on: Runtime, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(runtime_on)
    room = story.case()
    story.file(room, room.guide)
    before = set(runtime_on.store.keys())
    owner.execute("drop policy looked_after on file_version")
    with pytest.raises(UnsafeConfiguration, match="file_version"):
        command("storage", "check", "--repair", "--grace", "0")
    assert set(runtime_on.store.keys()) == before


def test_the_owner_sees_every_row_that_names_a_blob(owner: psycopg.Connection) -> None:
    policies = owner.execute(
        "select tablename from pg_policies where 'portal_owner' = any (roles) and cmd in ('SELECT', 'ALL') "
        "and qual = 'true'"
    )
    assert {table.name for table, _ in maintenance.blob_columns()} <= {name for (name,) in policies}


def dangle(runtime: Runtime) -> None:
    """Half an upload, left by a process that was killed."""
    key = uuid4().hex
    if not runtime.settings.s3_url:
        path = runtime.settings.data_dir / "blobs" / "unfinished" / key
        path.write_bytes(b"half")
        os.utime(path, (time.time() - 2, time.time() - 2))
        return
    client = runtime.store._client  # type: ignore[attr-defined]
    bucket = runtime.store.bucket  # type: ignore[attr-defined]
    upload = client._create_multipart_upload(bucket, key, {})
    client._upload_part(bucket, key, b"x", None, upload, 1)
