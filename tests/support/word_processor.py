"""A word processor at the end of somebody's link, and what the portal then holds of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from werkzeug.test import TestResponse

from portal.services.files import files
from portal.services.webdav import links
from tests.support.story import Room, Someone, Story

LOCK = b"""<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>
<D:owner>a program</D:owner></D:lockinfo>"""


NOTE = b"""<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>
<x:zqvmark xmlns:x="urn:x">zqvnote</x:zqvmark></D:prop></D:set></D:propertyupdate>"""


@dataclass
class Program:
    """A word processor at the end of somebody's link. It knows no cookie."""

    app: Flask
    token: str
    name: str = "plan.pdf"

    def ask(self, method: str, path: str | None = None, **more: Any) -> TestResponse:
        """The answer, read whole."""
        place = self.name if path is None else path
        with self.app.test_client(use_cookies=False).open(f"/dav/{self.token}/{place}", method=method, **more) as got:
            got.get_data()
            return got

    def lock(self) -> str:
        answer = self.ask("LOCK", data=LOCK, headers={"Timeout": "Second-180", "Depth": "0"})
        assert answer.status_code == 200, answer.status
        return f"({answer.headers['Lock-Token']})"


def program(app: Flask, story: Story, room: Room, who: Someone, file_id: UUID) -> Program:
    token, link = story.play(room, who, lambda t: links.make_dav_link(t, file_id))
    return Program(app, token, link.last)


def page_of(story: Story, room: Room, who: Someone, file_id: UUID) -> files.FilePage:
    return story.play(room, who, lambda t: files.file_page(t, file_id))


def numbers(story: Story, room: Room, file_id: UUID) -> list[int]:
    return [line.number for line in page_of(story, room, room.guide, file_id).versions]


def events(owner: psycopg.Connection, room: Room) -> list[tuple[str, int | None]]:
    rows = owner.execute(
        "select event, fields->>'number' from audit_event where chain_id = %s order by seq", [room.case_id]
    ).fetchall()
    return [(event, int(number) if number else None) for event, number in rows]
