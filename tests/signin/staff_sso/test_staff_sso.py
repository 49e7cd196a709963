"""Professionals sign in through their own organisation, whose claims are turned into roles and places by data alone."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal import create_app
from portal.errors import UnsafeConfiguration
from portal.identity_providers import read_staff_providers
from portal.runtime import Runtime
from portal.settings import Settings
from tests.signin.staff_sso.conftest import ENTRY, a_colleague, claims, refusals, roles, sign_in
from tests.signin.test_eid_liar import there_and_back
from tests.support.browser import Browser
from tests.support.providers import Liar
from tests.support.story import Story


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
