"""A real S3 server (SeaweedFS) that the tests start, kill, silence and start again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from portal.errors import DependencyUnavailable
from portal.storage.s3 import S3Store

ACCESS_KEY, SECRET_KEY = "portal-of-the-tests", "a secret of the tests and of nobody else"
_PORTS = (
    "s3",
    "s3.grpc",
    "master",
    "master.grpc",
    "volume",
    "volume.grpc",
    "filer",
    "filer.grpc",
    "admin",
    "admin.grpc",
)


class S3Server:
    """One server in a folder of its own. What was acknowledged is still there when it is started again."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="folgeskab-s3-"))
        self.ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, bucket: str) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}/{bucket}"

    def store(self, bucket: str | None = None, patience: float = 10) -> S3Store:
        """A store on a bucket, by default on a new one."""
        store = S3Store(self.url(bucket or f"test-{uuid4().hex}"), ACCESS_KEY, SECRET_KEY, patience)
        store.make()
        return store

    def start(self) -> None:
        """Returns when it takes and gives objects."""
        ports = {name.replace(".grpc", ".port.grpc") if ".grpc" in name else f"{name}.port": port
                 for name, port in self.ports.items()}  # fmt: skip
        command = [shutil.which("weed", path=_programs()) or "weed", f"-logdir={self.folder}", "mini"]
        command += [f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-admin.ui=false", "-webdav=false"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false", "-master.telemetry=false"]
        command += [f"-{name}={port}" for name, port in ports.items()]
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **keys}, stdout=log, stderr=log)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while True:
            try:
                store = self.store("first")
                store.check()
            except DependencyUnavailable:
                assert time.monotonic() < until, (self.folder / "server.log").read_text()[-3000:]
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """As if somebody had pulled the plug."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def silence(self) -> None:
        """It takes connections and never answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        # On a busy machine some of its threads run on for a moment.
        tasks = Path(f"/proc/{self.process.pid}/task")
        until = time.monotonic() + 60
        while any(" T " not in (task / "stat").read_text() for task in tasks.iterdir()):
            assert time.monotonic() < until, "it does not stop"
            time.sleep(0.01)

    def wake(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _programs() -> str:
    import sys

    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [door.getsockname()[1] for door in taken]
