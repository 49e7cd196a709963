"""Speaking to the virus scanner: a real daemon, and what it might answer."""

from __future__ import annotations

import io
import os
import socket
import threading
import zipfile
from collections.abc import Iterator

import pytest

from portal.errors import CorruptData, DependencyUnavailable, UnsafeConfiguration
from portal.storage.scanning import Clamd, ScanState, ScanVerdict
from tests.support.clamd_server import EICAR, MOST, ClamdServer

pytestmark = pytest.mark.xdist_group("clamd")


def pieces(content: bytes, step: int = 65_000) -> Iterator[bytes]:
    return (content[begin : begin + step] for begin in range(0, len(content), step))


def zipped(content: bytes, deep: int = 1) -> bytes:
    for _ in range(deep):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inside", content)
        content = packed.getvalue()
    return content


@pytest.mark.parametrize("where", ["url", "socket_url"])
def test_a_clean_file_is_clean_and_a_known_one_is_refused(clamd_server: ClamdServer, where: str) -> None:
    scanner = Clamd(getattr(clamd_server, where))
    assert scanner.scan([b"a calm letter"]) == ScanVerdict(ScanState.CLEAN)
    assert scanner.scan(pieces(os.urandom(3_000_000))) == ScanVerdict(ScanState.CLEAN)
    assert scanner.scan([]) == ScanVerdict(ScanState.CLEAN)
    found = scanner.scan([EICAR[:30], b"", EICAR[30:]])
    assert found.state is ScanState.REFUSED
    assert "Own.Eicar" in found.finding
    assert scanner.scan([zipped(EICAR, deep=3)]).state is ScanState.REFUSED


def test_what_is_larger_or_deeper_than_it_looks_is_never_called_clean(clamd_server: ClamdServer) -> None:
    scanner = Clamd(clamd_server.url)
    assert scanner.scan(pieces(os.urandom(MOST + 1_000_000))).state is ScanState.NOT_SCANNED
    assert scanner.scan([zipped(EICAR, deep=12)]).state is ScanState.NOT_SCANNED


def test_a_scanner_that_is_not_there_is_a_neighbour_that_is_down(clamd_server: ClamdServer) -> None:
    for url in ("tcp://127.0.0.1:1", "unix:///nowhere/clamd.ctl"):
        with pytest.raises(DependencyUnavailable, match="scanner"):
            Clamd(url).scan([b"x"])


@pytest.mark.parametrize(
    "answer", [b"", b"\0", b"stream: ", b"OKAY\0", b"stream: Can't allocate memory ERROR\0", b"OK FOUND OK"]
)
def test_only_what_is_understood_counts(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def play() -> None:
            line, _ = door.accept()
            with line:
                line.recv(65_536)
                line.sendall(answer)

        player = threading.Thread(target=play)
        player.start()
        with pytest.raises(DependencyUnavailable):
            Clamd(f"tcp://127.0.0.1:{door.getsockname()[1]}", patience=5).scan([b"x"])
        player.join()


def test_a_scanner_that_says_nothing_is_not_waited_for_forever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door, pytest.raises(DependencyUnavailable):
        Clamd(f"tcp://127.0.0.1:{door.getsockname()[1]}", patience=0.2).scan([b"x"])


def test_damage_found_on_the_way_is_damage_and_no_verdict(clamd_server: ClamdServer) -> None:
    def harmed() -> Iterator[bytes]:
        yield b"whole so far"
        raise CorruptData("segment 1")

    with pytest.raises(CorruptData):
        Clamd(clamd_server.url).scan(harmed())


@pytest.mark.parametrize(
    "url", ["clamd", "tcp://host", "tcp://host:no", "unix://clamd.ctl", "http://host:3310", "unix://"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UnsafeConfiguration):
        Clamd(url)
