"""What goes into a package that somebody takes away: files, and readable pages of messages and plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from babel.dates import format_date, format_datetime

from portal import clock
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.documents import packages
from portal.documents.packages import Chapter, Entry, ZipPackage
from portal.errors import NotFound, Refused
from portal.models import FileVersion, Membership, Message, Thread
from portal.services.files import downloads, naming
from portal.services.files import folders as file_folders
from portal.services.meetings import closing, schedule
from portal.services.meetings.schedule import MeetingPage, MeetingState
from portal.services.plans import definitions, external_forms, plans
from portal.services.plans.external_forms import FormLine, Listed
from portal.services.plans.versions import PlanState, VersionPage
from portal.storage import BlobStore
from portal.tools.answer_format import AnswerFormatter
from portal.tools.vocabulary import sayer


class Packing:
    """What goes into one package, and from where."""

    def __init__(self, ticket: CaseTicket, store: BlobStore, language: str) -> None:
        self._ticket, self._store, self._language = ticket, store, language
        ticket.language = language
        self._zone = ticket.profile.zone
        self.gettext = sayer(language, ticket.profile.key)
        self.compartments: set[UUID] = set()
        self.contents: list[dict[str, object]] = []
        """Everything in it that lies in a compartment, by kind and id: to be looked up again when it is fetched. A file
        with the number of the version that is in it, or without one where only its name is."""

    def folder(self, package: ZipPackage, folder: str) -> None:
        for version in self._versions():
            if self._folders.get(version.file_id) == folder and version.number == self._newest[version.file_id]:
                self._put(package, "", version)

    def whole_case(self, package: ZipPackage) -> None:
        files: list[Entry] = []
        left_out: list[Entry] = []
        elsewhere = external_forms.of_case(self._ticket)
        for version in self._versions():
            older = version.number != self._newest[version.file_id]
            folder = self._folders.get(version.file_id, "")
            gettext = self.gettext
            place = gettext("Earlier versions") if older else gettext("Files") + (f" - {folder}" if folder else "")
            name = self._put(package, place, version)
            self.compartments.add(version.compartment_id)
            about = f"{self._who(version.created_by_id)}, {self._when(version.created_at)}, "
            about += f"{self._version(version.number)}, {self._compartment(version.compartment_id)}"
            if form := elsewhere.get(version.file_id):
                about += f", {self._made_elsewhere(form)}"
            words = self._ticket.unseal(version, "note")
            (files if name else left_out).append(Entry(name or self._name(version), about, words))
            if not name:
                self.contents.append({"file": str(version.file_id)})
        title, now = self._ticket.young_person.display_name, clock.now()
        who, at = self._who(self._ticket.membership.id), self._when(now)
        about = self.gettext("Copy for %(who)s, made %(when)s.") % {"who": who, "when": at}
        chapters = [Chapter(self.gettext("Files"), self.gettext("All files and versions that you could open."), files)]
        if left_out:
            why = self.gettext(
                "These versions could not be opened: they wait for the virus check, or they were refused."
            )
            chapters.append(Chapter(self.gettext("Not included"), why, left_out))
        pages = {
            self.gettext("Contents"): chapters,
            self.gettext("Messages"): self._threads(),
            self.gettext("Plan"): list(self._plans()),
            self.gettext("Meetings"): list(self._meetings()),
        }
        for called, found in pages.items():
            if found:
                made = packages.page(f"{called} - {title}", about, found, self._language)
                package.add("", f"{called}.html", self._local(now), [made], len(made))

    def _put(self, package: ZipPackage, folder: str, version: FileVersion) -> str:
        """The name in the package; '' for a version that cannot be opened just now."""
        try:
            downloads.load_version(self._ticket, version.file_id, version.number)
        except (Refused, NotFound):
            return ""
        key = self._ticket.keys.unwrap_file_key(version.file_key, version.blob)
        pieces = downloads.open_sealed(self._store, version.blob, key, version.size)
        self.compartments.add(version.compartment_id)
        self.contents.append({"file": str(version.file_id), "number": version.number})
        return package.add(folder, self._name(version), self._local(version.created_at), pieces, version.size)

    def _versions(self) -> list[FileVersion]:
        """Every version of every file that was not withdrawn, the oldest first."""
        ticket = self._ticket
        found = ticket.select(FileVersion).where(FileVersion.file_id.not_in(file_folders.withdrawn_ids(ticket)))
        versions = list(ticket.session.scalars(found.order_by(FileVersion.created_at, FileVersion.number)))
        self._folders, self._given = file_folders.folders(ticket), naming.given(ticket)
        self._newest = {v.file_id: v.number for v in sorted(versions, key=lambda v: v.number)}
        return versions

    def _threads(self) -> list[Chapter]:
        ticket = self._ticket
        messages: dict[UUID, list[Entry]] = {}
        for message in ticket.session.scalars(ticket.select(Message).order_by(Message.created_at, Message.id)):
            body = ticket.unseal(message, "body")
            about = f"{self._who(message.created_by_id)}, {self._when(message.created_at)}"
            if message.taken_back_at is not None:
                body = self.gettext("Taken back %(when)s.") % {"when": self._when(message.taken_back_at)}
            messages.setdefault(message.thread_id, []).append(Entry("", about, body))
        chapters = []
        for thread in ticket.session.scalars(ticket.select(Thread).order_by(Thread.created_at)):
            self.compartments.add(thread.compartment_id)
            self.contents.append({"thread": str(thread.id)})
            subject = ticket.unseal(thread, "subject")
            chapters.append(Chapter(subject, self._compartment(thread.compartment_id), messages.get(thread.id, [])))
        return chapters

    def _plans(self) -> Iterator[Chapter]:
        for tool in self._ticket.profile.tool:
            try:
                compartment = definitions.compartment_of(self._ticket, tool.key)
            except NotFound:
                continue
            found = plans.load(self._ticket, tool.key, compartment)
            if found is not None:
                self.contents.append({"plan": str(found.newest.plan_id)})
            for version in found.versions if found else ():
                self.compartments.add(compartment.id)
                title = f"{tool.title.in_language(self._language)}, {self._version(version.number)}"
                begun = f"{self._who(version.author.id)}, {self._when(version.created_at)}"
                about = f"{self._states()[version.state]}, {begun}"
                yield Chapter(title, about, list(self._answers(version)))
            if forms := external_forms.of_tool(self._ticket, tool.key):
                title = f"{tool.title.in_language(self._language)}, {self.gettext('made elsewhere')}"
                yield Chapter(title, "", [Entry(name, about) for name, about in map(self._listed, forms)])

    def _listed(self, line: Listed) -> tuple[str, str]:
        if line.file is None or line.form is None:
            raise NotFound
        return line.file.title, self._made_elsewhere(line.form)

    def _made_elsewhere(self, form: FormLine) -> str:
        on = format_date(form.made_on, "d. MMMM y", locale=self._language)
        names = [member.display_name for member in form.people] + ([form.others] if form.others else [])
        day = self.gettext("from %(day)s") % {"day": on}
        people = self.gettext("with %(names)s") % {"names": ", ".join(names)}
        return f"{self.gettext('made elsewhere')}, {day}, {people}"

    def _meetings(self) -> Iterator[Chapter]:
        """Those this person may know of, the first ones first."""
        for page in sorted(schedule.list_meetings(self._ticket), key=lambda page: page.at):
            self.compartments.add(page.compartment_id)
            self.contents.append({"meeting": str(page.id)})
            about = f"{self._meeting_states()[page.state]}, {self._compartment(page.compartment_id)}"
            yield Chapter(self._when(page.at), about, list(self._meeting(page)))

    def _meeting(self, page: MeetingPage) -> Iterator[Entry]:
        told = {
            self.gettext("Where?"): page.place,
            self.gettext("Asked to come"): ", ".join(self._who(member.id) for member in page.invited),
            self.gettext("In the room"): ", ".join(self._who(member.id) for member in page.present),
            self.gettext("Summary"): closing.sent(self._ticket, page),
        }
        yield from (Entry(heading, "", words) for heading, words in told.items() if words)

    def _meeting_states(self) -> dict[MeetingState, str]:
        return {
            MeetingState.PLANNED: self.gettext("Planned"),
            MeetingState.RUNNING: self.gettext("Going on now"),
            MeetingState.ENDED: self.gettext("Held"),
            MeetingState.CALLED_OFF: self.gettext("Called off"),
        }

    def _answers(self, version: VersionPage) -> Iterator[Entry]:
        names = {str(member.id): member.display_name for member in self._ticket.members.values()}
        formatter = AnswerFormatter(version.definition, names, self._language, self.gettext)
        for place in version.definition.places(version.answers):
            section = place.section
            if version.answers.get(place.address):
                title = (section.row if place.row and section.row else section.title).in_language(self._language)
                number = f" {version.rows(section.key).index(place.row) + 1}" if place.row else ""
                label = f"{title}{number}: {place.question.label.in_language(self._language)}"
                yield Entry(label, "", formatter.format(place, version.answers))

    def _version(self, number: int) -> str:
        return self.gettext("Version %(number)s") % {"number": number}

    def _states(self) -> dict[PlanState, str]:
        return {
            PlanState.DRAFT: self.gettext("Draft"),
            PlanState.PROPOSED: self.gettext("Proposed"),
            PlanState.AGREED: self.gettext("Agreed"),
            PlanState.REPLACED: self.gettext("Replaced by a later version"),
        }

    def _name(self, version: FileVersion) -> str:
        own = self._ticket.unseal(version, "name")
        is_newest = version.number == self._newest[version.file_id]
        return naming.title(self._given.get(version.file_id, ""), own) if is_newest else own

    def _who(self, membership_id: UUID) -> str:
        member: Membership = self._ticket.members[membership_id]
        word = self._ticket.profile.words[Capacity(member.capacity)].title.in_language(self._language)
        return f"{member.display_name} ({member.job_title or word})"

    def _compartment(self, compartment_id: UUID) -> str:
        compartment = self._ticket.compartments[compartment_id]
        title = self._ticket.profile.compartment_of(compartment.key).title.in_language(self._language)
        return f"{title} ({self._who(compartment.confidant_id)})" if compartment.confidant_id else title

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    def _when(self, at: datetime) -> str:
        return format_datetime(at, "d. MMMM y HH.mm", tzinfo=self._zone, locale=self._language)
