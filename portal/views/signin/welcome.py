"""Coming in: a new token in the cookie, and back to where somebody was going."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.access.signin import devices, eid, oidc_flow, own_phone, pending_login, sessions, step_up, throttle
from portal.access.signin.oidc import Identity
from portal.errors import NotFound
from portal.settings import Settings
from portal.web.guard import cookie_name, leads_to_file

_KNOWN_FOR = 180 * 86400
"""Seconds a browser stays known."""


def welcome(
    person_id: UUID,
    method: str,
    *,
    strong: bool = True,
    page: str = "",
    vouched: Identity | None = None,
    eid_link_id: UUID | None = None,
) -> ResponseReturnValue:
    """A new session with a new token; whatever the browser held before is dropped, but for the way and the text of
    somebody whose session had ended. `page` is shown instead of leading on.

    `vouched` is what a provider said, whose own session somebody may want to end when they sign out; how fresh a proof
    that is, is for what it said to show. `eid_link_id` is by which of their eIDs a citizen came.
    """
    if eid.is_closed(g.session, person_id):
        raise NotFound
    to, saved, seen_at = way(), session.get("kept"), oidc_flow.proven_at(vouched) if vouched else None
    fetch = session.get("fetch")
    session.clear()
    if saved:
        session["kept"] = saved
    if fetch:
        session["fetch"] = fetch
    pending_login.end_all_pending(g.session, person_id)
    if g.actor:
        sessions.end_session(g.actor)
        if g.actor.person_id != person_id:
            g.session.commit()  # in their own name, before the transaction speaks for somebody else
    device = devices.called(request.headers.get("User-Agent", ""))
    token = sessions.start(
        g.session,
        person_id,
        method,
        strong=strong and (vouched is None or seen_at is not None),
        device=device,
        proven_at=seen_at,
        eid_link_id=eid_link_id,
    )
    if vouched is not None:
        oidc_flow.remember(g.session, g.runtime.keyring, token, method, vouched)
    response = with_token(page or redirect(to, 303), token)
    if eid_link_id is None:
        _know_this_browser(response, person_id)
    elif vouched is not None:
        own_phone.show_eid(g.session, eid_link_id, own_phone_token())
    return response


def confirmed(method: str, page: str = "", vouched: Identity | None = None) -> ResponseReturnValue:
    """After a fresh proof: the session goes on under a new token. `vouched` is what a provider said of it."""
    token = step_up.confirm(g.actor, method, oidc_flow.proven_at(vouched) if vouched else None)
    if vouched is not None and g.actor.eid_link_id is not None:
        own_phone.show_eid(g.session, g.actor.eid_link_id, own_phone_token())
    return with_token(page or redirect(way(), 303), token)


def led_on() -> ResponseReturnValue:
    """Somebody who is signed in comes by a door that is used up, as by their browser's way back: they go on to where
    they were going. Nothing that came with them counts."""
    return redirect(way(), 303)


def where_from() -> tuple[str, str]:
    """The network address a try comes from, and the token of the browser if professionals have signed in from it."""
    return request.remote_addr or "", request.cookies.get(_known_name(g.runtime.settings), "")[:100]


def own_phone_token() -> str:
    """What a citizen's own phone is known by; '' anywhere else."""
    return request.cookies.get(_phone_name(g.runtime.settings), "")[:100]


def know_own_phone(response: Response, token: str) -> None:
    """Its owner has asked for it."""
    _set(response, _phone_name(g.runtime.settings), token, max_age=_KNOWN_FOR)


def with_token(answer: ResponseReturnValue, token: str) -> Response:
    """The answer, with the session's token in its cookie."""
    response = make_response(answer)
    _set(response, cookie_name(g.runtime.settings), token)
    return response


def way() -> str:
    """Where they were going: noted by the guard from an address it had matched, never from a parameter. A file leaves a
    browser on the page it came from, so there is a page to fetch it from."""
    to = str(session.pop("to", "") or "")
    if not to.startswith("/") or to.startswith(("//", "/\\")):
        return "/"
    if not leads_to_file(to):
        return to
    session["fetch"] = to
    return url_for("stepup.fetch")


def _know_this_browser(response: Response, person_id: UUID) -> None:
    """Of professionals only: a citizen's browser is left without any trace of them, unless they bind it themselves."""
    _, device = where_from()
    known = throttle.know(g.session, person_id, device)
    _set(response, _known_name(g.runtime.settings), known, max_age=_KNOWN_FOR)


def _known_name(settings: Settings) -> str:
    return "__Host-known" if settings.https else f"known-{settings.base_url.port}"


def _phone_name(settings: Settings) -> str:
    return "__Host-phone" if settings.https else f"phone-{settings.base_url.port}"


def _set(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    secure = g.runtime.settings.https
    response.set_cookie(name, value, max_age, secure=secure, httponly=True, samesite="Lax", path="/")
