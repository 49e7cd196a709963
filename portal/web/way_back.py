"""Where somebody was going who must first sign in or show who they are, and what they were sending: kept for them until
they come back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from flask import current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import validate_csrf
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from wtforms import ValidationError

from portal.access.signin import saved_form
from portal.access.signin.saved_form import FormContent
from portal.services.files import held_uploads

FILE_AGAIN = "kept-file"
"""Among what is kept, the name of a file that was chosen and must be chosen again."""


def leads_somewhere(path: str) -> bool:
    """Whether a path is the address of a page of ours."""
    return view_at(path) is not None


def view_at(path: str) -> str | None:
    """The endpoint of the page at that path."""
    try:
        endpoint, _arguments = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except RequestRedirect:
        return None
    except HTTPException:
        return None
    return str(endpoint)


_QUERY = re.compile(r"[\w%&=+.,~:-]{1,500}", re.ASCII)
"""What stands behind an address: which part of a list is asked for, in which order."""


def remember_the_way(person_id: UUID | None) -> None:
    """Notes where they were going, from the matched address and what was asked of it, never from a parameter; and what
    they were sending: for whom the page was made that they sent it from, or else for `person_id`."""
    if request.method in ("GET", "HEAD"):
        asked = request.query_string.decode("latin-1")
        session["to"] = f"{request.path}?{asked}" if _QUERY.fullmatch(asked) else request.path
        return
    session.pop("to", None)
    # Files on their way in are let through as far as their view would take them: the words beside them are kept.
    most = max(g.runtime.settings.request_limit, (request.max_content_length or 0) if g.actor else 0)
    if (request.content_length or 0) > most:
        return
    writer = writer_of_page()
    if writer is None:
        try:
            # Somebody else's page must not be able to put words into this one's form.
            validate_csrf(request.form.get("csrf_token"))
        except ValidationError:
            return
    if person_id := writer or person_id:
        _put_aside(person_id)


def send_back() -> ResponseReturnValue | None:
    """A form that is ours but of an earlier sign-in: back to its page with what was typed on it. None where it says
    nothing of whose it is, or somebody else is signed in by now, who gets nothing of it; its writer still does."""
    if g.get("actor") is None or (request.content_length or 0) > max(
        g.runtime.settings.request_limit, request.max_content_length or 0
    ):
        return None
    writer = writer_of_page()
    if writer is None:
        return None
    _put_aside(writer)
    to = str(session.pop("to"))
    return redirect(to, 303) if writer == g.actor.person_id else None


def page_token() -> str:
    """Says in a form for whom its page was made: signed, and good as long as a session can last."""
    return saved_form.sign_writer(current_app.secret_key or "", g.actor.person_id) if g.get("actor") else ""


def writer_of_page() -> UUID | None:
    hours = g.runtime.settings.session_hours
    return saved_form.writer_of(current_app.secret_key or "", request.form.get("writer", ""), timedelta(hours=hours))


def _put_aside(person_id: UUID) -> None:
    fields = (*request.form.items(multi=True), *_files_put_aside(person_id))
    handle = saved_form.save_form(g.session, person_id, FormContent(request.path, fields))
    session["kept"] = [handle, request.path]
    session["to"] = request.path if leads_somewhere(request.path) else url_for("stepup.go_on")
    g.session.commit()


def _files_put_aside(person_id: UUID) -> Iterator[tuple[str, str]]:
    """For each file of the request the field by which its form finds it again; or its name, where it must be chosen
    again: it is taken in from its writer alone, and of a request that nobody is known to have sent none was."""
    is_writer = g.get("actor") is not None and g.actor.person_id == person_id
    for name, file in request.files.items(multi=True):
        if not file.filename:
            continue
        place = request.path
        chosen = (
            held_uploads.hold_upload(g.session, g.runtime.store, file.filename, file.stream, place)
            if is_writer
            else None
        )
        yield (f"{name}-kept", chosen.handle) if chosen else (FILE_AGAIN, file.filename)


def give_back() -> None:
    """Lets the form of this page find what was kept for it; once it is sent, it is no longer needed."""
    handle, path = session.get("kept") or ("", "")
    if path != request.path:
        return
    if request.method == "POST":
        session.pop("kept")
    elif found := saved_form.find_saved_form(g.session, g.actor.person_id, handle):
        g.saved_form = MultiDict(found.fields)
