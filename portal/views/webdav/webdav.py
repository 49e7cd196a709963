"""Opening a file in a word processor: the page that makes a link, and the address the word processor then speaks to."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wsgidav.dav_error import HTTP_INTERNAL_ERROR, DAVError, get_http_status_code
from wsgidav.request_resolver import RequestResolver
from wsgidav.wsgidav_app import WsgiDAVApp

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Overtaken, Refused
from portal.services.files import files
from portal.services.oversight import refusals
from portal.services.webdav import links as webdav_links
from portal.services.webdav.locks import Locks
from portal.views.webdav.locks import LockStorage, Properties
from portal.views.webdav.request import looked_through
from portal.views.webdav.tree import Held, Tree, as_status
from portal.web.forms import PortalForm, status
from portal.web.guard import opens, with_link

bp = Blueprint("dav", __name__)

# What it would log are addresses, and those hold the token.
logging.getLogger("wsgidav").setLevel(logging.CRITICAL + 1)

READING = ("GET", "HEAD", "OPTIONS", "PROPFIND")
METHODS = [*READING, "PUT", "DELETE", "COPY", "MOVE", "MKCOL", "PROPPATCH", "LOCK", "UNLOCK", "POST"]

_OFFICE = {
    **dict.fromkeys(("doc", "docx", "odt", "rtf"), "ms-word"),
    **dict.fromkeys(("xls", "xlsx", "ods"), "ms-excel"),
    **dict.fromkeys(("pptx", "odp"), "ms-powerpoint"),
}
"""File endings that word processors open and save, and how Microsoft's are called for them (Office URI Schemes)."""


@bp.app_context_processor
def _can_write_in_office() -> dict[str, Any]:
    return {"can_open_in_office": can_open}


def can_open(name: str) -> bool:
    """Whether a file of that name can be opened in a word processor from here."""
    return bool(g.runtime.settings.webdav) and _ending(name) in _OFFICE


@bp.get("/cases/<uuid:case_id>/files/<uuid:file_id>/word-processor")
@opens(Action.FILE_DOWNLOAD)
def links(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    """One's own links, also for somebody who may only read the file by now: what they opened they can always shut."""
    file, mine = files.file_page(ticket, file_id), webdav_links.my_dav_links(ticket, file_id)
    if not can_open(file.newest.name) or not (file.can_add_version or mine):
        raise NotFound
    return render_template("webdav/word_processor.html", file=file, form=PortalForm(), made=None, links=mine)


@bp.post("/cases/<uuid:case_id>/files/<uuid:file_id>/word-processor")
@opens(Action.FILE_ADD_VERSION)
def link(ticket: CaseTicket, file_id: UUID) -> ResponseReturnValue:
    """The address of a new link is in the answer and nowhere else."""
    file = files.file_page(ticket, file_id)
    if not can_open(file.newest.name) or not file.can_add_version:
        raise NotFound
    form, made = PortalForm(), None
    if form.is_ready():
        with form.submitting():
            made = webdav_links.make_dav_link(ticket, file_id)
    shown = _addresses(*made) if made else None
    mine = [line for line in webdav_links.my_dav_links(ticket, file_id) if made is None or line.id != made[1].id]
    return render_template("webdav/word_processor.html", file=file, form=form, made=shown, links=mine), status(form)


@bp.post("/cases/<uuid:case_id>/files/<uuid:file_id>/word-processor/<uuid:link_id>/end")
@opens(Action.FILE_DOWNLOAD)
def end(ticket: CaseTicket, file_id: UUID, link_id: UUID) -> ResponseReturnValue:
    if not g.runtime.settings.webdav:
        raise NotFound
    webdav_links.withdraw_dav_link(ticket, file_id, link_id)
    flash(_("The link is ended. The word processor cannot save by it any more."), "success")
    return redirect(url_for("files.show", case_id=ticket.case_id, file_id=file_id), 303)


@bp.route("/dav/<token>/", methods=METHODS, defaults={"path": ""}, strict_slashes=False)
@bp.route("/dav/<token>/<path:path>", methods=METHODS)
@with_link
def door(ticket: CaseTicket, path: str) -> ResponseReturnValue:  # noqa: ARG001  read as it was sent
    """Where a word processor reads and saves. WsgiDAV speaks; a refusal is told by its status."""
    tree = Tree(ticket, g.runtime.store, g.link, g.incoming)
    try:
        if request.method not in READING:
            webdav_links.require_write(ticket, g.link)
        if request.method not in (*READING, "PUT"):
            tree.scratch.alone()
        answer = Response.from_app(_spoken(tree), _asked(ticket))
    except Held:
        return Response(status=409)
    except (DAVError, InvalidInput, NotFound, Overtaken) as problem:
        g.session.rollback()
        answer = _refusal(as_status(problem))
    except Refused as problem:
        g.session.rollback()
        refusals.note_refusal(g.session, ticket.case_id, ticket, _wanted().value, problem.reason.code.value)
        return _refusal(as_status(problem))
    if answer.status_code >= 400:
        # WsgiDAV tells how long a page is that it does not send; who waits for it would wait for ever.
        answer.set_data(answer.get_data())
    if tree.was_asked_about:
        webdav_links.look_at_link(ticket, g.link)
    return answer


def _wanted() -> Action:
    return Action.FILE_DOWNLOAD if request.method in READING else Action.FILE_ADD_VERSION


def _spoken(tree: Tree) -> WsgiDAVApp:
    """WsgiDAV over one tree: no folder pages, no passwords, no pages of its own, and not a word in a log."""
    return WsgiDAVApp(
        {
            "provider_mapping": {"/": tree},
            "mount_path": _mount(),
            "middleware_stack": [RequestResolver],
            "lock_storage": LockStorage(Locks(tree.ticket, tree.link, tree.scratch.file_path)),
            "property_manager": Properties(tree.scratch),
            "suppress_version_info": True,
            "block_size": 256 * 1024,
            "verbose": 0,
            "logging": {"enable": False},
        }
    )


def _asked(ticket: CaseTicket) -> dict[str, Any]:
    """The request as WsgiDAV sees it: the address from the link on, and a body that ends where it may."""
    return {**looked_through(_mount()), "wsgidav.auth.user_name": str(ticket.membership.id)}


def _refusal(problem: DAVError) -> Response:
    """Raises what went wrong underneath: pages and log lines for that are made where those of all others are."""
    if problem.value == HTTP_INTERNAL_ERROR and problem.src_exception is not None:
        raise problem.src_exception
    answer = Response(status=get_http_status_code(problem))
    if problem.err_condition:
        answer.mimetype, answer.data = "application/xml", problem.get_response_page()[1]
    return answer


def _mount() -> str:
    return f"/dav/{(request.view_args or {})['token']}"


def _addresses(token: str, made: webdav_links.Link) -> dict[str, Any]:
    """How each program is asked to open it (Office URI Schemes; LibreOffice has one of its own)."""
    address = f"{g.runtime.settings.origin}/dav/{token}/{quote(made.last)}"
    return {
        "link": made,
        "address": address,
        "libreoffice": f"vnd.libreoffice.command:ofe|u|{address}",
        "office": f"{_OFFICE[_ending(made.name)]}:ofe|u|{address}",
    }


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()
