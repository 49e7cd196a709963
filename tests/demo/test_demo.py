"""`portal demo` as a whole: one command, everything up, everything down, through kill -9, beside a second one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from bs4 import BeautifulSoup

from portal.demo import people
from portal.settings import PROJECT
from tests.demo.test_postgres import gone, modes_above

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-demo-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Running:
    """A demo that was started, and a browser of the simplest kind."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        command = [sys.executable, "-m", "portal", "demo", "--data", str(data), *options]
        self.process = subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.printed = ""
        self.http = urllib3.PoolManager(retries=False, timeout=60)
        self.cookies: dict[str, str] = {}

    def wait(self, until: str = "Ctrl-C") -> Running:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if until in line:
                return self
        raise AssertionError(self.printed)

    @property
    def address(self) -> str:
        found = re.search(r"http://localhost:\d+", self.printed)
        assert found is not None
        return found.group()

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        answer = self.http.request(
            method, self.address + path, fields=fields, encode_multipart=False, headers=headers, redirect=False
        ) if fields else self.http.request(method, self.address + path, headers=headers, redirect=False)  # fmt: skip
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def sign_in(self, email: str = "guide@eksempelby.example") -> urllib3.BaseHTTPResponse:
        page = BeautifulSoup(self.ask("GET", "/sign-in").data, "html.parser")
        token = page.find("input", {"name": "csrf_token"})
        assert token is not None
        from urllib.parse import urlencode

        fields = {"csrf_token": str(token["value"]), "submission": "", "email": email, "password": people.PASSWORD}
        headers = {
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = self.http.request(
            "POST", f"{self.address}/sign-in", body=urlencode(fields), headers=headers, redirect=False
        )
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def everything(self) -> list[int]:
        """The process and all that came from it."""
        found, new = [], [self.process.pid]
        while new:
            found += new
            listed = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", ",".join(map(str, new))], capture_output=True, text=True, check=False
            )
            new = [int(pid) for pid in listed.stdout.split()]
        return found

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.http.clear()


def test_one_command_serves_the_story_and_survives_being_killed(place: Path) -> None:
    before = modes_above(place / "data")
    demo = Running(place / "data").wait()
    try:
        assert demo.ask("GET", "/health").status == 200
        assert demo.sign_in().status == 303, (place / "data" / "web.log").read_text()[-3000:]
        listed = demo.ask("GET", "/cases").data.decode()
        assert "Alma Dahl" in listed
        assert "Noah Lind" in listed
        page = BeautifulSoup(listed, "html.parser")
        rows = page.select("#cases > li")
        assert len(rows) == 21, "a working day of a guide"
        assert len(page.select("main li")) > 25, "and what needs her"
        assert len([row for row in rows if "ulæst" in row.get_text()]) > 3
        for account in (
            "guide@eksempelby.example",
            "leder@",
            "tilsyn@",
            "Alma Dahl",
            people.PASSWORD,
            str(place / "data"),
        ):
            assert account in demo.printed

        for words in ("portal.wsgi:app", "portal worker", "portal.demo.wsgi:app"):
            running = part(demo, words)
            assert running is not None
            assert b"portal_owner" not in Path(f"/proc/{running}/environ").read_bytes(), words
        told = dict(line.split("=", 1) for line in (place / "data" / "environment").read_text().splitlines())
        assert told["CONVERTER"].endswith("/soffice"), "Word files can be looked at"
        assert told["WEBDAV"] == "true", "and opened where one writes"
        for name, knows in {
            "portal.wsgi:app": {"DATABASE_URL"},
            "portal worker": {"DATABASE_URL", "WORKER_DATABASE_URL"},
            "portal.demo.wsgi:app": set(),
        }.items():
            found = Path(f"/proc/{part(demo, name)}/environ").read_bytes().decode().split("\0")
            names = {line.partition("=")[0] for line in found}
            assert {one for one in names if one.endswith("DATABASE_URL")} == knows, name
        mail = demo.address.replace(demo.address.rpartition(":")[2], str(int(demo.address.rpartition(":")[2]) + 1))
        assert demo.http.request("GET", f"{mail}/mail").status == 200
        for elsewhere in ("portal.attacker.example", "attacker.example:8001"):
            answer = demo.http.request("GET", f"{mail}/mail", headers={"Host": elsewhere})
            assert answer.status == 400, "a name of somebody else's that leads here"

        second = Running(place / "data")
        assert second.process.wait(120) == 1
        assert second.process.stdout is not None
        assert "already running" in second.process.stdout.read()
        second.stop()

        beside = Running(place / "other", "--empty").wait()
        try:
            assert beside.address != demo.address
            assert beside.sign_in("admin@eksempelby.example").status == 303
            assert demo.ask("GET", "/cases").status == 200, "one signs in beside the other"
        finally:
            beside.stop()

        verified = _portal(place / "data", "verify-audit")
        assert verified == "every chain is whole"

        worker = part(demo, "portal worker")
        os.kill(worker, signal.SIGKILL)
        _wait_for(lambda: part(demo, "portal worker") not in (None, worker))
        database = part(demo, "bin/postgres -D")
        os.kill(database, signal.SIGKILL)
        _wait_for(lambda: part(demo, "bin/postgres -D") not in (None, database))
        _wait_for(lambda: demo.ask("GET", "/cases").status == 200)

        for pid in demo.everything():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        demo.process.wait()
        again = Running(place / "data").wait()
        try:
            # The guide has signed in before, so a second factor is asked for; the colleague has not.
            assert again.sign_in().headers["Location"] == "/sign-in/second"
            assert again.sign_in("kollega@eksempelby.example").status == 303
            assert "Alma Dahl" in again.ask("GET", "/cases").data.decode()
        finally:
            all_of_it = again.everything()
            again.stop()
        assert all(gone(pid) for pid in all_of_it), "nothing is left running"
        assert again.process.returncode == 0
        assert modes_above(place / "data") == before
    finally:
        demo.stop()


def test_the_supervisor_killed_takes_its_parts_with_it(place: Path) -> None:
    demo = Running(place / "data", "--empty").wait()
    parts = demo.everything()
    os.kill(demo.process.pid, signal.SIGKILL)
    assert all(gone(pid, 60) for pid in parts)
    demo.process.wait()
    demo.stop()


def test_a_taken_port_is_said_so(place: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        demo = Running(place / "data", "--port", port)
        assert demo.process.wait(120) == 1
        assert demo.process.stdout is not None
        assert f"port {port} is taken" in demo.process.stdout.read()
        demo.stop()


def _portal(data: Path, *arguments: str) -> str:
    """A command of the portal, speaking to the demo in `data`."""
    lines = (data / "environment").read_text().splitlines()
    environment = {**os.environ, **dict(line.split("=", 1) for line in lines)}
    done = subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return (done.stdout + done.stderr).strip()


def part(demo: Running, words: str) -> int | None:
    """The process of the demo whose command line holds these words."""
    return next((pid for pid in demo.everything() if words in _command(pid)), None)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _wait_for(what) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)
