"""What only a store in a bucket can be asked: a server that is public, silent, killed, or left with half an upload."""

from __future__ import annotations

import json
import socket
from uuid import uuid4

import pytest
from minio import Minio

from portal.errors import CorruptData, DependencyUnavailable, UnsafeConfiguration
from portal.storage.s3 import S3Store
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, S3Server

pytestmark = pytest.mark.xdist_group("s3")
PART = 5 * 1024 * 1024


@pytest.fixture
def store(s3_server: S3Server) -> S3Store:
    return s3_server.store()


def client(server: S3Server) -> Minio:
    """A client of the test's own, to do what the portal never does."""
    return Minio(
        f"127.0.0.1:{server.ports['s3']}", ACCESS_KEY, SECRET_KEY, secure=False, region="us-east-1"
    )  # fmt: skip


def allow(server: S3Server, store: S3Store, *actions: str) -> None:
    """Lets everybody do that with the bucket."""
    where = [f"arn:aws:s3:::{store.bucket}", f"arn:aws:s3:::{store.bucket}/*"]
    line = {"Effect": "Allow", "Principal": "*", "Action": list(actions), "Resource": where}
    client(server).set_bucket_policy(store.bucket, json.dumps({"Version": "2012-10-17", "Statement": [line]}))


@pytest.mark.parametrize("action", ["ListBucket", "GetObject"])
def test_a_bucket_that_strangers_can_use_is_refused(s3_server: S3Server, store: S3Store, action: str) -> None:
    store.check()
    allow(s3_server, store, f"s3:{action}")
    with pytest.raises(UnsafeConfiguration, match="must be private"):
        store.check()
    assert list(store.keys()) == []


def test_a_process_begun_while_the_server_was_away_looks_before_it_gives_it_a_file(
    s3_server: S3Server, store: S3Store
) -> None:
    allow(s3_server, store, "s3:GetObject")
    with pytest.raises(UnsafeConfiguration), store.create(uuid4().hex) as blob:
        blob.write(b"x")
    assert list(store.keys()) == []


def test_a_wrong_key_or_a_bucket_that_is_not_there_is_a_neighbour_that_is_down(s3_server: S3Server) -> None:
    for url, secret in ((s3_server.url("first"), "wrong"), (s3_server.url("nowhere"), SECRET_KEY)):
        store = S3Store(url, ACCESS_KEY, secret)
        with pytest.raises(DependencyUnavailable):
            store.check()
        with pytest.raises(DependencyUnavailable), store.create(uuid4().hex) as blob:
            blob.write(b"x")


@pytest.mark.parametrize(
    "url", ["", "s3.example.org/blobs", "ftp://s3.example.org/blobs", "https://s3.example.org", "https:///blobs",
            "https://s3.example.org/blobs/deeper", "https://key:secret@s3.example.org/blobs", "https://s3.example.org/B"]
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UnsafeConfiguration):
        S3Store(url, "a", "b")


def test_an_upload_a_killed_process_left_dangling_can_be_found_and_removed(s3_server: S3Server, store: S3Store) -> None:
    key = uuid4().hex
    upload = client(s3_server)._create_multipart_upload(store.bucket, key, {})
    client(s3_server)._upload_part(store.bucket, key, b"x" * PART, None, upload, 1)
    (left,) = store.unfinished()
    assert left.key == key
    store.discard(left)
    assert list(store.unfinished()) == []
    assert list(store.keys()) == []


def test_a_large_upload_broken_off_leaves_nothing_dangling(store: S3Store) -> None:
    def broken_off() -> None:
        with store.create(uuid4().hex) as blob:
            for _ in range(2 * PART // 65536 + 32):
                blob.write(bytes(65536))
            raise RuntimeError("the network went away")

    with pytest.raises(RuntimeError):
        broken_off()
    assert list(store.unfinished()) == []
    assert list(store.keys()) == []


def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    server = S3Server()
    server.start()
    try:
        store = server.store(patience=0.3)
        key = uuid4().hex
        with store.create(key) as blob:
            blob.write(b"before")
        server.silence()
        with pytest.raises(DependencyUnavailable), store.open(key):
            pass
        with pytest.raises(DependencyUnavailable), store.create(uuid4().hex) as blob:
            blob.write(bytes(100))
        with pytest.raises(DependencyUnavailable):
            list(store.keys())
        server.wake()
        with store.open(key) as found:
            assert found.read_at(0, 6) == b"before"
        server.kill()
        with pytest.raises(DependencyUnavailable), store.open(key):
            pass
        server.start()
        with store.open(key) as found:
            assert found.read_at(0, 6) == b"before", "what was acknowledged outlives a killed server"
    finally:
        server.remove()


def test_a_connection_dropped_in_the_middle_is_taken_up_again(s3_server: S3Server, store: S3Store) -> None:
    key = uuid4().hex
    content = bytes(range(256)) * 8000
    with store.create(key) as blob:
        blob.write(content)
    with store.open(key) as found:
        assert found.read_at(0, 1000) == content[:1000]
        answer = found._answer
        assert answer is not None
        answer._connection.sock.shutdown(socket.SHUT_RDWR)
        assert found.read_at(1000, 1_500_000) == content[1000:1_501_000]


def test_an_object_deleted_while_it_is_read_is_damaged_not_short(s3_server: S3Server, store: S3Store) -> None:
    key = uuid4().hex
    with store.create(key) as blob:
        blob.write(bytes(1_000_000))
    with store.open(key) as found:
        found.read_at(0, 1000)
        store.delete(key)
        with pytest.raises((CorruptData, DependencyUnavailable)):
            found.read_at(900_000, 1000)
