"""What of a consent can be taken in one's hand: the receipt, the page to sign, the scan."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.documents.consent_text import language_of
from portal.documents.receipt import ReceiptLine
from portal.services.consents import receipts, requests
from portal.services.consents.receipts import StoredDeclaration
from portal.storage.inspection import MEDIA_TYPES
from portal.views.consents.consents import PageForm, PaperForm, answers_of, consent_page
from portal.views.files.files import attachment
from portal.web import labels
from portal.web.guard import gives_file, opens
from portal.web.i18n import day, in_language, language, last_day

bp = Blueprint("consent_papers", __name__, url_prefix="/cases/<uuid:case_id>/consents")

_PDF = "application/pdf"


@bp.get("/<uuid:consent_id>/receipt")
@gives_file
@opens(Action.CONSENT_VIEW)
def receipt(ticket: CaseTicket, consent_id: UUID) -> ResponseReturnValue:
    """For the giver to keep; for the guide to print for a giver who never signs in."""
    saved = receipts.stored_declaration(ticket, consent_id)
    tongue = language_of(saved.words)
    with in_language(tongue):
        title, about = _("Receipt for your consent"), _about(saved)
        made = receipts.receipt_pdf(ticket, saved, about, title, tongue)
        name = f"{title}.pdf"
    return Response(made, headers=attachment(name, _PDF, len(made)))


@bp.post("/register/<uuid:giver_id>/page")
@opens(Action.CONSENT_REGISTER, takes_files=True)
def to_sign(ticket: CaseTicket, giver_id: UUID) -> ResponseReturnValue:
    """The declaration with what is ticked, to print and sign on paper."""
    asked = requests.request(ticket, giver_id)
    form = PageForm()
    if form.is_ready():
        with form.submitting():
            made = receipts.page_to_sign(ticket, asked, answers_of(asked, form), language())
            title, content = made
            return Response(content, headers=attachment(f"{title}.pdf", _PDF, len(content)))
    shown = PaperForm(sent_to=url_for("consents.register", case_id=ticket.case_id, giver_id=giver_id))
    shown.about(asked.giver.display_name)
    shown.take_faults(form)
    return consent_page("consents/register.html", ticket, asked, shown)


@bp.get("/<uuid:consent_id>/scan")
@gives_file
@opens(Action.CONSENT_VIEW)
def scan(ticket: CaseTicket, consent_id: UUID) -> ResponseReturnValue:
    found = receipts.scan(ticket, g.runtime.store, consent_id)
    ending = next((e for e, kind in MEDIA_TYPES.items() if kind == found.media_type), "bin")
    return Response(found.content, headers=attachment(f"{found.name}.{ending}", found.media_type, found.size))


def _about(saved: StoredDeclaration) -> list[ReceiptLine]:
    """What is known of how it was given."""
    lines = [
        ReceiptLine(_("Given by"), saved.giver.display_name),
        ReceiptLine(_("Given on"), f"{day(saved.given_at)}, {labels.METHOD[saved.method]}"),
        ReceiptLine(_("Valid until and including"), last_day(saved.valid_until)),
        ReceiptLine(_("State today"), str(labels.CONSENT_STATE[saved.state])),
    ]
    if saved.registered_by.id != saved.giver.id:
        lines.append(ReceiptLine(_("Registered by"), saved.registered_by.display_name))
    lines.append(ReceiptLine(_("Fingerprint of the text (SHA-256)"), saved.digest))
    return lines
