"""Forms made elsewhere, on paper or in a program of before: put in as files in a tool's place, with the day they are
from and between whom. They stand among the tool's versions and are never taken for one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import clock, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import ExternalForm, File, Membership
from portal.services.files import files, folders
from portal.services.files.arrivals import Upload
from portal.services.files.files import VersionLine
from portal.services.plans import definitions
from portal.services.plans.versions import PlanPage, VersionPage
from portal.services.shared import idempotency


@dataclass(frozen=True)
class FormFacts:
    """What is said of a form: the day it is from, people of the case it was made with, and others by name."""

    made_on: date | None
    people: Sequence[UUID]
    others: str


@dataclass(frozen=True)
class FormLine:
    file_id: UUID
    made_on: date
    people: tuple[Membership, ...]
    others: str
    noted_by: Membership


@dataclass(frozen=True)
class Listed:
    """One line of a tool's list: a version, or a form made elsewhere with its file."""

    on: date
    version: VersionPage | None = None
    form: FormLine | None = None
    file: VersionLine | None = None


def form_compartment(ticket: CaseTicket, tool: str) -> UUID:
    """The compartment such a form is put into. Raises NotFound for a tool that is no form, Refused for a reader."""
    ticket.require(Action.FILE_ADD)
    return ticket.require_write(definitions.compartment_of(ticket, tool).id).id


def add_external_form(ticket: CaseTicket, submission: UUID, tool: str, upload: Upload, about: FormFacts) -> UUID:
    """Puts the file into the tool's place, with what is known of it; returns its id. Raises InvalidInput at the field
    of a day that cannot be, of missing parties, or of a file that may not come in."""
    compartment_id = form_compartment(ticket, tool)
    if earlier := idempotency.made_before(ticket.session, submission):
        return earlier
    _check(ticket, about)
    file_id = files.add_file(ticket, submission, compartment_id, upload, tool)
    if of_file(ticket, file_id) is None:  # else the same form was sent twice at once, and the first has noted it
        _note(ticket, ticket.load(File, file_id), about)
    return file_id


def correct(ticket: CaseTicket, file_id: UUID, about: FormFacts) -> None:
    """Notes day and parties of a form anew; what was noted before stays in the trace. Raises InvalidInput as `add`."""
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    folders.refuse_withdrawn(ticket, file_id)
    _check(ticket, about)
    _note(ticket, file, about)


def of_file(ticket: CaseTicket, file_id: UUID) -> FormLine | None:
    """What is known of a file that is a form made elsewhere; None for every other file."""
    return of_case(ticket).get(file_id)


def of_case(ticket: CaseTicket) -> dict[UUID, FormLine]:
    """The forms made elsewhere that this person sees, by file. One query."""
    latest = (
        select(ExternalForm)
        .where(*ticket.within(ExternalForm))
        .ext(distinct_on(ExternalForm.file_id))
        .order_by(ExternalForm.file_id, ExternalForm.created_at.desc())
    )
    return {row.file_id: _line(ticket, row) for row in ticket.session.scalars(latest)}


def of_tool(ticket: CaseTicket, tool: str) -> list[Listed]:
    """Those in a tool's place, the newest first; not those that were withdrawn."""
    forms = of_case(ticket)
    if not forms:
        return []
    mine = [file for file in files.newest_version(ticket) if file.tool == tool and file.file_id in forms]
    found = [Listed(forms[file.file_id].made_on, form=forms[file.file_id], file=file) for file in mine]
    return sorted(found, key=lambda line: line.on, reverse=True)


def woven(ticket: CaseTicket, page: PlanPage, forms: Iterable[Listed]) -> list[Listed]:
    """Versions and forms made elsewhere in one list, by the day each is from; the newest first."""
    zone = ticket.profile.zone
    lines = [Listed(version.created_at.astimezone(zone).date(), version=version) for version in page.versions]
    # Of one day, versions come first; they are in their order already.
    return sorted([*lines, *forms], key=lambda line: line.on, reverse=True)


def _check(ticket: CaseTicket, about: FormFacts) -> None:
    if about.made_on is None:
        raise InvalidInput("made_on", "required")
    if about.made_on > clock.today(ticket.profile.zone):
        raise InvalidInput("made_on", "date_ahead")
    if about.made_on < ticket.case.birth_date:
        raise InvalidInput("made_on", "form_before_birth")
    if not about.people and not text.plain(about.others, 500):
        raise InvalidInput("others", "form_nobody")
    if set(about.people) - set(ticket.members):
        raise InvalidInput("people", "choice")


def _note(ticket: CaseTicket, file: File, about: FormFacts) -> None:
    if about.made_on is None:
        raise NotFound
    parties = {"people": [str(each) for each in about.people], "others": text.line(about.others, 500)}
    row = ticket.new(ExternalForm, file.compartment_id, file_id=file.id, made_on=about.made_on)
    ticket.seal(row, "parties", json.dumps(parties))
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.FORM_NOTED, file.compartment_id, file.id)


def _line(ticket: CaseTicket, row: ExternalForm) -> FormLine:
    parties = json.loads(ticket.unseal(row, "parties"))
    return FormLine(
        file_id=row.file_id,
        made_on=row.made_on,
        people=tuple(ticket.members[UUID(each)] for each in parties["people"]),
        others=parties["others"],
        noted_by=ticket.members[row.created_by_id],
    )
