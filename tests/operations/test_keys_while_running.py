"""Master keys are rotated and taken out of use while the portal runs, and nobody loses anything by it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from portal.access.signin import passwords, second_factor
from portal.access.signin.second_factor import FactorOffer
from portal.clock import now
from portal.db import PortalSession
from portal.models import Staff
from portal.runtime import Runtime, runtime_for
from portal.services.cases import register
from portal.services.cases.register import NewCase
from portal.services.members.citizens import NewCitizen
from portal.settings import PROJECT, Settings
from portal.storage.keys import add_master, read_keys
from tests.signin.test_second_factor import oathtool
from tests.support.screen_fixtures import PASSWORD
from tests.support.served import Served, Visitor, environment, served
from tests.support.story import PROFILE, Someone, Story, years_ago

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BORN = years_ago(17, 100)
CASE = {"birth_date-day": str(BORN.day), "birth_date-month": str(BORN.month), "birth_date-year": str(BORN.year)}


@pytest.fixture
def keys(portal_settings: Settings) -> Path:
    assert portal_settings.keys_file is not None
    return portal_settings.keys_file


@pytest.fixture
def guide(runtime: Runtime, story: Story) -> Someone:
    """A guide with a password and a code app, who has signed in before."""
    made = story.guide()
    with runtime.unit_of_work() as session:
        staff = session.get_one(Staff, made.id)
        staff.password_hash, staff.first_signed_in_at = passwords.hash_password(PASSWORD), now()
        second_factor.set_up(session, runtime.keyring, made.id, FactorOffer(SECRET, ""), oathtool(SECRET, -30))
    return made


def command(settings: Settings, *words: str) -> str:
    """What the command says, run by itself as an operator would."""
    done = subprocess.run(
        [sys.executable, "-m", "portal", *words],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", **environment(settings)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def open_case(visitor: Visitor, name: str) -> str:
    """The address of a case somebody has just opened on the page."""
    fields = visitor.fields("/cases/new", "birth_date") | {"name": name} | CASE
    answer = visitor.send("/cases/new", fields)
    assert answer.status == 303, answer.data
    return answer.headers["Location"]


def sign_in(portal: Served, email: str, ahead: int) -> int:
    """The status of the answer to the code of a guide's app."""
    visitor = Visitor(portal, "")
    answer = visitor.send("/sign-in", visitor.fields("/sign-in", "password") | {"email": email, "password": PASSWORD})
    assert answer.status == 303, answer.data.decode()[-3000:]
    fields = visitor.fields("/sign-in/second", "code") | {"code": oathtool(SECRET, ahead)}
    return visitor.send("/sign-in/second", fields).status


def test_after_rotating_and_retiring_new_cases_and_code_apps_work_before_and_after_a_restart(
    portal_settings: Settings,
    keys: Path,
    story: Story,
    guide: Someone,
    owner: psycopg.Connection,
    tmp_path: Path,
) -> None:
    token = story.token(guide)
    found = owner.execute("select email from staff where person_id = %s", [guide.id]).fetchone()
    assert found is not None
    with served(portal_settings, tmp_path / "first") as portal:
        visitor = Visitor(portal, token)
        before = open_case(visitor, "Før")
        said = command(portal_settings, "keys", "rotate")
        assert "m2 wraps every case key now; 1 were wrapped anew, and 1 secrets of code apps\n" in said
        assert command(portal_settings, "keys", "retire") == "took out m1\n"
        assert read_keys(keys).masters.ids() == {"m2"}
        after = open_case(visitor, "Efter")
        for address in (before, after):
            visitor.get(address)
        assert sign_in(portal, found[0], 0) == 303
    assert owner.execute("select distinct master_id from case_key").fetchall() == [("m2",)]
    with served(portal_settings, tmp_path / "second") as portal:
        visitor = Visitor(portal, token)
        for address in (before, after):
            assert b"Overblik" in visitor.get(address)
        assert sign_in(portal, found[0], 30) == 303


def test_retiring_waits_for_a_case_that_is_being_opened_and_then_keeps_its_key(
    runtime: Runtime, portal_settings: Settings, keys: Path, story: Story, guide: Someone, owner: psycopg.Connection
) -> None:
    with story.acting(guide) as actor:
        made = begin_case(actor)  # wrapped by m1, and not committed yet
        add_master(keys)
        said: list[str] = []
        retiring = threading.Thread(target=lambda: said.append(command(portal_settings, "keys", "retire")))
        retiring.start()
        until = time.monotonic() + 120
        while not owner.execute("select 1 from pg_locks where locktype = 'advisory' and not granted").fetchone():
            assert time.monotonic() < until, "nobody waits"
            time.sleep(0.02)
    retiring.join(120)
    assert said == ["every master key is in use\n"]
    command(portal_settings, "keys", "rotate")
    assert command(portal_settings, "keys", "retire") == "took out m1\n"
    with runtime_for(portal_settings) as restarted, Story(restarted).acting(guide) as actor:
        assert [line.case_id for line in register.my_cases(actor).open] == [made]
        assert runtime.keyring.masters.ids() == {"m1"}, "it has not looked since, and need not"


def test_a_process_that_stands_on_an_old_copy_of_the_key_file_cannot_seal_what_no_other_could_open(
    portal_settings: Settings, keys: Path, story: Story, guide: Someone, owner: psycopg.Connection, tmp_path: Path
) -> None:
    aside = tmp_path / "old.json"
    shutil.copy(keys, aside)
    command(portal_settings, "keys", "rotate")
    command(portal_settings, "keys", "retire")
    with runtime_for(portal_settings.model_copy(update={"keys_file": aside})) as apart:
        with pytest.raises(DBAPIError, match="m1 was taken out of use"), Story(apart).acting(guide) as actor:
            begin_case(actor)
        with pytest.raises(DBAPIError, match="m1 was taken out of use"), apart.unit_of_work() as session:
            set_up_app(session, apart, guide)
    assert owner.execute("select count(*) from cases").fetchone() == (0,)
    assert owner.execute("select distinct master_id from totp").fetchall() == [("m2",)]


def test_every_table_that_names_a_master_key_is_rotated_counted_and_guarded(owner: psycopg.Connection) -> None:
    """Who adds one is told here what it takes: `upkeep.rewrap` seals its rows anew, and the trigger asks."""
    named = owner.execute(
        "select table_name from information_schema.columns where column_name = 'master_id' and table_schema = 'public'"
    ).fetchall()
    guarded = owner.execute(
        "select event_object_table from information_schema.triggers where trigger_name = 'refuse_retired'"
    ).fetchall()
    assert {table for (table,) in named} == {table for (table,) in guarded} == {"case_key", "totp", "contact_point"}


def test_a_secret_cannot_lie_under_another_master_key_than_its_row_says(
    guide: Someone, owner: psycopg.Connection
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("update totp set master_id = 'm7'")


def begin_case(actor):  # type: ignore[no-untyped-def]
    return register.open_case(actor, uuid4(), NewCase(NewCitizen("Ulla Ung"), BORN), PROFILE)


def set_up_app(session: PortalSession, runtime: Runtime, guide: Someone) -> None:
    second_factor.set_up(session, runtime.keyring, guide.id, FactorOffer(SECRET, ""), oathtool(SECRET))
