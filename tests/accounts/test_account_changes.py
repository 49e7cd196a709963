"""A new address and another unit: nobody becomes somebody else by them, and nobody sees more than before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Refused
from portal.runtime import House
from portal.services.accounts import directory, email_changes, invitations, moves
from portal.services.accounts.directory import NewStaff
from portal.services.consents import declare, requests
from portal.services.members import handover, joining, team
from portal.services.shared import audience
from tests.signin.test_professionals_sign_in import sign_in
from tests.signin.test_second_factor import oathtool, set_up
from tests.support.browser import Browser
from tests.support.mails import mails, run_jobs, token_in
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Room, Someone, Story, shelves

NEW = "pia@nytsted.example"


@pytest.fixture
def admin(story: Story) -> Someone:
    return story.admin("Aksel Admin")


@pytest.fixture
def pia(story: Story, house: House, app: Flask) -> tuple[Someone, str]:
    """Pia, who has come in and set up her code app; her mailbox is empty again."""
    from portal import audit
    from portal.access.signin import passwords
    from portal.events import Event
    from portal.models import Staff

    made = story.staff("Pia Prøve", "Skolen")
    with house.unit_of_work() as session:
        staff = session.get_one(Staff, made.id)
        staff.password_hash, staff.email = passwords.hash_password(PASSWORD), EMAIL
        audit.record(session, Event.PASSWORD_CHOSEN)
    browser = Browser(app)
    sign_in(browser, EMAIL, PASSWORD)
    key, _codes = set_up(browser)
    browser.post("/sign-out")
    run_jobs(house)
    for path in (house.settings.data_dir / "mail").glob("*.eml"):
        path.unlink()
    return made, key


def ask(story: Story, admin: Someone, person: Someone, address: str = NEW) -> bool:
    with story.acting(admin) as actor:
        return email_changes.ask(actor, person.id, address)


def confirmation(house: House) -> str:
    """Where the link in the mail to the new address leads."""
    run_jobs(house)
    letter = next(mail for mail in reversed(mails(house)) if mail["To"] == NEW)
    return f"/email/{token_in(letter, 'email')}"


def sent_to(house: House, address: str) -> list[str]:
    run_jobs(house)
    return [mail.get_content() for mail in mails(house) if mail["To"] == address]


def signed_in(app: Flask, key: str, email: str = EMAIL, ahead: int = 0) -> Browser:
    browser = Browser(app)
    page = browser.follow(sign_in(browser, email, PASSWORD))
    assert browser.submit(page, "code", code=oathtool(key, ahead)).status == 303
    return browser


# Another address


def test_the_owner_confirms_a_new_address_with_the_second_step_and_both_are_told(
    app: Flask, story: Story, house: House, admin: Someone, pia: tuple[Someone, str], owner: psycopg.Connection
) -> None:
    person, key = pia
    office = Browser(app, story.token(admin))
    page = office.submit(office.get(f"/office/staff/{person.id}/email"), "email", email=" Pia@NytSted.example")
    assert page.status == 303
    assert "Venter på at blive bekræftet: pia@nytsted.example" in office.get(f"/office/staff/{person.id}").text
    path = confirmation(house)
    assert "Aksel Admin" in sent_to(house, NEW)[0]
    (warned,) = sent_to(house, EMAIL)
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
    assert "har fået en anden e-mailadresse" in sent_to(house, EMAIL)[-1]
    assert any("ændret i, hvordan du logger på" in said for said in sent_to(house, NEW))
    assert browser.get(path).status == 404, "used up"
    assert sign_in(Browser(app), EMAIL, PASSWORD).status == 422
    assert signed_in(app, key, NEW, ahead=30).get("/cases").status == 200, "the second step is the one before"
    events = {row[0] for row in owner.execute("select event from audit_event where item_id = %s", [person.id])}
    assert {"email.asked", "staff.changed"} <= events


def test_until_it_is_confirmed_everything_goes_to_the_address_before(
    app: Flask, story: Story, house: House, admin: Someone, pia: tuple[Someone, str]
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
    run_jobs(house)
    for said in sent_to(house, NEW):
        assert "/forgotten/" not in said
        assert "/invitation/" not in said
    assert sum("/forgotten/" in said for said in sent_to(house, EMAIL)) == 1
    assert sum("/invitation/" in said for said in sent_to(house, EMAIL)) == 1


def test_nobody_but_the_owner_can_confirm_whoever_has_the_link(
    app: Flask, story: Story, house: House, admin: Someone, room: Room, pia: tuple[Someone, str],
    owner: psycopg.Connection,
) -> None:  # fmt: skip
    person, _key = pia
    ask(story, admin, person)
    path = confirmation(house)
    for other in (admin, room.guide, room.young):
        browser = Browser(app, story.token(other))
        assert browser.get(path).status == 404
        assert browser.post(path).status == 404
    weak = Browser(app)
    sign_in(weak, EMAIL, PASSWORD)
    assert weak.get(path).status == 303, "a password alone is only halfway in"
    with house.unit_of_work() as session:
        from portal.access.signin import sessions

        token = sessions.start(session, person.id, "password", strong=False)
    answered = Browser(app, token).get(path)
    assert answered.headers["Location"] == "/step-up"
    assert owner.execute("select email from staff where person_id = %s", [person.id]).fetchone() == (EMAIL,)


def test_links_sent_before_are_over_with_the_new_address(
    app: Flask, story: Story, house: House, admin: Someone, pia: tuple[Someone, str]
) -> None:
    person, _key = pia
    browser = Browser(app)
    browser.submit(browser.get("/forgotten"), "email", email=EMAIL)
    with story.acting(admin) as actor:
        invitations.start_renewal(actor, person.id)
    said = " ".join(sent_to(house, EMAIL))
    reset = f"/forgotten/{said.split('/forgotten/')[1].split()[0]}"
    renewal = f"/invitation/{said.split('/invitation/')[1].split()[0]}"
    assert browser.get(reset).status == browser.get(renewal).status == 200
    ask(story, admin, person)
    owns = Browser(app, story.token(person))
    assert owns.submit(owns.get(confirmation(house)), "submission").status == 303
    assert browser.get(reset).status == browser.get(renewal).status == 410


def test_a_link_runs_out_is_taken_back_and_is_ended_by_a_newer_one(
    app: Flask, story: Story, house: House, admin: Someone, pia: tuple[Someone, str], calendar
) -> None:  # type: ignore[no-untyped-def]
    person, _key = pia
    ask(story, admin, person)
    first = confirmation(house)
    ask(story, admin, person)
    second = confirmation(house)
    owns = Browser(app, story.token(person))
    assert owns.get(first).status == 404
    assert owns.get(second).status == 200
    office = Browser(app, story.token(admin))
    assert office.submit(office.get(f"/office/staff/{person.id}"), "/email/stop").status == 303
    assert owns.get(second).status == 404
    ask(story, admin, person)
    third = confirmation(house)
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
    app: Flask, story: Story, house: House, admin: Someone, pia: tuple[Someone, str], owner: psycopg.Connection
) -> None:
    person, _key = pia
    other = story.staff("Anden Ansat")
    owner.execute("update staff set email = %s where person_id = %s", [NEW, other.id])
    with pytest.raises(InvalidInput, match="email_taken"):
        ask(story, admin, person)
    owner.execute("update staff set email = 'anden@by.example' where person_id = %s", [other.id])
    ask(story, admin, person)
    path = confirmation(house)
    owner.execute("update staff set email = %s where person_id = %s", [NEW.upper(), other.id])
    owns = Browser(app, story.token(person))
    page = owns.submit(owns.get(path), "submission")
    assert page.status == 422
    assert "allerede en konto" in page.text
    assert owner.execute("select email from staff where person_id = %s", [person.id]).fetchone() == (EMAIL,)


def test_an_account_nobody_has_come_in_with_is_invited_anew_and_its_cases_ask_their_guides(
    app: Flask, story: Story, house: House, room: Room, admin: Someone, owner: psycopg.Connection
) -> None:
    """Else an administrator could put a mailbox of their own behind somebody whom a guide has let in already."""
    with story.acting(admin) as actor:
        made = directory.add_staff(
            actor, uuid4(), NewStaff(story.unit("Familie og unge"), "Ny Kollega", EMAIL, "Rådgiver")
        )
    person = Someone(made, "Ny Kollega")
    story.add(room, person, Level.WRITE)
    assert shelves(story, room, person) != set(), "one of the guide's own unit, let in"
    run_jobs(house)
    first = token_in(mails(house)[0], "invitation")
    assert ask(story, admin, person) is True
    assert Browser(app).get(f"/invitation/{first}").status == 410
    assert "har fået en anden e-mailadresse" in sent_to(house, EMAIL)[-1]
    second = token_in(next(mail for mail in mails(house) if mail["To"] == NEW), "invitation")
    with house.unit_of_work() as session:
        invitations.accept(session, second, PASSWORD)
    assert shelves(story, room, person) == set()
    told = owner.execute("select args ->> 'person_id' from procrastinate_jobs where task_name = 'mail_news'")
    assert told.fetchall() == [(str(room.guide.id),)]
    browser = Browser(app, story.token(room.guide))
    assert "Skal de stadig være med i sagen?" in browser.get(f"/cases/{room.case_id}").text
    assert "kontoens e-mailadresse for Ny Kollega" in browser.get(f"/cases/{room.case_id}/log").text
    story.set_level(room, person, Level.WRITE)
    assert shelves(story, room, person) != set()


def test_an_account_that_is_closed_is_given_no_address(story: Story, admin: Someone, pia: tuple[Someone, str]) -> None:
    with story.acting(admin) as actor:
        directory.close_account(actor, pia[0].id)
    with pytest.raises(InvalidInput, match="account_closed"):
        ask(story, admin, pia[0])


def test_nobody_but_an_administrator_asks_for_an_address_or_a_move(
    story: Story, room: Room, pia: tuple[Someone, str]
) -> None:
    for verb in (
        lambda actor: email_changes.ask(actor, pia[0].id, NEW),
        lambda actor: email_changes.stop(actor, pia[0].id),
        lambda actor: moves.move(actor, pia[0].id, story.unit("Jobcenter")),
        lambda actor: moves.prospect(actor, pia[0].id),
    ):
        with story.acting(room.guide) as actor, pytest.raises(Refused):
            verb(actor)


# Another unit


def move(story: Story, admin: Someone, person: Someone, unit: str) -> None:
    with story.acting(admin) as actor:
        moves.move(actor, person.id, story.unit(unit))


def raw(postgres: EmbeddedPostgres, house: House, room: Room, person: Someone) -> int:
    """What the database alone gives that person of the case, whatever the application believes."""
    with psycopg.connect(postgres.url("portal_app", str(house.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(person.id)])
        found = connection.execute("select count(*) from compartment where case_id = %s", [room.case_id]).fetchone()
        assert found is not None
        return int(found[0])


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        ("Jobcenter", "a unit nobody has said yes to"),
        ("Psykiatrien", "a unit everybody has said yes to"),
        ("Familie og unge", "the guide's own unit, which needs no yes"),
    ],
)
def test_whoever_moves_is_out_at_once_and_has_what_the_new_unit_has_once_the_guide_says_so(
    unit: str, why: str, story: Story, room: Room, admin: Someone, house: House, postgres: EmbeddedPostgres
) -> None:
    teacher, doctor = story.staff("Lars Lærer", "Skolen"), story.staff("Petra Psyk", "Psykiatrien")
    for someone in (teacher, doctor):
        story.add(room, someone, Level.WRITE)
    story.everybody_agrees(room)
    before = shelves(story, room, teacher)
    assert before
    assert raw(postgres, house, room, teacher) > 0
    move(story, admin, teacher, unit)
    assert shelves(story, room, teacher) == set(), why
    assert raw(postgres, house, room, teacher) == 0, "the second wall knows it too"
    assert shelves(story, room, doctor) != set(), "nobody else loses anything"
    assert story.play(room, teacher, lambda t: [note.obstacle for note in t._notices]) == ["unconfirmed"]
    story.set_level(room, teacher, Level.WRITE)
    expected = {"Jobcenter": set(), "Psykiatrien": before}.get(unit)
    seen = shelves(story, room, teacher)
    assert seen == expected if expected is not None else "professionals" in seen
    assert bool(raw(postgres, house, room, teacher)) == bool(seen)


def test_moving_back_opens_nothing_by_itself_either(story: Story, room: Room, teacher: Someone, admin: Someone) -> None:
    assert shelves(story, room, teacher)
    move(story, admin, teacher, "Jobcenter")
    move(story, admin, teacher, "Skolen")
    assert shelves(story, room, teacher) == set()
    story.set_level(room, teacher, Level.WRITE)
    assert shelves(story, room, teacher), "the yes to the school still stands"


def test_the_guide_is_told_and_the_givers_are_asked_about_the_new_unit(
    app: Flask, story: Story, room: Room, teacher: Someone, admin: Someone, owner: psycopg.Connection
) -> None:
    assert story.play(room, room.young, requests.asks_me) == 0
    move(story, admin, teacher, "Jobcenter")
    told = owner.execute("select args ->> 'person_id' from procrastinate_jobs where task_name = 'mail_news'")
    assert told.fetchall() == [(str(room.guide.id),)]
    guide = Browser(app, story.token(room.guide))
    front = guide.get(f"/cases/{room.case_id}")
    assert "Skal de stadig være med i sagen?" in front.text
    assert "Lars Lærer , Skolen-medarbejder, Jobcenter" in front.text
    assert "har skiftet enhed eller konto" in guide.get(f"/cases/{room.case_id}/people").text
    assert "ændrede arbejdsstedet for Lars Lærer (før: Skolen)" in guide.get(f"/cases/{room.case_id}/log").text
    mine = Browser(app, story.token(teacher)).get("/cases")
    assert "Du har skiftet enhed" in mine.text
    assert "Ulla" not in mine.text
    story.set_level(room, teacher, Level.WRITE)
    assert story.play(room, room.young, requests.asks_me) == 1
    asked = story.play(room, room.young, lambda t: requests.request(t, t.membership.id))
    places = {line.workplace.unit: line for line in asked.parties if line.workplace}
    assert set(places) == {"Jobcenter", "Skolen"}
    assert places["Skolen"].granted
    assert not places["Jobcenter"].granted


def test_a_yes_to_a_unit_nobody_is_in_any_more_can_still_be_taken_back(
    app: Flask, story: Story, room: Room, teacher: Someone, admin: Someone
) -> None:
    move(story, admin, teacher, "Jobcenter")
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/consents/mine")
    assert "Skolen" in page.text

    def take_back(ticket) -> None:  # type: ignore[no-untyped-def]
        asked = requests.request(ticket, ticket.membership.id)
        line = next(line for line in asked.parties if line.workplace and line.workplace.unit == "Skolen")
        assert asked.current is not None
        declare.withdraw(ticket, uuid4(), asked.current.id, line.key)

    story.play(room, room.young, take_back)
    move(story, admin, teacher, "Skolen")
    story.set_level(room, teacher, Level.WRITE)
    assert shelves(story, room, teacher) == set()


def test_a_guide_is_not_moved_away_from_their_cases(
    app: Flask, story: Story, room: Room, admin: Someone, owner: psycopg.Connection
) -> None:
    with pytest.raises(InvalidInput, match="leads_cases"):
        move(story, admin, room.guide, "Jobcenter")
    office = Browser(app, story.token(admin))
    story.unit("Jobcenter")
    page = office.get(f"/office/staff/{room.guide.id}/unit")
    assert "1 sag skal først have en ny guide" in page.text
    assert str(room.case_id)[:8] in page.text
    assert str(room.case_id) not in page.everything
    assert "Ulla" not in page.everything
    unit = owner.execute("select u.name from staff s join unit u on u.id = s.unit_id where person_id = %s",
                         [room.guide.id]).fetchone()  # fmt: skip
    assert unit == ("Familie og unge",)


def test_whoever_becomes_the_guide_in_the_moment_of_a_move_is_not_moved_either(
    story: Story, room: Room, admin: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the cases were counted they led none; each is looked at once more, while nobody else changes its facts."""
    story.unit("Jobcenter")
    monkeypatch.setattr(moves.sign_in_overview, "led_cases", lambda *_: [])
    with pytest.raises(InvalidInput, match="leads_cases"):
        move(story, admin, room.guide, "Jobcenter")
    assert "professionals" in shelves(story, room, room.guide)


def test_the_page_says_first_how_many_cases_are_shut(
    app: Flask, story: Story, room: Room, teacher: Someone, admin: Someone
) -> None:
    unit = story.unit("Jobcenter")
    office = Browser(app, story.token(admin))
    page = office.get(f"/office/staff/{teacher.id}/unit")
    assert "1 sag lukkes straks for Lars Lærer" in page.text
    assert "Ulla" not in page.everything
    assert str(room.case_id)[:8] not in page.everything
    assert office.submit(page, "unit", unit="").status == 422
    assert office.submit(page, "unit", unit=str(unit)).status == 303
    assert shelves(story, room, teacher) == set()


def test_a_unit_of_another_organisation_is_no_place_to_move_to(
    story: Story, room: Room, teacher: Someone, admin: Someone, house: House
) -> None:
    elsewhere = Story(house).unit("Skolen")
    for unit in (elsewhere, uuid4(), None, story.unit("Skolen")):
        with story.acting(admin) as actor, pytest.raises(InvalidInput, match="unit: choice"):
            moves.move(actor, teacher.id, unit)
    with story.acting(admin) as actor, pytest.raises(NotFound):
        moves.move(actor, room.young.id, story.unit("Jobcenter"))


def test_a_case_offered_to_a_guide_of_one_unit_is_not_taken_over_from_another(
    story: Story, room: Room, admin: Someone
) -> None:
    taker = story.guide("Else Efterfølger", "Jobcenter")
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.refresh(room)
    move(story, admin, taker, "Skolen")
    with pytest.raises(InvalidInput, match="offer_moved"):
        story.play(room, taker, lambda t: handover.accept(t, uuid4()))
    story.play(room, room.guide, lambda t: handover.withdraw(t, uuid4()))
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept(t, uuid4()))
    assert "professionals" in shelves(story, room, taker)


def test_whoever_joins_a_case_in_the_moment_of_a_move_joins_before_or_after_it(
    story: Story, room: Room, admin: Someone, house: House, owner: psycopg.Connection
) -> None:
    """Never as one of the unit they have just left: that membership no move would carry along."""
    teacher = story.staff("Lars Lærer", "Skolen")
    story.unit("Jobcenter")
    inside, moved = threading.Event(), threading.Event()
    hold = joining.hold_account

    def slowly(session, person_id: UUID):  # type: ignore[no-untyped-def]
        staff = hold(session, person_id)
        inside.set()
        moved.wait(0.5)
        return staff

    def moving() -> None:
        inside.wait(5)
        move(story, admin, teacher, "Jobcenter")
        moved.set()

    mover = threading.Thread(target=moving)
    mover.start()
    joining.hold_account = slowly
    try:
        story.play(room, room.guide, lambda t: team.add_professional(t, uuid4(), teacher.id, Level.READ, "Hjælp"))
    finally:
        joining.hold_account = hold
    mover.join()
    rows = owner.execute(
        "select m.unit_id = s.unit_id from membership m join staff s using (person_id) where s.person_id = %s",
        [teacher.id],
    ).fetchall()
    assert rows == [(True,)]
    assert shelves(story, room, teacher) == set()


@pytest.mark.recalls  # facts read twice while others change them are two different ones
def test_two_moves_and_a_level_at_once_leave_what_one_after_the_other_would(
    story: Story, room: Room, teacher: Someone, admin: Someone, house: House
) -> None:
    from portal.services.oversight import operators

    for unit in ("Jobcenter", "Bosted"):
        story.unit(unit)
    faults: list[Exception] = []

    def do(act: Callable[[], None]) -> None:
        try:
            act()
        except (InvalidInput, NotFound):
            pass
        except Exception as problem:  # noqa: BLE001  the test must see it
            faults.append(problem)

    acts = [
        lambda: move(story, admin, teacher, "Jobcenter"),
        lambda: move(story, admin, teacher, "Bosted"),
        lambda: story.set_level(room, teacher, Level.READ),
    ]
    at_once = [threading.Thread(target=do, args=(act,)) for act in acts]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join()
    assert faults == []
    with house.unit_of_work() as session:
        assert list(operators.check(session)) == []


def test_a_member_who_was_never_let_in_stays_out_and_a_citizen_has_no_unit(
    story: Story, room: Room, admin: Someone
) -> None:
    waiting = story.staff("Vibe Venter", "Skolen")
    story.add(room, waiting, Level.NONE)
    move(story, admin, waiting, "Jobcenter")
    line = next(
        line for line in story.play(room, room.guide, audience.lines) if line.membership.person_id == waiting.id
    )
    assert line.level is Level.NONE
    assert line.workplace is not None
    assert line.workplace.unit == "Jobcenter"
    assert Capacity(line.membership.capacity) is Capacity.PROFESSIONAL
