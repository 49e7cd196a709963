"""Professionals sign in through their own organisation, whose claims are turned into roles and places by data alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal import create_app
from portal.access.signin import passwords
from portal.errors import UnsafeConfiguration
from portal.identity_providers import read_staff_providers
from portal.models import Staff
from portal.runtime import Runtime
from portal.services.accounts import directory
from portal.services.accounts.directory import NewStaff
from portal.settings import Settings
from tests.signin.test_eid_liar import there_and_back
from tests.support.application import app_for
from tests.support.browser import Browser, Page
from tests.support.providers import SECRET, Liar, free_port, node
from tests.support.story import Someone, Story

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


def test_a_first_sign_in_makes_an_account_in_the_right_place_with_the_right_role(
    browser: Browser, place: None, owner: psycopg.Connection
) -> None:
    assert "Log på med Kommunens login" in browser.get("/sign-in").text
    page = browser.follow(sign_in(browser))
    assert page.path == "/cases"
    assert "Karen Kommune" in page.everything
    found = owner.execute(
        "select s.name, s.job_title, u.name, o.name from staff s join unit u on u.id = s.unit_id "
        "join organisation o on o.id = u.organisation_id"
    ).fetchall()
    assert found == [("Karen Kommune", "Socialrådgiver", "Børn og Unge", "Prøveby Kommune")]
    assert roles(owner) == (False, True, False, False)
    assert browser.get("/cases/new").status == 200
    assert browser.get("/office").status == 403


@pytest.mark.parametrize(
    ("groups", "expected", "open_pages"),
    [
        (["FS-Administrator"], (True, False, False, False), {"/office"}),
        (["FS-Fagperson"], (False, False, False, False), set()),
        (["FS-Leder"], (False, False, True, False), {"/figures"}),
        ("FS-Revisor", (False, False, False, True), {"/trace"}),
        (["FS-Leder", "FS-Revisor", "Alle", 7], (False, False, True, True), {"/figures", "/trace"}),
    ],
)
def test_claims_become_roles_and_a_role_opens_its_own_page_and_no_case(
    groups: Any, expected: tuple[bool, ...], open_pages: set[str], browser: Browser, idp: Liar, place: None,
    story: Story, owner: psycopg.Connection,
) -> None:  # fmt: skip
    room = story.case()
    claims(idp, groups=groups)
    assert sign_in(browser).status == 303
    assert roles(owner) == expected
    for path in ("/office", "/figures", "/trace", "/cases/new"):
        assert browser.get(path).status == (200 if path in open_pages else 403), path
    assert browser.get(f"/cases/{room.case_id}").status == 404


FAGPERSON, ADMINISTRATOR = (f"http://folgeskab.example/roles/usersystemrole/{n}/1" for n in ("fagperson", "admin"))
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<bpp:PrivilegeList xmlns:bpp="http://itst.dk/oiosaml/basic_privilege_profile">
<PrivilegeGroup Scope="urn:dk:gov:saml:cvrNumberIdentifier:{cvr}">{inside}</PrivilegeGroup></bpp:PrivilegeList>"""


def privileges(*values: str, cvr: str = "11223344", narrowed: str = "", before: str = "") -> str:
    inside = narrowed + "".join(f"<Privilege>{value}</Privilege>" for value in values)
    return b64encode((before + LIST.format(cvr=cvr, inside=inside)).encode()).decode()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (privileges(FAGPERSON), (False, False, False, False)),
        (privileges(ADMINISTRATOR, "http://other.example/roles/x/1"), (True, False, False, False)),
        ([privileges(FAGPERSON), privileges(ADMINISTRATOR)], (True, False, False, False)),
        (privileges(ADMINISTRATOR, cvr="99887766"), None),
        (privileges(ADMINISTRATOR, narrowed='<Constraint Name="urn:dk:kombit:orgUnit">x</Constraint>'), None),
        (privileges(ADMINISTRATOR, before='<!DOCTYPE x [<!ENTITY a "b">]>'), None),
        (ADMINISTRATOR, None),
        ("ikke base64 æøå", None),
        (b64encode(b"<PrivilegeList>").decode(), None),
        (7, None),
    ],
    ids=["one", "with others", "two lists", "another organisation", "narrowed", "document type", "plain", "not base64",
         "not xml", "number"],
)  # fmt: skip
def test_privileges_of_the_public_profile_count_for_the_organisation_they_name(
    told: Any, expected: tuple[bool, ...] | None, runtime: Runtime, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    path = runtime.settings.data_dir / "oio-bpp.toml"
    assert runtime.settings.staff_sso_file is not None
    entry = (
        runtime.settings.staff_sso_file.read_text("utf-8").split("role_claim")[0]
        + 'role_claim = "priv"\nrole_format = "oio-bpp"\n'
    )
    entry += f'[provider.roles]\n"{FAGPERSON}" = "professional"\n"{ADMINISTRATOR}" = "administrator"\n'
    path.write_text(entry, "utf-8")
    settings = Settings.model_validate({**runtime.settings.model_dump(), "staff_sso_file": path})
    claims(idp, priv=told)
    sign_in(Browser(create_app(replace(runtime, settings=settings))))
    assert roles(owner) == expected
    if expected is None:
        assert refusals(owner)[-1][1] == "role"


def test_a_fresh_proof_is_given_where_the_organisation_signs_its_staff_in(
    browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    """And by the same person: whoever else answers there leaves the door shut."""
    claims(idp, groups=["FS-Administrator"])
    sign_in(browser)
    door = "/office/organisations/new"
    assert browser.get(door).status == 200
    owner.execute("update login set fresh_at = now() - interval '11 minutes'")
    asked = browser.follow(browser.get(door))
    assert asked.path == "/step-up"
    assert "Kommunens login" in asked.text

    claims(idp, groups=["FS-Administrator"], sub="somebody-else", email="en.anden@kommune.example", name="En Anden")
    browser.follow(browser.get(there_and_back(browser.submit(asked, "/step-up/staff/kommune"))))
    assert browser.get(door).status == 303, "that was not Karen"
    assert owner.execute("select count(*) from staff").fetchone() == (1,), "and it made nobody an account"

    claims(idp, groups=["FS-Administrator"])
    asked = browser.follow(browser.get(door))
    back = browser.follow(browser.get(there_and_back(browser.submit(asked, "/step-up/staff/kommune"))))
    assert (back.status, back.path) == (200, door)


@pytest.mark.parametrize(
    "told", [{"auth_time": 1_600_000_000}, {"auth_time": None}, {"auth_time": "nu"}], ids=["long ago", "none", "words"]
)
def test_a_fresh_proof_of_staff_is_looked_at_and_not_only_asked_for(
    told: dict[str, Any], browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    admin = {"groups": ["FS-Administrator"]}
    claims(idp, **admin)
    sign_in(browser)
    owner.execute("update login set fresh_at = now() - interval '11 minutes'")
    door = "/office/organisations/new"
    asked = browser.follow(browser.get(door))
    out = browser.submit(asked, "/step-up/staff/kommune")
    assert "max_age=0" in out.headers["Location"]
    claims(idp, **admin, **told)
    page = browser.get(there_and_back(out))
    assert page.status == 403
    assert "Det blev ikke bekræftet" in page.text
    assert browser.get(door).status == 303
    browser.post("/sign-out")
    assert sign_in(browser).status == 403, "nor does it let anybody in as the one before"
    assert owner.execute("select count(*) from audit_event where event = 'stepped.up'").fetchone() == (0,)
    claims(idp, **admin)
    assert sign_in(browser).status == 303


def test_an_ordinary_sign_in_of_staff_confirms_nothing(
    browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    """Begun before somebody was asked to confirm, answered after."""
    claims(idp, groups=["FS-Administrator"])
    sign_in(browser)
    owner.execute("update login set fresh_at = now() - interval '11 minutes'")
    before = there_and_back(browser.post("/staff-sign-in/kommune"))
    browser.submit(browser.get("/step-up"), "/step-up/staff/kommune")
    browser.get(before)
    assert owner.execute("select count(*) from audit_event where event = 'stepped.up'").fetchone() == (0,)


def test_a_sign_in_that_does_not_tell_when_is_let_in_and_confirms_nothing(
    runtime: Runtime, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    """Where the settings say that it tells none: whoever comes that way confirms by a second step of their own."""
    assert runtime.settings.staff_sso_file is not None
    path = runtime.settings.data_dir / "silent.toml"
    entry = runtime.settings.staff_sso_file.read_text("utf-8")
    path.write_text(entry.replace('key = "kommune"', 'key = "kommune"\nauth_time_claim = ""'), "utf-8")
    settings = Settings.model_validate({**runtime.settings.model_dump(), "staff_sso_file": path})
    claims(idp, groups=["FS-Administrator"], auth_time=None)
    browser = Browser(create_app(replace(runtime, settings=settings)))
    page = browser.follow(sign_in(browser))
    assert page.path == "/office", "they have no case and look after accounts"
    assert "ekstra trin" not in page.text, "they came by more than a password"
    assert browser.get("/office/organisations/new").headers["Location"] == "/step-up"
    asked = browser.get("/step-up")
    assert "/step-up/staff/kommune" not in asked.everything
    assert "/me/second-step" in asked.everything


def test_a_role_taken_away_there_is_gone_here_at_the_next_sign_in(
    browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    sign_in(browser)
    claims(idp, groups=["FS-Fagperson"])
    browser.post("/sign-out")
    sign_in(browser)
    assert roles(owner) == (False, False, False, False)
    assert owner.execute("select count(*) from staff").fetchone() == (1,)
    changed = owner.execute("select fields from audit_event where event = 'roles.set' order by seq").fetchall()
    assert changed[-1] == ({"roles": ["professional"]},)


def test_somebody_who_has_an_account_keeps_it(
    browser: Browser, runtime: Runtime, place: None, owner: psycopg.Connection
) -> None:
    colleague = a_colleague(runtime, 1, "Karen@Kommune.example")
    sign_in(browser)
    assert owner.execute("select person_id from staff_link").fetchall() == [(colleague.id,)]
    assert owner.execute("select count(*) from staff").fetchone() == (1,)


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "no role": ("role", {"groups": ["Alle"]}),
    "no groups at all": ("role", {"groups": None}),
    "groups in an object": ("role", {"groups": {"0": "FS-Sagsaabner"}}),
    "another organisation": ("organisation", {"cvr": "99999999"}),
    "no organisation": ("organisation", {"cvr": None}),
    "organisation in a list": ("organisation", {"cvr": ["11223344"]}),
    "a unit nobody knows": ("unit", {"department": "Kantinen"}),
    "one factor": ("level", {"loa": "password"}),
    "an address that is none": ("account", {"email": "karen"}),
    "no name": ("account", {"name": None}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_whoever_the_data_does_not_place_is_refused_and_nothing_is_made(
    case: str, browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    reason, changed = REFUSED[case]
    claims(idp, **changed)
    page = sign_in(browser)
    assert page.status == 403
    assert refusals(owner) == [("staff:kommune", reason)]
    assert browser.get("/cases").status == 303
    assert owner.execute("select count(*) from staff").fetchone() == (0,)
    assert owner.execute("select count(*) from staff_link").fetchone() == (0,)


def test_an_organisation_cannot_become_somebody_elses_staff(
    browser: Browser, runtime: Runtime, place: None, owner: psycopg.Connection
) -> None:
    a_colleague(runtime, 2, "karen@kommune.example")
    assert sign_in(browser).status == 403
    assert refusals(owner) == [("staff:kommune", "organisation")]


def test_an_address_given_to_a_new_colleague_does_not_bring_the_account_along(
    browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    sign_in(browser)
    browser.post("/sign-out")
    idp.bend(claims={"sub": "a-new-colleague"}, userinfo={"sub": "a-new-colleague"})
    assert sign_in(browser).status == 403
    assert refusals(owner) == [("staff:kommune", "account")]


def test_an_address_the_provider_has_not_verified_links_nothing(
    browser: Browser, runtime: Runtime, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    a_colleague(runtime, 1, "karen@kommune.example")
    claims(idp, email_verified=False)
    assert sign_in(browser).status == 403
    assert owner.execute("select count(*) from staff_link").fetchone() == (0,)


def test_a_closed_account_stays_closed(browser: Browser, place: None, owner: psycopg.Connection) -> None:
    sign_in(browser)
    owner.execute("update person set closed_at = now() where kind = 'staff'")
    assert sign_in(browser).status == 403
    assert refusals(owner) == [("staff:kommune", "closed")]


def test_a_citizens_eid_never_opens_a_professionals_account(
    browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    """The answer of one kind of sign-in is worth nothing at the other's door."""
    page = browser.submit(browser.get("/sign-in"), "/staff-sign-in/kommune")
    callback = there_and_back(page)
    assert browser.get(callback.replace("/staff-sign-in/", "/eid/")).status == 404
    assert browser.get("/cases").status == 303


def test_passwords_can_be_switched_off_for_an_organisation_and_on_again(
    browser: Browser, app: Flask, runtime: Runtime, story: Story, place: None, owner: psycopg.Connection
) -> None:
    colleague = a_colleague(runtime, 1, "karen@kommune.example")
    inside = Browser(app, story.token(colleague))
    office = Browser(app, story.token(story.admin()))
    where = "/office/organisations/00000000-0000-0000-0000-000000000001/sign-in"
    page = office.get(where)
    assert office.follow(office.submit(page, "allowed")).path == "/office"
    assert inside.get("/cases").status == 303, "signed out at once"
    typed = {"email": "karen@kommune.example", "password": "en hel lang sætning"}
    answer = browser.submit(browser.get("/sign-in"), "password", **typed)
    assert answer.status == 422
    assert "ikke adgangskoder" in answer.text
    wrong = browser.submit(browser.get("/sign-in"), "password", **{**typed, "password": "en anden sætning"})
    assert "ikke adgangskoder" not in wrong.text, "only whoever knows the password is told"
    assert sign_in(browser).status == 303
    browser.post("/sign-out")
    office.submit(office.get(where), "allowed")
    assert browser.submit(browser.get("/sign-in"), "password", **typed).status == 303
    switched = owner.execute("select fields from audit_event where event = 'passwords.switched' order by seq")
    assert switched.fetchall() == [({"allowed": False},), ({"allowed": True},)]


def test_passwords_stay_where_there_is_no_other_way_in(
    app: Flask, story: Story, place: None, owner: psycopg.Connection
) -> None:
    office = Browser(app, story.token(story.admin()))
    page = office.get("/office/organisations/00000000-0000-0000-0000-000000000002/sign-in")
    answer = office.submit(page, "allowed")
    assert answer.status == 422
    assert "ingen anden måde" in answer.text
    assert owner.execute("select bool_and(password_sign_in) from organisation").fetchone() == (True,)


def test_the_command_line_opens_a_door_that_was_locked_from_inside(
    runtime: Runtime, place: None, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal import cli

    owner.execute("update organisation set password_sign_in = false")
    monkeypatch.setattr(cli, "_settings", lambda: runtime.settings)
    cli.cli(["allow-passwords", "--organisation", "Prøveby Kommune"], standalone_mode=False)
    allowed = owner.execute("select password_sign_in from organisation where name = 'Prøveby Kommune'").fetchone()
    assert allowed == (True,)
    with pytest.raises(UnsafeConfiguration, match="Nowhere"):
        cli.cli(["allow-passwords", "--organisation", "Nowhere"], standalone_mode=False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('organisations = { "11223344" = "Prøveby Kommune" }', "organisation"),
        ("[provider.roles]\n", "roles"),
        ('units = { "B&U" = "Børn og Unge" }', "unit"),
        ("oio-bpp", "CVR"),
    ],
)
def test_a_mapping_with_a_hole_stops_the_program(line: str, said: str, tmp_path: Path) -> None:
    text = ENTRY.format(issuer="https://idp.example", secret="/x")
    text = text.split("[provider.roles]")[0] if "roles" in line else text.replace(line, "")
    if line == "oio-bpp":
        text = text.split("organisation_claim")[0] + 'organisation = "Prøveby Kommune"\nunit = "Børn og Unge"\n'
        text += 'role_claim = "priv"\nrole_format = "oio-bpp"\nroles = { x = "leader" }\n'
    (tmp_path / "sso.toml").write_text(text, "utf-8")
    with pytest.raises(UnsafeConfiguration, match=said):
        read_staff_providers(tmp_path / "sso.toml")
