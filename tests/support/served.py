"""The portal as it is served: gunicorn and the worker as processes of their own, and a visitor over real HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import urllib3
from bs4 import BeautifulSoup, Tag

from portal.settings import PROJECT, Settings
from portal.web.guard import cookie_name
from tests.support.browser import held

GUNICORN = (sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--no-control-socket", "-w", "1")
THREADS = ("--threads", "8")


class Served:
    """Web process and worker of one installation. `folder` holds their logs and is their folder for temporary files."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.parts: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        return f"http://localhost:{self.door.getsockname()[1]}"

    def start(self) -> None:
        self.revive()
        http = urllib3.PoolManager(retries=False, timeout=2)
        until = time.monotonic() + 120
        while True:
            with suppress(urllib3.exceptions.HTTPError):
                if http.request("GET", f"{self.address}/health").status == 200:
                    return
            assert time.monotonic() < until, (self.folder / "web.log").read_text()
            time.sleep(0.1)

    def revive(self) -> None:
        """Starts what does not run, as whoever looks after the processes does."""
        commands = {
            "web": [*GUNICORN, *THREADS, "-b", f"fd://{self.door.fileno()}", "portal.wsgi:app"],
            "worker": [sys.executable, "-m", "portal", "worker"],
        }
        for name, command in commands.items():
            if name not in self.parts or self.parts[name].poll() is not None:
                self._run(name, command)

    def stop(self) -> None:
        for part in self.parts.values():
            part.terminate()
        for part in self.parts.values():
            try:
                part.wait(30)
            except subprocess.TimeoutExpired:
                part.kill()
                part.wait()
        self.door.close()

    def processes(self) -> list[int]:
        """Everything that runs, gunicorn's children too."""
        found, new = [], [part.pid for part in self.parts.values()]
        while new:
            found += new
            new = [int(pid) for one in new for pid in _children(one)]
        return found

    def children(self, name: str) -> list[int]:
        """The processes that one part started: for the web, those that answer."""
        return [int(pid) for pid in _children(self.parts[name].pid)]

    def _run(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, **environment(self.settings), "TMPDIR": str(self.temporary)},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                pass_fds=[self.door.fileno()],
            )


@contextmanager
def served(settings: Settings, folder: Path) -> Iterator[Served]:
    """Both processes for the length of a block."""
    portal = Served(settings, folder)
    try:
        portal.start()
        yield portal
    finally:
        portal.stop()


def environment(settings: Settings) -> dict[str, str]:
    """The settings as another process reads them."""
    return {name.upper(): str(value) for name, value in settings.model_dump(mode="json").items() if value is not None}


def _children(pid: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return []


class Visitor:
    """A browser of the simplest kind that really goes over the wire."""

    def __init__(self, portal: Served, token: str) -> None:
        self.portal = portal
        self.http = urllib3.PoolManager(retries=False, timeout=60)
        self.cookies = {cookie_name(portal.settings): token}

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, method: str, path: str, **more: Any) -> urllib3.BaseHTTPResponse:
        headers = {"Cookie": self.cookie, **more.pop("headers", {})}
        answer = self.http.request(
            method, self.portal.address + path, headers=headers, redirect=False, decode_content=False, **more
        )
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def get(self, path: str) -> bytes:
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer.status)
        return answer.data

    def fields(self, path: str, marker: str) -> dict[str, Any]:
        """What the form whose HTML holds `marker` on that page would send as it stands."""
        page = BeautifulSoup(self.get(path), "html.parser")
        form = next(form for form in page.find_all("form") if marker in str(form))
        assert isinstance(form, Tag)
        return held(form)

    def send(self, path: str, fields: dict[str, Any]) -> urllib3.BaseHTTPResponse:
        """A form sent by POST. A field that is a tuple (name, bytes) is a file, one that is a list is sent as often."""
        sent = [(name, each) for name, held in fields.items() for each in (held if isinstance(held, list) else [held])]
        return self.ask("POST", path, fields=sent)
