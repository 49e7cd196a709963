"""A real ClamAV daemon with a signature database of the tests' own: it knows EICAR's test file and one word."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file that every scanner is tried with, written here so that no scanner minds this one."""
MOST = 20 * 1024 * 1024
"""Bytes the daemon takes at most; a stream that is longer it refuses to look at."""

_CONFIG = """\
Foreground yes
LocalSocket {folder}/clamd.ctl
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}/tmp
StreamMaxLength {most}
AlertExceedsMax yes
MaxRecursion 5
MaxFiles 200
MaxScanSize 50M
MaxFileSize 30M
OfficialDatabaseOnly no
"""


class ClamdServer:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="folgeskab-clamd-"))
        self.folder.chmod(0o711)
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.port: int = door.getsockname()[1]
        (self.folder / "signatures").mkdir()
        (self.folder / "tmp").mkdir()
        (self.folder / "signatures" / "own.ndb").write_text(f"Own.Eicar:0:*:{EICAR.hex()}\n")
        config = _CONFIG.format(folder=self.folder, port=self.port, most=MOST)
        (self.folder / "clamd.conf").write_text(config)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"unix://{self.folder}/clamd.ctl"

    def start(self) -> None:
        program = shutil.which("clamd") or "/usr/sbin/clamd"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, f"--config-file={self.folder / 'clamd.conf'}"], stdout=log, stderr=log
            )
        until = time.monotonic() + 120
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                    line.sendall(b"zPING\0")
                    if line.recv(16) == b"PONG\0":
                        return
            except OSError:
                pass
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
