"""A whole country of cases: does what one professional asks for still cost only what is theirs?

"My cases" and a case page are opened with 200 cases in the database and again with all of them. The number of queries
must be the same, and every query is asked once more under EXPLAIN ANALYZE, with row-level security as it was: no case
table may be read from end to end, and no step may read more of a table than the professional's own cases hold of it.
The bodies of the functions that the policies ask are looked at in the same way.
"""

from __future__ import annotations

import argparse
import logging
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from psycopg import sql

from bench import stage
from portal import create_app
from portal.access.policy.roles import Level
from portal.runtime import Runtime, runtime_for
from portal.tools.profile import profile
from portal.web.guard import cookie_name
from tests.support.statements import noted
from tests.support.story import Room, Someone, Story

SMALL = 200
OWN = 60
"""Cases the professional is in."""

_GUIDES = 2000
_CASE_FUNCTIONS = ("my_compartments", "my_cases", "my_memberships", "my_led_cases", "my_owned_cases")

# Case n, its members and what lies in it; the professional `person` is in the first of them. The content is no sealed
# text: nobody opens these cases, they only have to be there. `replica` leaves foreign keys and triggers out.
FILL = """
    set session_replication_role = replica;
    insert into person select md5('guide' || n)::uuid, 'staff', now(), null
        from generate_series(1, {guides}) n on conflict do nothing;
    insert into staff select md5('guide' || n)::uuid, {unit}, 'Guide ' || n, 'guide' || n || '@bench.example', 'Guide',
        false, true, null from generate_series(1, {guides}) n on conflict do nothing;
    create temporary table n on commit drop as
        select n, md5('case' || n)::uuid as id, md5('guide' || (n % {guides} + 1))::uuid as guide,
            md5('young' || n)::uuid as young from generate_series({first}, {last}) n;
    insert into person select young, 'citizen', now(), null from n;
    insert into cases select id, {profile}, guide, {unit}, '2009-03-01', now() from n;
    insert into case_key select id, 'm1', '\\x00' from n;
    insert into compartment select md5(key || n)::uuid, id, key from n, unnest({keys}::text[]) key;
    insert into membership (id, case_id, person_id, capacity, display_name, job_title, unit_id, added_at)
        select md5('owner' || n)::uuid, id, guide, 'owner', 'Guide', 'Guide', {unit}, now() from n
        union all select md5('member' || n)::uuid, id, young, 'young_person', 'Ung ' || n, '', null, now() from n
        union all select md5('own' || n)::uuid, id, {person}, 'professional', 'Fagperson', 'Lærer', {unit}, now()
            from n where n < {own};
    insert into team_level select gen_random_uuid(), m.case_id, m.id, 'write', now(), m.id
        from membership m join n on n.id = m.case_id;
    insert into access_window select gen_random_uuid(), m.case_id, c.id, m.id, m.person_id, true, now(), null, 'owner',
        '[]' from membership m join n on n.id = m.case_id join compartment c on c.case_id = m.case_id;
    insert into access_notice select gen_random_uuid(), id, md5('member' || n)::uuid, young, now(), null, '[]', guide,
        null, 'samarbejdsmodellen_dk' from n;
    insert into consent (id, case_id, giver_id, registered_by_id, method, given_at, valid_from, valid_until,
            wording_version, text_sealed, text_sha256_sealed, scan_state)
        select md5('consent' || n)::uuid, id, md5('member' || n)::uuid, md5('member' || n)::uuid, 'eid', now(), now(),
            now() + interval '1 year', '1', '\\x00', '\\x00', 'not_scanned' from n;
    insert into thread select md5('thread' || t || '-' || n)::uuid, id, md5('shared' || n)::uuid, '\\x00', now(),
        md5('owner' || n)::uuid from n, generate_series(1, 2) t;
    insert into message select gen_random_uuid(), md5('thread' || (m % 2 + 1) || '-' || n)::uuid, id,
        md5('shared' || n)::uuid, decode(repeat('00', 200), 'hex'), now() - interval '1 minute' * ({each} - m),
        md5(case when m % 2 = 0 then 'owner' else 'member' end || n)::uuid, (m + 1) / 2
        from n, generate_series(1, {each}) m;
    insert into file select md5('file' || n)::uuid, id, md5('shared' || n)::uuid, null, now(), md5('owner' || n)::uuid
        from n;
    insert into file_version (id, file_id, case_id, compartment_id, number, name_sealed, digest_sealed, media_type,
            size, blob, file_key, created_at, created_by_id, scan)
        select gen_random_uuid(), md5('file' || n)::uuid, id, md5('shared' || n)::uuid, 1, '\\x00', '\\x00',
            'application/pdf', 1, 'bench-' || n, '\\x00', now(), md5('owner' || n)::uuid, 'not_scanned' from n;
    insert into file_withdrawal select md5('file' || n)::uuid, id, md5('shared' || n)::uuid, '\\x00', now(),
        md5('owner' || n)::uuid from n where n % 10 = 0;
    insert into plan select md5('plan' || n)::uuid, id, md5('shared' || n)::uuid, 'goals_and_agreements', now(),
        md5('owner' || n)::uuid from n;
    insert into plan_asked select md5('proposal' || n)::uuid, md5(who || n)::uuid, id, md5('shared' || n)::uuid
        from n, unnest(array['owner', 'member']) who;
    insert into plan_acceptance (plan_proposal_id, membership_id, case_id, compartment_id, created_at, created_by_id)
        select md5('proposal' || n)::uuid, md5('owner' || n)::uuid, id, md5('shared' || n)::uuid, now(),
            md5('owner' || n)::uuid from n;
    insert into meeting (id, case_id, compartment_id, starts_at, created_at, created_by_id, others_present)
        select md5('meeting' || n)::uuid, id, md5('shared' || n)::uuid, now() + interval '3 days', now(),
            md5('owner' || n)::uuid, false from n;
    insert into audit_event (chain_id, seq, at, event, actor_id, membership_id, item_id, fields, mac)
        select id, s, now(), 'thread.viewed', guide, md5('owner' || n)::uuid, md5('thread1-' || n)::uuid, '{{}}',
            '\\x00' from n, generate_series(1, 5) s;
    insert into audit_head select id, 5, '\\x00', '\\x00' from n;
"""


@dataclass(frozen=True)
class Step:
    """One place where a query reads a table."""

    page: str
    node: str
    table: str
    rows: int
    own: int | None
    """How many rows of that table the professional's own cases hold; None for tables without cases in them."""
    is_empty: bool = False
    """Whether the table holds nothing at all here: how nothing is read says nothing."""
    unsure: int = 0
    """By how many `rows` may be too high: EXPLAIN rounds what a repeated step threw away to whole rows each time."""

    @property
    def is_fault(self) -> bool:
        if self.own is None or self.is_empty:
            return False
        return (self.node == "Seq Scan") or self.rows - self.unsure > self.own


@dataclass(frozen=True)
class Result:
    cases: int
    messages: int
    small: dict[str, int]
    large: dict[str, int]
    """Queries by page."""
    milliseconds: dict[str, float]
    steps: list[Step]

    @property
    def faults(self) -> list[Step]:
        return [step for step in self.steps if step.is_fault]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench scale", description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--messages", type=int, default=2_000_000)
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    result = run(asked.cases, asked.messages)
    print(f"{result.cases} cases, {result.messages} messages, one professional in {OWN} of them; {stage.machine()}")
    for page, count in result.large.items():
        took = result.milliseconds[page]
        print(f"{page}: {count} queries, {result.small[page]} with {SMALL} cases; {took:.1f} ms for the page")
    print(f"{'':34}{'table':16}{'rows read':>10}{'own rows':>10}")
    for step in result.steps:
        own = "empty" if step.is_empty else "" if step.own is None else step.own
        print(f"{step.page + ': ' + step.node:34.33}{step.table:16}{step.rows:>10}{own:>10}{' FAULT' * step.is_fault}")
    saved = result.small == result.large and not result.faults
    print("kept" if saved else "NOT KEPT")
    return 0 if saved else 1


def run(cases: int, messages: int) -> Result:
    """Builds the country and looks at it. `messages` are spread evenly over the cases."""
    with stage.database(sync=False) as (postgres, folder):
        settings = stage.settings(stage.environment(postgres, folder, "https://localhost:1"))
        with runtime_for(settings) as runtime, psycopg.connect(postgres.url("postgres"), autocommit=True) as owner:
            person, room = _own_case(runtime)
            each = max(1, messages // cases)
            pages = {"my cases": "/cases", "a case": f"/cases/{room.case_id}"}
            token = Story(runtime).token(person)
            _fill(owner, runtime, person, 1, min(SMALL, cases), each)
            small = {page: len(found) for page, (found, _) in _opened(runtime, token, pages).items()}
            for first in range(SMALL + 1, cases + 1, 20_000):
                _fill(owner, runtime, person, first, min(first + 19_999, cases), each)
            owner.execute("vacuum analyze")
            seen = _opened(runtime, token, pages)
            own = _own_rows(owner, person)
            steps = list(_steps(postgres.url("portal_app"), postgres.url("postgres"), person, seen, own))
            found = (
                owner.execute("select count(*) from cases").fetchone(),
                owner.execute("select count(*) from message").fetchone(),
            )
        counts = [row[0] for row in found if row]
        return Result(
            cases=counts[0],
            messages=counts[1],
            small=small,
            large={page: len(asked) for page, (asked, _) in seen.items()},
            milliseconds={page: took for page, (_, took) in seen.items()},
            steps=steps,
        )


def _own_case(runtime: Runtime) -> tuple[Someone, Room]:
    """The one case that is really opened, with the professional in it, made by the verbs."""
    story = Story(runtime)
    room = story.case(parents=1)
    person = story.staff("Lars Lærer", "Skole")
    story.add(room, person, Level.WRITE)
    story.everybody_agrees(room)
    for number in range(3):
        thread_id = story.thread(room, room.guide, subject=f"Emne {number}")
        story.reply(room, room.young, thread_id)
        story.file(room, room.guide, name=f"Dokument {number}.pdf")
    return person, room


def _fill(owner: psycopg.Connection, runtime: Runtime, person: Someone, first: int, last: int, each: int) -> None:
    said = {
        "person": person.id,
        "unit": person.unit_id,
        "profile": runtime.settings.profile,
        "keys": [rule.key for rule in profile(runtime.settings.profile).compartment],
        "guides": _GUIDES,
        "own": OWN,
        "first": first,
        "last": last,
        "each": each,
    }
    with owner.transaction():
        owner.execute(sql.SQL(FILL).format(**{name: sql.Literal(value) for name, value in said.items()}))
    owner.execute("set session_replication_role = origin")


Asked = list[tuple[str, Any]]


def _opened(runtime: Runtime, token: str, pages: dict[str, str]) -> dict[str, tuple[Asked, float]]:
    """What each page asks of the database, and the milliseconds it takes, the second time it is opened."""
    app = create_app(runtime)
    browser = app.test_client()
    browser.set_cookie(cookie_name(runtime.settings), token, domain="localhost")
    found = {}
    with noted() as asked:
        for page, path in pages.items():
            for _ in range(2):
                asked.clear()
                began = time.monotonic()
                answer = browser.get(path, base_url="https://localhost:1")
                took = (time.monotonic() - began) * 1000
                if answer.status_code != 200:
                    raise SystemExit(f"{page}: {answer.status}")
            found[page] = ([_by_name(statement, values) for statement, values in asked], took)
    return found


def _by_name(statement: str, values: Any) -> tuple[str, Any]:
    """The same with its gaps by name, also where they were numbered (`portal.db.Prepared`)."""
    if not isinstance(values, list):
        return statement, values
    named = re.sub(r"\$(\d+)", r"%(v\1)s", statement.replace("%", "%%"))
    return named, {f"v{number}": value for number, value in enumerate(values, 1)}


def _own_rows(owner: psycopg.Connection, person: Someone) -> dict[str, int]:
    """For every table behind the second wall that names a case: how many of its rows belong to the person's cases."""
    columns = owner.execute(
        """select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
           where c.relrowsecurity
             and (a.attname in ('case_id', 'chain_id') or (c.relname, a.attname) = ('cases', 'id'))"""
    ).fetchall()
    counted = sql.SQL("select count(*) from {} where {} in (select case_id from membership where person_id = {})")
    own = {}
    for table, column in columns:
        row = owner.execute(
            counted.format(sql.Identifier(table), sql.Identifier(column), sql.Literal(person.id))
        ).fetchone()
        own[table] = row[0] if row else 0
    return own


def _steps(
    url: str, admin_url: str, person: Someone, seen: dict[str, tuple[Asked, float]], own: dict[str, int]
) -> Iterator[Step]:
    """Every page's statements once more, in one transaction each that is taken back, under EXPLAIN ANALYZE."""
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        for page, (asked, _) in seen.items():
            for statement, parameters in asked:
                if "set_config" in statement:
                    connection.execute(statement.encode(), parameters)
                else:
                    yield from _explained(connection, page, statement, parameters, own)
            connection.rollback()
    with psycopg.connect(admin_url, cursor_factory=psycopg.ClientCursor) as connection:
        bodies = connection.execute(
            "select proname, prosrc from pg_proc where proname = any(%s)", [list(_CASE_FUNCTIONS)]
        )
        found = bodies.fetchall()
        # The functions run as the owner of the tables, whom the policies hold as well.
        connection.execute("set local role portal_owner")
        connection.execute("select set_config('app.person_id', %s, true)", [str(person.id)])
        for name, body in found:
            yield from _explained(connection, f"{name}()", body, {}, own)
        connection.rollback()


def _explained(
    connection: psycopg.Connection, page: str, statement: str, parameters: dict[str, Any], own: dict[str, int]
) -> Iterator[Step]:
    holds_nothing = "select relname from pg_class where relkind = 'r' and reltuples = 0"
    empty = {name for (name,) in connection.execute(holds_nothing)}
    # What writes is not done a second time: its plan says what it would read.
    runs = statement.lstrip()[:6].lower() == "select"
    options = "analyze, timing off, format json" if runs else "format json"
    row = connection.execute(f"explain ({options}) {statement}".encode(), parameters or None).fetchone()
    read: dict[tuple[str, str], int] = defaultdict(int)
    unsure: dict[tuple[str, str], int] = defaultdict(int)
    for node in _nodes(row[0][0]["Plan"] if row else {}):
        if "Relation Name" in node and node["Node Type"] != "ModifyTable":
            where, rows = (node["Node Type"], node["Relation Name"]), node["Plan Rows"]
            if runs:
                thrown_away, loops = node.get("Rows Removed by Filter", 0), node["Actual Loops"]
                rows = (node["Actual Rows"] + thrown_away) * loops
                unsure[where] += loops // 2 if thrown_away else 0
            read[where] += round(rows)
    for where, rows in read.items():
        yield Step(page, *where, rows, own.get(where[1]), where[1] in empty, unsure[where])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
