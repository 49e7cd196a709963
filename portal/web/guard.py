"""The Flask edge of access: every route says who it is for, or is for nobody.

A view opens itself with exactly one of these, directly under its route:

* `@public`: anybody, signed in or not;
* `@signed_in`: anybody who is signed in; for what is one's own;
* `@awaiting_second_factor`: besides, who has given the right password and must still show or set up the second factor;
* `@office(OfficeAction.X)`: somebody whose office allows it;
* `@opens(Action.X)`: somebody with a ticket into the case of the address, whose standing allows it. The view gets the
  ticket in place of the case's id;
* `@from_page`: whoever holds a page that was made for somebody, for putting aside what is typed on it: the form itself
  says, signed, whose it is. The view gets in `g.writer` for whom the page was made, who may be signed out by now.
* `@by_token`: whoever holds the token in the address, signed in or not: no cookie is looked at, so a program can press
  the button as well (RFC 8058). Such a view does nothing but what the token says.
* `@with_link`: whoever comes by a link that somebody made for their word processor. It is as if they came themselves:
  the view gets their ticket, made anew for this request. No cookie is looked at. A link that is over, and one to what
  its person may not read any more, are answered like one that never was.

`@fresh` above one of these asks, besides, for a proof of who it is that is at most ten minutes old, `@fresh_for_others`
for it where somebody acts in another's stead. Whoever lacks it, or whose session has ended, is led there and back; what
they were sending is kept for them. `@gives_file` says that what comes is a file and no page to land on.

`Admission` runs before every request, before anything of its body is read. A view without a declaration is refused at
start and, should one slip in, on request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from flask import Flask, Request, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect

from portal.access.actor import Actor
from portal.access.policy.actions import Action, OfficeAction
from portal.access.policy.roles import Standing
from portal.access.signin import pending_login as pending_login
from portal.access.signin import sessions, step_up
from portal.access.ticket import CaseTicket, enter_case
from portal.errors import EidNeeded, NotFound, Refused, UnsafeConfiguration
from portal.services.webdav import links
from portal.settings import Settings
from portal.web import way_back

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Declared:
    """Who a view is for."""

    kind: str
    action: Action | OfficeAction | None = None
    takes_files: bool = False
    takes_list: bool = False
    fresh: bool = False
    fresh_for_others: bool = False
    quiet: bool = False
    gives_file: bool = False


PUBLIC = Declared("public")


def public(view: Callable[P, R]) -> Callable[P, R]:
    return _declare(view, PUBLIC)


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    return _declare(view, Declared("signed_in"))


def awaiting_second_factor(view: Callable[P, R]) -> Callable[P, R]:
    """The view gets in `g.awaiting_second_factor` whose login still needs its second factor; `g.actor` is None then."""
    return _declare(view, Declared("awaiting_second_factor"))


def office(action: OfficeAction, takes_list: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`takes_list` lets a small file be read by the view: it is held in memory and within the limit of any request."""
    return lambda view: _declare(view, Declared("office", action, takes_list=takes_list))


def opens(action: Action, takes_files: bool = False) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """`takes_files` lets the request be as large as an upload and seals its files while they arrive."""

    def declare(view: Callable[..., R]) -> Callable[..., R]:
        @wraps(view)
        def with_ticket(case_id: UUID, **rest: Any) -> R:  # noqa: ARG001  the ticket was made from it
            return view(g.ticket, **rest)

        return _declare(with_ticket, Declared("case", action, takes_files))

    return declare


def from_page(view: Callable[P, R]) -> Callable[P, R]:
    return _declare(view, Declared("page"))


def by_token(view: Callable[P, R]) -> Callable[P, R]:
    return _declare(view, Declared("token"))


def with_link(view: Callable[..., R]) -> Callable[..., R]:
    """The view gets the ticket of whose link it is in place of the token; the link itself is in `g.link`."""

    @wraps(view)
    def with_ticket(token: str, **rest: Any) -> R:  # noqa: ARG001  the ticket was made from it
        return view(g.ticket, **rest)

    return _declare(with_ticket, Declared("link", takes_files=True))


def fresh(view: Callable[P, R]) -> Callable[P, R]:
    """Above another declaration: the view asks for a proof of who it is that is at most ten minutes old, of GET (so
    that nobody types in vain) as of POST."""
    what: Declared = view.declared  # type: ignore[attr-defined]
    return _declare(view, replace(what, fresh=True))


def fresh_for_others(view: Callable[P, R]) -> Callable[P, R]:
    """Above `@opens`: the same, but only of the guide, who here acts on somebody else's word. Nobody is kept from what
    is their own by a proof that they would have to fetch first."""
    what: Declared = view.declared  # type: ignore[attr-defined]
    return _declare(view, replace(what, fresh_for_others=True))


def gives_file(view: Callable[P, R]) -> Callable[P, R]:
    """Above another declaration: a browser that is led here keeps the page it came from in front of somebody."""
    what: Declared = view.declared  # type: ignore[attr-defined]
    return _declare(view, replace(what, gives_file=True))


def quiet(view: Callable[P, R]) -> Callable[P, R]:
    """Above another declaration: a page asks this by itself, so it keeps nobody signed in."""
    what: Declared = view.declared  # type: ignore[attr-defined]
    return _declare(view, replace(what, quiet=True))


def declared(app: Flask, endpoint: str) -> Declared | None:
    """What the view of an endpoint declared; static files are public."""
    if endpoint == "static":
        return PUBLIC
    return getattr(app.view_functions[endpoint], "declared", None)


def leads_to_file(path: str) -> bool:
    """Whether what comes from that address is a file, which leaves a browser on the page it came from."""
    endpoint = way_back.view_at(path)
    what = declared(current_app, endpoint) if endpoint else None
    return what is not None and what.gives_file


def install(app: Flask) -> None:
    """Registers the admission. Must be the first thing that looks at a request.

    Flask-Login asks `_who_holds` who the request's session belongs to; it keeps nothing in its own cookie.
    """
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(_who_holds)
    # No page names the user it knows; and a page that says the database is away must not ask it who that is.
    manager.init_app(app, add_context_processor=False)
    app.before_request(_admit)


def without_cookies(app: Flask, csrf: CSRFProtect) -> None:
    """Views that look at no cookie cannot be made to act by another site's page, and programs know no form token. A
    page made for somebody says so itself, which no other site's page can."""
    for view in app.view_functions.values():
        if getattr(view, "declared", PUBLIC).kind in ("link", "page", "token"):
            csrf.exempt(view)


def refuse_undeclared(app: Flask) -> None:
    """Raises UnsafeConfiguration when a route does not say who it is for. Called once all views are registered."""
    lacking = sorted(name for name in app.view_functions if declared(app, name) is None)
    if lacking:
        raise UnsafeConfiguration(f"views without a declared access: {', '.join(lacking)}")


def cookie_name(settings: Settings) -> str:
    """The session cookie. Without https (demo) the port is in the name: browsers share cookies between ports."""
    return "__Host-login" if settings.https else f"login-{settings.base_url.port}"


def _declare(view: Callable[P, R], what: Declared) -> Callable[P, R]:
    view.declared = what  # type: ignore[attr-defined]
    return view


def _admit() -> ResponseReturnValue | None:
    g.actor = g.limits = g.ticket = g.saved_form = None
    if request.endpoint is None or request.endpoint == "static":
        return None
    what = declared(current_app, request.endpoint)
    if what is None:
        raise UnsafeConfiguration(f"{request.endpoint} has no declared access")
    if what.kind in ("link", "token"):
        return None if what.kind == "token" or _admit_by_link() else _nothing_here()
    _recognise()
    if what.kind == "public":
        return None
    if what.kind == "page":
        g.writer = way_back.writer_of_page()
        return None if g.writer else _nothing_here()
    if what.kind == "awaiting_second_factor":
        g.awaiting_second_factor = (
            g.actor.person_id if g.actor else pending_login.who(g.session, session.get("half", ""))
        )
        return None if g.awaiting_second_factor else _to_sign_in()
    if g.actor is None:
        return _to_sign_in(asked_by_a_page=what.quiet)
    if what.takes_files:
        request.max_content_length = g.runtime.settings.upload_limit + g.runtime.settings.request_limit
    if isinstance(what.action, OfficeAction):
        g.actor.require(what.action)
    if isinstance(what.action, Action) and (ahead := _enter(what.action)):
        return ahead
    if _asks_fresh(what) and not step_up.is_fresh(g.limits):
        way_back.remember_the_way(g.actor.person_id)
        return redirect(url_for("stepup.ask"), 303)
    way_back.give_back()
    return None


def _enter(action: Action) -> ResponseReturnValue | None:
    """Into the case of this address; to the eID first, for whoever came by their own phone and has nothing open here
    but what asks for it."""
    try:
        ticket: CaseTicket = enter_case(g.actor, UUID(str((request.view_args or {})["case_id"])))
    except EidNeeded:
        way_back.remember_the_way(g.actor.person_id)
        return redirect(url_for("stepup.ask"), 303)
    g.ticket = ticket
    ticket.language = str(get_locale() or ticket.language)
    ticket.require(action)
    return None


def _asks_fresh(what: Declared) -> bool:
    return what.fresh or (what.fresh_for_others and g.ticket is not None and g.ticket.standing is Standing.OWNER)


def _admit_by_link() -> bool:
    if not g.runtime.settings.webdav:
        return False
    held = links.holder(g.session, str((request.view_args or {})["token"]))
    actor = sessions.stand_in(g.session, held.person_id) if held else None
    if held is None or actor is None:
        return False
    try:
        ticket = enter_case(actor, held.case_id)
        link = links.enter(ticket, held.link_id)
    except (NotFound, Refused):
        g.session.rollback()
        return False
    g.actor, g.ticket, g.link = actor, ticket, link
    if request.method == "PUT":
        request.max_content_length = g.runtime.settings.upload_limit
    return True


def _nothing_here() -> ResponseReturnValue:
    """For a program, and whatever the reason is: no page, which would repeat the address and hand out a cookie."""
    return "", 404, {"Content-Type": "text/plain; charset=utf-8"}


def _recognise() -> None:
    g.had_cookie = cookie_name(g.runtime.settings) in request.cookies
    if current_user.is_authenticated:
        g.actor = current_user._get_current_object()


def _who_holds(asked: Request) -> Actor | None:
    """The person whose session token the request carries, looked up in the database on every request."""
    token = asked.cookies.get(cookie_name(g.runtime.settings))
    what = declared(current_app, asked.endpoint) if asked.endpoint else None
    is_seen = what is None or not what.quiet
    found = sessions.resume(g.session, token, g.runtime.settings, is_seen) if token else None
    if found is None:
        return None
    g.limits = found[1]
    return found[0]


def _to_sign_in(asked_by_a_page: bool = False) -> ResponseReturnValue:
    if "Tus-Resumable" in request.headers:
        # A program that sends a file piece by piece: a page to sign in on would be taken for an answer to the piece.
        return "", 401
    token = request.cookies.get(cookie_name(g.runtime.settings))
    if not asked_by_a_page:  # nobody was going there, and nobody wrote what it sent
        way_back.remember_the_way(sessions.whose(g.session, token) if token else None)
    return redirect(url_for("signin.form", ended=1 if g.had_cookie else None), 303)
