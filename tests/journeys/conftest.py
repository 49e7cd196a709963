"""The stage of the journeys: the whole portal running as people run it, a real browser, a real word processor."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from portal.settings import PROJECT

PICTURES = Path(os.environ["PICTURES"]) if "PICTURES" in os.environ else None
SIZES = {"phone": (390, 844), "desk": (1280, 900)}
_AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


def _two_free_ports() -> int:
    """A port that is free, and the one after it: the second is the eID's."""
    for port in range(21_000 + os.getpid() % 5_000 * 2, 40_000, 2):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two ports in a row are free")


@dataclass
class Stage:
    """The portal on an address, in processes of its own."""

    data: Path
    faked: str = ""
    process: subprocess.Popen[str] | None = None
    address: str = ""
    eid: str = ""
    port: int = field(default_factory=lambda: _two_free_ports())
    """The same after a restart: an eID that moved to another address would be another eID, which knows nobody."""

    def start(self, *, faked: str = "", hands: Path | None = None) -> None:
        """`faked` is how far the clock of the whole running portal is shifted, as `faketime` says it: "+20d". Where it
        must change while the portal runs, `hands` is a file that says it, read whenever somebody asks the time."""
        command = [sys.executable, "-m", "portal", "demo", "--data", str(self.data), "--empty"]
        command += ["--port", str(self.port)]
        environment = {**os.environ}
        if faked:
            command = ["faketime", "-f", faked, *command]
            shifted = str(Path(__file__).with_name("shifted"))
            environment |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": shifted}
        if hands is not None:
            asked = subprocess.run(["faketime", "-f", "+0s", "printenv", "LD_PRELOAD"], capture_output=True, check=True)
            shifted = str(Path(__file__).with_name("shifted"))
            environment |= {"LD_PRELOAD": asked.stdout.decode().strip(), "FAKETIME_TIMESTAMP_FILE": str(hands)}
            environment |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": shifted}
        self.process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        printed = ""
        for line in self.process.stdout:
            printed += line
            if "Ctrl-C" in line:
                break
        found = re.findall(r"http://localhost:\d+", printed)
        assert len(found) >= 2, printed
        self.address, self.eid = found[0], found[1]

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(120)
            assert self.process.stdout is not None
            self.process.stdout.close()


@dataclass
class Person:
    """Somebody at a browser of their own. Every page they come to is checked for accessibility and silence."""

    stage: Stage
    context: BrowserContext
    page: Page
    checked: ClassVar[set[str]] = set()
    faults: list[str] = field(default_factory=list)

    def goto(self, path: str) -> None:
        self.page.goto(self.stage.address + path)
        self.arrived()

    def click(self, name: str, role: str = "link", exact: bool = False, nth: int = 0) -> None:
        # What only a screen reader reads is set off by a space of its own.
        called = name if exact else re.compile(re.escape(name).replace(":", r"\s*:"))
        self.page.get_by_role(role, name=called, exact=exact).nth(nth).click()  # type: ignore[arg-type]
        self.page.wait_for_load_state()
        self.arrived()

    def press(self, name: str) -> None:
        """A button."""
        self.click(name, "button")

    def unfolds(self, name: str) -> None:
        """Everything on the page that is folded under these words."""
        folded = self.page.locator("summary", has_text=name)
        expect(folded.first).to_be_visible()
        for one in folded.all():
            one.click()

    def reads(self, text: str) -> None:
        """On this page, or on the one that a script leads to in a moment."""
        for _ in range(300):
            if text in self.text():
                break
            self.page.wait_for_timeout(100)
        self.arrived()
        assert text in self.text(), f"{text!r} is not in: {self.text()[:1500]}"

    def reads_not(self, text: str) -> None:
        assert text not in self.page.content(), f"{text!r} is on {self.page.url}"

    def sets_up_a_code_app(self, ahead: timedelta = timedelta()) -> None:
        """As somebody with a phone in the other hand. `ahead` is how far the clocks of the portal are shifted."""
        self.click("Brug en kode-app")
        self.picture("code-app")
        secret = self.page.locator("#key").inner_text().replace(" ", "")
        at = f"{datetime.now(UTC) + ahead:%Y-%m-%d %H:%M:%S UTC}"
        code = subprocess.run(
            ["oathtool", "--totp", "--base32", "--now", at, secret], check=True, capture_output=True, text=True
        )
        self.page.get_by_label("De seks tal, appen viser").fill(code.stdout.strip())
        self.press("Brug denne app")
        self.reads("Dine nødkoder")
        self.picture("recovery-codes")
        self.click("Jeg har gemt dem, gå videre")

    def text(self) -> str:
        return " ".join(self.page.locator("body").inner_text().split())

    def arrived(self) -> None:
        """Nothing to find for axe, nothing on the console, nothing wider than the screen."""
        assert not self.faults, self.faults
        where = re.sub(r"[0-9a-f-]{36}", "*", self.page.url) + self.page.title()
        if where in self.checked:
            return
        self.checked.add(where)
        found = Axe().run(self.page, options=_AXE).response["violations"]
        told = [f"{v['id']}: {v['help']} at {[n['target'] for n in v['nodes']][:3]}" for v in found]
        assert not told, f"{self.page.url}: {told}"
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than the screen"

    def picture(self, name: str) -> None:
        """The page on a phone and on a desk; kept when pictures are being renewed."""
        before = self.page.viewport_size
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            folder = PICTURES or self.stage.data.parent
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}-{size}.png")
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{self.page.url} is {wide} px wider than a {size}"
        if before:
            self.page.set_viewport_size(before)

    def download(self, name: str) -> Path:
        """Presses a link that downloads and returns the file, under the name the browser gave it."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=name).first.click()
        target = self.stage.data.parent / waiting.value.suggested_filename
        waiting.value.save_as(target)
        return target


class Cast:
    """Brings people on stage."""

    def __init__(self, stage: Stage, browser: Browser) -> None:
        self.stage, self.browser = stage, browser
        self.people: list[Person] = []

    def person(self, size: str = "desk") -> Person:
        width, height = SIZES[size]
        context = self.browser.new_context(
            locale="da-DK", viewport={"width": width, "height": height}, accept_downloads=True
        )
        page = context.new_page()
        made = Person(self.stage, context, page)
        page.on("console", lambda message: made.faults.append(message.text) if _is_fault(message) else None)
        page.on("pageerror", lambda error: made.faults.append(str(error)))
        page.on("request", lambda request: _stays_home(made, request.url))
        self.people.append(made)
        return made

    def professional(self, email: str, password: str = "velkommen indenfor", size: str = "desk") -> Person:
        made = self.person(size)
        made.goto("/")
        made.page.get_by_label("E-mail").fill(email)
        made.page.get_by_label("Adgangskode").fill(password)
        made.press("Log på med adgangskode")
        return made

    def citizen(self, name: str, born: str, number: str, size: str = "phone", first_time: bool = True) -> Person:
        made = self.person(size)
        made.goto("/")
        made.press("Log på med Prøve-eID")
        self.at_the_eid(made, name, born, number)
        if first_time:
            made.reads("Første gang")
            made.press("Fortsæt med Prøve-eID")
            self.at_the_eid(made, name, born, number)
        return made

    def at_the_eid(self, person: Person, name: str, born: str, number: str) -> None:
        page = person.page
        page.get_by_label("Navn").fill(name)
        page.get_by_label("Fødselsdato").fill(born)
        page.get_by_label("CPR-nummer").fill(number)
        person.press("Vær denne person")

    def leave(self) -> None:
        for person in self.people:
            person.context.close()
        self.people.clear()


def _is_fault(message: ConsoleMessage) -> bool:
    # A page that was refused or not found is told to the console by the browser itself; the page is what we look at.
    return message.type in ("error", "warning") and "Failed to load resource" not in message.text


def _stays_home(person: Person, url: str) -> None:
    if not url.startswith((person.stage.address, person.stage.eid, "data:", "blob:")):
        person.faults.append(f"a request to {url}")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-stage-"))
    folder.chmod(0o711)
    made = Stage(folder / "data")
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cast(stage: Stage, chromium: Browser) -> Iterator[Cast]:
    made = Cast(stage, chromium)
    yield made
    made.leave()
