"""Office files as PDF, by LibreOffice without a screen, in a folder in memory that is gone afterwards.

LibreOffice is started by confine.py, which holds it so that it reaches nobody and sees none of the portal's own files.
Where that is not possible nothing is converted.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from portal.documents import confine, slots
from portal.documents.reading import TookTooLong, Unreadable
from portal.documents.slots import Turn
from portal.errors import Busy, UnsafeConfiguration

_SECONDS = 90
_MEMORY = 4 << 30
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  memory, not a disk: plaintext must never lie on one
_LAUNCHER = Path(confine.__file__)


def to_pdf(program: str, data: bytes, ending: str, turn: Turn) -> bytes:
    """The document as PDF. `program` is the path of soffice, `ending` that of the document's name.

    Raises Unreadable for what LibreOffice cannot open, TookTooLong, Busy while another is being converted on this
    machine, UnsafeConfiguration where LibreOffice cannot be held or there is no folder in memory.
    """
    if not ending.isalnum():
        raise Unreadable("no ending")
    if not _IN_MEMORY.is_dir():
        raise UnsafeConfiguration(f"{_IN_MEMORY} is not there, and a document must not lie on a disk in clear")
    with slots.taken_alone("converter", turn):
        _take_away_what_is_left()
        with tempfile.TemporaryDirectory(dir=_IN_MEMORY, prefix="convert-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            document = folder / f"document.{ending}"
            document.write_bytes(data)
            arguments = [
                f"-env:UserInstallation=file://{name}/profile",
                "--headless",
                "--norestore",
                "--convert-to",
                "pdf",
                "--outdir",
                name,
                str(document),
            ]
            _run_held(folder, [program, *arguments], (_home_of(program),))
            made = folder / "document.pdf"
            if not made.is_file() or made.is_symlink():
                raise Unreadable("not converted")
            return made.read_bytes()


def _run_held(folder: Path, command: Sequence[str], readable: Sequence[str]) -> None:
    """Runs a program that sees the system and `folder` alone, to its end. Raises TookTooLong, UnsafeConfiguration."""
    user = confine.own_user()
    if user is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, user, user)
    held = [str(folder), str(user or ""), str(_SECONDS), str(_MEMORY), ":".join(readable)]
    running = subprocess.Popen(  # noqa: S603  our own program, on a name of ours
        [sys.executable, "-I", str(_LAUNCHER), *held, *command],
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(folder)},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        status = running.wait(_SECONDS)
    except subprocess.TimeoutExpired as problem:
        raise TookTooLong("takes too long") from problem
    finally:
        # Its helpers too: LibreOffice starts more than one process.
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    if status == confine.UNCONFINED:
        raise UnsafeConfiguration(NOT_HELD)


NOT_HELD = (
    "this machine cannot keep LibreOffice from the network and from the portal's files (it takes seccomp, and Landlock "
    "or the right to become another user); take CONVERTER away, or run the worker where it can"
)


def refuse_unfit(program: str, hidden: Sequence[Path]) -> None:
    """What is tried out before anybody's document is converted: whether the program is held, and whether it works so.
    Otherwise every document would be noted as one that cannot be read. Raises UnsafeConfiguration."""
    refuse_unheld(program, hidden)
    try:
        to_pdf(program, b"hej", "txt", slots.BY_THE_WORKER)
    except (Unreadable, TookTooLong, Busy) as problem:
        raise UnsafeConfiguration(
            f"CONVERTER names {program}, which makes no PDF where it is held ({problem})"
        ) from problem


def refuse_unheld(program: str, hidden: Sequence[Path]) -> None:
    """Tries out whether a program started as LibreOffice is can reach the network, or read one of `hidden`: files
    that are there. Raises UnsafeConfiguration when it can, when it cannot be tried out, and when there is no such
    program."""
    if not os.access(program, os.X_OK):
        raise UnsafeConfiguration(f"CONVERTER names {program}, which is no program on this machine")
    with (
        tempfile.TemporaryDirectory(dir=_IN_MEMORY, prefix="convert-", ignore_cleanup_errors=True) as name,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        there = [str(path) for path in hidden if path.exists()]
        _run_held(Path(name), ["try", str(listening.getsockname()[1]), *there], ())
        told = Path(name) / "reached"
        if not told.is_file():
            raise UnsafeConfiguration(f"it could not be tried out what CONVERTER would reach: {NOT_HELD}")
        if reached := told.read_text():
            raise UnsafeConfiguration(f"CONVERTER would reach {reached}: {NOT_HELD}")


@cache
def _home_of(program: str) -> str:
    """The folder of a program that does not belong to the system, such as /opt/libreoffice24.8."""
    real = Path(program).resolve()
    return str(real.parent.parent if real.parent.name in ("program", "bin") else real.parent)


def _take_away_what_is_left() -> None:
    """A worker that was killed leaves its folder behind, with somebody's document in clear: the next one takes it away
    once nobody can be working in it any more."""
    for folder in _IN_MEMORY.glob("convert-*"):
        with suppress(OSError):
            about = folder.lstat()
            ours = about.st_uid == os.getuid() or (os.getuid() == 0 and confine.is_own_user(about.st_uid))
            if ours and time.time() - about.st_mtime > 2 * _SECONDS:
                shutil.rmtree(folder)
