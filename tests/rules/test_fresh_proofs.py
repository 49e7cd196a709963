"""What matters most asks for a fresh proof of who somebody is, of looking at the form as of sending it: one list, and
each of them tried by somebody who has given a password and nothing else."""

from __future__ import annotations

from io import BytesIO
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from portal.access.signin import sessions
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime
from portal.web.guard import declared
from tests.rules.routes import ROUTES, Route, own
from tests.support.browser import Browser, cookie_of
from tests.support.world import World

IN_ANOTHERS_STEAD = {
    "consents.register",
    "consents.withdraw",
    "plan_form.accept_for",
    "safeguards.override",
    "safeguards.end_override",
    "safeguards.freeze",
    "safeguards.review",
    "hand_over.offer",
    "hand_over.answer",
    "team.code",
    "team.custody",
    "team.national_id",
}
"""What the guide does that speaks for somebody, shuts somebody out, lets somebody in without consent, or gives the case
away."""
ONES_OWN = {
    "account.password",
    "consents.give",
    "consents.sign",
    "exports.case",
    "exports.fetch_case",
    "factors.new_codes",
    "factors.remove_passkey",
    "factors.remove_totp",
    "oversight.trace_list",
    "own_eids.end",
    "own_phone.bind",
    "own_phone.options",
}
HEAVY = [route for route in ROUTES if route.endpoint in IN_ANOTHERS_STEAD]


def test_every_heavy_act_is_declared_to_ask_for_a_fresh_proof(app: Flask) -> None:
    asks = {name for name in app.view_functions if (d := declared(app, name)) and (d.fresh or d.fresh_for_others)}
    assert asks >= IN_ANOTHERS_STEAD | ONES_OWN
    acts = {name for name in app.view_functions if name.startswith(("office.", "office_import."))}
    assert acts - asks <= {"office.index", "office.account"}, "an administrator's act without a fresh proof"


def weak(living: Runtime, world: World, kind: str) -> str:
    """A session that began with a password and nothing else."""
    with living.unit_of_work() as session:
        return sessions.start(session, world.people[kind].id, "password", strong=False)


@pytest.fixture
def counting(living: Runtime, postgres: EmbeddedPostgres):  # type: ignore[no-untyped-def]
    """What the acts would leave behind."""
    tables = ["consent", "consent_withdrawal", "plan_acceptance", "legal_override", "legal_override_end"]
    tables += ["team_level", "access_freeze", "access_freeze_end", "hand_over", "hand_over_answer", "invitation_code"]
    tables += ["kept_form"]
    custody = "select string_agg(concat(custody_from, custody_until), ' ' order by id) from membership"
    questions = {
        **{table: f"select count(*) from {table}" for table in tables},
        "shown": "select count(*) from audit_event where event = 'national_id.shown'",
        "custody": custody,
    }
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as owner:

        def count() -> dict[str, object]:
            return {name: owner.execute(asked).fetchone() for name, asked in questions.items()}  # type: ignore[arg-type]

        yield count


@pytest.mark.parametrize("route", HEAVY, ids=str)
def test_a_session_of_a_password_alone_does_none_of_them(
    route: Route, living_app: Flask, living: Runtime, world: World, counting
) -> None:  # type: ignore[no-untyped-def]
    taker = "colleague" if route.endpoint == "hand_over.answer" else "guide"
    browser = Browser(living_app, weak(living, world, taker))
    before, path = counting(), route.path(own(world))
    if route.method == "GET":
        answer = browser.get(path)
    else:
        answer = browser.post(path, {"submission": str(uuid4()), "reason": "Skrevet længe på"})
    assert (answer.status, answer.headers["Location"]) == (303, "/step-up"), route
    after = counting()
    saved = after.pop("kept_form"), before.pop("kept_form")
    assert after == before, route
    if route.method == "POST":
        assert saved[0] != saved[1], "what was sent waits for them"


def test_nobody_is_kept_from_taking_their_own_yes_back(living_app: Flask, living: Runtime, world: World) -> None:
    """The young person's own withdrawal asks for nothing new; the guide's on their word does."""
    path = f"/cases/{world.room.case_id}/consents/{world.consent_id}/withdraw/all"
    giver = Browser(living_app, weak(living, world, "young person"))
    assert giver.get(path).status == 200
    guide = Browser(living_app, weak(living, world, "guide"))
    assert guide.get(path).headers["Location"] == "/step-up"


@pytest.mark.parametrize("known", [True, False], ids=["still signed in", "signed out"])
def test_the_words_beside_a_file_are_kept_and_the_file_is_kept_or_named(
    living_app: Flask, living: Runtime, world: World, postgres: EmbeddedPostgres, known: bool
) -> None:
    """A guide who wrote for longer than ten minutes is asked for nothing again; one whose session has ended for the
    file alone, which is taken in from nobody who is not signed in."""
    room = world.room

    def signed_in() -> str:
        with living.unit_of_work() as session:
            return sessions.start(session, room.guide.id, "password+totp")

    browser = Browser(living_app, signed_in())
    path = f"/cases/{room.case_id}/consents/register/{room.member(world.people['young person'])}"
    page = browser.get(path)
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as owner:
        owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
        if not known:
            owner.execute("update login set seen_at = seen_at - interval '2 days'")
        scan = (BytesIO(b"%PDF-1.4\n" + b"x" * (2_000_000 if known else 2_000)), "underskrevet.pdf")
        blobs = set(living.store.keys())
        typed = {"csrf_token": browser.csrf(), "note": "Sagt på kontoret", "told": "y", "scan": scan}
        sent = EnvironBuilder(path, "http://localhost", method="POST", data=typed)
        answer = browser.client.open(sent)
        sent.close()
        answer.request.environ["wsgi.input"].close()  # lies in a file, so large it is
        assert answer.status_code == 303
        assert answer.headers["Location"].partition("?")[0] == ("/step-up" if known else "/sign-in")
        waits = set(living.store.keys()) - blobs
        assert len(waits) == known
        owner.execute("update login set fresh_at = now()")
    if not known:
        browser.client.set_cookie(cookie_of(living_app), signed_in(), domain="localhost")
    again = browser.get(path)
    assert "Sagt på kontoret" in again.everything
    assert ("Valgt: underskrevet.pdf" in again.text) is known
    assert ("Vælg filen igen: underskrevet.pdf" in again.text) is not known
    assert page.status == again.status == 200
