"""The case overview, as signed-in young people meet it, against a bare page that shows the same rows.

Each connection is a young person of their own in a case of their own: a person who opens one page eight times at once
is nobody, and would mostly measure the queue for the end of one case's trace (`--one-person` does just that).

Sealing, access windows, row-level security and the audit trail are on: both are served by gunicorn with the settings of
the product, on the same database server, in the same run, by turns. The machine is seldom still, so each turn gives one
ratio, and the middle one counts.
"""

from __future__ import annotations

import argparse
import json
import re
import urllib.request
from dataclasses import dataclass
from itertools import takewhile
from statistics import median
from uuid import UUID, uuid4

import psycopg

from bench import bare, load, stage
from bench.load import Round, Visit
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime, runtime_for
from portal.services.cases import overview
from portal.services.files import files
from portal.services.messages import threads as message_threads
from portal.services.shared import audience as shared_audience
from portal.tools.profile import profile
from portal.web.guard import cookie_name
from tests.support.story import PDF, Room, Story, compartment_id

AT_LEAST = 0.25
"""Share of the bare page's throughput that everything the portal does for safety may not push it below."""

THREADS = 10
SAME_SIZE = 0.05
"""How far the two pages may differ in size, as a share."""


@dataclass(frozen=True)
class Turn:
    """One stretch of load on one of the two. `cpu_ms` is processor time a page took, in its server and the database."""

    round: Round
    cpu_ms: float


@dataclass(frozen=True)
class Result:
    portal: list[Turn]
    bare: list[Turn]
    portal_bytes: int
    bare_bytes: int

    @property
    def ratio(self) -> float:
        """The portal's share of the bare page's throughput: the median over the turns."""
        pairs = zip(self.portal, self.bare, strict=True)
        return median(ours.round.throughput / theirs.round.throughput for ours, theirs in pairs)

    @property
    def cpu_ratio(self) -> float:
        """What the bare page needs of the processor, as a share of what the portal needs."""
        return median(theirs.cpu_ms / ours.cpu_ms for ours, theirs in zip(self.portal, self.bare, strict=True))


def main(arguments: list[str]) -> int:
    asked = _asked(arguments)
    people = 1 if asked.one_person else asked.connections
    result = run(asked.messages, asked.files, asked.rounds, asked.seconds, asked.connections, people)
    print(f"Case overview, {asked.messages} messages and {asked.files} files; {stage.machine()}")
    print(
        f"{asked.rounds} turns of {asked.seconds:g} s each, {asked.connections} connections, people: {people}; medians"
    )
    print(f"{'':10}{'pages/s':>10}{'median ms':>12}{'95 % ms':>10}{'cpu ms':>9}{'bytes':>9}")
    for name, turns, size in (("portal", result.portal, result.portal_bytes), ("bare", result.bare, result.bare_bytes)):
        middle = [median(getattr(t.round, what) for t in turns) for what in ("throughput", "median_ms", "p95_ms")]
        cpu = median(turn.cpu_ms for turn in turns)
        print(f"{name:10}{middle[0]:>10.1f}{middle[1]:>12.1f}{middle[2]:>10.1f}{cpu:>9.1f}{size:>9}")
    saved = result.ratio >= AT_LEAST
    print(f"by processor time alone the ratio would be {result.cpu_ratio:.2f}")
    print(f"ratio {result.ratio:.2f}, at least {AT_LEAST:g} promised: {'kept' if saved else 'NOT KEPT'}")
    return 0 if saved else 1


def run(messages: int, files: int, rounds: int, seconds: float, connections: int, people: int) -> Result:
    """Builds the cases, starts both servers and loads them by turns. Raises SystemExit when they show different
    things."""
    with stage.database() as (postgres, folder), stage.door() as ours, stage.door() as theirs:
        ports = ours.getsockname()[1], theirs.getsockname()[1]
        variables = stage.environment(postgres, folder, f"https://localhost:{ports[0]}")
        settings = stage.settings(variables)
        with runtime_for(settings) as runtime:
            rooms = [make_case(runtime, messages, files) for _ in range(people)]
            visits = [
                Visit(f"/cases/{room.case_id}", f"{cookie_name(settings)}={Story(runtime).token(room.young)}")
                for room in rooms
            ]
            with stage.served("portal.wsgi:app", ours, variables, folder / "portal.log"):
                page, _ = _fetch(ports[0], visits[0])
                visits = [_fetch(ports[0], visit)[1] for visit in visits]
                said = _make_bare(runtime, postgres, rooms, page)
        (folder / "bare.json").write_text(json.dumps(said), "utf-8")
        with (
            stage.served("portal.wsgi:app", ours, variables, folder / "portal.log") as our_server,
            stage.served(
                "bench.bare:from_environment()", theirs, {"BARE": str(folder / "bare.json")}, folder / "bare.log"
            ) as their_server,
        ):
            servers = our_server, their_server
            sizes = _compare(*(_fetch(port, visits[0])[0] for port in ports))

            def turn(which: int) -> Turn:
                parents = servers[which], postgres.pid
                before = stage.cpu_seconds(*parents)
                seen = load.ask(ports[which], visits, seconds, connections)
                return Turn(seen, (stage.cpu_seconds(*parents) - before) * 1000 / seen.pages)

            turns = [(turn(0), turn(1)) for _ in range(rounds + 1)]
            del turns[0]  # it warmed both up
        return Result([turn[0] for turn in turns], [turn[1] for turn in turns], *sizes)


def make_case(runtime: Runtime, number_of_messages: int, number_of_files: int) -> Room:
    """A case as cases are: a guide, a young person, two parents and five professionals, everybody with consent."""
    story = Story(runtime)
    room = story.case()
    team = [story.staff(f"Fagperson {number}", f"Enhed {number}") for number in range(5)]
    for someone in team:
        story.add(room, someone, Level.WRITE)
    story.everybody_agrees(room)
    authors = [room.guide, room.young, *team]
    threads: list[UUID] = []
    for turn, author in enumerate(authors):
        numbers = range(turn, max(number_of_files, number_of_messages), len(authors))

        def write(ticket: CaseTicket, numbers: range = numbers) -> None:
            compartment = compartment_id(ticket, "shared")
            for number in numbers:
                if number < number_of_files:
                    files.add_file(ticket, uuid4(), compartment, story.upload(f"Dokument nummer {number}.pdf", PDF))
                if number >= number_of_messages:
                    continue
                body = f"Besked nummer {number} om næste møde, praktikken og hvem der ringer til hvem. " * 3
                if len(threads) < THREADS:
                    threads.append(message_threads.start(ticket, uuid4(), compartment, f"Emne nummer {number}", body))
                else:
                    message_threads.reply(ticket, uuid4(), threads[number % THREADS], body)

        story.play(room, author, write)
    story.play(
        room, room.young, lambda ticket: [message_threads.thread(ticket, thread_id) for thread_id in threads[::2]]
    )
    return room


def _make_bare(runtime: Runtime, postgres: EmbeddedPostgres, rooms: list[Room], page: str) -> dict[str, object]:
    """Writes what the young people see into the bare page's tables, in clear, and says what its server needs."""
    postgres.create_database("bare")
    with psycopg.connect(postgres.url("portal_owner", "bare")) as connection:
        connection.execute(bare.TABLES.encode())
        connection.execute("grant select on all tables in schema public to portal_app")
        for room in rooms:
            Story(runtime).play(room, room.young, lambda ticket: _copy(connection, ticket))
    with psycopg.connect(postgres.url("portal_owner", "bare"), autocommit=True) as connection:
        connection.execute("analyze")
    rules = profile(runtime.settings.profile)
    compartments = {rule.key: rule.title.da for rule in rules.compartment}
    return {
        "url": postgres.url("portal_app", "bare"),
        "template": bare.template_of(page, rooms[0].case_id, rooms[0].young.name, rooms[0].guide.name, compartments),
        "compartments": compartments,
        "rows": overview.RECENT,
    }


def _copy(connection: psycopg.Connection, ticket: CaseTicket) -> None:
    put = connection.execute
    for line in shared_audience.audience(ticket):
        member = line.membership
        put(
            "insert into person values (%s, %s, %s, %s)",
            [member.id, ticket.case_id, member.display_name, member.capacity],
        )
        for compartment in line.open:
            put("insert into seat values (%s, %s)", [member.id, compartment.key])
    for thread in message_threads.list_threads(ticket):
        put(
            "insert into thread values (%s, %s, %s, %s)",
            [thread.id, ticket.case_id, thread.compartment, thread.subject],
        )
        said = message_threads.thread(ticket, thread.id, 1).messages
        for message in said:
            row = [uuid4(), thread.id, message.author.id, message.created_at, message.body]
            put("insert into message values (%s, %s, %s, %s, %s)", row)
        if read := [message.created_at for message in takewhile(lambda message: not message.is_new, said)]:
            put("insert into reading values (%s, %s, %s)", [thread.id, ticket.membership.id, max(read)])
    for file in files.list_files(ticket):
        put("insert into file values (%s, %s, %s)", [file.file_id, ticket.case_id, file.compartment])
        version = [file.file_id, file.number, file.name, file.media_type, file.author.id, file.created_at]
        put("insert into version values (%s, %s, %s, %s, %s, %s)", version)
    # Reading for the copy is not the young person's reading: what was new to them stays new.
    ticket.session.rollback()


def _fetch(port: int, visit: Visit) -> tuple[str, Visit]:
    """The page, and the visit with the cookies a browser would send from then on."""
    asked = urllib.request.Request(f"http://localhost:{port}{visit.path}", headers={"Cookie": visit.cookie})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        given = [set_cookie.split(";")[0] for set_cookie in answer.headers.get_all("Set-Cookie", [])]
        return answer.read().decode(), Visit(visit.path, "; ".join([visit.cookie, *given]))


def _compare(ours: str, theirs: str) -> tuple[int, int]:
    """The sizes of both pages in bytes. Raises SystemExit unless they list the same things at about the same size."""
    listed = [_listed(page) for page in (ours, theirs)]
    sizes = len(ours.encode()), len(theirs.encode())
    if listed[0] != listed[1] or not listed[0]:
        raise SystemExit(f"the pages list different things:\n{listed[0]}\n{listed[1]}")
    if abs(sizes[0] - sizes[1]) > SAME_SIZE * sizes[0]:
        raise SystemExit(f"the pages are of different sizes: {sizes}")
    return sizes


def _listed(page: str) -> list[str]:
    """Threads and files on the page, each with who wrote it last and whether it is new."""
    rows = re.findall(r'<div class="what"><a href="/cases/[^"]+/(?:messages|files)/.*?</div>', page, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in rows]


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench case_page", description=__doc__)
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=9, help="turns of both (default 9)")
    parser.add_argument("--seconds", type=float, default=4, help="length of a turn of one of them (default 4)")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--one-person", action="store_true", help="all connections are one person in one case")
    return parser.parse_args(arguments)
