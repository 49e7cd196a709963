"""Mails: gathered, written so that they can be believed, and seen when they do not arrive. The server is a real one."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask

from portal.access.policy.roles import Level
from portal.cli import cli
from portal.runtime import Runtime
from portal.services.accounts import directory, invitations
from portal.services.accounts.directory import NewStaff
from portal.services.meetings import schedule
from portal.services.notices import mail as notices_mail
from portal.services.notices.mail import Notice
from portal.settings import Settings
from tests.meetings.test_meetings import ahead
from tests.support.browser import Browser
from tests.support.mails import hurry, mails, run_jobs, token_in
from tests.support.story import Room, Someone, Story

# Gathered


@pytest.fixture
def team(story: Story, room: Room, owner: psycopg.Connection) -> list[Someone]:
    """Four of the guide's unit in her case, of which they have been told."""
    found = [story.staff(name) for name in ("Kim Kollega", "Bo Ravn", "Ane Holm", "Eva Lund")]
    for someone in found:
        story.add(room, someone, Level.WRITE)
    owner.execute("delete from procrastinate_jobs; delete from notice_due; delete from notice_item")
    return found


def arranged(story: Story, room: Room, team: list[Someone]) -> UUID:
    asked = {room.member(someone) for someone in team}
    return story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), asked))


def move_to(story: Story, room: Room, team: list[Someone], meeting: UUID, place: str) -> None:
    asked = {room.member(someone) for someone in team}
    when = story.play(room, room.guide, lambda t: ahead(t, place=place))
    story.play(room, room.guide, lambda t: schedule.change(t, meeting, when, asked))


def test_a_meeting_that_is_planned_and_moved_five_times_is_one_mail_to_each(
    story: Story, room: Room, team: list[Someone], runtime: Runtime, owner: psycopg.Connection
) -> None:
    meeting = arranged(story, room, team)
    for place in ("Skolen", "Rådhuset", "Lokale 1", "Lokale 2", "Lokale 3"):
        move_to(story, room, team, meeting, place)
    run_jobs(runtime)
    assert mails(runtime) == [], "not before some minutes have passed"
    hurry(owner)
    run_jobs(runtime)
    assert len(mails(runtime)) == len(team)
    assert len({mail["To"] for mail in mails(runtime)}) == len(team)
    move_to(story, room, team, meeting, "Skolen igen")
    hurry(owner)
    run_jobs(runtime)
    assert len(mails(runtime)) == 2 * len(team), "what comes later is told again"


def test_whatever_it_is_that_happens_again_and_again_it_is_one_mail(
    story: Story, room: Room, team: list[Someone], runtime: Runtime, owner: psycopg.Connection
) -> None:
    """Meetings in several cases, a summons called off, a consent ending: it all says the same."""
    other = story.case(room.guide, name="Malik Christensen")
    story.add(other, team[0], Level.WRITE)
    meeting = arranged(story, room, team[:1])
    arranged(story, other, team[:1])
    story.play(room, room.guide, lambda t: schedule.call_off(t, meeting))
    with runtime.unit_of_work() as session:
        notices_mail.queue_notice(session, [team[0].id])
    for _ in range(3):
        with runtime.unit_of_work() as session:
            notices_mail.queue_notice(session, [team[0].id], Notice.SIGN_IN)
    hurry(owner)
    run_jobs(runtime)
    told = [mail.get_content().split("\n")[0] for mail in mails(runtime)]
    assert sorted(told) == ["Der er nyt til dig. Log på.", "Følgeskab"]


def test_what_happens_while_the_mail_is_under_way_is_told_by_one_more(
    team: list[Someone], runtime: Runtime, owner: psycopg.Connection
) -> None:
    person = team[0].id
    with runtime.unit_of_work() as session:
        notices_mail.queue_notice(session, [person], Notice.SIGN_IN)
    with runtime.unit_of_work() as session:
        due = notices_mail.take(session, person, Notice.SIGN_IN)
    assert due is not None
    for _ in range(3):
        with runtime.unit_of_work() as session:
            notices_mail.queue_notice(session, [person], Notice.SIGN_IN)
    with runtime.unit_of_work() as session:
        notices_mail.done(session, person, Notice.SIGN_IN, due)
    hurry(owner)
    run_jobs(runtime)
    assert len(mails(runtime)) == 1
    assert owner.execute("select count(*) from notice_due").fetchone() == (0,)


def test_many_at_once_queue_one_mail(team: list[Someone], runtime: Runtime, owner: psycopg.Connection) -> None:
    faults: list[Exception] = []

    def happen() -> None:
        try:
            for _ in range(5):
                with runtime.unit_of_work() as session:
                    notices_mail.queue_notice(session, [someone.id for someone in team])
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
    story: Story, team: list[Someone], runtime: Runtime, owner: psycopg.Connection
) -> None:
    with runtime.unit_of_work() as session:
        notices_mail.queue_notice(session, [team[0].id, team[1].id])
    with story.acting(story.admin()) as actor:
        directory.close_account(actor, team[0].id)
    hurry(owner)
    run_jobs(runtime)
    told = [mail.get_content().split("\n")[2 if "Følgeskab" in mail.get_content() else 0] for mail in mails(runtime)]
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
    story: Story, room: Room, admin: Someone, runtime: Runtime, owner: psycopg.Connection
) -> None:
    invite(story, admin)
    run_jobs(runtime)
    (mail,) = mails(runtime)
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
    story: Story, admin: Someone, runtime: Runtime, app: Flask, calendar
) -> None:  # type: ignore[no-untyped-def]
    invite(story, admin)
    run_jobs(runtime)
    token = token_in(mails(runtime)[0], "invitation")
    calendar.move(days=6, hours=23)
    assert Browser(app).get(f"/invitation/{token}").status == 200
    calendar.move(hours=2)
    assert Browser(app).get(f"/invitation/{token}").status == 410


def test_where_passwords_are_not_used_an_invitation_leads_to_the_workplace(
    story: Story, admin: Someone, runtime: Runtime, owner: psycopg.Connection
) -> None:
    owner.execute("update organisation set password_sign_in = false")
    invite(story, admin)
    run_jobs(runtime)
    danish = mails(runtime)[0].get_content().split("--")[0]
    assert "gennem din arbejdsplads" in danish
    assert "/invitation/" not in danish


def test_a_renewal_says_that_it_is_one(
    story: Story, admin: Someone, runtime: Runtime, owner: psycopg.Connection
) -> None:
    someone = story.staff("Kim Kollega")
    with story.acting(admin) as actor:
        invitations.start_renewal(actor, someone.id)
    run_jobs(runtime)
    letter = next(mail for mail in mails(runtime) if "ekstra trin" in mail["Subject"])
    assert "har startet en fornyelse" in letter.get_content()
    assert "Aksel Admin" in letter.get_content()


def test_a_name_with_line_breaks_or_a_subject_of_its_own_stays_a_name(
    story: Story, admin: Someone, runtime: Runtime
) -> None:
    invite(story, admin, name="Pia\r\nBcc: alle@by.example\r\n\r\nHej")
    run_jobs(runtime)
    (mail,) = mails(runtime)
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
    portal_settings: Settings, runtime: Runtime, app: Flask, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(portal_settings, monkeypatch, email="ann@by.exampel").exit_code == 0
    run_jobs(runtime)
    first = token_in(mails(runtime)[0], "invitation")
    assert "indtil" in mails(runtime)[0].get_content()
    done = command(portal_settings, monkeypatch)
    assert done.exit_code == 0, done.exception
    assert "again" in done.output
    run_jobs(runtime)
    assert [mail["To"] for mail in mails(runtime)] == ["ann@by.exampel", "ann@by.example"]
    assert Browser(app).get(f"/invitation/{first}").status == 410
    assert owner.execute("select count(*) from staff").fetchone() == (1,)
    browser = Browser(app)
    page = browser.get(f"/invitation/{token_in(mails(runtime)[1], 'invitation')}")
    chosen = browser.submit(page, "password", password="en god lang sætning", again="en god lang sætning")
    assert chosen.status == 303


def test_once_somebody_has_come_in_the_command_makes_no_other_administrator(
    portal_settings: Settings,
    runtime: Runtime,
    story: Story,
    owner: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor does it put a new address at an account that is in use: whoever can run it would have every account."""
    assert command(portal_settings, monkeypatch).exit_code == 0
    run_jobs(runtime)
    token = token_in(mails(runtime)[0], "invitation")
    with runtime.unit_of_work() as session:
        invitations.accept_invitation(session, token, "en god lang sætning")
    for said in ({}, {"email": "ond@by.example"}):
        done = command(portal_settings, monkeypatch, **said)
        assert done.exit_code != 0
        assert "not_empty" in str(done.exception)
    assert owner.execute("select email from staff").fetchall() == [("ann@by.example",)]
    assert owner.execute("select count(*) from invitation").fetchone() == (1,)


def test_an_administrator_who_has_not_come_in_yet_is_invited_again_at_their_own_address_alone(
    portal_settings: Settings,
    runtime: Runtime,
    story: Story,
    owner: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert command(portal_settings, monkeypatch).exit_code == 0
    run_jobs(runtime)
    with runtime.unit_of_work() as session:
        invitations.accept_invitation(session, token_in(mails(runtime)[0], "invitation"), "en god lang sætning")
    story.admin("Bo Nummer To")
    owner.execute("update staff set email = 'bo@by.example' where name = 'Bo Nummer To'")
    assert command(portal_settings, monkeypatch, email="ond@by.example").exit_code != 0
    assert command(portal_settings, monkeypatch, email="Bo@By.example").exit_code == 0
    found = owner.execute("select name, email from staff order by name").fetchall()
    assert found == [("Ann Admin", "ann@by.example"), ("Bo Nummer To", "bo@by.example")]
    run_jobs(runtime)
    assert mails(runtime)[-1]["To"] == "bo@by.example"
