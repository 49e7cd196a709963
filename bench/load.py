"""The load: asks for one page over and over through a few kept connections, and says how long each answer took.

A program of its own (`python -m bench.load`), so that the measuring costs the measured nothing but its share of the
cores. It speaks just enough HTTP: the heavier the asker, the closer together two servers would seem.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from statistics import median, quantiles

from portal.settings import PROJECT

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Round:
    """What one stretch of load showed: answers a second, and milliseconds an answer took."""

    pages: int
    throughput: float
    median_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Visit:
    """A page, and the cookies of who opens it."""

    path: str
    cookie: str


def ask(port: int, visits: list[Visit], seconds: float, connections: int) -> Round:
    """Runs the load in a process of its own, the visits shared out over the connections. Raises SystemExit when an
    answer was not the page."""
    command = [sys.executable, "-m", "bench.load", str(port), str(seconds), str(connections)]
    asked = json.dumps([[visit.path, visit.cookie] for visit in visits])
    done = subprocess.run(command, cwd=PROJECT, input=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    took = json.loads(done.stdout)
    cuts = quantiles(took["ms"], n=20) if len(took["ms"]) > 1 else took["ms"] * 19
    return Round(len(took["ms"]), len(took["ms"]) / took["seconds"], median(took["ms"]), cuts[18])


class _Asker(threading.Thread):
    def __init__(self, port: int, question: bytes, until: float) -> None:
        super().__init__()
        self.port, self.question, self.until = port, question, until
        self.took: list[float] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while (began := time.monotonic()) < self.until:
                    connection.sendall(self.question)
                    _read(connection)
                    self.took.append((time.monotonic() - began) * 1000)
        except (OSError, ValueError) as problem:
            self.fault = problem


def _read(connection: socket.socket) -> None:
    """One answer to its last byte. Raises ValueError when it is not a page."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        if not (piece := connection.recv(65536)):
            raise ValueError("the connection was closed")
        data += piece
    if b" 200 " not in data[:20]:
        raise ValueError(data[:end].decode(errors="replace"))
    length = _LENGTH.search(data[:end])
    if length is None:
        raise ValueError("an answer without its length")
    left = int(length[1]) - (len(data) - end - 4)
    while left > 0:
        if not (piece := connection.recv(65536)):
            raise ValueError("the answer was cut")
        left -= len(piece)


def main(port: int, seconds: float, connections: int) -> None:
    head = "GET {} HTTP/1.1\r\nHost: localhost:{}\r\nAccept: text/html\r\nCookie: {}\r\n\r\n"
    questions = [head.format(path, port, cookie).encode() for path, cookie in json.load(sys.stdin)]
    began = time.monotonic()
    askers = [_Asker(port, questions[n % len(questions)], began + seconds) for n in range(connections)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    if fault := next((asker.fault for asker in askers if asker.fault), None):
        raise SystemExit(str(fault))
    print(json.dumps({"seconds": time.monotonic() - began, "ms": [ms for asker in askers for ms in asker.took]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
