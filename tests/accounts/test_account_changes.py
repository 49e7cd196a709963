"""A new address and another unit: nobody becomes somebody else by them, and nobody sees more than before."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.errors import InvalidInput, Refused
from portal.runtime import Runtime
from portal.services.accounts import directory, email_changes, invitations, moves
from portal.services.accounts.directory import NewStaff
from tests.signin.test_professionals_sign_in import sign_in
from tests.signin.test_second_factor import oathtool, set_up
from tests.support.browser import Browser
from tests.support.mails import mails, run_jobs, token_in
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Room, Someone, Story, compartments

NEW = "pia@nytsted.example"


@pytest.fixture
def admin(story: Story) -> Someone:
    return story.admin("Aksel Admin")


@pytest.fixture
def pia(story: Story, runtime: Runtime, app: Flask) -> tuple[Someone, str]:
    """Pia, who has come in and set up her code app; her mailbox is empty again."""
    from portal import audit
    from portal.access.signin import passwords
    from portal.events import Event
    from portal.models import Staff

    made = story.staff("Pia Prøve", "Skolen")
    with runtime.unit_of_work() as session:
        staff = session.get_one(Staff, made.id)
        staff.password_hash, staff.email = passwords.hash_password(PASSWORD), EMAIL
        audit.record(session, Event.PASSWORD_CHOSEN)
    browser = Browser(app)
    sign_in(browser, EMAIL, PASSWORD)
    key, _codes = set_up(browser)
    browser.post("/sign-out")
    run_jobs(runtime)
    for path in (runtime.settings.data_dir / "mail").glob("*.eml"):
        path.unlink()
    return made, key


def ask(story: Story, admin: Someone, person: Someone, address: str = NEW) -> bool:
    with story.acting(admin) as actor:
        return email_changes.ask_for_address(actor, person.id, address)


def confirmation(runtime: Runtime) -> str:
    """Where the link in the mail to the new address leads."""
    run_jobs(runtime)
    letter = next(mail for mail in reversed(mails(runtime)) if mail["To"] == NEW)
    return f"/email/{token_in(letter, 'email')}"


def sent_to(runtime: Runtime, address: str) -> list[str]:
    run_jobs(runtime)
    return [mail.get_content() for mail in mails(runtime) if mail["To"] == address]


def signed_in(app: Flask, key: str, email: str = EMAIL, ahead: int = 0) -> Browser:
    browser = Browser(app)
    page = browser.follow(sign_in(browser, email, PASSWORD))
    assert browser.submit(page, "code", code=oathtool(key, ahead)).status == 303
    return browser


# Another address


def test_the_owner_confirms_a_new_address_with_the_second_step_and_both_are_told(
    app: Flask, story: Story, runtime: Runtime, admin: Someone, pia: tuple[Someone, str], owner: psycopg.Connection
) -> None:
    person, key = pia
    office = Browser(app, story.token(admin))
    page = office.submit(office.get(f"/office/staff/{person.id}/email"), "email", email=" Pia@NytSted.example")
    assert page.status == 303
    assert "Venter på at blive bekræftet: pia@nytsted.example" in office.get(f"/office/staff/{person.id}").text
    path = confirmation(runtime)
    assert "Aksel Admin" in sent_to(runtime, NEW)[0]
    (warned,) = sent_to(runtime, EMAIL)
    assert "har bedt om, at din konto" in warned
    assert path not in warned
    browser = Browser(app)
    assert browser.get(path).status == 303, "signing in first"
    page = browser.follow(browser.follow(sign_in(browser, EMAIL, PASSWORD)))
    asked = browser.follow(browser.submit(page, "code", code=oathtool(key)))
    assert asked.path == path
    assert "pia@nytsted.example" in asked.text
    assert "Aksel Admin" in asked.text
    elsewhere = Browser(app, story.token(person))
    assert browser.submit(asked, "submission").status == 303
    assert browser.get("/cases").status == 200
    assert elsewhere.get("/cases").status == 303, "signed out everywhere else"
    assert "har fået en anden e-mailadresse" in sent_to(runtime, EMAIL)[-1]
    assert any("ændret i, hvordan du logger på" in said for said in sent_to(runtime, NEW))
    assert browser.get(path).status == 404, "used up"
    assert sign_in(Browser(app), EMAIL, PASSWORD).status == 422
    assert signed_in(app, key, NEW, ahead=30).get("/cases").status == 200, "the second step is the one before"
    events = {row[0] for row in owner.execute("select event from audit_event where item_id = %s", [person.id])}
    assert {"email.asked", "staff.changed"} <= events


def test_until_it_is_confirmed_everything_goes_to_the_address_before(
    app: Flask, story: Story, runtime: Runtime, admin: Someone, pia: tuple[Someone, str]
) -> None:
    """An administrator with a mailbox of their own asks for the address, a new password and a renewal: each link goes
    to its owner all the same."""
    person, _key = pia
    assert ask(story, admin, person) is False
    browser = Browser(app)
    browser.submit(browser.get("/forgotten"), "email", email=EMAIL)
    browser.submit(browser.get("/forgotten"), "email", email=NEW)
    with story.acting(admin) as actor:
        invitations.start_renewal(actor, person.id)
    run_jobs(runtime)
    for said in sent_to(runtime, NEW):
        assert "/forgotten/" not in said
        assert "/invitation/" not in said
    assert sum("/forgotten/" in said for said in sent_to(runtime, EMAIL)) == 1
    assert sum("/invitation/" in said for said in sent_to(runtime, EMAIL)) == 1


def test_nobody_but_the_owner_can_confirm_whoever_has_the_link(
    app: Flask, story: Story, runtime: Runtime, admin: Someone, room: Room, pia: tuple[Someone, str],
    owner: psycopg.Connection,
) -> None:  # fmt: skip
    person, _key = pia
    ask(story, admin, person)
    path = confirmation(runtime)
    for other in (admin, room.guide, room.young):
        browser = Browser(app, story.token(other))
        assert browser.get(path).status == 404
        assert browser.post(path).status == 404
    weak = Browser(app)
    sign_in(weak, EMAIL, PASSWORD)
    assert weak.get(path).status == 303, "a password alone still needs its second factor"
    with runtime.unit_of_work() as session:
        from portal.access.signin import sessions

        token = sessions.start(session, person.id, "password", strong=False)
    answered = Browser(app, token).get(path)
    assert answered.headers["Location"] == "/step-up"
    assert owner.execute("select email from staff where person_id = %s", [person.id]).fetchone() == (EMAIL,)


def test_links_sent_before_are_over_with_the_new_address(
    app: Flask, story: Story, runtime: Runtime, admin: Someone, pia: tuple[Someone, str]
) -> None:
    person, _key = pia
    browser = Browser(app)
    browser.submit(browser.get("/forgotten"), "email", email=EMAIL)
    with story.acting(admin) as actor:
        invitations.start_renewal(actor, person.id)
    said = " ".join(sent_to(runtime, EMAIL))
    reset = f"/forgotten/{said.split('/forgotten/')[1].split()[0]}"
    renewal = f"/invitation/{said.split('/invitation/')[1].split()[0]}"
    assert browser.get(reset).status == browser.get(renewal).status == 200
    ask(story, admin, person)
    owns = Browser(app, story.token(person))
    assert owns.submit(owns.get(confirmation(runtime)), "submission").status == 303
    assert browser.get(reset).status == browser.get(renewal).status == 410


def test_a_link_runs_out_is_taken_back_and_is_ended_by_a_newer_one(
    app: Flask, story: Story, runtime: Runtime, admin: Someone, pia: tuple[Someone, str], calendar
) -> None:  # type: ignore[no-untyped-def]
    person, _key = pia
    ask(story, admin, person)
    first = confirmation(runtime)
    ask(story, admin, person)
    second = confirmation(runtime)
    owns = Browser(app, story.token(person))
    assert owns.get(first).status == 404
    assert owns.get(second).status == 200
    office = Browser(app, story.token(admin))
    assert office.submit(office.get(f"/office/staff/{person.id}"), "/email/stop").status == 303
    assert owns.get(second).status == 404
    ask(story, admin, person)
    third = confirmation(runtime)
    calendar.move(days=7, minutes=1)
    assert Browser(app, story.token(person)).get(third).status == 404


@pytest.mark.parametrize(
    ("address", "code"),
    [("søren@by.example", "email_letters"), ("pia", "email_wrong"), (EMAIL.upper(), "email_same"), ("", "email_wrong")],
)
def test_an_address_that_cannot_be_is_refused(
    address: str, code: str, story: Story, admin: Someone, pia: tuple[Someone, str]
) -> None:
    with pytest.raises(InvalidInput, match=code):
        ask(story, admin, pia[0], address)


def test_an_address_that_is_somebodys_is_refused_also_at_the_last_moment(
    app: Flask, story: Story, runtime: Runtime, admin: Someone, pia: tuple[Someone, str], owner: psycopg.Connection
) -> None:
    person, _key = pia
    other = story.staff("Anden Ansat")
    owner.execute("update staff set email = %s where person_id = %s", [NEW, other.id])
    with pytest.raises(InvalidInput, match="email_taken"):
        ask(story, admin, person)
    owner.execute("update staff set email = 'anden@by.example' where person_id = %s", [other.id])
    ask(story, admin, person)
    path = confirmation(runtime)
    owner.execute("update staff set email = %s where person_id = %s", [NEW.upper(), other.id])
    owns = Browser(app, story.token(person))
    page = owns.submit(owns.get(path), "submission")
    assert page.status == 422
    assert "allerede en konto" in page.text
    assert owner.execute("select email from staff where person_id = %s", [person.id]).fetchone() == (EMAIL,)


def test_an_account_nobody_has_come_in_with_is_invited_anew_and_its_cases_ask_their_guides(
    app: Flask, story: Story, runtime: Runtime, room: Room, admin: Someone, owner: psycopg.Connection
) -> None:
    """Else an administrator could put a mailbox of their own behind somebody whom a guide has let in already."""
    with story.acting(admin) as actor:
        made = directory.add_staff(
            actor, uuid4(), NewStaff(story.unit("Familie og unge"), "Ny Kollega", EMAIL, "Rådgiver")
        )
    person = Someone(made, "Ny Kollega")
    story.add(room, person, Level.WRITE)
    assert compartments(story, room, person) != set(), "one of the guide's own unit, let in"
    run_jobs(runtime)
    owner.execute("delete from procrastinate_jobs; delete from notice_due; delete from notice_item")  # they were told
    first = token_in(mails(runtime)[0], "invitation")
    assert ask(story, admin, person) is True
    assert Browser(app).get(f"/invitation/{first}").status == 410
    assert "har fået en anden e-mailadresse" in sent_to(runtime, EMAIL)[-1]
    second = token_in(next(mail for mail in mails(runtime) if mail["To"] == NEW), "invitation")
    with runtime.unit_of_work() as session:
        invitations.accept_invitation(session, second, PASSWORD)
    assert compartments(story, room, person) == set()
    told = owner.execute("select args ->> 'person_id' from procrastinate_jobs where task_name = 'mail_news'")
    assert told.fetchall() == [(str(room.guide.id),)]
    browser = Browser(app, story.token(room.guide))
    assert "Skal de stadig være med i sagen?" in browser.get(f"/cases/{room.case_id}").text
    assert "kontoens e-mailadresse for Ny Kollega" in browser.get(f"/cases/{room.case_id}/log").text
    story.set_level(room, person, Level.WRITE)
    assert compartments(story, room, person) != set()


def test_an_account_that_is_closed_is_given_no_address(story: Story, admin: Someone, pia: tuple[Someone, str]) -> None:
    with story.acting(admin) as actor:
        directory.close_account(actor, pia[0].id)
    with pytest.raises(InvalidInput, match="account_closed"):
        ask(story, admin, pia[0])


def test_nobody_but_an_administrator_asks_for_an_address_or_a_move(
    story: Story, room: Room, pia: tuple[Someone, str]
) -> None:
    for verb in (
        lambda actor: email_changes.ask_for_address(actor, pia[0].id, NEW),
        lambda actor: email_changes.stop(actor, pia[0].id),
        lambda actor: moves.move(actor, pia[0].id, story.unit("Jobcenter")),
        lambda actor: moves.prospect(actor, pia[0].id),
    ):
        with story.acting(room.guide) as actor, pytest.raises(Refused):
            verb(actor)
