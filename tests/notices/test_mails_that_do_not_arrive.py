"""Mails that do not arrive: refused addresses, a server that is away, and who sees it. The server is a real one."""

from __future__ import annotations

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import structlog
from flask import Flask
from structlog.testing import capture_logs as captured

from portal.errors import MailRefused
from portal.neighbours.smtp import Post
from portal.runtime import Runtime
from portal.runtime import runtime_for as opened_runtime
from portal.services.accounts import invitations
from tests.notices.test_mails import invite
from tests.support.browser import Browser
from tests.support.mail_server import MailServer
from tests.support.mails import hurry, mails, run_jobs, token_in
from tests.support.story import Someone, Story


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


# An invitation that can be believed


@pytest.fixture
def admin(story: Story) -> Someone:
    return story.admin("Aksel Admin")


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
    app: Flask, story: Story, admin: Someone, runtime: Runtime
) -> None:
    invite(story, admin, email="Post@BLÅBÆR.example")
    run_jobs(runtime)
    (mail,) = mails(runtime)
    assert mail["To"] == "post@xn--blbr-roah.example"
    with runtime.unit_of_work() as session:
        invitations.accept_invitation(session, token_in(mail, "invitation"), "en god lang sætning")
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
def posting(runtime: Runtime, server: MailServer) -> Iterator[Runtime]:
    """The same portal, with a mail server."""
    with opened_runtime(runtime.settings.model_copy(update={"mail_url": server.url})) as made:
        yield made


def test_mail_goes_through_a_real_server(story: Story, admin: Someone, posting: Runtime, server: MailServer) -> None:
    person = invite(story, admin)
    run_jobs(posting)
    assert [whom for whom, _mail in server.taken] == ["pia@region.example"]
    with posting.unit_of_work() as session:
        assert invitations.invitation_status(session, [person])[person].mailed_at is not None


@pytest.mark.parametrize("where", ["at the address", "after the mail"])
def test_a_mail_that_is_refused_is_not_tried_again_and_its_inviter_sees_it(
    where: str,
    app: Flask,
    story: Story,
    admin: Someone,
    posting: Runtime,
    server: MailServer,
    owner: psycopg.Connection,
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
    app: Flask, story: Story, admin: Someone, posting: Runtime, server: MailServer, owner: psycopg.Connection
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
    story: Story, admin: Someone, runtime: Runtime, server: MailServer, owner: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("SSL_CERT_FILE")
    for url in (server.url, "smtps://127.0.0.1:1"):
        invite(story, admin, email=f"{uuid4().hex}@by.example")
        with opened_runtime(runtime.settings.model_copy(update={"mail_url": url})) as posting, capture_logs() as lines:
            run_jobs(posting)
        (line,) = [line for line in lines if line["event"] == "tried in vain"]
        assert line["why"] in ("SSLCertVerificationError", "ConnectionRefusedError")
        owner.execute("delete from procrastinate_jobs")


def test_an_address_from_before_that_no_mail_reaches_is_given_up_at_once(
    story: Story, admin: Someone, runtime: Runtime, owner: psycopg.Connection
) -> None:
    person = invite(story, admin)
    owner.execute("update staff set email = 'søren@by.example' where person_id = %s", [person])
    with capture_logs() as lines:
        run_jobs(runtime)
    assert [line["why"] for line in lines if line["event"] == "given up"] == ["email_letters"]


def test_a_job_of_another_kind_that_fails_is_said_too(
    runtime: Runtime, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.outbox import later

    with runtime.unit_of_work() as session:
        later(session, "forget_blob", blob="../nowhere")
    monkeypatch.setattr(type(runtime.store), "delete", lambda *_: 1 / 0)
    with capture_logs() as lines:
        run_jobs(runtime)
    (line,) = [line for line in lines if line["event"] == "tried in vain"]
    assert (line["task"], line["kind"], line["tries"]) == ("forget_blob", "ZeroDivisionError", 1)


def test_many_mails_go_over_one_connection_and_one_that_comes_twice_has_the_same_name(
    posting: Runtime, server: MailServer
) -> None:
    """A mail that is refused in between costs the others nothing."""
    server.answers["ude@by.example"] = 550
    with Post(posting.settings) as post:
        for to in ("a@by.example", "b@by.example"):
            post.send(to, "Følgeskab", "Hej", "key-1")
        first = post._server
        assert first is not None
        with pytest.raises(MailRefused):
            post.send("ude@by.example", "Følgeskab", "Hej")
        post.send("c@by.example", "Følgeskab", "Hej", "key-2", {"List-Unsubscribe": "<https://x.example/stop/1>"})
        assert post._server is not first
    assert [whom for whom, _mail in server.taken] == ["a@by.example", "b@by.example", "c@by.example"]
    names = [line for _whom, mail in server.taken for line in mail.splitlines() if line.startswith("Message-ID")]
    assert names[0] == names[1] == "Message-ID: <key-1@localhost>"
    assert names[2] != names[0]
    assert "List-Unsubscribe: <https://x.example/stop/1>" in server.taken[2][1]
