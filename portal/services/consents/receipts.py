"""What a declaration leaves in one's hand: the scan of the signed page, and a receipt with the exact words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.decide import Reason, Refusal
from portal.access.policy.facts import ConsentFact
from portal.access.ticket import CaseTicket
from portal.documents import consent_text, receipt
from portal.documents.receipt import ReceiptLine
from portal.errors import CorruptData, NotFound, Refused
from portal.events import Event
from portal.models import Consent, Membership
from portal.services.consents import declare, requests
from portal.services.consents.declaration import Answers, draw_up
from portal.services.consents.requests import ConsentState, Request
from portal.services.files import downloads
from portal.services.files.downloads import Download
from portal.services.shared import letterhead
from portal.storage import BlobStore
from portal.storage.scanning import ScanState


@dataclass(frozen=True)
class StoredDeclaration:
    """A declaration as it is kept."""

    id: UUID
    giver: Membership
    registered_by: Membership
    method: str
    given_at: datetime
    valid_until: datetime
    state: ConsentState
    words: str
    digest: str
    version: str
    has_scan: bool
    says_yes: bool


def history(ticket: CaseTicket, giver_id: UUID) -> list[StoredDeclaration]:
    """Every declaration a giver ever gave in this case, newest first, for the giver and those who answer for it."""
    ticket.require(Action.CONSENT_VIEW)
    mine = [declare.visible(ticket, fact.id) for fact in reversed(ticket.facts.consents_of(giver_id))]
    found = ticket.session.scalars(select(Consent).where(Consent.id.in_([fact.id for fact in mine])))
    rows = {row.id: row for row in found}
    return [_stored(ticket, fact, rows[fact.id]) for fact in mine]


def stored_declaration(ticket: CaseTicket, consent_id: UUID) -> StoredDeclaration:
    """One declaration. Raises NotFound, and CorruptData when its words are not those its hash was taken of."""
    ticket.require(Action.CONSENT_VIEW)
    return _stored(ticket, declare.visible(ticket, consent_id), ticket.session.get_one(Consent, consent_id))


def _stored(ticket: CaseTicket, fact: ConsentFact, row: Consent) -> StoredDeclaration:
    words = ticket.unseal(row, "text")
    digest = ticket.unseal(row, "text_sha256")
    if consent_text.digest(words) != digest:
        raise CorruptData(f"consent {row.id} is not what was signed")
    return StoredDeclaration(
        id=row.id,
        giver=ticket.members[row.giver_id],
        registered_by=ticket.members[row.registered_by_id],
        method=row.method,
        given_at=row.given_at,
        valid_until=row.valid_until,
        state=requests.state_of(ticket.facts, fact),
        words=words,
        digest=digest,
        version=row.wording_version,
        has_scan=row.scan_blob is not None,
        says_yes=bool(fact.grants),
    )


def receipt_pdf(
    ticket: CaseTicket, one: StoredDeclaration, about: list[ReceiptLine], title: str, language: str
) -> bytes:
    """The receipt as a tagged PDF: the exact words, and below them what is known of how they were given."""
    ticket.record(Event.CONSENT_VIEWED, item_id=one.id)
    return receipt.write(title, one.words, about, language, _look(ticket, language))


def page_to_sign(ticket: CaseTicket, asked: Request, answers: Answers, language: str) -> tuple[str, bytes]:
    """The declaration as a page with a line to sign on, for whoever gives it on paper, with its title."""
    ticket.require(Action.CONSENT_REGISTER)
    draft = draw_up(ticket, asked.giver, asked.parties, answers, language)
    ticket.record(Event.CONSENT_VIEWED, item_id=asked.giver.id)
    title = draft.words.split("\n", 1)[0]
    return title, receipt.write(title, draft.words, [], language, _look(ticket, language), sign_here=True)


def scan(ticket: CaseTicket, store: BlobStore, consent_id: UUID) -> Download:
    """The scanned page of a consent on paper, for its giver and those who answer for the case. Raises NotFound, and
    Refused while it waits for the virus scanner (but not for whoever put it in) and for good once that refused it."""
    ticket.require(Action.CONSENT_VIEW)
    declare.visible(ticket, consent_id)
    row = ticket.session.get(Consent, consent_id)
    if row is None or row.scan_blob is None or row.scan_key is None:
        raise NotFound
    if row.scan_state == ScanState.REFUSED:
        raise Refused(Reason(Refusal.INFECTED))
    is_own = row.registered_by_id == ticket.membership.id
    if row.scan_state == ScanState.WAITING and not who_may.may_read_unscanned(is_own):
        raise Refused(Reason(Refusal.UNSCANNED))
    file_key = ticket.keys.unwrap_file_key(row.scan_key, row.scan_blob)
    content = downloads.open_sealed(store, row.scan_blob, file_key, row.scan_size or 0)
    ticket.record(Event.CONSENT_VIEWED, item_id=row.id)
    return Download("samtykke", row.scan_media_type or "application/octet-stream", row.scan_size or 0, content)


def _look(ticket: CaseTicket, language: str) -> receipt.Look:
    settings = ticket.session.info["settings"]
    return receipt.Look(letterhead.head_of(settings, language), letterhead.colour_of(settings))
