"""The demo's people and cases, all made up, brought about by playing the real story through the real verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from portal import clock
from portal.access.actor import Actor
from portal.access.policy.roles import Capacity, Level
from portal.access.signin import passwords, sessions
from portal.access.ticket import CaseTicket, enter_case
from portal.demo import others, papers, plan
from portal.demo.earlier import days_ago
from portal.demo.eid import Pretended
from portal.models import Organisation, Staff, Unit
from portal.runtime import Runtime
from portal.services.accounts import directory
from portal.services.accounts.directory import NewStaff, OrganisationKind, UnitKind
from portal.services.cases import register as case_register
from portal.services.cases.register import NewCase
from portal.services.consents import declaration, declare, requests
from portal.services.consents.declare import Paper
from portal.services.files import files
from portal.services.files.arrivals import Upload
from portal.services.members import team
from portal.services.members.citizens import NewCitizen
from portal.services.messages import take_back
from portal.services.messages import threads as message_threads
from portal.services.messages.attachments import ToEnclose
from portal.services.messages.threads import Besides
from portal.services.notices import contact
from portal.services.notices.kinds import Channel
from portal.storage.incoming import Incoming
from portal.tools.profile import profile

PASSWORD = "velkommen indenfor"  # noqa: S105  printed for everybody who tries the demo
_DOMAIN = "eksempelby.example"


@dataclass(frozen=True)
class _Place:
    organisation: str
    kind: OrganisationKind
    units: tuple[tuple[str, UnitKind], ...]


_PLACES = (
    _Place(
        "Eksempelby Kommune",
        OrganisationKind.MUNICIPALITY,
        (
            ("Børn og Unge", UnitKind.CHILDREN_AND_YOUTH),
            ("Jobcenter", UnitKind.JOB_CENTRE),
            ("Kommunal ungeindsats (KUI)", UnitKind.YOUTH_GUIDANCE),
            ("Socialpsykiatri", UnitKind.SOCIAL_PSYCHIATRY),
        ),
    ),
    _Place("Region Eksempel", OrganisationKind.REGION, (("Børne- og ungdomspsykiatri", UnitKind.CHILD_PSYCHIATRY),)),
    _Place("Eksempelby Skole", OrganisationKind.SCHOOL, (("10. klasse", UnitKind.SCHOOL),)),
    _Place("Botilbuddet Broen", OrganisationKind.SUPPLIER, (("Kontaktpersoner", UnitKind.RESIDENTIAL),)),
)


@dataclass(frozen=True)
class DemoColleague:
    key: str
    name: str
    unit: str
    job_title: str
    guide: bool = False
    admin: bool = False
    leader: bool = False
    auditor: bool = False

    @property
    def email(self) -> str:
        return f"{self.key}@{_DOMAIN}"


STAFF = (
    DemoColleague("admin", "Ida Kjær", "Børn og Unge", "It-koordinator", admin=True),
    DemoColleague("guide", "Mette Holm", "Børn og Unge", "Sagsbehandler", guide=True),
    DemoColleague("kollega", "Rasmus Vang", "Børn og Unge", "Familiebehandler", guide=True),
    DemoColleague("job", "Jonas Friis", "Jobcenter", "Jobkonsulent"),
    DemoColleague("kui", "Nadia Omar", "Kommunal ungeindsats (KUI)", "Ungevejleder"),
    DemoColleague("social", "Bodil Krag", "Socialpsykiatri", "Bostøtte"),
    DemoColleague("psykiater", "Amir Haddad", "Børne- og ungdomspsykiatri", "Psykiater"),
    DemoColleague("laerer", "Lene Bach", "10. klasse", "Lærer"),
    DemoColleague("kontakt", "Tobias Lund", "Kontaktpersoner", "Kontaktperson"),
    DemoColleague("leder", "Karen Brandt", "Børn og Unge", "Afdelingsleder", leader=True),
    DemoColleague("tilsyn", "Holger Skov", "Børn og Unge", "Databeskyttelsesrådgiver", auditor=True),
)


@dataclass(frozen=True)
class Citizens:
    """Who signs in with the pretended eID, with birth dates that fit the day the demo is made."""

    alma: Pretended
    lone: Pretended
    peter: Pretended
    noah: Pretended
    susan: Pretended
    freja: Pretended
    henrik: Pretended

    @property
    def everybody(self) -> list[Pretended]:
        return list(vars(self).values())


def citizens(today: date) -> Citizens:
    def somebody(name: str, about: str, years: int, days: int, serial: str) -> Pretended:
        return Pretended.aged(name, about, today, years, days, serial)

    return Citizens(
        alma=somebody("Alma Dahl", "17 år, sagen er åben for alle, der er sagt ja til", 17, 210, "4002"),
        lone=somebody("Lone Dahl", "Almas mor", 45, 40, "0004"),
        peter=somebody("Peter Dahl", "Almas far", 47, 90, "0003"),
        noah=somebody("Noah Lind", "16 år, hans sag venter på samtykke", 16, 100, "4003"),
        susan=somebody("Susan Lind", "Noahs mor, alene om forældremyndigheden", 43, 10, "0006"),
        freja=somebody("Freja Juul", "Lige fyldt 18 år, forældrenes adgang er holdt op", 18, 6, "4004"),
        henrik=somebody("Henrik Juul", "Frejas far", 50, 5, "0005"),
    )


def staff(empty: bool) -> tuple[DemoColleague, ...]:
    """Who has an account from the beginning."""
    return tuple(one for one in STAFF if one.admin or not empty)


def make(runtime: Runtime, empty: bool = False) -> None:
    """Fills a portal in which nobody has an account yet; with `empty`, with an administrator alone."""
    with runtime.unit_of_work() as session:
        if not directory.is_empty(session):
            return
    play = Play(runtime)
    play.offices(empty)
    if empty:
        return
    today = clock.today(profile(runtime.settings.profile).zone)
    people = citizens(today)
    play.alma(people)
    play.noah(people)
    play.freja(people)
    others.play(play, today)


class Play:
    """One method per story."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.staff: dict[str, UUID] = {}
        self.owners: dict[UUID, UUID] = {}

    def offices(self, empty: bool) -> None:
        with self.runtime.unit_of_work() as session:
            units: dict[str, UUID] = {}
            for place in _PLACES[:1] if empty else _PLACES:
                made = Organisation(id=uuid4(), name=place.organisation, kind=place.kind, created_at=clock.now())
                session.add(made)
                session.flush()
                for name, kind in place.units[:1] if empty else place.units:
                    unit = Unit(id=uuid4(), organisation_id=made.id, name=name, kind=kind, created_at=clock.now())
                    session.add(unit)
                    units[name] = unit.id
            session.flush()
            hashed = passwords.hash_password(PASSWORD)
            for one in staff(empty):
                self.staff[one.key] = uuid4()
                new = NewStaff(
                    units[one.unit],
                    one.name,
                    one.email,
                    one.job_title,
                    is_admin=one.admin,
                    may_open_cases=one.guide,
                    is_leader=one.leader,
                    is_auditor=one.auditor,
                )
                directory.create_staff(session, self.staff[one.key], new)
                session.get_one(Staff, self.staff[one.key]).password_hash = hashed

    def alma(self, people: Citizens) -> None:
        with days_ago(20):
            case_id = self.open("guide", people.alma, (people.lone, people.peter))
            self.add(case_id, "job", Level.WRITE, "Så vi sammen kan finde en praktikplads, der passer til dig.")
            self.add(case_id, "laerer", Level.READ, "Så skolen kender planen og kan hjælpe dig i hverdagen.")
            self.add(case_id, "psykiater", Level.WRITE, "Så din behandling og planen hænger sammen.")
            self.add(case_id, "kollega", Level.READ, "Afløser for Mette, når hun har fri.")
        with days_ago(18):
            young = self.person(case_id, Capacity.YOUNG_PERSON)
            self.consent(case_id, young)
            lone, peter = self.person(case_id, Capacity.PARENT, 0), self.person(case_id, Capacity.PARENT, 1)
            self.consent(case_id, lone)
            self.told_at(young, people.alma, Channel.MAIL, Channel.SMS)
            self.told_at(lone, people.lone, Channel.SMS)
            self._paper_consent(case_id, peter)
        with days_ago(12):
            self.in_case(case_id, self.staff["guide"], self._files_of_guide)
            self.in_case(case_id, self.staff["psykiater"], self._file_of_psychiatrist)
        with days_ago(3):
            self.in_case(case_id, young, self._words_of_alma)
        with days_ago(1):
            self.in_case(case_id, self.staff["job"], self._answer_of_job_centre)
            self.in_case(case_id, self.staff["guide"], self._question_of_guide)
            self.in_case(case_id, young, plan.begin_demo_plan)
            self.in_case(case_id, young, plan.draw)
            self.in_case(case_id, self.staff["guide"], plan.propose)
            self.in_case(case_id, self.staff["job"], plan.accept)
            self.in_case(case_id, self.staff["guide"], plan.meet)

    def noah(self, people: Citizens) -> None:
        with days_ago(4):
            case_id = self.open("guide", people.noah, (people.susan,))
            self.add(case_id, "kui", Level.WRITE, "Så vi kan finde den rette ungdomsuddannelse.")
            self.add(case_id, "kontakt", Level.READ, "Så din kontaktperson kender dine aftaler.")
            self.told_at(self.person(case_id, Capacity.PARENT), people.susan, Channel.MAIL)

    def freja(self, people: Citizens) -> None:
        with days_ago(60):
            case_id = self.open("kollega", people.freja, (people.henrik,))
            self.add(case_id, "social", Level.WRITE, "Så bostøtten kan begynde, når du flytter.")
            young = self.person(case_id, Capacity.YOUNG_PERSON)
            self.consent(case_id, young)
            self._paper_consent(case_id, self.person(case_id, Capacity.PARENT))

    # Steps

    def open(self, guide: str, young: Pretended, holders: tuple[Pretended, ...]) -> UUID:
        new = NewCase(
            young_person=NewCitizen(young.name, young.national_id),
            birth_date=date.fromisoformat(young.birth_date),
            custody_holders=tuple(NewCitizen(holder.name, holder.national_id) for holder in holders),
        )
        with self._acting(self.staff[guide]) as actor:
            case_id = case_register.open_case(actor, uuid4(), new, self.runtime.settings.profile)
        self.owners[case_id] = self.staff[guide]
        return case_id

    def told_at(self, person_id: UUID, who: Pretended, *channels: Channel) -> None:
        """They give their made-up address or number, and type the code in."""
        for channel in channels:
            address = contact.checked(channel, who.mail if channel is Channel.MAIL else who.number)
            with self._acting(person_id) as actor:
                contact_id = contact.give(actor, channel, address, "da")
                actor.session.flush()
                written = contact.write_code(actor.session, contact_id)
                waiting = contact.count_try(actor, channel)
                contact.confirm(actor, channel, waiting, written.code if written else "")

    def add(self, case_id: UUID, key: str, level: Level, purpose: str) -> None:
        person_id = self.staff[key]
        self.in_case(
            case_id, self.owners[case_id], lambda t: team.add_professional(t, uuid4(), person_id, level, purpose)
        )

    def consent(self, case_id: UUID, person_id: UUID) -> None:
        def give(ticket: CaseTicket) -> None:
            asked = requests.request(ticket, ticket.membership.id)
            declare.give(ticket, uuid4(), _answers(asked), asked.until, "da")

        self.in_case(case_id, person_id, give)

    def _paper_consent(self, case_id: UUID, person_id: UUID) -> None:
        def register(ticket: CaseTicket) -> None:
            giver = next(m for m in ticket.members.values() if m.person_id == person_id)
            asked = requests.request(ticket, giver.id)
            today = clock.today(ticket.profile.zone)
            page = self._upload("samtykke.pdf", papers.signed_page(giver.display_name))
            paper = Paper("paper", today, "", page, told=True)
            declare.register(ticket, uuid4(), giver.id, _answers(asked), None, "da", paper)

        self.in_case(case_id, self.owners[case_id], register)

    def _files_of_guide(self, ticket: CaseTicket) -> None:
        upload = self._upload("Mål- og aftaleskema Alma.docx", papers.draft_plan(ticket), "Udkast fra startmødet")
        files.add_file(ticket, uuid4(), _compartment(ticket, "shared"), upload, "goals_and_agreements")
        welcome = (
            "Kære Alma\n\nVelkommen. Her samler vi det, der handler om din vej. Jeg har lagt vores udkast til mål og "
            "aftaler under Plan. Ret gerne i det, som du synes. Det er dine mål.\n\nMette"
        )
        message_threads.start(ticket, uuid4(), _compartment(ticket, "shared"), "Velkommen til", welcome)

    def _file_of_psychiatrist(self, ticket: CaseTicket) -> None:
        upload = self._upload("Behandlingsplan.pdf", papers.treatment(), "Aftalt med Alma")
        files.add_file(ticket, uuid4(), _compartment(ticket, "health"), upload)

    def _words_of_alma(self, ticket: CaseTicket) -> None:
        body = "Jeg vil gerne prøve et værksted i stedet for at sidde stille hele dagen. Kan vi tale om det på mødet?"
        message_threads.start(ticket, uuid4(), _compartment(ticket, "shared"), "Praktik", body)

    def _answer_of_job_centre(self, ticket: CaseTicket) -> None:
        thread = next(t for t in message_threads.threads(ticket) if t.subject == "Praktik")
        [asked] = message_threads.thread(ticket, thread.id).messages
        body = "God idé. Jeg ringer til to værksteder inden fredag og skriver, hvad de siger.\n\nJonas"
        message_threads.reply(ticket, uuid4(), thread.id, body, Besides(quotes=asked.id))
        mistaken = message_threads.reply(ticket, uuid4(), thread.id, "Det her hører til en anden sag.")
        take_back.take_back(ticket, mistaken)

    def _question_of_guide(self, ticket: CaseTicket) -> None:
        """Asks Alma for an answer, with the draft of the plan beside the question."""
        thread = next(t for t in message_threads.threads(ticket) if t.subject == "Praktik")
        draft = next(line for line in files.newest_version(ticket) if line.compartment == "shared")
        besides = Besides(
            asked=frozenset({ticket.young_person.id}),
            due=clock.today(ticket.profile.zone) + timedelta(days=5),
            choice=ToEnclose(frozenset({str(draft.file_id)})),
        )
        body = "Hvilket af de to værksteder vil du helst se først? Vores udkast ligger ved.\n\nMette"
        message_threads.reply(ticket, uuid4(), thread.id, body, besides)

    def _upload(self, name: str, content: bytes, note: str = "") -> Upload:
        incoming = Incoming(self.runtime.store)
        incoming.write(content)
        incoming.seek(0)
        return Upload(name, incoming, note)

    def person(self, case_id: UUID, capacity: Capacity, number: int = 0) -> UUID:
        with self._acting(self.owners[case_id]) as actor:
            ticket = enter_case(actor, case_id)
            found = [m for m in ticket.members.values() if m.capacity == capacity]
            return sorted(found, key=lambda m: m.added_at)[number].person_id

    def in_case(self, case_id: UUID, person_id: UUID, act: Callable[[CaseTicket], object]) -> None:
        with self._acting(person_id) as actor:
            act(enter_case(actor, case_id))

    @contextmanager
    def _acting(self, person_id: UUID) -> Iterator[Actor]:
        with self.runtime.unit_of_work() as session:
            token = sessions.start(session, person_id, "demo")
            resumed = sessions.resume(session, token, self.runtime.settings)
            if resumed is None:
                raise RuntimeError("a session that has just begun has ended")
            yield resumed[0]
            sessions.end_session(resumed[0])


def _answers(asked: requests.Request) -> declaration.Choices:
    """Yes to everything, except that the school sees the shared things alone."""
    return {
        line.key: {
            one.key: one.key == "shared" or not (line.workplace and line.workplace.unit == "10. klasse")
            for one in line.asked
        }
        for line in asked.parties
    }


def _compartment(ticket: CaseTicket, key: str) -> UUID:
    return next(compartment.id for compartment in ticket.compartments.values() if compartment.key == key)
