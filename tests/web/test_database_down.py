"""A database that is away for a moment: every page says so clearly, and what was being sent can be sent again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from flask import Flask
from psycopg import sql

from portal.demo.postgres import EmbeddedPostgres
from portal.services.messages import threads
from tests.support.browser import Browser
from tests.support.story import Room, Story

SAID = "Portalen kan ikke nå sin database lige nu."


@contextmanager
def away(postgres: EmbeddedPostgres, database: str) -> Iterator[None]:
    """Every connection to the database breaks, and no new one is let in."""
    allow = sql.SQL("alter database {} allow_connections {}")
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(database), sql.SQL("false")))
        try:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [database])
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(database), sql.SQL("true")))


def test_a_database_that_is_away_is_said_clearly_to_everybody_and_costs_nobody_their_words(
    app: Flask, story: Story, room: Room, postgres: EmbeddedPostgres, database: str
) -> None:
    thread = story.thread(room, room.guide)
    story.plan(room, room.guide)
    case = f"/cases/{room.case_id}"
    guide, stranger = Browser(app, story.token(room.guide)), Browser(app)
    page = guide.get(f"{case}/messages/{thread}")
    writing = guide.get(f"{case}/plan/goals_and_agreements/write")
    stranger.get("/sign-in")
    with away(postgres, database):
        for path in ("/cases", case, f"{case}/files", page.path, f"{case}/plan/goals_and_agreements/live?number=1"):
            gone = guide.get(path)
            assert (gone.status, gone.headers["Retry-After"]) == (503, "10"), path
            assert SAID in gone.text
        assert guide.get("/health").status == 503
        assert stranger.get("/sign-in").status == 200, "a page that asks nothing of it is there"
        for lost in (
            guide.submit(page, "body", body="Vi ses i morgen"),
            guide.submit(writing, "plan-form", **{"now.strengths": "At tegne"}),
        ):
            assert lost.status == 503
            assert SAID in lost.text
    for _ in range(2):
        assert guide.submit(page, "body", body="Vi ses i morgen").status == 303
    written = story.play(room, room.young, lambda t: threads.thread(t, thread))
    assert [message.body for message in written.messages] == ["Hej alle", "Vi ses i morgen"]
    assert guide.submit(writing, "plan-form", **{"now.strengths": "At tegne"}).status == 303
    assert "At tegne" in guide.get(f"{case}/plan/goals_and_agreements").text
