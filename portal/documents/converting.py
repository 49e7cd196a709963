"""Office files as PDF, by LibreOffice without a screen, in a folder in memory that is gone afterwards."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from portal.documents.reading import Unreadable

_SECONDS = 90
_MEMORY = 4 << 30
_LARGEST = 200_000_000
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  memory, not a disk: plaintext must never lie on one


def to_pdf(program: str, data: bytes, ending: str) -> bytes:
    """The document as PDF. `program` is the path of soffice, `ending` that of the document's name.

    Raises Unreadable for what LibreOffice cannot open or takes too long over, and where there is no folder in memory.
    """
    if not _IN_MEMORY.is_dir() or not ending.isalnum():
        raise Unreadable("no folder in memory")
    _take_away_what_is_left()
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY, prefix="convert-") as name:
        folder = Path(name)
        (folder / f"document.{ending}").write_bytes(data)
        environment = {"HOME": name, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": name}
        command = [
            *_cut_off(),
            program,
            f"-env:UserInstallation=file://{name}/profile",
            "--headless",
            "--norestore",
            "--convert-to",
            "pdf",
            "--outdir",
            name,
            str(folder / f"document.{ending}"),
        ]
        running = subprocess.Popen(  # noqa: S603  the operator's own program, on a name of ours
            command,
            env=environment,
            cwd=name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_limit,
        )
        try:
            running.wait(_SECONDS)
        except subprocess.TimeoutExpired as problem:
            raise Unreadable("takes too long") from problem
        finally:
            # Its helpers too: LibreOffice starts more than one process.
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        made = folder / "document.pdf"
        if not made.is_file():
            raise Unreadable("not converted")
        return made.read_bytes()


def _take_away_what_is_left() -> None:
    """A worker that was killed leaves its folder behind, with somebody's document in clear: the next one takes it away
    once nobody can be working in it any more."""
    for folder in _IN_MEMORY.glob("convert-*"):
        with suppress(OSError):
            about = folder.stat()
            if about.st_uid == os.getuid() and time.time() - about.st_mtime > 2 * _SECONDS:
                shutil.rmtree(folder)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST, _LARGEST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@cache
def _cut_off() -> tuple[str, ...]:
    """What to put before a command so that it has no network, where the system lets us."""
    unshare = shutil.which("unshare")
    for options in (("-n",), ("-r", "-n")):
        if unshare and subprocess.run([unshare, *options, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603
            return (unshare, *options)
    return ()
