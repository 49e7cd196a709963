"""What every request and response have in common: one session, one commit, headers, error pages, sealed uploads."""

from __future__ import annotations

import time
import uuid
from io import BytesIO
from typing import IO, Any

import structlog
from flask import Flask, Request, Response, g, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.formparser import FormDataParser, MultiPartParser

from portal import audit
from portal.access.signin.throttle import TooMany
from portal.db import was_overtaken
from portal.errors import Busy, CorruptData, DependencyUnavailable, InvalidInput, NotFound, Overtaken, Refused
from portal.events import Event
from portal.runtime import Runtime
from portal.services.oversight import refusals
from portal.storage.incoming import Incoming
from portal.web import error_pages as pages
from portal.web import wire
from portal.web.guard import declared
from portal.web.static_files import StaticFiles

log = structlog.get_logger("web")

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; "
    "form-action 'self'{form};{frames} frame-ancestors 'none'; base-uri 'none'"
)


_BITE = 256 * 1024
"""Bytes."""


class PortalApp(StaticFiles):
    """Commits once per request: after the view, before the response, where a failure still becomes an error page."""

    def dispatch_request(self) -> Any:
        answer = super().dispatch_request()
        g.session.commit()
        return answer

    def log_exception(self, exc_info: Any) -> None:
        # Flask would log the whole trace, whose text may quote what somebody typed.
        log.error("fault", id=g.get("request_id"), kind=exc_info[0].__name__, at=_place(exc_info[1]))


class _LargeBites(FormDataParser):
    """Reads a form in larger bites: the parser looks for the end of a file once in each."""

    def _parse_multipart(self, stream: Any, _mimetype: str, length: int | None, options: dict[str, str]) -> Any:
        parser = MultiPartParser(
            stream_factory=self.stream_factory,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
            cls=self.cls,
            buffer_size=_BITE,
        )
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("a form without a boundary")
        form, files = parser.parse(stream, boundary, length)
        return stream, form, files


class PortalRequest(Request):
    """A request whose files are sealed while they arrive, and only where a view takes files."""

    form_data_parser_class = _LargeBites
    parameter_storage_class = dict_storage_class = wire.Typed

    def _get_file_stream(self, *_sizes: Any, filename: str | None = None, **_more: Any) -> IO[bytes]:
        what = declared(g.app, self.endpoint) if self.endpoint else None
        if what is not None and what.takes_list and g.actor is not None:
            return BytesIO()
        # A field in which nothing was chosen has no name, and asks nothing of the store: a message goes without it.
        if what is None or not what.takes_files or g.actor is None or not filename:
            return _Nowhere()  # type: ignore[return-value]
        incoming = Incoming(g.runtime.store)
        g.incoming.append(incoming)
        return incoming  # type: ignore[return-value]


class _Nowhere:
    """Swallows a file sent to a page that asks for none."""

    def write(self, data: bytes) -> int:
        return len(data)

    def seek(self, _position: int) -> None:
        return None

    def read(self, _size: int = -1) -> bytes:
        return b""

    def close(self) -> None:
        return None


def install(app: Flask) -> None:
    """Registers everything around the views. Comes before the guard, which needs the session."""
    app.request_class = PortalRequest
    app.url_map.converters["int"] = wire.Number

    @app.before_request
    def _begin() -> None:
        runtime: Runtime = app.extensions["runtime"]
        g.app, g.runtime, g.incoming, g.began = app, runtime, [], time.monotonic()
        g.request_id = uuid.uuid4().hex[:12]
        g.session = runtime.new_session()
        what = declared(app, request.endpoint) if request.endpoint else None
        if what is None or what.kind != "link":  # a link is asked for by programs, and answers them itself
            wire.refuse_unreadable(request.path)

    @app.teardown_request
    def _end(_problem: BaseException | None) -> None:
        if "session" in g:
            g.session.close()
        for incoming in g.get("incoming", ()):
            incoming.close()

    app.after_request(_headers)
    app.after_request(_note)
    _install_errors(app)


def _headers(response: Response) -> Response:
    """The same strict headers on every response, errors included."""
    form = "".join(f" {origin}" for origin in g.get("form_origins", ()))
    frames = " frame-src 'self';" if g.get("frames") else ""
    defaults = {
        "Content-Security-Policy": _CSP.format(form=form, frames=frames),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }
    if g.get("runtime") and g.runtime.settings.https:
        defaults["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    for name, value in defaults.items():
        response.headers.setdefault(name, value)
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    return response


def _note(response: Response) -> Response:
    """One line per request: which view, how it ended, how long. No address, no query, no name."""
    if "began" in g and request.endpoint != "static":
        log.info(
            "request",
            id=g.request_id,
            view=request.endpoint,
            method=request.method,
            status=response.status_code,
            ms=round((time.monotonic() - g.began) * 1000, 1),
        )
    return response


def _install_errors(app: Flask) -> None:
    _install_refusals(app)
    _install_outages(app)
    _install_the_rest(app)


def _install_refusals(app: Flask) -> None:
    """What somebody asked for and does not get."""

    @app.errorhandler(NotFound)
    def _not_found(_problem: NotFound) -> Any:
        _refused("not_found")
        return pages.not_found()

    @app.errorhandler(Refused)
    def _refused_page(problem: Refused) -> Any:
        _refused(problem.reason.code.value)
        return pages.refused(problem.reason)

    @app.errorhandler(InvalidInput)
    def _invalid(problem: InvalidInput) -> Any:
        # Views show these at their fields; one that comes this far belongs to no field of a form on screen.
        _fail()
        return pages.invalid(problem)

    @app.errorhandler(Overtaken)
    def _overtaken(_problem: Overtaken) -> Any:
        _fail()
        return pages.overtaken()


def _install_outages(app: Flask) -> None:
    """What cannot be done just now."""

    @app.errorhandler(TooMany)
    def _too_many(problem: TooMany) -> Any:
        _fail()
        audit.record(g.session, Event.SIGN_IN_REFUSED, method="any", reason="too many tries")
        g.session.commit()
        return pages.too_many(problem.wait)

    @app.errorhandler(DependencyUnavailable)
    def _down(problem: DependencyUnavailable) -> Any:
        _fail()
        log.error("neighbour down", id=g.get("request_id"), neighbour=problem.neighbour)
        return pages.neighbour_down(problem.neighbour)

    @app.errorhandler(Busy)
    def _busy(_problem: Busy) -> Any:
        _fail()
        log.warning("busy", id=g.get("request_id"))
        return pages.busy()

    @app.errorhandler(CorruptData)
    def _damaged(problem: CorruptData) -> Any:
        _fail()
        log.error("damaged", id=g.get("request_id"), what=str(problem))
        return pages.damaged()


def _install_the_rest(app: Flask) -> None:
    """What Flask itself refuses, and what nobody has thought of."""

    @app.errorhandler(HTTPException)
    def _http(problem: HTTPException) -> Any:
        if isinstance(problem, InternalServerError) and isinstance(problem.original_exception, Exception):
            return _any(problem.original_exception)
        _fail()
        return pages.http(problem)

    @app.errorhandler(Exception)
    def _any(problem: Exception) -> Any:
        _fail()
        if was_overtaken(problem):
            # A verb that decides waits its turn and says so itself; what only meets in the database ends here.
            log.warning("overtaken", id=g.get("request_id"), at=_place(problem))
            return pages.overtaken()
        if isinstance(problem, OperationalError | PoolTimeout) or _connection_lost(problem):
            log.error("neighbour down", id=g.get("request_id"), neighbour="database")
            return pages.neighbour_down("database")
        # The text of an exception may quote what somebody typed, so only its kind and place are logged.
        log.error("fault", id=g.get("request_id"), kind=type(problem).__name__, at=_place(problem))
        return pages.fault()


def _connection_lost(problem: BaseException) -> bool:
    return isinstance(problem, DBAPIError) and problem.connection_invalidated


def _place(problem: BaseException) -> str:
    trace = problem.__traceback__
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-6:])


def _fail() -> None:
    """What this request had begun is undone."""
    if "session" in g:
        g.session.rollback()


def _refused(reason: str) -> None:
    """Undoes what was begun and leaves a trace of the attempt: in the case, where there is one of that id."""
    _fail()
    if g.get("actor") is None:
        return
    what = declared(g.app, request.endpoint) if request.endpoint else None
    action = what.action.value if what and what.action else "none"
    case_id = (request.view_args or {}).get("case_id")
    refusals.note_refusal(g.session, case_id, g.ticket, action, reason)
    g.session.commit()
