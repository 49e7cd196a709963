"""Looking at a file in the page: a frame that can run nothing and reach nothing but the pictures made for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.files import files, previews
from portal.web import arguments
from portal.web.guard import opens

bp = Blueprint("previews", __name__, url_prefix="/cases/<uuid:case_id>/files/<uuid:file_id>/versions")


@bp.app_context_processor
def _can_preview() -> dict[str, Any]:
    return {"can_preview": can_preview}


def can_preview(media_type: str) -> bool:
    """Whether a file of that type can be looked at in the page."""
    kind = previews.kind_of(media_type)
    return kind != "none" and (kind != "office" or bool(g.runtime.settings.converter))


_PREVIEW_PAGE = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; sandbox allow-same-origin; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_PICTURE = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@bp.get("/<int(max=1000000):number>/view")
@opens(Action.FILE_VIEW)
def view(ticket: CaseTicket, file_id: UUID, number: int) -> ResponseReturnValue:
    """The page around the frame."""
    found = files.file_page(ticket, file_id)
    version = files.version_of(found, number)
    g.frames = True
    return render_template("files/view.html", file=found, version=version)


@bp.get("/<int(max=1000000):number>/preview")
@opens(Action.FILE_VIEW)
def preview_page(ticket: CaseTicket, file_id: UUID, number: int) -> ResponseReturnValue:
    """What is inside the frame. Scripts never run there, and it may load nothing but from its own version."""
    g.framed = {"Content-Security-Policy": _PREVIEW_PAGE, "X-Frame-Options": "SAMEORIGIN"}
    first = max(arguments.number(request.args.get("page"), 1) - 1, 0)
    found = previews.look_at_file(ticket, g.runtime.store, file_id, number, first)
    page = render_template("files/preview.html", preview=found, sheet=previews.SHEET)
    return Response(page, headers=g.framed)


@bp.get("/<int(max=1000000):number>/picture")
@opens(Action.FILE_VIEW)
def picture(ticket: CaseTicket, file_id: UUID, number: int) -> ResponseReturnValue:
    made = previews.preview_picture(ticket, g.runtime.store, file_id, number)
    return Response(made, mimetype="image/jpeg", headers={"Content-Security-Policy": _PICTURE})


@bp.get("/<int(max=1000000):number>/pages/<int(max=100000):page>")
@opens(Action.FILE_VIEW)
def page(ticket: CaseTicket, file_id: UUID, number: int, page: int) -> ResponseReturnValue:
    made = previews.preview_picture(ticket, g.runtime.store, file_id, number, page)
    return Response(made, mimetype="image/png", headers={"Content-Security-Policy": _PICTURE})
