"""Consent: given, registered from paper, taken back. What it opens follows from the facts in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import delete

from portal import clock, outbox, text
from portal.access.actions import Action
from portal.access.facts import ConsentFact, Party
from portal.access.ledger import rewrite_windows
from portal.access.roles import Standing
from portal.access.ticket import CaseTicket
from portal.access.whatif import with_withdrawal
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Consent, ConsentDraft, ConsentException, ConsentGrant, ConsentWithdrawal
from portal.services import consent_requests as requests
from portal.services import declarations, effects, files, once, people, reminders
from portal.services.consent_requests import CONSENT_CHANGES, PartyLine
from portal.services.declarations import Answers, Choices, Draft
from portal.services.effects import Effects
from portal.services.files import Upload
from portal.storage.scanning import ScanState


@dataclass(frozen=True)
class Paper:
    """A consent given outside the portal, as the owner registers it."""

    method: str
    given_on: date
    note: str = ""
    scan: Upload | None = None
    told: bool = False
    """Whether the owner answers for the giver having been told everything a consent takes."""


def give(
    ticket: CaseTicket,
    submission: UUID,
    choices: Choices,
    valid_until: date,
    language: str,
    exceptions: Choices | None = None,
) -> UUID:
    """The person's own declaration, given while signed in with the eID. It takes the place of any before it.

    That the proof of who they are is fresh is asked for at the door (`@fresh`). Raises InvalidInput for a period or
    choice that cannot be.
    """
    ticket.require(Action.CONSENT_GIVE)
    giver = requests.giver_for(ticket, ticket.membership.id)
    draft = declarations.draw_up(ticket, giver, Answers(choices, valid_until, exceptions or {}), language)
    made = _declare(ticket, submission, draft, None)
    ticket.session.execute(delete(ConsentDraft).where(ConsentDraft.membership_id == giver.id))
    return made


def register(
    ticket: CaseTicket,
    submission: UUID,
    giver_id: UUID,
    choices: Choices,
    valid_until: date,
    language: str,
    paper: Paper,
    exceptions: Choices | None = None,
) -> UUID:
    """A declaration on paper (with its scan) or oral (with a note), registered by the owner.

    Raises InvalidInput when the scan or note is missing, the day lies ahead, or the giver was not told everything.
    """
    ticket.require(Action.CONSENT_REGISTER)
    giver = requests.giver_for(ticket, giver_id)
    if paper.method not in ("paper", "oral"):
        raise InvalidInput("method", "choice")
    if paper.method == "paper" and (paper.scan is None or not paper.scan.name):
        raise InvalidInput("scan", "scan_missing")
    if paper.method == "oral" and text.is_blank(paper.note):
        raise InvalidInput("note", "required")
    if paper.given_on > clock.today(ticket.facts.rules.zone):
        raise InvalidInput("given_on", "date_ahead")
    if not paper.told:
        raise InvalidInput("told", "not_told")
    answers = Answers(choices, valid_until, exceptions or {})
    draft = declarations.draw_up(ticket, giver, answers, language, paper.given_on)
    return _declare(ticket, submission, draft, paper)


def withdraw(ticket: CaseTicket, submission: UUID, consent_id: UUID, party_key: str) -> None:
    """Takes a consent, or its part about one party, back from now on. The giver does it, or the owner on their word."""
    ticket.require(Action.CONSENT_WITHDRAW)
    made = uuid4()
    if once.claim(ticket.session, submission, made):
        return
    consent, party = _withdrawable(ticket, consent_id, party_key)
    ticket.session.add(
        ConsentWithdrawal(
            id=made,
            case_id=ticket.case_id,
            consent_id=consent.id,
            unit_id=party.unit_id if party else None,
            membership_id=party.membership_id if party else None,
            withdrawn_at=clock.now(),
            registered_by_id=ticket.membership.id,
        )
    )
    ticket.record(Event.CONSENT_WITHDRAWN, item_id=consent.id, whole=party is None)
    rewrite_windows(ticket.session, ticket.case_id)


def preview_withdrawal(ticket: CaseTicket, consent_id: UUID, party_key: str) -> Effects:
    """What taking it back would shut, and for whom."""
    ticket.require(Action.CONSENT_WITHDRAW)
    consent, party = _withdrawable(ticket, consent_id, party_key)
    ticket.record(Event.CONSENT_VIEWED, item_id=consent.id)
    return effects.of(ticket, with_withdrawal(ticket.facts, consent.id, party, clock.now()))


def giver_of(ticket: CaseTicket, consent_id: UUID) -> UUID:
    """The membership whose declaration this is. Raises NotFound for one this person may not see."""
    return visible(ticket, consent_id).giver_id


def visible(ticket: CaseTicket, consent_id: UUID) -> ConsentFact:
    """The declaration, for its giver and those who answer for the case. Raises NotFound for anybody else."""
    fact = next((consent for consent in ticket.facts.consents if consent.id == consent_id), None)
    if fact is None or not (people.leads(ticket) or fact.giver_id == ticket.membership.id):
        raise NotFound
    return fact


def party_of(ticket: CaseTicket, consent_id: UUID, party_key: str) -> PartyLine:
    """One party that a declaration names. Raises NotFound."""
    consent = visible(ticket, consent_id)
    giver = ticket.members[consent.giver_id]
    lines = requests.party_lines(ticket, giver, consent.grants, consent)
    line = next((line for line in lines if line.key == party_key), None)
    if line is None:
        raise NotFound
    return line


def _withdrawable(ticket: CaseTicket, consent_id: UUID, party_key: str) -> tuple[ConsentFact, Party | None]:
    consent = visible(ticket, consent_id)
    own = consent.giver_id == ticket.membership.id
    if not own and ticket.standing is not Standing.OWNER:
        raise NotFound
    if "is taken back" not in CONSENT_CHANGES[requests.state_of(ticket.facts, consent)]:
        raise InvalidInput("", "consent_over")
    if party_key == "all":
        return consent, None
    party = next((party for party, _ in consent.grants if requests.party_key(party) == party_key), None)
    if party is None:
        raise NotFound
    if consent.withdrawn_at(party):
        raise InvalidInput("", "consent_over")
    return consent, party


def _declare(ticket: CaseTicket, submission: UUID, draft: Draft, paper: Paper | None) -> UUID:
    zone, now, made = ticket.facts.rules.zone, clock.now(), uuid4()
    if earlier := once.claim(ticket.session, submission, made):
        return earlier
    on_the_day = paper is None or paper.given_on == clock.today(zone)
    row = Consent(
        id=made,
        case_id=ticket.case_id,
        giver_id=draft.giver.id,
        registered_by_id=ticket.membership.id,
        method=paper.method if paper else "eid",
        given_at=now if on_the_day or paper is None else clock.start_of(paper.given_on, zone),
        valid_from=now,
        valid_until=clock.end_of(draft.valid_until, zone),
        wording_version=ticket.profile.consent.version,
        text_sealed=ticket.keys.seal_text(draft.words, f"consent.text {made}"),
        text_sha256_sealed=ticket.keys.seal_text(draft.digest, f"consent.sha256 {made}"),
    )
    if paper:
        _attach(ticket, row, paper)
    ticket.session.add(row)
    ticket.session.flush()
    _add_cells(ticket, made, draft)
    reminders.plan(ticket, row)
    ticket.record(Event.CONSENT_GIVEN, item_id=made, method=row.method)
    rewrite_windows(ticket.session, ticket.case_id)
    return made


def _add_cells(ticket: CaseTicket, consent_id: UUID, draft: Draft) -> None:
    for one in draft.lines:
        party = {"unit_id": one.line.party.unit_id, "membership_id": one.line.party.membership_id}
        of_it = {"case_id": ticket.case_id, "consent_id": consent_id, **party}
        ticket.session.add_all(ConsentGrant(**of_it, category=category) for category in one.granted)
        ticket.session.add_all(ConsentException(**of_it, category=category) for category in one.excepted)


def _attach(ticket: CaseTicket, row: Consent, paper: Paper) -> None:
    note = text.plain(paper.note, 2000)
    if note:
        row.note_sealed = ticket.keys.seal_text(note, f"consent.note {row.id}")
    if paper.scan is not None and paper.scan.name:
        content = paper.scan.content
        try:
            _name, row.scan_media_type = files.inspect(paper.scan)
        except InvalidInput as problem:
            raise InvalidInput("scan", problem.code) from problem
        if not row.scan_media_type.startswith("image/") and row.scan_media_type != "application/pdf":
            raise InvalidInput("scan", "scan_kind")
        row.scan_state = files.first_state(ticket)
        if row.scan_state == ScanState.WAITING:
            outbox.later(ticket.session, "scan_paper", consent_id=str(row.id))
        row.scan_blob, row.scan_size = content.blob, content.size
        row.scan_key = ticket.keys.wrap_file_key(content.file_key, content.blob)
        content.keep()
