"""What every measurement stands on: a database of its own in a folder of its own, the portal as it runs in production
on top of it, and gunicorn started the way the portal starts it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.demo.postgres import EmbeddedPostgres, ask_to_stop_with_parent, running
from portal.demo.supervisor import GUNICORN, WORKERS
from portal.migrate import migrate
from portal.settings import PROJECT, Settings
from portal.storage.keys import make_keys


@contextmanager
def database(sync: bool = True) -> Iterator[tuple[EmbeddedPostgres, Path]]:
    """A migrated, empty database server and a folder beside it, both gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-bench-"))
    folder.chmod(0o711)  # root's database runs as somebody else, who must reach it
    try:
        with running(folder / "database", sync) as postgres:
            migrate(postgres.url("portal_owner"))
            make_keys(folder / "keys.json")
            yield postgres, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(postgres: EmbeddedPostgres, folder: Path, address: str) -> dict[str, str]:
    """The settings of a portal in production."""
    return {
        "ENVIRONMENT": "production",
        "BASE_URL": address,
        "DATA_DIR": str(folder),
        "DATABASE_URL": postgres.url("portal_app"),
        "KEYS_FILE": str(folder / "keys.json"),
        "MAIL_URL": "smtp://localhost:1",
    }


def settings(variables: dict[str, str]) -> Settings:
    return Settings.model_validate({name.lower(): value for name, value in variables.items()})


def door() -> socket.socket:
    """A listening socket on a free port, to be handed to the server that answers on it."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    return listening


@contextmanager
def served(
    app: str, listening: socket.socket, variables: dict[str, str], log: Path, workers: tuple[str, ...] = WORKERS
) -> Iterator[int]:
    """An application behind gunicorn, with the settings the portal itself uses; the process id of its arbiter."""
    command = [*GUNICORN, *workers, "-b", f"fd://{listening.fileno()}", app]
    with log.open("ab") as lines:
        server = subprocess.Popen(
            command,
            env={**os.environ, **variables, "PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
            stdout=lines,
            stderr=lines,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[listening.fileno()],
            preexec_fn=ask_to_stop_with_parent(signal.SIGTERM),
        )
    try:
        _wait(f"http://localhost:{listening.getsockname()[1]}/health", server, log)
        yield server.pid
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError, urllib.error.HTTPError), urllib.request.urlopen(address, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"{' '.join(sys.argv)}: no answer from {address}\n{log.read_text()[-2000:]}")


def cpu_seconds(*parents: int) -> float:
    """Processor time that the children of these processes have used so far: a server's workers, a database's
    backends. On a machine that others use too, it says more than the clock."""
    used = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, IndexError):
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[1]) in parents:
                used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """What this was measured on, in a line."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load of everybody {os.getloadavg()[0]:.1f}"
