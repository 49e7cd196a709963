"""The way back from a national eID: what came of it, for whom it was begun.

Whoever is signed in already and comes back by an attempt that is used up or over (two tabs, the browser's way back) is
led on. Whatever else is wrong with an answer, it changes nothing about who is signed in.
"""

from __future__ import annotations

from flask import g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import audit
from portal.access.signin import eid, oidc_flow
from portal.access.signin.eid import NeedsNationalId, Recognised, Unknown
from portal.access.signin.oidc import EidRefused, Identity
from portal.access.signin.oidc_flow import Purpose
from portal.errors import DependencyUnavailable
from portal.identity_providers import EidProvider
from portal.views.signin import eid_choice
from portal.views.signin import welcome as signin_welcome

Who = Recognised | NeedsNationalId | Unknown


def came_back(key: str) -> ResponseReturnValue:
    """The answer of the eID of that key. Raises NotFound for one that is not configured."""
    client = eid_choice.client(key)
    provider = eid_choice.provider_of(client)
    try:
        begun = oidc_flow.take_attempt(
            g.session, request.args.get("state", "")[:200], session.get("browser", ""), f"{eid.REALM}:{key}"
        )
    except EidRefused as problem:
        return signin_welcome.led_on() if g.actor else eid_choice.refused(provider, problem.why)
    purpose = Purpose(begun.purpose)
    try:
        client.check_answer(request.args.get("error"), request.args.get("iss"))
        identity = oidc_flow.redeem(client, begun, request.args.get("code", "")[:4000])
        eid.check_person(identity, provider, g.runtime.settings)
        if purpose is not Purpose.SIGN_IN and (g.actor is None or g.actor.login_id != begun.login_id):
            # Who asked for it has signed out meanwhile, here or elsewhere.
            raise EidRefused("state")
        with audit.savepoint(g.session):
            who = eid.recognise_citizen(g.session, g.runtime.keyring, identity, provider, begun.asks_national_id)
            # Somebody signed in was asked to prove once more who they are: nobody else will do, nor is taken in by it.
            if purpose is not Purpose.SIGN_IN and not _is_actor(who):
                raise EidRefused("other_person")
    except EidRefused as problem:
        if g.actor and purpose is Purpose.SIGN_IN and problem.why == "aborted":
            return signin_welcome.led_on()
        return eid_choice.refused(provider, problem.why, purpose)
    except DependencyUnavailable:
        return eid_choice.away(provider, purpose)
    if purpose is Purpose.STEP_UP:
        return signin_welcome.confirmed(f"eid:{key}", vouched=identity)
    if purpose is Purpose.CODE:
        return _to_code(identity, provider)
    match who:
        case Recognised():
            return signin_welcome.welcome(who.person_id, f"eid:{key}", vouched=identity, eid_link_id=who.link_id)
        case NeedsNationalId():
            eid_choice.let_forms_lead_to(provider)
            return render_template("signin/first_time.html", provider=provider)
        case Unknown():
            return _to_code(identity, provider)


def _to_code(identity: Identity, provider: EidProvider) -> ResponseReturnValue:
    session["stranger"] = eid.keep_stranger(g.session, g.runtime.keyring, identity, provider)
    return redirect(url_for("signin.code"), 303)


def _is_actor(who: Who) -> bool:
    return isinstance(who, Recognised) and g.actor is not None and who.person_id == g.actor.person_id
