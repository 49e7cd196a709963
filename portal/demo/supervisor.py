"""`portal demo`: database, web server, worker and pretended eID as one program that needs no setting.

The parts are processes of their own, watched and started again when they die. One lock per data folder keeps a second
`portal demo` of the same folder out; two clones have two folders, two sockets and two pairs of ports.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal import clock
from portal.demo import eid, people
from portal.demo.postgres import EmbeddedPostgres, ask_to_stop_with_parent
from portal.documents import converting
from portal.errors import UnsafeConfiguration
from portal.migrate import migrate
from portal.runtime import runtime_for
from portal.services.oversight import operators
from portal.settings import PROJECT, Settings
from portal.storage.keys import make_keys, read_keys
from portal.tools.profile import profile

GUNICORN = (sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--graceful-timeout", "10",
            "--no-control-socket", "--log-level", "warning")  # fmt: skip
WORKERS = ("-w", "2", "--threads", "8")
"""How the web part is started; the benchmark starts what it measures in the same way."""

_READY_WITHIN = 180
"""Seconds. A part that dies says so at once; this is for a machine that is slow or busy."""
_GIVE_UP_AFTER = 5
"""A part that dies this often within a minute stays dead, and everything stops with a message."""


_EVERY_PART = ("ENVIRONMENT", "BASE_URL", "DATA_DIR")
_AT_ONCE = {
    "NOTICE_MINUTES": "0",
    "NOTICE_PAUSE_MINUTES": "0",
    "NOTICE_SPREAD_MINUTES": "0",
    "QUIET_FROM": "0",
    "QUIET_UNTIL": "0",
    "NOTICE_RHYTHM": "at_once",
}
"""Whoever tries the demo sees within seconds what would have been sent, whatever the hour."""
_TOLD = ("SMS_URL", *_AT_ONCE)
_NEEDS = {
    "eid": (*_EVERY_PART, "EID_ISSUER"),
    "worker": (
        *_EVERY_PART, "DATABASE_URL", "WORKER_DATABASE_URL", "KEYS_FILE", "MAIL_URL", "CONVERTER", "WEBDAV", *_TOLD,
    ),
    "web": (*_EVERY_PART, "DATABASE_URL", "KEYS_FILE", "EID_FILE", "CONVERTER", "WEBDAV", *_TOLD),
}  # fmt: skip
"""Which settings each part works with. The roles that own and report on the database are the command line's alone."""


def word_processor_here(keys: Path) -> tuple[str, str]:
    """The path of LibreOffice, where it is there and can be held; else '', and in Danish what the demo lacks then."""
    program = shutil.which("soffice")
    if program is None:
        return "", (
            "LibreOffice er ikke på denne maskine. Derfor kan Word-filer ikke ses på siden her eller åbnes i\n"
            "  tekstbehandling (Debian: apt install libreoffice-writer)."
        )
    try:
        converting.refuse_unfit(program, [keys])
    except UnsafeConfiguration:
        return "", (
            "LibreOffice kan ikke bruges på denne maskine, når det holdes væk fra nettet og fra demoens filer. Derfor\n"
            "  kan Word-filer ikke ses på siden her eller åbnes i tekstbehandling."
        )
    return program, ""


class Demo:
    def __init__(self, folder: Path, port: int | None, empty: bool = False) -> None:
        self.folder = folder
        self.empty = empty
        # The sockets are opened here and handed on, so that two demos started at once never meet on one port, and a
        # part that is started again takes over where the one before it stopped.
        self.door = _listen(port or 8000, exact=port is not None)
        self.eid_door = _listen(self.door.getsockname()[1] + 1)
        self.postgres = EmbeddedPostgres(folder / "database")
        self.converter, self.lacks = "", ""
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.deaths: dict[str, list[float]] = {}
        self.stopping = False

    @property
    def address(self) -> str:
        return f"http://localhost:{self.door.getsockname()[1]}"

    @property
    def eid_address(self) -> str:
        return f"http://localhost:{self.eid_door.getsockname()[1]}"

    def run(self) -> int:
        """Until it is told to stop. Returns the process's exit status."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._stop)
        with _only_one(self.folder):
            try:
                self._prepare()
                for name in self._commands():
                    self._start(name)
                self._wait_until_ready()
                self._welcome()
                return self._watch()
            finally:
                self._end()

    # Steps

    def _prepare(self) -> None:
        keys = self.folder / "keys.json"
        if not keys.exists():
            make_keys(keys)
        self.converter, self.lacks = word_processor_here(keys)
        self.postgres.start()
        migrate(self.postgres.url("portal_owner"), keyring=read_keys(keys))
        settings = self._settings()
        today = clock.today(profile(settings.profile).zone)
        if not (self.folder / "eid-people.json").exists():
            eid.prepare(self.folder, people.citizens(today).everybody)
        self._write_eid_file()
        self._write_environment()
        with runtime_for(settings) as runtime:
            with runtime.unit_of_work() as session:
                operators.repair(session)
            people.make(runtime, self.empty)

    def _settings(self) -> Settings:
        return Settings.model_validate({name.lower(): value for name, value in self._environment().items()})

    def _environment(self) -> dict[str, str]:
        return {
            "ENVIRONMENT": "demo",
            "BASE_URL": self.address,
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.postgres.url("portal_app"),
            "WORKER_DATABASE_URL": self.postgres.url("portal_worker"),
            "REPORTS_DATABASE_URL": self.postgres.url("portal_reports"),
            "OWNER_DATABASE_URL": self.postgres.url("portal_owner"),
            "KEYS_FILE": str(self.folder / "keys.json"),
            "EID_FILE": str(self.folder / "eid.toml"),
            "MAIL_URL": f"folder://{self.folder / 'mail'}",
            "SMS_URL": f"folder://{self.folder / 'sms'}",
            **_AT_ONCE,
            "CONVERTER": self.converter,
            "WEBDAV": str(bool(self.converter)).lower(),
        }

    def _write_eid_file(self) -> None:
        (self.folder / "eid.toml").write_text(
            "\n".join(
                (
                    "[[provider]]",
                    'key = "demo"',
                    'label = "Prøve-eID"',
                    f'issuer = "{self.eid_address}"',
                    f'client_id = "{eid.CLIENT_ID}"',
                    f'client_secret_file = "{self.folder / "eid-client-secret"}"',
                    'scopes = ["openid", "mitid"]',
                    'national_id_scopes = ["ssn"]',
                    'national_id_claim = "dk.cpr"',
                    'birth_date_claim = "mitid.date_of_birth"',
                    'name_claim = "mitid.identity_name"',
                    'level_claim = "loa"',
                    f'levels_accepted = ["{eid.SUBSTANTIAL}", "https://data.gov.dk/concept/core/nsis/High"]',
                    "demo = true",
                    "",
                )
            ),
            "utf-8",
        )

    def _write_environment(self) -> None:
        """What the command line needs to speak to this demo (`portal verify-audit` and the like)."""
        path = self.folder / "environment"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in self._environment().items())

    def _commands(self) -> dict[str, list[str]]:
        return {
            "eid": [*GUNICORN, "-b", f"fd://{self.eid_door.fileno()}", "--threads", "8", self._eid_app()],
            "worker": [sys.executable, "-m", "portal", "worker"],
            "web": [*GUNICORN, *WORKERS, "-b", f"fd://{self.door.fileno()}", "portal.wsgi:app"],
        }

    def _eid_app(self) -> str:
        return "portal.demo.wsgi:app"

    def _environment_of(self, name: str) -> dict[str, str]:
        """What a part is told: what it needs and nothing else. What the demo itself was told by whoever started it goes
        on to its parts, but for settings that are another part's."""
        every = {**self._environment(), "EID_ISSUER": self.eid_address}
        told = {setting: every[setting] for setting in _NEEDS[name]}
        return {**{key: value for key, value in os.environ.items() if key not in every}, **told}

    def _start(self, name: str) -> None:
        environment = self._environment_of(name)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
        with (self.folder / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                self._commands()[name],
                env=environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[self.door.fileno(), self.eid_door.fileno()],
                preexec_fn=ask_to_stop_with_parent(signal.SIGTERM),
            )

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _READY_WITHIN
        for address in (self.eid_address, self.address):
            while True:
                with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=2) as answer:  # noqa: S310
                    if answer.status == 200:
                        break
                if time.monotonic() > until or self.stopping:
                    raise UnsafeConfiguration(f"{address} did not come up; see the logs in {self.folder}")
                time.sleep(0.1)

    def _welcome(self) -> None:
        lines = [
            "",
            f"  Følgeskab kører på  {self.address}",
            "",
            "  Fagpersoner logger på med e-mail og adgangskoden: " + people.PASSWORD,
            *(f"    {one.email:<32}{one.name}, {one.job_title}, {one.unit}" for one in people.staff(self.empty)),
            "",
            f"  Unge og forældre logger på med Prøve-eID ({self.eid_address}, helt opdigtet):",
            *(f"    {one.name:<32}{one.about}" for one in self._citizens()),
            "",
            f"  Mails, som demoen ville have sendt: {self.eid_address}/mail",
            "  Første gang er adgangskoden nok. Næste gang skal der et ekstra trin til; har du ingen kode-app,",
            f"  er her en prøvetelefon: {self.eid_address}/phone",
            *([f"  {self.lacks}"] if self.lacks else []),
            f"  Alt ligger i {self.folder}. Stop med Ctrl-C.",
            "",
        ]
        print("\n".join(lines), flush=True)

    def _citizens(self) -> list[eid.Pretended]:
        return eid.read_people(self.folder)

    def _watch(self) -> int:
        while not self.stopping:
            time.sleep(0.5)
            if not self.postgres.alive():
                self._died("database")
                self.postgres.start()
            for name, part in list(self.parts.items()):
                if part.poll() is not None and not self.stopping:
                    self._died(name)
                    self._start(name)
        return 0

    def _died(self, name: str) -> None:
        now = time.monotonic()
        recent = [then for then in self.deaths.get(name, []) if now - then < 60] + [now]
        self.deaths[name] = recent
        print(f"  ({name} stoppede uventet og startes igen)", flush=True)
        if len(recent) >= _GIVE_UP_AFTER:
            raise UnsafeConfiguration(f"{name} keeps stopping; see {self.folder / (name + '.log')}")

    def _stop(self, _sign: int, _signal: object) -> None:
        self.stopping = True

    def _end(self) -> None:
        for part in reversed(list(self.parts.values())):
            if part.poll() is None:
                part.terminate()
        for part in self.parts.values():
            try:
                part.wait(15)
            except subprocess.TimeoutExpired:
                part.kill()
        self.postgres.stop()


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    # Root's database runs as somebody else, who must be able to walk through this folder to its own.
    folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise UnsafeConfiguration(f"this demo is already running (its data is in {folder})") from problem
        yield


def _listen(wanted: int, exact: bool = False) -> socket.socket:
    """A socket on the first port from `wanted` on that is free; with `exact`, on that one or UnsafeConfiguration."""
    for port in range(wanted, wanted + (1 if exact else 200)):
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
            door.listen(64)
        except OSError:
            door.close()
            continue
        return door
    raise UnsafeConfiguration(f"port {wanted} is taken" if exact else f"no free port from {wanted} on")
