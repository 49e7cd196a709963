"""Files up and down through gunicorn, on a folder and on S3, against what the machine can do without the portal.

    python -m bench files [--sizes 100,1000] [--turns 5] [--large 1000] [--parallel 20]

The yardsticks are taken in the same run, by turns with the portal: the store alone (the same bytes, unsealed) and
sealing alone (into nothing), both through a gunicorn that does nothing else (`bare_files.py`), and bare AES-GCM. The
slower of store and sealing bounds what the portal can reach. Promised are half of that going up and two thirds coming
down, the middle one of the turns, and a worker that grows by less than 64 MB however large the file is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import stage
from portal.demo.postgres import running
from portal.migrate import migrate
from portal.runtime import blob_store, runtime_for
from portal.settings import Settings
from portal.storage.keys import make_keys
from portal.storage.sealing import SEGMENT
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from tests.support.served import THREADS, Served, Visitor, environment, served
from tests.support.story import Room, Story

MB = 1_000_000
UP_AT_LEAST, DOWN_AT_LEAST = 1 / 2, 2 / 3
"""Shares of the slower of store and sealing."""
GROWS_LESS_THAN = 64 * MB
PIECE = 1024**3
"""Bytes the script of the page sends at a time."""
BROKEN = 100 * MB
"""Bytes after which the connection breaks when it is watched how pieces are joined."""
_LINE = b"0123456789abcdef" * (SEGMENT // 16)
_SAMPLE = 64 * MB


def main(arguments: list[str]) -> int:
    """1 when a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench files", description=__doc__)
    parser.add_argument("--sizes", default="100,1000", help="megabytes of the files that are timed")
    parser.add_argument("--turns", type=int, default=5, help="turns of everything at each size")
    parser.add_argument("--large", type=int, default=1000, help="megabytes of the file that memory is watched with")
    parser.add_argument("--parallel", type=int, default=20, help="downloads at once")
    options = parser.parse_args(arguments)
    saved = True
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load of everybody {os.getloadavg()[0]:.1f}")
    print(f"bare AES-GCM {rate(_SAMPLE, bare_aes):.0f} MB/s", flush=True)
    with tempfile.TemporaryDirectory(prefix="folgeskab-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = S3Server()
        try:
            server.start()
            with running(folder / "database") as postgres:
                migrate(postgres.url("portal_owner"))
                make_keys(folder / "keys.json")
                for kind in ("folder", "s3"):
                    settings = settings_of(kind, folder, server, postgres.url("portal_app"))
                    blob_store(settings).make()
                    with runtime_for(settings) as runtime, served(settings, folder / f"served-{kind}") as portal:
                        story = Story(runtime)
                        room = story.case()
                        with stage.door() as door, bare(settings, door, folder / f"bare-{kind}.log"):
                            port = door.getsockname()[1]
                            bench = Bench(portal, Visitor(portal, story.token(room.guide)), room, port)
                            saved &= bench.run(kind, options)
        finally:
            server.remove()
    return 0 if saved else 1


def settings_of(kind: str, folder: Path, server: S3Server, database: str) -> Settings:
    values: dict[str, Any] = {
        "environment": "test",
        "base_url": "http://localhost",
        "data_dir": folder / kind,
        "database_url": database,
        "keys_file": folder / "keys.json",
        "mail_url": f"folder://{folder / 'mail'}",
        "upload_limit": 10**11,
    }
    if kind == "s3":
        (folder / "access").write_text(ACCESS_KEY)
        (folder / "secret").write_text(SECRET_KEY)
        values |= {"s3_url": server.url(f"bench-{uuid4().hex}")}
        values |= {"s3_access_key_file": folder / "access", "s3_secret_key_file": folder / "secret"}
    return Settings(**values)


def bare(settings: Settings, door: socket.socket, log: Path) -> AbstractContextManager[int]:
    """The yardsticks, served with the same number of processes and threads as the portal here."""
    app, workers = "bench.bare_files:from_environment()", ("-w", "1", *THREADS)
    return stage.served(app, door, environment(settings), log, workers)


@dataclass(frozen=True)
class Turn:
    """Megabytes a second, and processor seconds of the portal's web."""

    store_up: float
    sealing: float
    form: float
    pieces: float
    store_down: float
    opening: float
    down: float
    processor: tuple[float, float, float]

    @property
    def up_share(self) -> float:
        return self.form / min(self.store_up, self.sealing)

    @property
    def pieces_share(self) -> float:
        return self.pieces / min(self.store_up, self.sealing)

    @property
    def down_share(self) -> float:
        return self.down / min(self.store_down, self.opening)


@dataclass
class Bench:
    portal: Served
    guide: Visitor
    room: Room
    bare_port: int

    def run(self, kind: str, options: argparse.Namespace) -> bool:
        saved = True
        for megabytes in map(int, options.sizes.split(",")):
            turns = [self.turn(megabytes * MB) for _ in range(options.turns + 1)][1:]  # the first one warms up
            saved &= told(kind, megabytes, turns)
        path, grown = self.watched(lambda: self.upload(options.large * MB))
        saved &= said(f"{kind}: {options.large} MB up, the worker grew by {grown / MB:.0f} MB", grown < GROWS_LESS_THAN)
        _, grown = self.watched(lambda: self.upload_by_script(options.large * MB, self.fields(), BROKEN))
        what = f"{kind}: {options.large} MB up in pieces, joined at the end, the worker grew by {grown / MB:.0f} MB"
        saved &= said(what, grown < GROWS_LESS_THAN)
        _, grown = self.watched(lambda: self.all_at_once(path, options.parallel))
        what = f"{kind}: {options.parallel} times {options.large} MB down at once, it grew by {grown / MB:.0f} MB"
        return saved & said(what, grown < GROWS_LESS_THAN)

    def turn(self, size: int) -> Turn:
        keys: list[str] = []
        store_up = rate(size, lambda n: keys.append(self.put("/store", n)))
        sealing = rate(size, lambda n: self.put("/sealing", n))
        paths: list[str] = []
        used = [self.processor()]
        fields = self.fields()
        form = rate(size, lambda n: paths.append(self.upload(n, fields)))
        used.append(self.processor())
        fields = self.fields()
        in_pieces = rate(size, lambda n: paths.append(self.upload_by_script(n, fields)))
        used.append(self.processor())
        store_down = rate(size, lambda n: self.fetch(self.bare_port, f"/store/{keys[0]}", n))
        opening = rate(size, lambda n: self.fetch(self.bare_port, f"/sealing/{n}", n))
        before = self.processor()
        down = rate(size, lambda n: self.download(paths[0], n))
        processor = used[1] - used[0], used[2] - used[1], self.processor() - before
        return Turn(store_up, sealing, form, in_pieces, store_down, opening, down, processor)

    def put(self, path: str, size: int) -> str:
        """Sends bytes to a yardstick; returns what it answers."""
        connection = HTTPConnection("localhost", self.bare_port, timeout=120)
        connection.putrequest("PUT", path)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        for piece in pieces(size):
            connection.send(piece)
        answer = connection.getresponse()
        said = answer.read().decode()
        assert answer.status == 200, said
        connection.close()
        return said

    def fields(self) -> dict[str, str]:
        return self.guide.fields(f"/cases/{self.room.case_id}/files/new", "compartment")

    def upload(self, size: int, fields: dict[str, str] | None = None) -> str:
        """Sends a file the way a browser's form does; returns the address of its first version."""
        path = f"/cases/{self.room.case_id}/files/new"
        fields = fields or self.fields()
        edge = uuid4().hex
        head = "".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="stor.txt"\r\n\r\n'
        end = f"\r\n--{edge}--\r\n".encode()
        connection = self._connection()
        connection.putrequest("POST", path)
        connection.putheader("Cookie", self.guide.cookie)
        connection.putheader("Content-Type", f"multipart/form-data; boundary={edge}")
        connection.putheader("Content-Length", str(len(head) + size + len(end)))
        connection.endheaders(head.encode())
        for piece in pieces(size):
            connection.send(piece)
        connection.send(end)
        answer = connection.getresponse()
        body = answer.read().decode()
        assert answer.status == 303, re.sub(r"<[^>]+>", " ", body)[:2000]
        connection.close()
        return f"{answer.headers['Location']}/versions/1"

    def upload_by_script(self, size: int, compartment: dict[str, str], piece_size: int = PIECE) -> str:
        """Sends a file the way the script of the page does; returns the address of its first version."""
        about = {"filename": "stor.txt", "compartment": compartment["compartment"]}
        metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in about.items())
        headers = {"Cookie": self.guide.cookie, "Tus-Resumable": "1.0.0", "X-CSRFToken": compartment["csrf_token"]}
        connection = self._connection()
        begin = {"Upload-Length": str(size), "Upload-Metadata": metadata, "Content-Length": "0"}
        connection.request("POST", f"/cases/{self.room.case_id}/uploads", headers=headers | begin)
        answer = connection.getresponse()
        answer.read()
        address = answer.headers["Location"]
        for at in range(0, size, piece_size):
            length = min(piece_size, size - at)
            connection.putrequest("PATCH", address)
            kind = {"Content-Type": "application/offset+octet-stream", "Content-Length": str(length)}
            for name, value in (headers | kind | {"Upload-Offset": str(at)}).items():
                connection.putheader(name, value)
            connection.endheaders()
            for piece in pieces(length):
                connection.send(piece)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 204, answer.status
        connection.close()
        done = self.guide.send(
            f"{address}/finish", {"csrf_token": compartment["csrf_token"], "submission": str(uuid4())}
        )
        assert done.status == 200, done.status
        return f"{json.loads(done.data)['to']}/versions/1"

    def download(self, path: str, size: int) -> None:
        self.fetch(self.portal.door.getsockname()[1], path, size)

    def fetch(self, port: int, path: str, size: int) -> None:
        connection = HTTPConnection("localhost", port, timeout=120)
        connection.request("GET", path, headers={"Cookie": self.guide.cookie})
        answer = connection.getresponse()
        assert answer.status == 200
        taken = 0
        while piece := answer.read(1024 * 1024):
            taken += len(piece)
        assert taken == size
        connection.close()

    def all_at_once(self, path: str, count: int) -> str:
        size = int(self.guide.ask("GET", path, preload_content=False).headers["Content-Length"])
        faults: list[BaseException] = []

        def one() -> None:
            try:
                self.download(path, size)
            except BaseException as problem:  # noqa: BLE001  told below, in the thread that can
                faults.append(problem)

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        return path

    def watched(self, what: Callable[[], str]) -> tuple[str, int]:
        """Does it and returns by how many bytes the peak of the worker that did it rose above what it held before."""
        pids = self.portal.children("web")
        before = {}
        for pid in pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is counted from here
            before[pid] = memory(pid, "VmRSS")
        done = what()
        return done, max(memory(pid, "VmHWM") - held for pid, held in before.items())

    def processor(self) -> float:
        """Seconds of processor time that the web processes have used: on a shared machine the steadier figure."""
        used = 0
        for pid in self.portal.children("web"):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            used += int(fields[11]) + int(fields[12])
        return used / os.sysconf("SC_CLK_TCK")

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("localhost", self.portal.door.getsockname()[1], timeout=120)


def memory(pid: int, what: str) -> int:
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def pieces(size: int) -> Iterator[bytes]:
    for begin in range(0, size, len(_LINE)):
        yield _LINE[: min(len(_LINE), size - begin)]


def rate(size: int, what: Callable[[int], object]) -> float:
    """Megabytes a second."""
    began = time.perf_counter()
    what(size)
    return size / MB / (time.perf_counter() - began)


def bare_aes(size: int) -> None:
    cipher = AESGCM(os.urandom(32))
    for number, piece in enumerate(pieces(size)):
        cipher.encrypt(number.to_bytes(12, "big"), piece, None)


def told(kind: str, megabytes: int, turns: list[Turn]) -> bool:
    """Prints the medians of the turns; whether both promises are kept."""

    def middle(of: Callable[[Turn], float]) -> float:
        return median(map(of, turns))

    print(
        f"  {kind}: {megabytes} MB, {len(turns)} turns; processor seconds of the web: as a form "
        f"{middle(lambda t: t.processor[0]):.2f}, by script {middle(lambda t: t.processor[1]):.2f}, down "
        f"{middle(lambda t: t.processor[2]):.2f}"
    )
    stand = f"store alone {middle(lambda t: t.store_up):.0f}, sealing alone {middle(lambda t: t.sealing):.0f}"
    saved = True
    for name, speed, share in (
        ("up as a form", middle(lambda t: t.form), middle(lambda t: t.up_share)),
        ("up by script", middle(lambda t: t.pieces), middle(lambda t: t.pieces_share)),
    ):
        what = f"{kind}: {megabytes} MB {name} {speed:.0f} MB/s; {stand}: {share:.0%} of the slower"
        saved &= said(what, share >= UP_AT_LEAST)
    share = middle(lambda t: t.down_share)
    stand = f"store alone {middle(lambda t: t.store_down):.0f}, opening alone {middle(lambda t: t.opening):.0f}"
    what = f"{kind}: {megabytes} MB down {middle(lambda t: t.down):.0f} MB/s; {stand}: {share:.0%} of the slower"
    return saved & said(what, share >= DOWN_AT_LEAST)


def said(what: str, saved: bool) -> bool:
    print(f"{'  ' if saved else '! '}{what}", flush=True)
    return saved


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
