"""Mails: gathered, written so that they can be believed, and seen when they do not arrive. The server is a real one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import structlog
from click.testing import CliRunner
from flask import Flask
from structlog.testing import capture_logs as captured

from portal.access.policy.roles import Level
from portal.cli import cli
from portal.runtime import House
from portal.runtime import opened as opened_house
from portal.services.accounts import directory, invitations
from portal.services.accounts.directory import NewStaff
from portal.services.meetings import schedule
from portal.services.notices import mail as notices_mail
from portal.services.notices.mail import Notice
from portal.settings import Settings
from tests.meetings.test_meetings import ahead
from tests.support.browser import Browser
from tests.support.mail_server import MailServer
from tests.support.mails import hurry, mails, run_jobs, token_in
from tests.support.story import Room, Someone, Story


@contextmanager
def capture_logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """Every line of the log, also those that tests are else spared."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        with captured() as lines:
            yield lines
    finally:
        structlog.configure(wrapper_class=before)


# Gathered


@pytest.fixture
def team(story: Story, room: Room) -> list[Someone]:
    found = [story.staff(name) for name in ("Kim Kollega", "Bo Ravn", "Ane Holm", "Eva Lund")]
    for someone in found:
        story.add(room, someone, Level.WRITE)
    return found


def arranged(story: Story, room: Room, team: list[Someone]) -> UUID:
    asked = {room.member(someone) for someone in team}
    return story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), asked))


def move_to(story: Story, room: Room, team: list[Someone], meeting: UUID, place: str) -> None:
    asked = {room.member(someone) for someone in team}
    when = story.play(room, room.guide, lambda t: ahead(t, place=place))
    story.play(room, room.guide, lambda t: schedule.change(t, meeting, when, asked))


def test_a_meeting_that_is_planned_and_moved_five_times_is_one_mail_to_each(
    story: Story, room: Room, team: list[Someone], house: House, owner: psycopg.Connection
) -> None:
    meeting = arranged(story, room, team)
    for place in ("Skolen", "Rådhuset", "Lokale 1", "Lokale 2", "Lokale 3"):
        move_to(story, room, team, meeting, place)
    run_jobs(house)
    assert mails(house) == [], "not before some minutes have passed"
    hurry(owner)
    run_jobs(house)
    assert len(mails(house)) == len(team)
    assert len({mail["To"] for mail in mails(house)}) == len(team)
    move_to(story, room, team, meeting, "Skolen igen")
    hurry(owner)
    run_jobs(house)
    assert len(mails(house)) == 2 * len(team), "what comes later is told again"


def test_whatever_it_is_that_happens_again_and_again_it_is_one_mail(
    story: Story, room: Room, team: list[Someone], house: House, owner: psycopg.Connection
) -> None:
    """Meetings in several cases, a summons called off, a consent ending: it all says the same."""
    other = story.case(room.guide, name="Malik Christensen")
    story.add(other, team[0], Level.WRITE)
    meeting = arranged(story, room, team[:1])
    arranged(story, other, team[:1])
    story.play(room, room.guide, lambda t: schedule.call_off(t, meeting))
    with house.unit_of_work() as session:
        notices_mail.tell(session, [team[0].id])
    for _ in range(3):
        with house.unit_of_work() as session:
            notices_mail.tell(session, [team[0].id], Notice.SIGN_IN)
    hurry(owner)
    run_jobs(house)
    told = [mail.get_content().split("\n")[0] for mail in mails(house)]
    assert sorted(told) == ["Der er nyt til dig. Log på.", "Følgeskab"]


def test_what_happens_while_the_mail_is_under_way_is_told_by_one_more(
    team: list[Someone], house: House, owner: psycopg.Connection
) -> None:
    person = team[0].id
    with house.unit_of_work() as session:
        notices_mail.tell(session, [person])
    with house.unit_of_work() as session:
        due = notices_mail.take(session, person, Notice.NEWS)
    assert due is not None
    for _ in range(3):
        with house.unit_of_work() as session:
            notices_mail.tell(session, [person])
    with house.unit_of_work() as session:
        notices_mail.done(session, person, Notice.NEWS, due)
    hurry(owner)
    run_jobs(house)
    assert len(mails(house)) == 1
    assert owner.execute("select count(*) from notice_due").fetchone() == (0,)


def test_many_at_once_queue_one_mail(team: list[Someone], house: House, owner: psycopg.Connection) -> None:
    faults: list[Exception] = []

    def happen() -> None:
        try:
            for _ in range(5):
                with house.unit_of_work() as session:
                    notices_mail.tell(session, [someone.id for someone in team])
        except Exception as problem:  # noqa: BLE001  whatever it was, the test must see it
            faults.append(problem)

    happening = [threading.Thread(target=happen) for _ in range(4)]
    for one in happening:
        one.start()
    for one in happening:
        one.join()
    assert faults == []
    queued = owner.execute("select count(*) from procrastinate_jobs where task_name = 'mail_news'").fetchone()
    assert queued == (len(team),)


def test_somebody_whose_account_was_closed_meanwhile_is_told_that_and_no_news(
    story: Story, team: list[Someone], house: House, owner: psycopg.Connection
) -> None:
    with house.unit_of_work() as session:
        notices_mail.tell(session, [team[0].id, team[1].id])
    with story.acting(story.admin()) as actor:
        directory.close_account(actor, team[0].id)
    hurry(owner)
    run_jobs(house)
    told = [mail.get_content().split("\n")[2 if "Følgeskab" in mail.get_content() else 0] for mail in mails(house)]
    assert sorted(told) == ["Der er nyt til dig. Log på.", "En administrator har lukket din konto i Følgeskab."]


# An invitation that can be believed


@pytest.fixture
def admin(story: Story) -> Someone:
    return story.admin("Aksel Admin")


def invite(story: Story, admin: Someone, email: str = "pia@region.example", name: str = "Pia Psyk") -> UUID:
    with story.acting(admin) as actor:
        new = NewStaff(story.unit("Børnepsykiatri"), name, email, "Psykiater")
        return directory.add_staff(actor, uuid4(), new)


def test_an_invitation_names_who_invites_where_from_and_what_to_do_and_nothing_of_a_case(
    story: Story, room: Room, admin: Someone, house: House, owner: psycopg.Connection
) -> None:
    invite(story, admin)
    run_jobs(house)
    (mail,) = mails(house)
    organisation, inviter = owner.execute(
        "select o.name, s.job_title from staff s join unit u on u.id = s.unit_id "
        "join organisation o on o.id = u.organisation_id where s.person_id = %s", [admin.id],
    ).fetchone()  # fmt: skip
    told = " ".join(mail.get_content().split())
    assert organisation in mail["Subject"]
    assert "Følgeskab" in mail["Subject"]
    assert f"Aksel Admin, {inviter}, Familie og unge, {organisation}, har inviteret dig til Følgeskab" in told
    assert "Aksel Admin" in told.split("--")[1], "in English too"
    expected = (
        "Hej Pia Psyk", "Psykiater, Børnepsykiatri", "vælg en adgangskode", "http://localhost/invitation/",
        "pia@region.example", "virker én gang, indtil", "Der står intet om nogen sag", "works once, until",
    )  # fmt: skip
    for said in expected:
        assert said in told, said
    for secret in ("Ulla", "Grete", str(room.case_id)):
        assert secret not in told
    assert mail["To"] == "pia@region.example"


def test_the_time_an_invitation_names_is_when_it_ends(
    story: Story, admin: Someone, house: House, app: Flask, calendar
) -> None:  # type: ignore[no-untyped-def]
    invite(story, admin)
    run_jobs(house)
    token = token_in(mails(house)[0], "invitation")
    calendar.move(days=6, hours=23)
    assert Browser(app).get(f"/invitation/{token}").status == 200
    calendar.move(hours=2)
    assert Browser(app).get(f"/invitation/{token}").status == 410


def test_where_passwords_are_not_used_an_invitation_leads_to_the_workplace(
    story: Story, admin: Someone, house: House, owner: psycopg.Connection
) -> None:
    owner.execute("update organisation set password_sign_in = false")
    invite(story, admin)
    run_jobs(house)
    danish = mails(house)[0].get_content().split("--")[0]
    assert "gennem din arbejdsplads" in danish
    assert "/invitation/" not in danish


def test_a_renewal_says_that_it_is_one(story: Story, admin: Someone, house: House, owner: psycopg.Connection) -> None:
    someone = story.staff("Kim Kollega")
    with story.acting(admin) as actor:
        invitations.start_renewal(actor, someone.id)
    run_jobs(house)
    letter = next(mail for mail in mails(house) if "ekstra trin" in mail["Subject"])
    assert "har startet en fornyelse" in letter.get_content()
    assert "Aksel Admin" in letter.get_content()


def test_a_name_with_line_breaks_or_a_subject_of_its_own_stays_a_name(
    story: Story, admin: Someone, house: House
) -> None:
    invite(story, admin, name="Pia\r\nBcc: alle@by.example\r\n\r\nHej")
    run_jobs(house)
    (mail,) = mails(house)
    assert mail["Bcc"] is None
    assert "Hej Pia Bcc: alle@by.example Hej" in mail.get_content()


# The first administrator


def command(portal_settings: Settings, monkeypatch: pytest.MonkeyPatch, **said: str):  # type: ignore[no-untyped-def]
    for name in ("environment", "database_url", "keys_file", "data_dir", "mail_url"):
        monkeypatch.setenv(name.upper(), str(getattr(portal_settings, name)))
    given = {"organisation": "By Kommune", "unit": "It", "name": "Ann Admin", "email": "ann@by.example", **said}
    words = [part for name, value in given.items() for part in (f"--{name}", value)]
    return CliRunner().invoke(cli, ["add-administrator", *words])


def test_the_first_administrator_is_invited_again_and_under_an_address_put_right(
    portal_settings: Settings, house: House, app: Flask, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(portal_settings, monkeypatch, email="ann@by.exampel").exit_code == 0
    run_jobs(house)
    first = token_in(mails(house)[0], "invitation")
    assert "indtil" in mails(house)[0].get_content()
    done = command(portal_settings, monkeypatch)
    assert done.exit_code == 0, done.exception
    assert "again" in done.output
    run_jobs(house)
    assert [mail["To"] for mail in mails(house)] == ["ann@by.exampel", "ann@by.example"]
    assert Browser(app).get(f"/invitation/{first}").status == 410
    assert owner.execute("select count(*) from staff").fetchone() == (1,)
    browser = Browser(app)
    page = browser.get(f"/invitation/{token_in(mails(house)[1], 'invitation')}")
    chosen = browser.submit(page, "password", password="en god lang sætning", again="en god lang sætning")
    assert chosen.status == 303


def test_once_somebody_has_come_in_the_command_makes_no_other_administrator(
    portal_settings: Settings, house: House, story: Story, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it put a new address at an account that is in use: whoever can run it would have every account."""
    assert command(portal_settings, monkeypatch).exit_code == 0
    run_jobs(house)
    token = token_in(mails(house)[0], "invitation")
    with house.unit_of_work() as session:
        invitations.accept(session, token, "en god lang sætning")
    for said in ({}, {"email": "ond@by.example"}):
        done = command(portal_settings, monkeypatch, **said)
        assert done.exit_code != 0
        assert "not_empty" in str(done.exception)
    assert owner.execute("select email from staff").fetchall() == [("ann@by.example",)]
    assert owner.execute("select count(*) from invitation").fetchone() == (1,)


def test_an_administrator_who_has_not_come_in_yet_is_invited_again_at_their_own_address_alone(
    portal_settings: Settings, house: House, story: Story, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(portal_settings, monkeypatch).exit_code == 0
    run_jobs(house)
    with house.unit_of_work() as session:
        invitations.accept(session, token_in(mails(house)[0], "invitation"), "en god lang sætning")
    story.admin("Bo Nummer To")
    owner.execute("update staff set email = 'bo@by.example' where name = 'Bo Nummer To'")
    assert command(portal_settings, monkeypatch, email="ond@by.example").exit_code != 0
    assert command(portal_settings, monkeypatch, email="Bo@By.example").exit_code == 0
    found = owner.execute("select name, email from staff order by name").fetchall()
    assert found == [("Ann Admin", "ann@by.example"), ("Bo Nummer To", "bo@by.example")]
    run_jobs(house)
    assert mails(house)[-1]["To"] == "bo@by.example"


# What does not arrive


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("søren@by.example", "æ, ø og å før @"),
        ("ann by@by.example", "ikke en e-mailadresse"),
        ("ann@by", "ikke en e-mailadresse"),
        ("ann@-by.example", "ikke en e-mailadresse"),
    ],
)
def test_an_address_that_cannot_be_mailed_is_refused_at_every_door(
    email: str, says: str, app: Flask, story: Story, admin: Someone, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(admin))
    typed = {"name": "Ny Ansat", "email": email, "job_title": "Konsulent"}
    unit = story.unit("Jobcenter")
    page = browser.submit(browser.get(f"/office/units/{unit}/staff/new"), "email", **typed)
    assert page.status == 422
    assert says in page.text
    organisation = owner.execute("select organisation_id from unit where id = %s", [unit]).fetchone()[0]
    rows = f"Navn;E-mail;Stilling;Enhed\nNy;{email};Konsulent;Jobcenter\n"
    where = f"/office/organisations/{organisation}/import"
    listed = browser.submit(browser.get(where), "file", content=rows)
    assert listed.status == 422
    assert says in listed.text


def test_an_address_with_letters_in_its_domain_is_mailed_to_and_signed_in_with(
    app: Flask, story: Story, admin: Someone, house: House
) -> None:
    invite(story, admin, email="Post@BLÅBÆR.example")
    run_jobs(house)
    (mail,) = mails(house)
    assert mail["To"] == "post@xn--blbr-roah.example"
    with house.unit_of_work() as session:
        invitations.accept(session, token_in(mail, "invitation"), "en god lang sætning")
    for typed in ("post@blåbær.example", "POST@xn--blbr-roah.example"):
        browser = Browser(app)
        page = browser.submit(browser.get("/sign-in"), "password", email=typed, password="en god lang sætning")
        assert page.status == 303, typed


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    made = MailServer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    yield made
    made.close()


@pytest.fixture
def posting(house: House, server: MailServer) -> Iterator[House]:
    """The same house, with a mail server."""
    with opened_house(house.settings.model_copy(update={"mail_url": server.url})) as made:
        yield made


def test_mail_goes_through_a_real_server(story: Story, admin: Someone, posting: House, server: MailServer) -> None:
    person = invite(story, admin)
    run_jobs(posting)
    assert [whom for whom, _mail in server.taken] == ["pia@region.example"]
    with posting.unit_of_work() as session:
        assert invitations.standing(session, [person])[person].mailed_at is not None


@pytest.mark.parametrize("where", ["at the address", "after the mail"])
def test_a_mail_that_is_refused_is_not_tried_again_and_its_inviter_sees_it(
    where: str, app: Flask, story: Story, admin: Someone, posting: House, server: MailServer, owner: psycopg.Connection
) -> None:
    if where == "at the address":
        server.answers["pia@region.example"] = 550
    else:
        server.after_data = 554
    person = invite(story, admin)
    with capture_logs() as lines:
        run_jobs(posting)
    tried = [line for line in lines if line["event"] == "given up"]
    assert len(tried) == 1
    assert tried[0]["why"] in ("550", "554")
    assert not [line for line in lines if "pia" in str(line) or "@" in str(line)], "no address in a log"
    state = owner.execute("select status from procrastinate_jobs where task_name = 'mail_invitation'").fetchall()
    assert state == [("failed",)]
    browser = Browser(app, story.token(admin))
    assert "kunne ikke afleveres" in browser.get("/office").text
    page = browser.get(f"/office/staff/{person}")
    assert "kunne ikke afleveres" in page.text
    assert "tager ikke imod" in page.text
    server.answers, server.after_data = {}, 250
    hurry(owner)
    run_jobs(posting)
    assert len(server.taken) == 1, "the inviter is told by mail that there is something new"
    assert "nyt til dig" in server.taken[0][1]
    with story.acting(admin) as actor:
        invitations.invite_again(actor, person)
    run_jobs(posting)
    assert "kunne ikke afleveres" not in browser.get("/office").text
    assert owner.execute("select count(*) from undelivered_mail").fetchone() == (0,)


def test_every_try_in_vain_leaves_a_line_and_the_last_is_seen_on_accounts(
    app: Flask, story: Story, admin: Someone, posting: House, server: MailServer, owner: psycopg.Connection
) -> None:
    server.answers["pia@region.example"] = 451
    person = invite(story, admin)
    with capture_logs() as lines:
        for _ in range(13):
            run_jobs(posting)
            hurry(owner)
    tries = [(line["event"], line["tries"], line["why"]) for line in lines if line.get("task") == "mail_invitation"]
    assert tries == [("tried in vain", n, "451") for n in range(1, 13)] + [("given up", 13, "451")]
    assert {line["log_level"] for line in lines if line.get("task") == "mail_invitation"} == {"warning", "error"}
    assert not [line for line in lines if "@" in str(line)]
    assert "kunne ikke afleveres" in Browser(app, story.token(admin)).get(f"/office/staff/{person}").text
    assert owner.execute("select task, reason from undelivered_mail").fetchall() == [("mail_invitation", "gave_up")]
    noted = owner.execute("select item_id from audit_event where event = 'mail.undelivered'").fetchall()
    assert noted == [(person,)]


def test_a_server_that_is_away_or_cannot_be_trusted_is_tried_again(
    story: Story, admin: Someone, house: House, server: MailServer, owner: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("SSL_CERT_FILE")
    for url in (server.url, "smtps://127.0.0.1:1"):
        invite(story, admin, email=f"{uuid4().hex}@by.example")
        with opened_house(house.settings.model_copy(update={"mail_url": url})) as posting, capture_logs() as lines:
            run_jobs(posting)
        (line,) = [line for line in lines if line["event"] == "tried in vain"]
        assert line["why"] in ("SSLCertVerificationError", "ConnectionRefusedError")
        owner.execute("delete from procrastinate_jobs")


def test_an_address_from_before_that_no_mail_reaches_is_given_up_at_once(
    story: Story, admin: Someone, house: House, owner: psycopg.Connection
) -> None:
    person = invite(story, admin)
    owner.execute("update staff set email = 'søren@by.example' where person_id = %s", [person])
    with capture_logs() as lines:
        run_jobs(house)
    assert [line["why"] for line in lines if line["event"] == "given up"] == ["email_letters"]


def test_a_job_of_another_kind_that_fails_is_said_too(
    house: House, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.outbox import later

    with house.unit_of_work() as session:
        later(session, "forget_blob", blob="../nowhere")
    monkeypatch.setattr(type(house.store), "delete", lambda *_: 1 / 0)
    with capture_logs() as lines:
        run_jobs(house)
    (line,) = [line for line in lines if line["event"] == "tried in vain"]
    assert (line["task"], line["kind"], line["tries"]) == ("forget_blob", "ZeroDivisionError", 1)
