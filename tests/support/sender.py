"""Somebody who sends a file in pieces, as the protocol says, and what became of it."""

from __future__ import annotations

import os
from base64 import b64encode
from uuid import UUID, uuid4

import psycopg
from flask import Flask

from portal.jobs import worker
from portal.runtime import Runtime
from portal.services.files import downloads
from tests.support.browser import Browser, Page
from tests.support.story import PDF, Room, Someone, Story, compartment_id

SPEAKS = {"Tus-Resumable": "1.0.0"}
LONG = PDF + os.urandom(200_000)


class Sender:
    """The protocol, as a program in the page speaks it."""

    def __init__(self, app: Flask, story: Story, room: Room, who: Someone) -> None:
        self.browser = Browser(app, story.token(who))
        self.case = f"/cases/{room.case_id}"
        self.headers = {**SPEAKS, "X-CSRFToken": self.browser.csrf()}
        self.compartment = story.play(room, who, lambda t: compartment_id(t, "shared"))

    def begin(self, name: str, size: int, **about: str) -> Page:
        said = {"filename": name, **(about or {"compartment": str(self.compartment)})}
        metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in said.items())
        headers = {**self.headers, "Upload-Length": str(size), "Upload-Metadata": metadata}
        return self.browser.send("POST", f"{self.case}/uploads", headers=headers)

    def began(self, name: str, size: int, **about: str) -> str:
        page = self.begin(name, size, **about)
        assert page.status == 201, page.everything
        return str(page.headers["Location"])

    def patch(self, address: str, at: int, piece: bytes, **more: str) -> Page:
        headers = {**self.headers, "Upload-Offset": str(at), **{k.replace("_", "-"): v for k, v in more.items()}}
        kind = "application/offset+octet-stream"
        return self.browser.send("PATCH", address, headers=headers, data=piece, content_type=kind)

    def head(self, address: str) -> Page:
        return self.browser.send("HEAD", address, headers=SPEAKS)

    def arrived(self, address: str) -> int:
        page = self.head(address)
        assert page.status == 200
        return int(page.headers["Upload-Offset"])

    def finish(self, address: str, submission: UUID | None = None, **fields: str) -> Page:
        data = {"submission": str(submission or uuid4()), **fields}
        return self.browser.post(f"{address}/finish", data, self.headers["X-CSRFToken"])


def made_by(page: Page) -> UUID:
    assert page.status == 200, page.everything
    return UUID(page.response.get_json()["to"].rsplit("/", 1)[-1])


def content(story: Story, room: Room, file_id: UUID, number: int = 1) -> bytes:
    def read(ticket):  # type: ignore[no-untyped-def]
        return b"".join(downloads.download(ticket, story.runtime.store, file_id, number).content)

    return story.play(room, room.guide, read)


def blobs(runtime: Runtime) -> set[str]:
    return set(runtime.store.keys())


def work_off(runtime: Runtime, owner: psycopg.Connection) -> None:
    """Forgets the objects that jobs were queued for."""
    app = worker.build(runtime)
    for (arguments,) in owner.execute("select args from procrastinate_jobs where task_name = 'forget_blob'"):
        app.tasks["forget_blob"](**arguments)
