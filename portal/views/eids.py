"""The eIDs of this portal as the screens use them: which there are, the way out to one, and its refusals."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, g, redirect, render_template, session
from flask.typing import ResponseReturnValue

from portal import audit
from portal.access.signin import eid
from portal.access.signin.oidc import EidRefused, OidcClient
from portal.audit import Event
from portal.errors import NotFound
from portal.settings import EidProvider
from portal.views import words


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


def offered() -> list[EidProvider]:
    """The eIDs a page offers, whose forms may then lead to them."""
    providers = [client.provider for client in clients().values()]
    # Browsers hold a form's redirects to the page's form-action too.
    g.form_origins = sorted({origin(provider) for provider in providers})
    return providers


def origin(provider: EidProvider) -> str:
    parts = urlsplit(provider.issuer_url)
    return f"{parts.scheme}://{parts.netloc}"


def send_out(key: str, national_id: bool = False, anew: bool = False) -> ResponseReturnValue:
    """The way out to the eID, which the browser is tied to. Raises NotFound, NeighbourDown('eid')."""
    chosen = client(key)
    try:
        way = eid.begin(g.session, chosen, session.get("browser"), national_id, anew)
    except EidRefused as problem:
        return refused(chosen.provider, problem.why)
    session["browser"] = way.browser_token
    return redirect(way.url, 303)


def refused(provider: EidProvider, why: str) -> ResponseReturnValue:
    audit.record(g.session, Event.SIGN_IN_REFUSED, method=f"eid:{provider.key}", reason=why)
    sentence = words.EID_REFUSED.get(why, words.EID_REFUSED_OTHERWISE)
    g.form_origins = [origin(provider)]
    page = render_template("signin/eid_refused.html", provider=provider, sentence=sentence, friendly=why == "aborted")
    return page, 403
