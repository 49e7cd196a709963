"""A tool edited in Word and put in again: the file is kept like any other, and what was changed in it is put into the
plan line by line, as its sender chooses.

Nothing is kept of a trip but the file and whether it waits: the answers are read from the file each time they are
shown, and never before the virus scanner has let it through. It belongs to whoever put the file in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.ticket import CaseTicket
from portal.documents import reading, slots
from portal.documents.reading import LARGEST_FORM, TookTooLong, Unreadable
from portal.documents.slots import Turn
from portal.errors import Busy, InvalidInput, NotFound
from portal.events import Event
from portal.models import File, FileVersion, Membership, Plan, PlanVersion, PlanWordFile
from portal.services.files import arrivals, downloads, files, folders, pdf_renditions
from portal.services.files.arrivals import Upload
from portal.services.plans import definitions, editing, external_forms, history, open_plan, plans
from portal.services.plans import documents as plan_documents
from portal.services.plans import merge as plan_merge
from portal.services.plans import word_compare as lines
from portal.services.plans.merge import MergedAnswers
from portal.services.plans.versions import PlanPage, VersionPage
from portal.services.plans.word_compare import AnswerLine, Comparison, OrderLine, RowLine, Stands
from portal.services.shared import idempotency
from portal.storage import BlobStore
from portal.storage.inspection import MEDIA_TYPES
from portal.storage.scanning import ScanState

WAITS = timedelta(days=14)
"""How long a file is called to mind that its sender has not decided about. The file itself stays."""

_PATIENCE = 15.0
"""Seconds: longer than for a look, because something has been chosen already."""

KEEPS = ("now", "no")
"""The choices that leave the plan as it is."""


@dataclass(frozen=True)
class WordImport:
    """A file that came back. `state` is 'ready', or why there is nothing to choose: 'checking' (by the virus scanner),
    'unreadable', 'other_kind' (no Word file), 'foreign' (not taken out of this case) or 'other_tool'."""

    file_id: UUID
    number: int
    name: str
    state: str
    page: PlanPage
    tool: str = ""
    """Of a file that belongs to another tool: which one."""
    then: VersionPage | None = None
    """The version it was taken out of."""
    stands: Stands | None = None
    found: Comparison | None = None

    @property
    def begins_new(self) -> bool:
        """Whether putting anything in begins a new version."""
        return not self.page.newest.is_open


@dataclass(frozen=True)
class Done:
    changed: int = 0
    """How many of the lines were put in; 0 also when the plan said the same already."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """Line -> why it could not be done (a key of words.INPUT). When there is any, nothing was changed."""


@dataclass(frozen=True)
class WaitingImport:
    file_id: UUID
    number: int
    name: str


def bring(ticket: CaseTicket, submission: UUID, tool: str, upload: Upload) -> tuple[UUID, int]:
    """Keeps the file in the tool's place: as a new one, or as the next version of the one its sender put in before
    under the same name. Returns file and number of the version. Raises InvalidInput('file') for what may not come in,
    NotFound where nobody has begun the tool."""
    compartment = open_plan.writable(ticket, tool)
    page = editing.begun(ticket, tool)
    if earlier := idempotency.made_before(ticket.session, submission):
        return _earlier_import(ticket, earlier)
    name, _kind = arrivals.inspect(upload)
    home = _home(ticket, tool, compartment.id, name)
    if home is None:
        file_id, number = files.add_file(ticket, submission, compartment.id, upload, tool), 1
    else:
        file_id, number = home, files.add_version(ticket, submission, home, upload)
    version = _version(ticket, file_id, number)
    _wait(ticket, page, version)
    ticket.record(Event.PLAN_BROUGHT, compartment.id, page.newest.plan_id, version=str(version.id))
    return file_id, number


def import_plan(ticket: CaseTicket, tool: str) -> PlanPage:
    """The tool a file can be put into. Raises NotFound where nobody has begun it, Refused for a reader."""
    open_plan.writable(ticket, tool)
    page = editing.begun(ticket, tool)
    ticket.record(Event.PLAN_OPENED, page.compartment_id, page.newest.plan_id)
    return page


def look_at_import(ticket: CaseTicket, store: BlobStore, tool: str, file_id: UUID, number: int) -> WordImport:
    """What the file would change. Raises NotFound, also for a file that somebody else put in; Refused for one the virus
    scanner has shut."""
    open_plan.writable(ticket, tool)
    page = editing.begun(ticket, tool)
    version = _mine(ticket, tool, file_id, number)
    ticket.record(Event.PLAN_COMPARED, page.compartment_id, page.newest.plan_id, version=str(version.id))
    return _read(ticket, store, page, version)


def put_in(
    ticket: CaseTicket,
    store: BlobStore,
    submission: UUID,
    trip_of: tuple[str, UUID, int],
    picked: Mapping[str, str],
    seen: Mapping[str, str],
) -> Done:
    """Puts into the plan what was picked. `picked` is line -> choice; `seen` line -> stamp of what stood in the plan
    when its page was shown. All of it or nothing. Raises NotFound as `look`."""
    tool, file_id, number = trip_of
    open_plan.writable(ticket, tool)
    version = _mine(ticket, tool, file_id, number)
    plan = open_plan.open_plan(ticket, tool)
    trip = _read(ticket, store, plan.page, version)
    if trip.found is None or trip.stands is None:
        raise InvalidInput("", "form_stale")
    if idempotency.made_before(ticket.session, submission):
        return Done()
    faults = {}
    for line in trip.found.lines:
        if seen.get(line.key) != lines.stamp(line, trip.stands.now):
            faults[line.key] = "word_moved_on"
        elif picked.get(line.key) not in line.choices:
            faults[line.key] = "word_choose"
    if faults:
        return Done(faults=faults)
    idempotency.claim(ticket.session, submission, uuid4())
    chosen = _chosen(trip.found, trip.stands.now, picked)
    target = editing.begin_next(plan)
    changed = plan_merge.merge(plan, target, chosen)
    put = sum(picked[line.key] not in KEEPS for line in trip.found.lines) if changed else 0
    plan_id = trip.page.newest.plan_id
    _decide(ticket, version)
    ticket.record(Event.PLAN_MERGED, trip.page.compartment_id, plan_id, version=str(version.id), number=target)
    return Done(put)


def leave_word_import(ticket: CaseTicket, tool: str, file_id: UUID, number: int) -> None:
    """Nothing of the file is put in; it stays as a file."""
    open_plan.writable(ticket, tool)
    page, version = editing.begun(ticket, tool), _mine(ticket, tool, file_id, number)
    _decide(ticket, version)
    ticket.record(Event.PLAN_LEFT, page.compartment_id, page.newest.plan_id, version=str(version.id))


def waiting_import(ticket: CaseTicket, page: PlanPage) -> list[WaitingImport]:
    """The files this person put in during the last two weeks and has not decided about, oldest first."""
    waiting_now = select(PlanWordFile.version_id).where(
        *ticket.within(PlanWordFile),
        PlanWordFile.plan_id == page.newest.plan_id,
        PlanWordFile.created_by_id == ticket.membership.id,
        PlanWordFile.decided_at.is_(None),
        PlanWordFile.brought_at > clock.now() - WAITS,
    )
    wanted = ticket.session.scalars(waiting_now).all()
    if not wanted:
        return []
    gone = folders.withdrawn_ids(ticket)
    found = ticket.select(FileVersion).where(FileVersion.id.in_(wanted), FileVersion.file_id.not_in(gone))
    return [
        WaitingImport(version.file_id, version.number, _name(ticket, version))
        for version in ticket.session.scalars(found.order_by(FileVersion.created_at))
    ]


# Steps


def _wait(ticket: CaseTicket, page: PlanPage, version: FileVersion) -> None:
    """The file waits for its sender's choice; sent twice at once, it waits once."""
    row = {
        "version_id": version.id,
        "plan_id": page.newest.plan_id,
        "case_id": ticket.case_id,
        "compartment_id": page.compartment_id,
        "brought_at": clock.now(),
        "created_by_id": ticket.membership.id,
    }
    ticket.session.execute(insert(PlanWordFile).values(row).on_conflict_do_nothing())


def _decide(ticket: CaseTicket, version: FileVersion) -> None:
    waits = update(PlanWordFile).where(*ticket.within(PlanWordFile), PlanWordFile.version_id == version.id)
    ticket.session.execute(waits.values(decided_at=clock.now()), execution_options={"synchronize_session": False})


def _read(ticket: CaseTicket, store: BlobStore, page: PlanPage, version: FileVersion) -> WordImport:
    trip = WordImport(version.file_id, version.number, _name(ticket, version), "checking", page)
    if version.scan == ScanState.WAITING:
        return trip
    if version.media_type != MEDIA_TYPES["docx"]:
        return replace(trip, state="other_kind")
    if version.size > LARGEST_FORM:
        return replace(trip, state="unreadable")
    try:
        with slots.taken(Turn(str(ticket.actor.person_id), _PATIENCE)) as slot:
            form = reading.form(pdf_renditions.plaintext(ticket, store, version), slot)
    except TookTooLong as problem:
        raise Busy from problem
    except Unreadable:
        return replace(trip, state="unreadable")
    marked = plan_documents.marked(ticket, form.marks)
    taken = _taken_from(ticket, marked[0]) if marked else None
    if marked is None or taken is None:
        return replace(trip, state="foreign")
    if taken[0] != page.tool:
        return replace(trip, state="other_tool", tool=taken[0])
    then = page.version(taken[1])
    stands = _stands(ticket, page, then, marked[1])
    return replace(trip, state="ready", then=then, stands=stands, found=lines.compare(form, stands))


def _taken_from(ticket: CaseTicket, version_id: UUID) -> tuple[str, int] | None:
    """Tool and number of the version a file was made of; None where this person does not see it."""
    found = (
        select(Plan.tool, PlanVersion.number)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(*ticket.within(PlanVersion), PlanVersion.id == version_id)
    )
    row = ticket.session.execute(found).one_or_none()
    return (row[0], row[1]) if row else None


def _stands(ticket: CaseTicket, page: PlanPage, then: VersionPage, revision: int) -> Stands:
    newest = page.newest
    before: dict[str, str] = {}
    authors: dict[str, Membership] = {}
    for version in reversed(page.versions):
        if version.number >= then.number:
            past = history.ChangesSince(ticket, version.id, revision if version.id == then.id else 0)
            authors |= past.authors
            before |= past.before if version.id == then.id else {}
    definition, now = newest.definition, dict(newest.answers)
    if not newest.is_open:
        newest = replace(newest, told=frozenset())  # the next version is not about that meeting
        definition = definitions.today(ticket, page.tool) or definition
        now = editing.carried_on(definition, now)
    return Stands(
        then=then.definition,
        base={**then.answers, **before},
        definition=definition,
        now=now,
        names={str(member.id): member.display_name for member in ticket.members.values()},
        present=frozenset(str(window.membership_id) for window in ticket.open_windows),
        authors=authors,
        is_carried=lambda question: plans.is_carried(newest, question),
        may_fill=lambda question: plans.may_fill(ticket, newest, question),
    )


def _chosen(found: Comparison, now: Mapping[str, str], picked: Mapping[str, str]) -> MergedAnswers:
    answers: dict[str, str] = {}
    new_rows: list[tuple[str, str]] = []
    gone_rows: list[tuple[str, str]] = []
    order: dict[str, tuple[str, ...]] = {}
    for line in found.lines:
        choice = picked[line.key]
        match line:
            case AnswerLine() if choice != "now":
                answers[line.key] = line.value if choice == "mine" else lines.both(now.get(line.key, ""), line.value)
            case RowLine(kind="gone") if choice == "yes":
                gone_rows.append((line.section.key, line.row))
            case RowLine() if choice == "yes" and line.kind != "gone":
                new_rows.append((line.section.key, line.row))
                answers |= {cell.key: cell.value for cell in line.cells if not cell.fault}
            case OrderLine() if choice == "mine":
                order[line.key] = line.mine
    return MergedAnswers(answers, new_rows, gone_rows, order)


def _home(ticket: CaseTicket, tool: str, compartment_id: UUID, name: str) -> UUID | None:
    compartment, elsewhere = ticket.compartments[compartment_id].key, external_forms.of_case(ticket)
    for line in files.newest_version(ticket):
        if line.file_id in elsewhere:
            continue
        if (line.tool, line.compartment, line.name) == (
            tool,
            compartment,
            name,
        ) and line.author.id == ticket.membership.id:
            return line.file_id
    return None


def _earlier_import(ticket: CaseTicket, made: UUID) -> tuple[UUID, int]:
    if ticket.session.scalars(ticket.select(File).where(File.id == made)).one_or_none():
        return made, 1
    version = ticket.load(FileVersion, made)
    return version.file_id, version.number


def _mine(ticket: CaseTicket, tool: str, file_id: UUID, number: int) -> FileVersion:
    version = downloads.load_version(ticket, file_id, number)
    if version.created_by_id != ticket.membership.id or ticket.load(File, file_id).tool != tool:
        raise NotFound
    return version


def _version(ticket: CaseTicket, file_id: UUID, number: int) -> FileVersion:
    found = ticket.select(FileVersion).where(FileVersion.file_id == file_id, FileVersion.number == number)
    return ticket.session.scalars(found).one()


def _name(ticket: CaseTicket, version: FileVersion) -> str:
    return ticket.unseal(version, "name")
