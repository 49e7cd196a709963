"""A portal that forgets every request it was sent, tells what one would have left behind, and hears what a view asks
its request for."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

import psycopg
from flask import Flask
from sqlalchemy import text
from werkzeug.datastructures import EnvironHeaders

from portal.runtime import Runtime
from portal.web import error_pages, wire
from portal.web.app import PortalRequest

WATCH = """
    create table if not exists telltale.changed (what text not null);
    grant usage on schema telltale to portal_app;
    grant select on telltale.changed to portal_app;
    create or replace function telltale.note() returns trigger language plpgsql security definer as
        $$ begin insert into telltale.changed values (tg_table_name); return null; end $$;
    do $$ declare watched record; begin
        for watched in select tablename from pg_tables where schemaname = 'public' loop
            execute format('create or replace trigger telltale after insert or update or delete on public.%I '
                           'for each row execute function telltale.note()', watched.tablename);
        end loop;
    end $$;
"""
"""From now on the database notes which tables a transaction changes rows of."""

NOTED = {"audit_event", "audit_head", "sign_in_try", "login", "thread_look", "kept_file"}
"""What a refusal leaves behind: a line of the trace, a try that was counted, a session that was seen, how far
somebody has read on the page that says so, and the file of the refused form, which stays chosen for its sender."""


@dataclass
class Answer:
    status: int
    text: str = ""
    changed: set[str] = field(default_factory=set)
    fault: str = ""
    heard: set[str] = field(default_factory=set)
    headers_heard: set[str] = field(default_factory=set)


class Stage:
    """`forgetting` is on in a block of its own: outside of it everything lasts."""

    def __init__(self, app: Flask, runtime: Runtime, owner: psycopg.Connection) -> None:
        self.app, self.runtime, self._owner = app, runtime, owner
        owner.execute(WATCH)  # type: ignore[arg-type]

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Each request in the block works in a transaction that is rolled back when it has been answered. What the
        portal commits is a savepoint then, and everything that is checked at a commit is checked."""
        sessions = self.runtime._sessions
        self._owner.execute("delete from telltale.changed")
        with self.runtime.engine.connect() as self._connection, _faults_are_told():
            sessions.configure(bind=self._connection, join_transaction_mode="create_savepoint")
            heard, self.app.request_class = self.app.request_class, Listening
            try:
                yield
            finally:
                self.app.request_class = heard
                sessions.configure(bind=self.runtime.engine, join_transaction_mode="conditional_savepoint")

    def ask(self, client: Any, method: str, path: str, **more: Any) -> Answer:
        Listening.heard, Listening.headers_heard, _told[:] = set(), set(), []
        transaction = self._connection.begin()
        try:
            # As a server hands it on: the bytes of the address, whatever they mean.
            raw = unquote_to_bytes(path.partition("?")[0]).decode("latin-1")
            response = client.open(path, method=method, environ_overrides={"PATH_INFO": raw}, **more)
            answer = Answer(response.status_code, response.get_data()[:20_000].decode(errors="replace"))
            response.close()
            self._connection.execute(text("set constraints all immediate"))
            answer.changed = set(self._connection.scalars(text("select distinct what from telltale.changed")))
        except Exception:  # noqa: BLE001  whatever it was, it is what came of the request
            answer = Answer(599, fault=_broke())
        finally:
            transaction.rollback()
        answer.heard, answer.headers_heard = Listening.heard, Listening.headers_heard
        answer.fault = answer.fault or "".join(_told)
        return answer


_told: list[str] = []


def _broke() -> str:
    """Where something broke, the portal's own lines of it, and how."""
    lines = traceback.format_exc().splitlines()
    places = [line.strip() for line in lines if line.startswith("  File")]
    own = [place.rsplit("/portal/", 1)[-1] for place in places if "/portal/" in place and "site-packages" not in place]
    return " > ".join([*own[-4:], places[-1].rsplit("/", 1)[-1], lines[-1][:200]])


@contextmanager
def _faults_are_told() -> Iterator[None]:
    before = error_pages.fault

    def told() -> Any:
        _told.append(_broke())
        return "a fault", 500

    error_pages.fault = told
    try:
        yield
    finally:
        error_pages.fault = before


class Heard(wire.Typed):
    """Fields or arguments that remember what they were asked for."""

    def __getitem__(self, name: str) -> Any:
        Listening.heard.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        Listening.heard.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, *more: Any, **others: Any) -> Any:
        Listening.heard.add(name)
        return super().get(name, *more, **others)

    def getlist(self, name: str, *more: Any, **others: Any) -> Any:
        Listening.heard.add(name)
        return super().getlist(name, *more, **others)


class _HeardHeaders(EnvironHeaders):
    def __getitem__(self, name: Any) -> Any:
        Listening.headers_heard.add(str(name))
        return super().__getitem__(name)


class Listening(PortalRequest):
    """The portal's own request, listened to."""

    heard: set[str] = set()  # noqa: RUF012  of the request that is being answered; they come one at a time
    headers_heard: set[str] = set()  # noqa: RUF012
    parameter_storage_class = Heard

    def __init__(self, environ: Any, *more: Any, **others: Any) -> None:
        super().__init__(environ, *more, **others)
        self.headers = _HeardHeaders(environ)
