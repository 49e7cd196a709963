"""The virus scanner: ClamAV's daemon, spoken to over its INSTREAM protocol. The file is unsealed on the way to it and
never lies anywhere in clear."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from portal.errors import DependencyUnavailable, UnsafeConfiguration

_LONGEST_ANSWER = 4096


class ScanState(StrEnum):
    """What is known of a version."""

    WAITING = "waiting"
    CLEAN = "clean"
    REFUSED = "refused"
    NOT_SCANNED = "not_scanned"
    """There is no scanner, or the file is larger or deeper than it looks into. Said wherever the file is shown."""


@dataclass(frozen=True)
class ScanVerdict:
    state: ScanState
    finding: str = ""
    """The scanner's own name of what it found."""


class Clamd:
    """`url` is tcp://host:port or unix:///path/of/the/socket. `patience` is how many seconds it may be silent."""

    def __init__(self, url: str, patience: float = 60) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as problem:
            raise UnsafeConfiguration("CLAMD_URL must look like tcp://host:3310 or unix:///path") from problem
        if parts.scheme == "tcp" and parts.hostname and port:
            self._where: tuple[str, int] | str = (parts.hostname, port)
        elif parts.scheme == "unix" and parts.path and not parts.netloc:
            self._where = parts.path
        else:
            raise UnsafeConfiguration("CLAMD_URL must look like tcp://host:3310 or unix:///path")
        self._patience = patience

    def scan(self, pieces: Iterable[bytes]) -> ScanVerdict:
        """What the scanner says of the pieces together. Raises DependencyUnavailable('scanner') when it says nothing
        clear; what the pieces raise passes through."""
        try:
            with self._connected() as line:
                line.sendall(b"zINSTREAM\0")
                self._send(line, pieces)
                return _verdict(self._answer(line))
        except OSError as problem:
            raise DependencyUnavailable("scanner") from problem

    def _connected(self) -> socket.socket:
        family = socket.AF_UNIX if isinstance(self._where, str) else socket.AF_INET
        if isinstance(self._where, tuple):
            return socket.create_connection(self._where, timeout=self._patience)
        line = socket.socket(family, socket.SOCK_STREAM)
        line.settimeout(self._patience)
        try:
            line.connect(self._where)
        except OSError:
            line.close()
            raise
        return line

    def _send(self, line: socket.socket, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            if not piece:
                continue  # an empty piece would mean the end
            try:
                line.sendall(len(piece).to_bytes(4, "big") + piece)
            except (BrokenPipeError, ConnectionResetError):
                # It hangs up on a stream that is too long for it, after saying so.
                return
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(bytes(4))

    def _answer(self, line: socket.socket) -> str:
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER and (more := line.recv(_LONGEST_ANSWER)):
            answer += more
        return answer.rstrip(b"\0").decode("ascii", "replace")


def _verdict(answer: str) -> ScanVerdict:
    """Only what is understood counts: anything else is no answer."""
    said = answer.partition(": ")[2] if answer.startswith("stream: ") else answer
    if said == "OK":
        return ScanVerdict(ScanState.CLEAN)
    if said.startswith("Heuristics.Limits.Exceeded") or "size limit exceeded" in said:
        return ScanVerdict(ScanState.NOT_SCANNED, "too large")
    if said.endswith(" FOUND"):
        return ScanVerdict(ScanState.REFUSED, said.removesuffix(" FOUND"))
    raise DependencyUnavailable("scanner")
