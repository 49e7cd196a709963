"""The eIDs of this portal as the screens use them: which there are, the way out to one, and its refusals."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog
from flask import current_app, g, redirect, render_template, session
from flask.typing import ResponseReturnValue

from portal import audit
from portal.access.signin import eid, oidc_flow
from portal.access.signin.oidc import EidRefused, OidcClient
from portal.access.signin.oidc_flow import Purpose
from portal.errors import DependencyUnavailable, NotFound
from portal.events import Event
from portal.identity_providers import EidProvider
from portal.web import labels

log = structlog.get_logger("eid")

AWAY = "away"
"""Why nobody was signed in when the eID did not answer."""


def clients() -> dict[str, OidcClient]:
    """One client per configured eID, made once per process."""
    made: dict[str, OidcClient] | None = current_app.extensions.get("eid_clients")
    if made is None:
        settings = g.runtime.settings
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


def that_prove_anew() -> list[EidProvider]:
    """Those of them whose answer shows that somebody identified themselves just now."""
    return [provider for provider in offered() if provider.can_prove_anew]


def called(issuer: str) -> str:
    """What the page calls an eID of that issuer: as the sign-in page does, or by its host where it is gone from it."""
    known = (provider_of(one) for one in clients().values())
    return next((one.label for one in known if one.issuer_url == issuer), urlsplit(issuer).hostname or issuer)


def send_out(key: str, national_id: bool = False, purpose: Purpose = Purpose.SIGN_IN) -> ResponseReturnValue:
    """The way out to the eID, which the browser is tied to; a page that says so when it does not answer.

    Raises NotFound.
    """
    chosen = client(key)
    asks = eid.question(provider_of(chosen), national_id, purpose, g.actor.login_id if g.actor else None)
    try:
        way = oidc_flow.begin_sign_in(g.session, chosen, eid.REALM, session.get("browser"), asks)
    except EidRefused as problem:
        return refused(provider_of(chosen), problem.why, purpose)
    except DependencyUnavailable:
        return away(provider_of(chosen), purpose)
    session["browser"] = way.browser_token
    return redirect(way.url, 303)


def refused(provider: EidProvider, why: str, purpose: Purpose = Purpose.SIGN_IN) -> ResponseReturnValue:
    """The page for somebody who was not let in, or whose proof did not count; the reason, as a code, is in the
    trace."""
    audit.record(g.session, Event.SIGN_IN_REFUSED, method=f"eid:{provider.key}", reason=why)
    sentence = labels.EID_REFUSED.get(why, labels.EID_REFUSED_OTHERWISE)
    let_forms_lead_to(provider)
    page = render_template(
        "signin/eid_refused.html",
        provider=provider,
        sentence=sentence,
        friendly=why == "aborted",
        again=_AGAIN[purpose] if g.actor else _AGAIN[Purpose.SIGN_IN],
    )
    return page, 403


_AGAIN = {
    Purpose.SIGN_IN: "signin.begin_eid",
    Purpose.STEP_UP: "stepup.with_eid",
    Purpose.CODE: "own_eids.begin_code",
}
"""Where the button of that page leads: to the same question once more."""


def away(provider: EidProvider, purpose: Purpose = Purpose.SIGN_IN) -> ResponseReturnValue:
    """The page for an eID that does not answer. Nothing of it is remembered: the next try asks again."""
    log.error("neighbour down", id=g.get("request_id"), neighbour="eid", provider=provider.key)
    return refused(provider, AWAY, purpose)
