"""What goes into a package that somebody takes away: files, and readable pages of messages and plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from babel.dates import format_date, format_datetime

from portal import clock
from portal.access.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.documents import packages
from portal.documents.packages import Chapter, Entry, Package
from portal.errors import NotFound, Refused
from portal.models import FileVersion, Membership, Message, Thread
from portal.services import downloads, order, plans, wordings
from portal.services.plans import VersionPage
from portal.storage import BlobStore
from portal.tools.definition import DECLINED, Kind, Place


class Packing:
    """What goes into one package, and from where."""

    def __init__(self, ticket: CaseTicket, store: BlobStore, language: str) -> None:
        self._ticket, self._store, self._language = ticket, store, language
        self._zone = ticket.profile.zone
        self.compartments: set[UUID] = set()
        self.contents: list[dict[str, object]] = []

    def folder(self, package: Package, folder: str) -> None:
        for version in self._versions():
            if self._folders.get(version.file_id) == folder and version.number == self._newest[version.file_id]:
                self._put(package, "", version)

    def whole_case(self, package: Package) -> None:
        files: list[Entry] = []
        left_out: list[Entry] = []
        for version in self._versions():
            older = version.number != self._newest[version.file_id]
            folder = self._folders.get(version.file_id, "")
            place = self._say("older") if older else self._say("files") + (f" - {folder}" if folder else "")
            name = self._put(package, place, version)
            about = f"{self._who(version.created_by_id)}, {self._when(version.created_at)}, "
            about += f"{self._say('version')} {version.number}, {self._shelf(version.compartment_id)}"
            note = version.note_sealed
            words = self._ticket.keys.unseal_text(note, f"file_version.note {version.id}") if note else ""
            (files if name else left_out).append(Entry(name or self._name(version), about, words))
        title, now = self._ticket.young_person.display_name, clock.now()
        about = self._say("made").format(who=self._who(self._ticket.membership.id), when=self._when(now))
        chapters = [Chapter(self._say("files"), self._say("files_about"), files)]
        if left_out:
            chapters.append(Chapter(self._say("left_out"), self._say("left_out_about"), left_out))
        pages = {"contents": chapters, "messages": self._threads(), "plan": list(self._plans())}
        for key, found in pages.items():
            if found:
                made = packages.page(f"{self._say(key)} - {title}", about, found, self._language)
                package.add("", f"{self._say(key)}.html", self._local(now), [made])

    def _put(self, package: Package, folder: str, version: FileVersion) -> str:
        """The name in the package; '' for a version that cannot be opened just now."""
        try:
            downloads.load_version(self._ticket, version.file_id, version.number)
        except (Refused, NotFound):
            return ""
        key = self._ticket.keys.unwrap_file_key(version.file_key, version.blob)
        pieces = downloads.open_sealed(self._store, version.blob, key, version.size)
        self.compartments.add(version.compartment_id)
        self.contents.append({"file": str(version.file_id), "number": version.number})
        return package.add(folder, self._name(version), self._local(version.created_at), pieces)

    def _versions(self) -> list[FileVersion]:
        """Every version of every file that was not withdrawn, the oldest first."""
        ticket = self._ticket
        found = ticket.select(FileVersion).where(FileVersion.file_id.not_in(order.withdrawn_ids(ticket)))
        versions = list(ticket.session.scalars(found.order_by(FileVersion.created_at, FileVersion.number)))
        self._folders = order.folders(ticket)
        self._newest = {v.file_id: v.number for v in sorted(versions, key=lambda v: v.number)}
        return versions

    def _threads(self) -> list[Chapter]:
        ticket = self._ticket
        messages: dict[UUID, list[Entry]] = {}
        for message in ticket.session.scalars(ticket.select(Message).order_by(Message.created_at, Message.id)):
            body = ticket.keys.unseal_text(message.body_sealed, f"message.body {message.id}")
            about = f"{self._who(message.created_by_id)}, {self._when(message.created_at)}"
            messages.setdefault(message.thread_id, []).append(Entry("", about, body))
        chapters = []
        for thread in ticket.session.scalars(ticket.select(Thread).order_by(Thread.created_at)):
            self.compartments.add(thread.compartment_id)
            subject = ticket.keys.unseal_text(thread.subject_sealed, f"thread.subject {thread.id}")
            chapters.append(Chapter(subject, self._shelf(thread.compartment_id), messages.get(thread.id, [])))
        return chapters

    def _plans(self) -> Iterator[Chapter]:
        for tool in self._ticket.profile.tool:
            try:
                hatch = wordings.hatch_of(self._ticket, tool.key)
            except NotFound:
                continue
            found = plans.load(self._ticket, tool.key, hatch)
            for version in found.versions if found else ():
                self.compartments.add(hatch.id)
                title = f"{tool.title.in_language(self._language)}, {self._say('version')} {version.number}"
                about = f"{self._say(version.state)}, {self._who(version.author.id)}, {self._when(version.created_at)}"
                yield Chapter(title, about, list(self._answers(version)))

    def _answers(self, version: VersionPage) -> Iterator[Entry]:
        for place in version.definition.places(version.answers):
            section, answer = place.section, version.answers.get(place.address, "")
            if answer:
                title = (section.row if place.row and section.row else section.title).in_language(self._language)
                number = f" {version.rows(section.key).index(place.row) + 1}" if place.row else ""
                label = f"{title}{number}: {place.question.label.in_language(self._language)}"
                yield Entry(label, "", self._told(version, place, answer))

    def _told(self, version: VersionPage, place: Place, answer: str) -> str:
        question = place.question
        if question.kind in (Kind.PERSON, Kind.PEOPLE):
            names = {str(member.id): member.display_name for member in self._ticket.members.values()}
            return ", ".join(names.get(each, "") for each in answer.split())
        if question.kind in (Kind.CHOICE, Kind.CHOICES):
            titles = {choice.key: choice.title.in_language(self._language) for choice in question.choice}
            return ", ".join(titles.get(each, each) for each in answer.split())
        if question.kind is Kind.ROW:
            section = version.definition.section_of(question.of)
            return version.answers.get(f"{question.of}.{answer}.{section.headline.key}", "") if section else ""
        if question.kind is Kind.SCALE:
            return self._say("declined") if answer == DECLINED else f"{answer} ({question.lowest}-{question.highest})"
        if question.kind is Kind.DATE:
            return format_date(datetime.fromisoformat(answer).date(), "d. MMMM y", locale=self._language)
        return answer

    def _name(self, version: FileVersion) -> str:
        return self._ticket.keys.unseal_text(version.name_sealed, f"file_version.name {version.id}")

    def _who(self, membership_id: UUID) -> str:
        member: Membership = self._ticket.members[membership_id]
        word = self._ticket.profile.words[Capacity(member.capacity)].title.in_language(self._language)
        return f"{member.display_name} ({member.job_title or word})"

    def _shelf(self, compartment_id: UUID) -> str:
        key = self._ticket.hatches[compartment_id].key
        return self._ticket.profile.compartment_of(key).title.in_language(self._language)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    def _when(self, at: datetime) -> str:
        return format_datetime(at, "d. MMMM y HH.mm", tzinfo=self._zone, locale=self._language)

    def _say(self, key: str) -> str:
        return say(self._language, key)


def say(language: str, key: str) -> str:
    return _WORDS[language][key]


_WORDS = {
    "da": {
        "case": "Min kopi af sagen",
        "contents": "Indhold",
        "files": "Filer",
        "files_about": "Alle filer og versioner, du kunne åbne.",
        "older": "Tidligere versioner",
        "left_out": "Ikke med",
        "left_out_about": "De her versioner kunne ikke åbnes: de venter på at blive tjekket for virus eller er afvist.",
        "messages": "Beskeder",
        "plan": "Plan",
        "version": "version",
        "made": "Kopi til {who}, lavet {when}.",
        "draft": "Kladde",
        "proposed": "Foreslået",
        "agreed": "Aftalt",
        "replaced": "Afløst",
        "declined": "Vil ikke svare",
    },
    "en": {
        "case": "My copy of the case",
        "contents": "Contents",
        "files": "Files",
        "files_about": "All files and versions that you could open.",
        "older": "Earlier versions",
        "left_out": "Not included",
        "left_out_about": "These versions could not be opened: they wait for the virus check, or were refused.",
        "messages": "Messages",
        "plan": "Plan",
        "version": "version",
        "made": "Copy for {who}, made {when}.",
        "draft": "Draft",
        "proposed": "Proposed",
        "agreed": "Agreed",
        "replaced": "Replaced",
        "declined": "Would rather not say",
    },
}
"""What stands in a package. The worker that makes it serves no page, so it is not in the catalogue of the screens."""
