"""Professionals sign in through their own organisation: the way there, the way back, and what is said when it fails."""

from __future__ import annotations

import structlog
from flask import Blueprint, current_app, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from portal import audit
from portal.access.signin import oidc_flow
from portal.access.signin.oidc import EidRefused, OidcClient
from portal.access.signin.oidc_flow import Purpose, SignInQuestion
from portal.errors import DependencyUnavailable, NotFound
from portal.events import Event
from portal.identity_providers import StaffProvider
from portal.services.accounts import federation
from portal.services.accounts.federation import REALM
from portal.views.signin import welcome as signin_welcome
from portal.web import labels
from portal.web.guard import public

bp = Blueprint("staff_sso", __name__, url_prefix="/staff-sign-in")
log = structlog.get_logger("staff_sso")


def clients() -> dict[str, tuple[OidcClient, StaffProvider]]:
    """One client per configured sign-in, made once per process."""
    made: dict[str, tuple[OidcClient, StaffProvider]] | None = current_app.extensions.get("staff_clients")
    if made is None:
        settings = g.runtime.settings
        made = {
            provider.key: (OidcClient(provider, f"{settings.origin}/staff-sign-in/{provider.key}/callback"), provider)
            for provider in settings.staff_providers
        }
        current_app.extensions["staff_clients"] = made
    return made


def offered() -> list[StaffProvider]:
    """The sign-ins a page offers, whose forms may then lead to them."""
    providers = [provider for _client, provider in clients().values()]
    _let_forms_lead_to(*providers)
    return providers


@bp.post("/<key>")
@public
def begin(key: str) -> ResponseReturnValue:
    """Sends the browser to the organisation's sign-in."""
    return send_out(key)


def send_out(key: str, purpose: Purpose = Purpose.SIGN_IN) -> ResponseReturnValue:
    """The way out; with `STEP_UP`, somebody signed in is to identify themselves once more. Raises NotFound."""
    client, provider = _client(key)
    asks = SignInQuestion(purpose=purpose, login_id=g.actor.login_id if g.actor else None)
    try:
        way = oidc_flow.begin_sign_in(g.session, client, REALM, session.get("browser"), asks)
    except EidRefused as problem:
        return _refused(provider, problem.why, purpose)
    except DependencyUnavailable:
        return _away(provider, purpose)
    session["browser"] = way.browser_token
    return redirect(way.url, 303)


@bp.get("/<key>/callback")
@public
def end(key: str) -> ResponseReturnValue:
    """The way back."""
    client, provider = _client(key)
    try:
        state, browser = request.args.get("state", "")[:200], session.get("browser", "")
        begun = oidc_flow.take_attempt(g.session, state, browser, f"{REALM}:{key}")
    except EidRefused as problem:
        return signin_welcome.led_on() if g.actor else _refused(provider, problem.why)
    purpose = Purpose(begun.purpose)
    try:
        client.check_answer(request.args.get("error"), request.args.get("iss"))
        identity = oidc_flow.redeem(client, begun, request.args.get("code", "")[:4000])
        if purpose is Purpose.STEP_UP and (g.actor is None or g.actor.login_id != begun.login_id):
            raise EidRefused("state")
        with audit.savepoint(g.session):
            person_id = federation.recognise_staff(g.session, identity, provider)
            # Somebody signed in was asked to prove once more who they are: nobody else will do, nor gets an account.
            if purpose is Purpose.STEP_UP and person_id != g.actor.person_id:
                raise EidRefused("other_person")
    except EidRefused as problem:
        if g.actor and purpose is Purpose.SIGN_IN and problem.why == "aborted":
            return signin_welcome.led_on()
        return _refused(provider, problem.why, purpose)
    except DependencyUnavailable:
        return _away(provider, purpose)
    if purpose is Purpose.STEP_UP:
        return signin_welcome.confirmed(f"{REALM}:{key}", vouched=identity)
    return signin_welcome.welcome(person_id, f"{REALM}:{key}", vouched=identity)


def _client(key: str) -> tuple[OidcClient, StaffProvider]:
    found = clients().get(key)
    if found is None:
        raise NotFound
    return found


def _let_forms_lead_to(*providers: StaffProvider) -> None:
    there = {origin for provider in providers for origin in provider.browser_origins}
    g.form_origins = sorted(there | set(g.get("form_origins", ())))


def _away(provider: StaffProvider, purpose: Purpose) -> ResponseReturnValue:
    log.error("neighbour down", id=g.get("request_id"), neighbour="eid", provider=provider.key)
    return _refused(provider, "away", purpose)


def _refused(provider: StaffProvider, why: str, purpose: Purpose = Purpose.SIGN_IN) -> ResponseReturnValue:
    audit.record(g.session, Event.SIGN_IN_REFUSED, method=f"{REALM}:{provider.key}", reason=why)
    sentence = labels.STAFF_REFUSED.get(why, labels.STAFF_REFUSED_OTHERWISE)
    _let_forms_lead_to(provider)
    steps_up = g.actor is not None and purpose is Purpose.STEP_UP
    again = "stepup.with_staff_sign_in" if steps_up else "staff_sso.begin"
    return render_template("signin/staff_refused.html", provider=provider, sentence=sentence, again=again), 403
