"""The eIDs of this portal as the screens use them: which there are, the way out to one, and its refusals."""

from __future__ import annotations

import structlog
from flask import current_app, g, redirect, render_template, session
from flask.typing import ResponseReturnValue

from portal import audit
from portal.access.signin import eid, flow
from portal.access.signin.oidc import EidRefused, OidcClient
from portal.errors import NeighbourDown, NotFound
from portal.events import Event
from portal.providers import EidProvider
from portal.views import words

log = structlog.get_logger("eid")

AWAY = "away"
"""Why nobody was signed in when the eID did not answer."""


def clients() -> dict[str, OidcClient]:
    """One client per configured eID, made once per process."""
    made: dict[str, OidcClient] | None = current_app.extensions.get("eid_clients")
    if made is None:
        settings = g.house.settings
        made = {
            provider.key: OidcClient(provider, f"{settings.origin}/eid/{provider.key}/callback")
            for provider in settings.eid_providers
        }
        current_app.extensions["eid_clients"] = made
    return made


def client(key: str) -> OidcClient:
    """Raises NotFound for an eID that is not configured."""
    found = clients().get(key)
    if found is None:
        raise NotFound
    return found


def provider_of(client: OidcClient) -> EidProvider:
    """What the settings say of an eID."""
    assert isinstance(client.provider, EidProvider)  # noqa: S101  clients() makes no others
    return client.provider


def offered() -> list[EidProvider]:
    """The eIDs a page offers, whose forms may then lead to them."""
    providers = [provider_of(one) for one in clients().values()]
    let_forms_lead_to(*providers)
    return providers


def let_forms_lead_to(*providers: EidProvider) -> None:
    """Browsers hold a form's redirects to the page's form-action too."""
    g.form_origins = sorted({origin for provider in providers for origin in provider.browser_origins})


def send_out(key: str, national_id: bool = False, anew: bool = False) -> ResponseReturnValue:
    """The way out to the eID, which the browser is tied to; a page that says so when it does not answer.

    Raises NotFound.
    """
    chosen = client(key)
    asks = eid.question(provider_of(chosen), national_id, anew)
    try:
        way = flow.begin(g.session, chosen, eid.REALM, session.get("browser"), asks)
    except EidRefused as problem:
        return refused(provider_of(chosen), problem.why)
    except NeighbourDown:
        return away(provider_of(chosen))
    session["browser"] = way.browser_token
    return redirect(way.url, 303)


def refused(provider: EidProvider, why: str) -> ResponseReturnValue:
    """The page for somebody who was not let in; the reason, as a code, is in the trace."""
    audit.record(g.session, Event.SIGN_IN_REFUSED, method=f"eid:{provider.key}", reason=why)
    sentence = words.EID_REFUSED.get(why, words.EID_REFUSED_OTHERWISE)
    let_forms_lead_to(provider)
    page = render_template("signin/eid_refused.html", provider=provider, sentence=sentence, friendly=why == "aborted")
    return page, 403


def away(provider: EidProvider) -> ResponseReturnValue:
    """The page for an eID that does not answer. Nothing of it is remembered: the next try asks again."""
    log.error("neighbour down", id=g.get("request_id"), neighbour="eid", provider=provider.key)
    return refused(provider, AWAY)
