"""Consent: given, registered from paper, taken back. What it opens follows from the facts in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from portal import clock, text
from portal.access import whatif
from portal.access.actions import Action
from portal.access.facts import ConsentFact, Party
from portal.access.ledger import rewrite_windows
from portal.access.roles import Standing
from portal.access.ticket import CaseTicket
from portal.access.whatif import Change
from portal.audit import Event
from portal.documents import consent_text
from portal.errors import InvalidInput, NotFound
from portal.models import Consent, ConsentGrant, ConsentWithdrawal, Membership
from portal.services import consent_requests as requests
from portal.services import files, once, people
from portal.services.consent_requests import CONSENT_CHANGES, Group, PartyLine
from portal.services.files import Download, Upload
from portal.storage import BlobStore
from portal.storage.inspection import media_type

Choices = Mapping[str, frozenset[str]]
"""Party key -> keys of the groups of information that are said yes to."""


@dataclass(frozen=True)
class Paper:
    """A consent given outside the portal, as the owner registers it."""

    method: str
    given_on: date
    note: str = ""
    scan: Upload | None = None


def give(ticket: CaseTicket, submission: UUID, choices: Choices, valid_until: date, language: str) -> UUID:
    """The person's own declaration, given while signed in with the eID. It takes the place of any before it.

    Raises InvalidInput for a period or choice that cannot be.
    """
    ticket.require(Action.CONSENT_GIVE)
    return _declare(ticket, submission, ticket.membership, choices, valid_until, language, None)


def register(
    ticket: CaseTicket,
    submission: UUID,
    giver_id: UUID,
    choices: Choices,
    valid_until: date,
    language: str,
    paper: Paper,
) -> UUID:
    """A declaration on paper (with its scan) or oral (with a note), registered by the owner.

    Raises InvalidInput when the scan or note is missing, or the day lies ahead.
    """
    ticket.require(Action.CONSENT_REGISTER)
    giver = requests.giver_for(ticket, giver_id)
    if paper.method not in ("paper", "oral"):
        raise InvalidInput("method", "choice")
    if paper.method == "paper" and (paper.scan is None or not paper.scan.name):
        raise InvalidInput("scan", "scan_missing")
    if paper.method == "oral" and not paper.note.strip():
        raise InvalidInput("note", "required")
    if paper.given_on > clock.today(ticket.facts.rules.zone):
        raise InvalidInput("given_on", "date_ahead")
    return _declare(ticket, submission, giver, choices, valid_until, language, paper)


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


def preview_withdrawal(ticket: CaseTicket, consent_id: UUID, party_key: str) -> list[Change]:
    """What taking it back would shut, and for whom."""
    ticket.require(Action.CONSENT_WITHDRAW)
    consent, party = _withdrawable(ticket, consent_id, party_key)
    ticket.record(Event.CONSENT_VIEWED, item_id=consent.id)
    now = clock.now()
    return whatif.changes(ticket.facts, whatif.with_withdrawal(ticket.facts, consent.id, party, now), now)


def giver_of(ticket: CaseTicket, consent_id: UUID) -> UUID:
    """The membership whose declaration this is. Raises NotFound for one this person may not see."""
    return _visible(ticket, consent_id).giver_id


def scan(ticket: CaseTicket, store: BlobStore, consent_id: UUID) -> Download:
    """The scanned page of a consent on paper, for its giver and those who answer for the case."""
    ticket.require(Action.CONSENT_VIEW)
    _visible(ticket, consent_id)
    row = ticket.session.get(Consent, consent_id)
    if row is None or row.scan_blob is None or row.scan_key is None:
        raise NotFound
    file_key = ticket.keys.unwrap_file_key(row.scan_key, row.scan_blob)
    content = files.open_sealed(store, row.scan_blob, file_key, row.scan_size or 0)
    ticket.record(Event.CONSENT_VIEWED, item_id=row.id)
    return Download("samtykke", row.scan_media_type or "application/octet-stream", row.scan_size or 0, content)


def _visible(ticket: CaseTicket, consent_id: UUID) -> ConsentFact:
    fact = next((consent for consent in ticket.facts.consents if consent.id == consent_id), None)
    if fact is None or not (people.leads(ticket) or fact.giver_id == ticket.membership.id):
        raise NotFound
    return fact


def _withdrawable(ticket: CaseTicket, consent_id: UUID, party_key: str) -> tuple[ConsentFact, Party | None]:
    consent = _visible(ticket, consent_id)
    own = consent.giver_id == ticket.membership.id
    if not own and ticket.standing is not Standing.OWNER:
        raise NotFound
    if "is taken back" not in CONSENT_CHANGES[requests.state_of(ticket, consent)]:
        raise InvalidInput("", "consent_over")
    if party_key == "all":
        return consent, None
    party = next((party for party, _ in consent.grants if requests.party_key(party) == party_key), None)
    if party is None:
        raise NotFound
    if consent.withdrawn_at(party):
        raise InvalidInput("", "consent_over")
    return consent, party


def _declare(
    ticket: CaseTicket,
    submission: UUID,
    giver: Membership,
    choices: Choices,
    valid_until: date,
    language: str,
    paper: Paper | None,
) -> UUID:
    zone, now = ticket.facts.rules.zone, clock.now()
    today = clock.today(zone)
    if not today <= valid_until:
        raise InvalidInput("valid_until", "date_past")
    if valid_until > requests.default_end(ticket.profile, today):
        raise InvalidInput("valid_until", "consent_too_long", months=ticket.profile.consent_months)
    lines = {line.key: line for line in requests.party_lines(ticket, giver, frozenset(), None)}
    if set(choices) - set(lines):
        raise InvalidInput("", "form_stale")
    chosen = {line: _chosen_groups(line, choices.get(line.key, frozenset())) for line in lines.values()}
    if not any(chosen.values()):
        raise InvalidInput("parties", "consent_nobody")
    made = uuid4()
    if earlier := once.claim(ticket.session, submission, made):
        return earlier
    given_at = now if paper is None or paper.given_on == today else clock.start_of(paper.given_on, zone)
    row = Consent(
        id=made,
        case_id=ticket.case_id,
        giver_id=giver.id,
        registered_by_id=ticket.membership.id,
        method=paper.method if paper else "eid",
        given_at=given_at,
        valid_from=now,
        valid_until=clock.end_of(valid_until, zone),
        wording_version=ticket.profile.consent.version,
    )
    words = _words(ticket, giver, chosen, valid_until, language)
    row.text_sealed = ticket.keys.seal_text(words, f"consent.text {made}")
    row.text_sha256_sealed = ticket.keys.seal_text(consent_text.digest(words), f"consent.sha256 {made}")
    if paper:
        _attach(ticket, row, paper)
    ticket.session.add(row)
    ticket.session.flush()
    ticket.session.add_all(
        ConsentGrant(
            case_id=ticket.case_id,
            consent_id=made,
            unit_id=line.party.unit_id,
            membership_id=line.party.membership_id,
            category=category,
        )
        for line, groups in chosen.items()
        for group in groups
        for category in group.categories
    )
    ticket.record(Event.CONSENT_GIVEN, item_id=made, method=row.method)
    rewrite_windows(ticket.session, ticket.case_id)
    return made


def _chosen_groups(line: PartyLine, keys: frozenset[str]) -> tuple[Group, ...]:
    if keys - {group.key for group in line.groups}:
        raise InvalidInput("", "form_stale")
    return tuple(group for group in line.groups if group.key in keys)


def _attach(ticket: CaseTicket, row: Consent, paper: Paper) -> None:
    note = text.plain(paper.note, 2000)
    if note:
        row.note_sealed = ticket.keys.seal_text(note, f"consent.note {row.id}")
    if paper.scan is not None and paper.scan.name:
        content = paper.scan.content
        try:
            row.scan_media_type = media_type(text.file_name(paper.scan.name), content.size, content.head)
        except InvalidInput as problem:
            raise InvalidInput("scan", problem.code) from problem
        row.scan_blob, row.scan_size = content.blob, content.size
        row.scan_key = ticket.keys.wrap_file_key(content.file_key, content.blob)
        content.keep()


def _words(
    ticket: CaseTicket,
    giver: Membership,
    chosen: Mapping[PartyLine, tuple[Group, ...]],
    valid_until: date,
    language: str,
) -> str:
    """The declaration as the giver read it."""
    parties = [
        (_called(line), [category for group in groups for category in group.categories])
        for line, groups in chosen.items()
        if groups
    ]
    declaration = consent_text.Declaration(
        giver.display_name, ticket.young_person.display_name, giver.capacity, parties, valid_until
    )
    return consent_text.write(ticket.profile, declaration, language)


def _called(line: PartyLine) -> str:
    if line.workplace:
        return f"{line.workplace.unit}, {line.workplace.organisation}"
    return line.members[0].display_name
