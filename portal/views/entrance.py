"""Coming in: a new token in the cookie, and back to where somebody was going."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, make_response, redirect, request, session
from flask.typing import ResponseReturnValue

from portal.access.guard import cookie_name
from portal.access.signin import devices, eid, flow, sessions, stepup
from portal.access.signin.oidc import Identity
from portal.errors import NotFound


def welcome(
    person_id: UUID, method: str, *, strong: bool = True, vouched: Identity | None = None
) -> ResponseReturnValue:
    """A new session with a new token; whatever the browser held before is dropped, but for the way and the text of
    somebody whose session had ended.

    `vouched` is what a provider said, whose own session somebody may want to end when they sign out.
    """
    if eid.is_closed(g.session, person_id):
        raise NotFound
    to, kept = _way(), session.get("kept")
    session.clear()
    if kept:
        session["kept"] = kept
    device = devices.called(request.headers.get("User-Agent", ""))
    token = sessions.start(g.session, person_id, method, strong=strong, device=device)
    if vouched is not None:
        flow.remember(g.session, g.house.keyring, token, method, vouched)
    return _with_cookie(redirect(to, 303), token)


def confirmed(method: str) -> ResponseReturnValue:
    """After a fresh proof: the session goes on under a new token."""
    session.pop("confirming", None)
    return _with_cookie(redirect(_way(), 303), stepup.confirm(g.actor, method))


def _way() -> str:
    """Where they were going: noted by the guard from an address it had matched, never from a parameter."""
    to = str(session.pop("to", "") or "")
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


def _with_cookie(answer: ResponseReturnValue, token: str) -> Response:
    response = make_response(answer)
    response.set_cookie(
        cookie_name(g.house.settings),
        token,
        secure=g.house.settings.https,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response
