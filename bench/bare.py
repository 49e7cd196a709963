"""The page to compare with: Flask, PostgreSQL and Jinja, and nothing else.

No sign-in, no access control, no sealing, no trace, no form tokens, one language; text lies in clear in five small
tables. It reads the rows of the case overview with four plain queries and puts them into the same page. What frames the
rows is the portal's own page, taken once and from then on fixed text, so that both answers are of the same size however
the portal's page changes; that favours this side, which only ever fills in what it read.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask, render_template
from psycopg.rows import namedtuple_row
from psycopg_pool import ConnectionPool

TABLES = """
    create table person (id uuid primary key, case_id uuid not null, name text not null, capacity text not null);
    create table seat (
        person_id uuid not null references person, compartment text not null, primary key (person_id, compartment));
    create table thread (id uuid primary key, case_id uuid not null, compartment text not null, subject text not null);
    create table message (id uuid primary key, thread_id uuid not null references thread,
        author_id uuid not null references person, at timestamptz not null, body text not null);
    create table reading (thread_id uuid not null references thread, person_id uuid not null references person,
        at timestamptz not null, primary key (thread_id, person_id));
    create table file (id uuid primary key, case_id uuid not null, compartment text not null);
    create table version (file_id uuid not null references file, number int not null, name text not null,
        media_type text not null, author_id uuid not null references person, at timestamptz not null,
        primary key (file_id, number));
    create index on person (case_id);
    create index on thread (case_id);
    create index on message (thread_id, at desc);
    create index on file (case_id);
"""

_NAMES = "select id, capacity, name from person where case_id = %s and capacity in ('young_person', 'owner')"
_SEATS = """
    select compartment, count(*) as people from seat join person on person.id = person_id where case_id = %s
    group by compartment
    union all select '', count(distinct person_id) from seat join person on person.id = person_id where case_id = %s
"""
_THREADS = """
    select t.id, t.compartment, t.subject, p.name as author, p.id as author_id, last.at, counted.unread
    from thread t
    cross join lateral (select m.author_id, m.at from message m where m.thread_id = t.id order by m.at desc limit 1)
        last
    cross join lateral (
        select count(*) as unread from message m
        left join reading r on r.thread_id = m.thread_id and r.person_id = %(reader)s
        where m.thread_id = t.id and m.author_id <> %(reader)s and (r.at is null or r.at < m.at)) counted
    join person p on p.id = last.author_id
    where t.case_id = %(case)s order by last.at desc limit %(rows)s
"""
_FILES = """
    select f.id, f.compartment, v.number, v.name, v.media_type, p.name as author, v.at
    from file f
    cross join lateral (select * from version v where v.file_id = f.id order by v.number desc limit 1) v
    join person p on p.id = v.author_id
    where f.case_id = %s order by v.at desc limit %s
"""

_THREAD_ROWS = """<ul class="rows">
{% for thread in threads if WHICH thread.unread %}<li>
<span class="disc{{ ' mine' if thread.author_id == reader }}" aria-hidden="true">{{ initials(thread.author) }}</span>
<div class="what"><a href="/cases/{{ case_id }}/messages/{{ thread.id }}">{{ thread.subject }}</a>
{% if thread.unread %}<span class="new">{{ thread.unread }} ulæst{{ "e" if thread.unread > 1 }}</span>{% endif %}
<p class="meta"><span>{{ thread.author }}, i dag kl. {{ clock(thread.at) }}</span>
<span class="compartment {{ thread.compartment }}"><svg class="icon" aria-hidden="true" focusable="false">
<use href="/static/img/icons.svg#groups"></use></svg>{{ compartments[thread.compartment] }}</span></p></div>
</li>{% endfor %}
</ul>"""
_FILE_ROW = """<ul class="rows">
{% for file in files %}<li>
<svg class="icon large" aria-hidden="true" focusable="false"><use href="/static/img/icons.svg#file-pdf"></use></svg>
<div class="what"><a href="/cases/{{ case_id }}/files/{{ file.id }}">{{ file.name }}</a>
<p class="meta"><span>Version {{ file.number }}, {{ file.author }}, i dag kl. {{ clock(file.at) }}</span>
<span class="compartment {{ file.compartment }}"><svg class="icon" aria-hidden="true" focusable="false">
<use href="/static/img/icons.svg#groups"></use></svg>{{ compartments[file.compartment] }}</span></p></div>
</li>{% endfor %}
</ul>"""


def template_of(page: str, case_id: UUID, young_person: str, guide: str, compartments: dict[str, str]) -> str:
    """A Jinja template out of the portal's finished overview: its lists, names and counts are filled in from rows.

    `compartments` are the compartments the reader sees, key to title. Raises ValueError when the page lacks a list.
    """
    page = re.sub(r"\{(?=[{%#])", "{{ '{' }}", page)
    new, read = _THREAD_ROWS.replace("WHICH ", ""), _THREAD_ROWS.replace("WHICH", "not")
    for section, rows in (("new", new), ("threads", read), ("files", _FILE_ROW)):
        found = re.compile(rf'(<section [^>]*aria-labelledby="{section}".*?)<ul class="rows">.*?</ul>', re.DOTALL)
        page, times = found.subn(lambda match, rows=rows: match[1] + rows, page)
        if times != 1:
            raise ValueError(f"the overview has no list of {section}")
    page = (
        page.replace(str(case_id), "{{ case_id }}")
        .replace(young_person.split()[0], "{{ young_person }}")
        .replace(guide, "{{ guide }}")
    )
    for key, title in compartments.items():
        seats = re.compile(rf"({re.escape(title)}.*?)\d+ personer", re.DOTALL)
        page = seats.sub(lambda match, key=key: match[1] + "{{ seats['" + key + "'] }} personer", page, count=1)
    return re.sub(r"\d+ personer", "{{ seats[''] }} personer", page, count=1)


def create_app(database_url: str, template: str, compartments: dict[str, str], rows: int) -> Flask:
    app = Flask(__name__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.loader = None
    page = app.jinja_env.from_string(template)
    app.jinja_env.globals.update(initials=_initials, clock=_clock)
    options: dict[str, Any] = {"autocommit": True, "options": "-c timezone=Europe/Copenhagen"}
    pool = ConnectionPool(database_url, min_size=8, max_size=12, kwargs=options, open=True)

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.get("/cases/<uuid:case_id>")
    def overview(case_id: UUID) -> str:
        with pool.connection() as connection:
            people = connection.execute(_NAMES, [case_id]).fetchall()
            names = {capacity: name for _, capacity, name in people}
            reader = next(person for person, capacity, _ in people if capacity == "young_person")
            seats = dict(connection.execute(_SEATS, [case_id, case_id]).fetchall())
            wanted = {"case": case_id, "reader": reader, "rows": rows}
            with connection.cursor(row_factory=namedtuple_row) as cursor:
                threads = cursor.execute(_THREADS, wanted).fetchall()
                files = cursor.execute(_FILES, [case_id, rows]).fetchall()
        return render_template(
            page,
            case_id=case_id,
            reader=reader,
            young_person=names["young_person"].split()[0],
            guide=names["owner"],
            seats=seats,
            threads=threads,
            files=files,
            compartments=compartments,
        )

    return app


def _initials(name: str) -> str:
    parts = name.split()
    return "".join(part[0].upper() for part in parts[:1] + parts[1:][-1:])


def _clock(at: datetime) -> str:
    return f"{at.hour}.{at.minute:02}"


def from_environment() -> Flask:
    """What gunicorn loads: `bench.bare:from_environment()`."""
    import json
    from pathlib import Path

    said = json.loads(Path(os.environ["BARE"]).read_text("utf-8"))
    return create_app(said["url"], said["template"], said["compartments"], said["rows"])
