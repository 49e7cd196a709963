"""An organisation's own provider, and the portal that is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal.access.signin import passwords
from portal.models import Staff
from portal.runtime import Runtime
from portal.services.accounts import directory
from portal.services.accounts.directory import NewStaff
from portal.settings import Settings
from tests.signin.test_eid_liar import there_and_back
from tests.support.application import app_for
from tests.support.browser import Browser, Page
from tests.support.providers import SECRET, Liar, free_port, node
from tests.support.story import Someone

CLAIMS = {
    "name": "Karen Kommune",
    "email": "karen@kommune.example",
    "dk.title": "Socialrådgiver",
    "cvr": "11223344",
    "groups": ["Alle", "FS-Sagsaabner"],
    "department": "B&U",
    "loa": "two-factors",
}


ENTRY = """
[[provider]]
key = "kommune"
label = "Kommunens login"
issuer = "{issuer}"
client_id = "portal"
client_secret_file = "{secret}"
job_title_claim = "dk.title"
level_claim = "loa"
levels_accepted = ["two-factors"]
organisation_claim = "cvr"
organisations = {{ "11223344" = "Prøveby Kommune" }}
unit_claim = "department"
units = {{ "B&U" = "Børn og Unge" }}
role_claim = "groups"
[provider.roles]
"FS-Administrator" = "administrator"
"FS-Sagsaabner" = "case opener"
"FS-Fagperson" = "professional"
"FS-Leder" = "leader"
"FS-Revisor" = "auditor"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Liar]:
    made = Liar(free_port())
    with node("liar.mjs", {"port": made.port, "claims": CLAIMS}):
        yield made


@pytest.fixture
def idp(server: Liar) -> Liar:
    server.bend()
    return server


@pytest.fixture
def portal_settings(portal_settings: Settings, server: Liar, tmp_path: Path) -> Settings:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "sso.toml").write_text(ENTRY.format(issuer=server.issuer, secret=tmp_path / "secret"), "utf-8")
    return portal_settings.model_copy(update={"staff_sso_file": tmp_path / "sso.toml"})


@pytest.fixture
def app(runtime: Runtime, idp: Liar) -> Iterator[Flask]:
    with app_for(runtime) as made:
        yield made


@pytest.fixture
def place(runtime: Runtime, owner: psycopg.Connection) -> None:
    """Two organisations, each with a unit."""
    for number, (name, unit) in enumerate((("Prøveby Kommune", "Børn og Unge"), ("Region Anden", "Psykiatri")), 1):
        where = f"00000000-0000-0000-0000-00000000000{number}"
        owner.execute("insert into organisation values (%s, %s, 'municipality', now())", [where, name])
        owner.execute("insert into unit values (%s, %s, %s, 'other', now())", [where, where, unit])


def claims(idp: Liar, **changed: Any) -> None:
    """What the organisation says from now on; None takes a claim away."""
    idp.bend(claims=changed, userinfo=changed)


def sign_in(browser: Browser) -> Page:
    return browser.get(there_and_back(browser.submit(browser.get("/sign-in"), "/staff-sign-in/kommune")))


def roles(owner: psycopg.Connection, email: str = "karen@kommune.example") -> tuple[bool, ...] | None:
    return owner.execute(
        "select is_admin, may_open_cases, is_leader, is_auditor from staff where email = %s", [email]
    ).fetchone()


def refusals(owner: psycopg.Connection) -> list[tuple[str, str]]:
    rows = owner.execute("select fields from audit_event where event = 'sign_in.refused' order by seq")
    return [(row[0]["method"], row[0]["reason"]) for row in rows]


def a_colleague(runtime: Runtime, unit: int, email: str) -> Someone:
    from uuid import UUID, uuid4

    made = Someone(uuid4(), "Karen Kommune", UUID(int=unit))
    with runtime.unit_of_work() as session:
        directory.create_staff(session, made.id, NewStaff(UUID(int=unit), made.name, email, "Rådgiver"))
        session.get_one(Staff, made.id).password_hash = passwords.hash_password("en hel lang sætning")
    return made
