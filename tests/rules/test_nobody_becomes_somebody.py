"""Every way in which a guide, a case opener or an administrator could become somebody else, or speak for them: tried.

What each of them is, and what holds, is in docs/security.md. The codes of guides are in test_codes.py, numbers typed
into another's case in test_foreign_numbers.py.
"""

from __future__ import annotations

import re
from email import policy
from email.parser import BytesParser
from io import BytesIO
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from pypdf import PdfReader

from portal.access.policy.roles import Capacity
from portal.errors import InvalidInput
from portal.models import Staff
from portal.runtime import Runtime
from portal.services.accounts import directory
from portal.services.accounts.directory import NewStaff
from portal.services.consents import declare, requests
from portal.services.consents.declare import Paper
from portal.services.members import network_people, team
from portal.services.plans import agreement
from tests.accounts.test_administration import HEAD, ORGANISATION, admin, choose, office
from tests.members.test_network import MAP, OVERVIEW, drawn
from tests.plans.test_tools import begin
from tests.signin.test_professionals_sign_in import invited_token, run_jobs
from tests.signin.test_second_factor import with_app
from tests.support.browser import Browser
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Room, Someone, Story, compartments
from tests.support.writing import TOOL, Writing

__all__ = ["admin", "office", "with_app"]


def mails(runtime: Runtime) -> list[tuple[str, str]]:
    """To whom and what, in the order they were sent."""
    run_jobs(runtime)
    read = [
        BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        for path in sorted((runtime.settings.data_dir / "mail").glob("*.eml"))
    ]
    return [(str(one["To"]), one.get_content()) for one in read]


def ways_in(owner: psycopg.Connection, someone: Someone) -> tuple[object, ...]:
    """What an account is signed in with: password, app, passkeys, codes, sessions that go on."""
    row = owner.execute(
        "select password_hash, (select count(*) from totp where person_id = s.person_id), "
        "(select count(*) from passkey where person_id = s.person_id), "
        "(select count(*) from recovery_code where person_id = s.person_id), "
        "(select count(*) from login where person_id = s.person_id and ended_at is null) "
        "from staff s where person_id = %s",
        [someone.id],
    ).fetchone()
    assert row is not None
    return row


# An administrator


@pytest.mark.parametrize("typed", [EMAIL, EMAIL.upper(), f"  {EMAIL} "])
def test_an_account_made_with_somebodys_address_changes_nothing_of_theirs(
    typed: str, app: Flask, story: Story, person: Someone, owner: psycopg.Connection
) -> None:
    before = ways_in(owner, person)
    browser = Browser(app, story.token(story.admin()))
    page = browser.get(f"/office/units/{person.unit_id}/staff/new")
    page = browser.submit(page, "email", name="En Anden", email=typed, job_title="Guide", may_open_cases="y")
    assert page.status == 422
    assert "allerede en konto" in page.text
    assert ways_in(owner, person) == before
    assert owner.execute("select count(*) from invitation").fetchone() == (0,)


def test_a_list_with_somebodys_address_invites_nobody_and_changes_nothing(
    office: Browser, person: Someone, owner: psycopg.Connection
) -> None:
    before = ways_in(owner, person)
    line = f"En Anden;{EMAIL};Guide;Jobcenter;administrator\n"
    page = choose(office, (HEAD + line + "Bo Bæk;bo@by.example;Leder;Jobcenter;leder\n").encode())
    assert "allerede en konto" in page.text
    whole = HEAD + line
    refused = office.post(f"/office/organisations/{ORGANISATION}/import/all", {"list": whole, "text": whole})
    assert refused.status in (303, 422)
    assert ways_in(owner, person) == before
    assert owner.execute("select count(*) from invitation").fetchone() == (0,)
    assert owner.execute("select is_admin from staff where lower(email) = %s", [EMAIL]).fetchone() == (False,)


def test_an_administrator_who_invites_somebody_anew_gets_nothing_in_hand_and_the_owner_is_told(
    app: Flask, runtime: Runtime, browser: Browser, with_app: tuple[str, list[str]], person: Someone, story: Story,
    owner: psycopg.Connection,
) -> None:  # fmt: skip
    """Neither a link nor a session: until the owner uses their mail, everything is as it was."""
    mails(runtime)
    sent = len(mails(runtime))
    before = ways_in(owner, person)
    admin = Browser(app, story.token(story.admin()))
    page = admin.post(f"/office/staff/{person.id}/invite")
    assert page.status == 303
    assert "/invitation/" not in admin.follow(page).everything
    assert "/invitation/" not in admin.get(f"/office/staff/{person.id}").everything
    assert ways_in(owner, person) == before
    new = mails(runtime)[sent:]
    assert {to for to, _body in new} == {EMAIL}, "all of it goes to the owner, and to nobody else"
    assert any("En administrator har sendt dig et link" in body for _to, body in new)
    (link,) = [found[1] for _to, body in new if (found := re.search(r"/invitation/(\S+)", body))]
    stored = owner.execute("select count(*) from invitation t where t::text like %s", [f"%{link}%"]).fetchone()
    assert stored == (0,), "and is nowhere an administrator of the portal, or of its database, could read it"


def test_a_new_password_by_an_invitation_keeps_the_second_step_and_is_told(
    app: Flask, runtime: Runtime, with_app: tuple[str, list[str]], person: Someone, story: Story
) -> None:
    """Whoever reads the owner's mail alone does not get in either."""
    Browser(app, story.token(story.admin())).post(f"/office/staff/{person.id}/invite")
    token = invited_token(runtime, person)
    thief = Browser(app)
    new = "en ny lang sætning"
    assert thief.submit(thief.get(f"/invitation/{token}"), "password", password=new, again=new).status == 303
    page = thief.follow(thief.submit(thief.get("/sign-in"), "password", email=EMAIL, password=new))
    assert page.path == "/sign-in/second"
    assert thief.get("/cases").status == 303
    assert thief.get("/me/totp").headers["Location"] == "/sign-in/second", "nor sets up another step"
    assert "ændret i, hvordan du logger på" in mails(runtime)[-1][1]


def test_an_account_that_is_closed_or_opened_again_tells_its_owner(
    app: Flask, runtime: Runtime, person: Someone, story: Story, owner: psycopg.Connection
) -> None:
    admin = Browser(app, story.token(story.admin()))
    for act, said in (("close", "har lukket din konto"), ("reopen", "har åbnet din konto")):
        assert admin.post(f"/office/staff/{person.id}/{act}").status == 303
        to, body = mails(runtime)[-1]
        assert (to, said in body) == (EMAIL, True)
    for act in ("close", "reopen"):
        admin.post(f"/office/staff/{person.id}/{act}")
    assert len(mails(runtime)) == 4, "and each is told once"


def test_everything_an_administrator_can_do_to_an_account_is_told_to_its_owner(app: Flask) -> None:
    """Whoever adds an act on an account says here how its owner is told of it."""
    told = {
        "office.add_staff": "the invitation",
        "accounts.edit": "a notice",
        "accounts.unit": "a notice",
        "accounts.email": "a notice at the address before, and the link at the new one",
        "accounts.stop_email": "the link stops working",
        "accounts.invite_again": "a notice and the invitation",
        "accounts.start_renewal": "a notice and the invitation",
        "accounts.close": "a notice",
        "accounts.reopen": "a notice",
        "colleagues.answer": "the invitation",
        "office_import.confirm": "the invitation",
    }
    of_places = {"office.add_organisation", "office.add_unit", "office.sign_in", "office_import.check"}
    of_places |= {"colleagues.missing", "colleagues.decline"}  # of somebody who has no account
    acts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(("office.", "office_import.", "accounts.", "colleagues."))
        and "POST" in (rule.methods or set())
    }
    assert acts == set(told) | of_places


def test_an_administrator_who_is_a_case_opener_too_gets_into_no_case(
    app: Flask, story: Story, runtime: Runtime, owner: psycopg.Connection
) -> None:
    """With every role there is, given to themselves by a second account."""
    room = story.case()
    admin, unit = story.admin(), room.guide.unit_id
    assert unit is not None
    with story.acting(admin) as actor:
        new = NewStaff(unit, "Aksel To", "aksel2@testby.example", "Guide", True, True, True, True)
        second = directory.add_staff(actor, uuid4(), new)
    browser = Browser(app, story.token(Someone(second, "Aksel To", unit)))
    for path in ("", "/people", "/files", "/messages", "/plan", "/log", "/consents/mine"):
        assert browser.get(f"/cases/{room.case_id}{path}").status == 404
    assert str(room.case_id) not in browser.get("/cases").everything
    with runtime.unit_of_work() as session:
        assert session.get_one(Staff, second).may_open_cases


def test_a_first_factor_is_not_set_up_by_whoever_holds_a_session_of_the_password_alone_later_on(
    app: Flask, story: Story, person: Someone, browser: Browser, owner: psycopg.Connection
) -> None:
    """An administrator at the owner's open screen, eleven minutes on."""
    browser.submit(browser.get("/sign-in"), "password", email=EMAIL, password=PASSWORD)
    owner.execute("update login set started_at = started_at - interval '11 minutes'")
    page = browser.get("/me/totp")
    assert "adgangskode" in page.text
    assert browser.get("/me/password").headers["Location"] == "/step-up"


# A guide, in somebody's stead


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=1)


def register(story: Story, room: Room, method: str) -> object:
    def verb(ticket):  # type: ignore[no-untyped-def]
        asked = requests.request(ticket, room.member(room.young))
        choices = {line.key: {one.key: True for one in line.asked} for line in asked.parties}
        scan = story.upload("samtykke.pdf", b"%PDF-1.4\n%\n") if method == "paper" else None
        today = asked.until.replace(year=asked.until.year - 1)
        paper = Paper(method, min(today, _today(ticket)), "Sagt på mødet", scan, told=True)
        return declare.register(ticket, uuid4(), room.member(room.young), choices, asked.until, "da", paper)

    return story.play(room, room.guide, verb)


def _today(ticket):  # type: ignore[no-untyped-def]
    from portal import clock

    return clock.today(ticket.profile.zone)


@pytest.mark.parametrize("method", ["paper", "oral"])
def test_a_consent_that_a_guide_notes_is_never_shown_as_the_givers_own_and_the_giver_is_told(
    method: str, app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    story.add(room, story.staff("Lars Lærer", "Skolen"))
    alma = Browser(app, story.token(room.young))
    front = f"/cases/{room.case_id}"
    assert "noteret i dit navn" not in alma.get(front).text
    register(story, room, method)
    assert owner.execute("select method, registered_by_id <> giver_id from consent").fetchall() == [(method, True)]
    assert "Der er noteret et svar i dit navn" in alma.get(front).text
    assert "Der er noteret et svar i dit navn" in alma.get(front).text, "until she has looked"
    mine = alma.get(f"{front}/consents/mine")
    assert f"registreret af {room.guide.name}" in mine.text
    assert "med eID" not in mine.text
    assert "noteret i dit navn" not in alma.get(front).text
    receipt = next(link for link in mine.links() if link.endswith("/receipt"))
    text = "".join(p.extract_text() for p in PdfReader(BytesIO(alma.get(receipt).response.data)).pages)
    assert room.guide.name in text
    assert "noteret i dit navn" not in Browser(app, story.token(room.guide)).get(front).text


def test_a_yes_taken_back_on_somebodys_word_is_told_to_them(app: Flask, story: Story, room: Room) -> None:
    story.add(room, story.staff("Lars Lærer", "Skolen"))
    made = story.consent(room, room.young)
    alma = Browser(app, story.token(room.young))
    front = f"/cases/{room.case_id}"
    assert "noteret i dit navn" not in alma.get(front).text
    story.play(room, room.guide, lambda t: declare.withdraw_consent(t, uuid4(), made, "all"))
    assert "Der er noteret et svar i dit navn" in alma.get(front).text
    alma.get(f"{front}/consents/mine")
    assert "noteret i dit navn" not in alma.get(front).text


def test_nobody_but_the_giver_gives_by_eid(story: Story, room: Room, owner: psycopg.Connection) -> None:
    """Not the guide in anybody's stead, nor one giver in another's."""
    with pytest.raises(InvalidInput, match="choice"):
        register(story, room, "eid")
    for someone in (room.guide, room.parents[0]):
        assert not story.play(
            room,
            someone,
            lambda t: t.allows(declare.Action.CONSENT_GIVE) and t.membership.id == room.member(room.young),
        )


def test_a_yes_to_the_plan_that_a_guide_notes_says_so_on_the_page_in_the_log_and_on_paper(
    app: Flask, story: Story, room: Room
) -> None:
    writing = Writing(story, room)
    writing.begin(room.guide)
    writing.write(room.guide, now__goal="Noget, Alma aldrig har sagt")
    writing.propose(room.guide)
    proposal = writing.page(room.guide).proposal_id
    assert proposal is not None
    how = "Sagde ja i telefonen"
    story.play(
        room,
        room.guide,
        lambda t: agreement.accept_for(t, uuid4(), TOOL, 1, proposal, room.member(room.young), how),
    )
    alma = Browser(app, story.token(room.young))
    page = alma.get(f"/cases/{room.case_id}/plan/{TOOL}")
    assert f"noteret af {room.guide.name}: {how}" in page.text
    paper = alma.get(f"/cases/{room.case_id}/plan/{TOOL}/versions/1/paper/pdf")
    text = " ".join("".join(p.extract_text() for p in PdfReader(BytesIO(paper.response.data)).pages).split())
    assert f"noteret af {room.guide.name}" in text
    assert "noterede det ja, en anden har givet" in alma.get(f"/cases/{room.case_id}/log").text


def test_noting_who_somebody_of_the_network_is_changes_nothing_of_what_anybody_may_see(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    """The guide says that "Moster Mia" on the map is the mother, then that she is somebody else."""
    story.consent(room, room.young)
    uncle = story.add_citizen(room, "Ole Onkel", Capacity.NETWORK_PERSON)
    begin(story, room, room.young, MAP)
    begin(story, room, room.guide, OVERVIEW)
    row = drawn(story, room, "Moster Mia")
    asked = "select membership_id, person_id, compartment_id, can_write, basis from access_window order by 1, 3"
    before = owner.execute(asked).fetchall()
    for someone in (room.parents[0], uncle):
        member = room.member(someone)
        story.play(
            room,
            room.guide,
            lambda t, member=member: network_people.recognise_person(t, uuid4(), OVERVIEW, row, member),
        )
    assert owner.execute(asked).fetchall() == before
    assert before


def test_noting_custody_gives_the_guide_no_voice_and_is_seen_by_the_young_person(
    app: Flask, story: Story, room: Room
) -> None:
    """Without a custody holder nobody who needs their consent sees anything: taking custody away opens no door."""
    school = story.staff("Lars Lærer", "Skolen")
    story.add(room, school)
    story.consent(room, room.young)
    assert compartments(story, room, school) == set()
    story.play(room, room.guide, lambda t: team.set_custody(t, room.member(room.parents[0]), False))
    assert compartments(story, room, school) == set()
    alma = Browser(app, story.token(room.young))
    assert "har forældremyndighed" in alma.get(f"/cases/{room.case_id}/log").text
