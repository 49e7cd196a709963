"""A blob store in a bucket of any S3 server. The only module that knows minio.

What comes in is handed to the client through a small pipe, so that receiving, sealing and sending go on at the same
time and no more than a part is held in memory. What goes out is fetched in windows that grow while somebody reads on.
"""

from __future__ import annotations

import io
import re
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, urlsplit

import structlog
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from portal.errors import CorruptData, DependencyUnavailable, UnsafeConfiguration
from portal.storage import Stored, UnfinishedObject, check_key, is_key

log = structlog.get_logger("storage")

_BUCKET = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
_PART = 5 * 1024 * 1024
"""Bytes of one part of an upload, the least that S3 allows. Its limit of 10,000 parts makes 48 GB the largest file."""
_AHEAD = 1024 * 1024
"""Bytes that may wait in the pipe."""
_FIRST_WINDOW, _LARGEST_WINDOW = 256 * 1024, 16 * 1024 * 1024
_GONE = {"NoSuchKey", "NoSuchObject"}
_CLOSED = {
    "AccessDenied",
    "AllAccessDisabled",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "Forbidden",
    "Unauthorized",
}


class S3Store:
    """`url` names the server and the bucket, as in https://s3.example.org/bucket?region=eu-north-1."""

    def __init__(self, url: str, access_key: str, secret_key: str, patience: float = 10) -> None:
        """Opens no connection. `patience` is how many seconds the server may be silent. Raises UnsafeConfiguration for
        an address that cannot be one."""
        parts = urlsplit(url)
        self.bucket = parts.path.strip("/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not _BUCKET.match(self.bucket):
            raise UnsafeConfiguration("S3_URL must look like https://server/bucket")
        if parts.username or parts.password:
            raise UnsafeConfiguration(
                "S3_URL must not hold a key; put it into S3_ACCESS_KEY_FILE and S3_SECRET_KEY_FILE"
            )
        region = parse_qs(parts.query).get("region", ["us-east-1"])[0]
        # The client waits five minutes by default; somebody at a screen should be told long before that. Only what
        # can be repeated without harm is repeated.
        http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=2, read=patience),
            maxsize=16,
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        )
        common: dict[str, Any] = {"secure": parts.scheme == "https", "region": region, "http_client": http}
        self._client = Minio(parts.netloc, access_key=access_key, secret_key=secret_key, **common)
        self._stranger = Minio(parts.netloc, **common)
        self._found_closed = False

    def check(self) -> None:
        """Raises DependencyUnavailable('storage') when the bucket cannot be used, UnsafeConfiguration when somebody
        without a key can."""
        key = secrets.token_hex(16)
        with _neighbour():
            self._client.put_object(self.bucket, key, io.BytesIO(b"probe"), 5)
        try:
            for what, attempt in {
                "list": lambda: next(self._stranger.list_objects(self.bucket), None),
                "read": lambda: self._stranger.stat_object(self.bucket, key),
                "write to": lambda: self._stranger.put_object(self.bucket, key, io.BytesIO(b"other"), 5),
            }.items():
                if not _refused(attempt):
                    raise UnsafeConfiguration(
                        f"anybody can {what} the bucket {self.bucket!r} of S3_URL; it must be private"
                    )
        finally:
            with suppress(DependencyUnavailable):
                self.delete(key)
        self._found_closed = True

    def make(self) -> None:
        """Makes the bucket unless it is there."""
        with _neighbour():
            if not self._client.bucket_exists(self.bucket):
                self._client.make_bucket(self.bucket)

    @contextmanager
    def create(self, key: str) -> Iterator[_Pipe]:
        check_key(key)
        if not self._found_closed:
            # The server was away when this process began: it is looked at before the first file is given to it.
            self.check()
        pipe = _Pipe()
        sender = threading.Thread(target=self._send, args=(key, pipe), name=f"upload {key[:8]}", daemon=True)
        sender.start()
        try:
            yield pipe
        except BaseException:
            pipe.break_off()
            sender.join()
            raise
        pipe.end()
        sender.join()
        if pipe.problem is not None:
            raise DependencyUnavailable("storage") from pipe.problem

    def _send(self, key: str, pipe: _Pipe) -> None:
        try:
            with _neighbour():
                source = cast(BinaryIO, pipe)
                self._client.put_object(self.bucket, key, source, -1, part_size=_PART, num_parallel_uploads=1)
        except Exception as problem:  # noqa: BLE001  whoever writes into the pipe is told
            pipe.fail(problem)

    @contextmanager
    def open(self, key: str) -> Iterator[_S3Reader]:
        check_key(key)
        with _neighbour(key):
            found = self._client.stat_object(self.bucket, key)
        reader = _S3Reader(self._client, self.bucket, key, found.size or 0)
        try:
            yield reader
        finally:
            reader.close()

    def delete(self, key: str) -> None:
        check_key(key)
        with _neighbour():
            self._client.remove_object(self.bucket, key)

    def keys(self) -> Iterator[str]:
        return (stored.key for stored in self.listing())

    def listing(self) -> Iterator[Stored]:
        with _neighbour():
            for found in self._client.list_objects(self.bucket, recursive=True):
                if is_key(found.object_name or ""):
                    yield Stored(str(found.object_name), found.size or 0, found.last_modified or datetime.now(UTC))

    def unfinished(self) -> Iterator[UnfinishedObject]:
        # The client has no public name for this. It is pinned, and a test sweeps a real dangling upload.
        marks: dict[str, Any] = {}
        while True:
            with _neighbour():
                found = self._client._list_multipart_uploads(self.bucket, **marks)
            for upload in found.uploads:
                begun = upload.initiated_time or datetime.now(UTC)
                yield UnfinishedObject(upload.object_name, begun, upload.upload_id or "")
            if not found.is_truncated:
                return
            marks = {"key_marker": found.next_key_marker, "upload_id_marker": found.next_upload_id_marker}

    def discard(self, unfinished: UnfinishedObject) -> None:
        with _neighbour():
            self._client._abort_multipart_upload(self.bucket, unfinished.key, unfinished.upload)


class _Pipe:
    """Between the one who writes sealed segments and the client that reads whole parts."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._ended = self._broken = False
        self._turn = threading.Condition()
        self.problem: BaseException | None = None

    def write(self, data: bytes) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._waiting < _AHEAD or self.problem is not None)
            if self.problem is not None:
                raise DependencyUnavailable("storage") from self.problem
            self._pieces.append(data)
            self._waiting += len(data)
            self._turn.notify_all()

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end: the client joins what it gets piece by piece."""
        part = bytearray()
        while len(part) < size:
            with self._turn:
                self._turn.wait_for(lambda: self._pieces or self._ended or self._broken)
                if self._broken:
                    raise ConnectionError("the upload was broken off")
                if not self._pieces:
                    break
                piece = self._pieces.popleft()
                if len(piece) > size - len(part):
                    keep = size - len(part)
                    self._pieces.appendleft(piece[keep:])
                    piece = piece[:keep]
                self._waiting -= len(piece)
                self._turn.notify_all()
            part += piece
        return bytes(part)

    def end(self) -> None:
        with self._turn:
            self._ended = True
            self._turn.notify_all()

    def break_off(self) -> None:
        with self._turn:
            self._broken = True
            self._turn.notify_all()

    def fail(self, problem: BaseException) -> None:
        with self._turn:
            self.problem = problem
            self._turn.notify_all()


class _S3Reader:
    """Ranges of an object. Reading on where the last range ended goes on with the same answer of the server."""

    def __init__(self, client: Minio, bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self.size = size
        self._answer: Any = None
        self._at = self._until = 0
        self._window = _FIRST_WINDOW

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = max(0, min(length, self.size - offset))
        if self._answer is not None and offset != self._at:
            self.close()
            self._window = _FIRST_WINDOW
        self._at = offset
        part = bytearray()
        retried = False
        while len(part) < wanted:
            try:
                with _neighbour(self._key):
                    piece = self._next(wanted - len(part))
            except DependencyUnavailable:
                # A server may drop a connection that a slow reader left idle; asking again tells whether it is down.
                self.close()
                if retried:
                    raise
                retried = True
                continue
            self._at += len(piece)
            part += piece
        return bytes(part)

    def _next(self, most: int) -> bytes:
        if self._answer is None:
            self._until = min(self.size, self._at + self._window)
            self._window = min(self._window * 2, _LARGEST_WINDOW)
            self._answer = self._client.get_object(self._bucket, self._key, self._at, self._until - self._at)
        piece: bytes = self._answer.read(min(most, self._until - self._at))
        if not piece:
            raise ConnectionError("the object ended early")
        if self._at + len(piece) == self._until:
            self._answer.release_conn()
            self._answer = None
        return piece

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer.release_conn()
            self._answer = None


@contextmanager
def _neighbour(key: str | None = None) -> Iterator[None]:
    """Turns what the client raises into our words: a missing object `key` is CorruptData, all else
    DependencyUnavailable."""
    try:
        yield
    except S3Error as problem:
        if key is not None and problem.code in _GONE:
            raise CorruptData(f"blob {key} is missing") from problem
        log.error("storage refuses", code=problem.code)  # noqa: TRY400  the trace holds addresses
        raise DependencyUnavailable("storage") from problem
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as problem:
        raise DependencyUnavailable("storage") from problem


def _refused(attempt: Any) -> bool:
    """Whether the server turned a stranger away. Raises DependencyUnavailable when it did not answer at all."""
    with _neighbour():
        try:
            attempt()
        except S3Error as problem:
            if problem.code in _CLOSED:
                return True
            raise
    return False
