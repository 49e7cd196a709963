"""Sealed streams: the same bytes as Google Tink's, and nothing but the same bytes."""

from __future__ import annotations

import os
from io import BytesIO

import pytest
import tink
from hypothesis import given
from hypothesis import strategies as st
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from portal.errors import CorruptData
from portal.storage.sealing import SEGMENT, SealedReader, SealingWriter

FIRST = SEGMENT - 40 - 16
OTHER = SEGMENT - 16
SIZES = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHER - 1, FIRST + OTHER, FIRST + OTHER + 1, 3 * SEGMENT + 7]
PLACE = b"0123456789abcdef0123456789abcdef"


class Memory:
    """A blob in memory."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = bytearray(content)

    @property
    def size(self) -> int:
        return len(self.content)

    def write(self, data: bytes) -> None:
        self.content += data

    def read_at(self, offset: int, length: int) -> bytes:
        return bytes(self.content[offset : offset + length])


def sealed(plain: bytes, key: bytes, place: bytes = PLACE, step: int = 10_000) -> Memory:
    blob = Memory()
    writer = SealingWriter(blob, key, place)
    for begin in range(0, len(plain), step):
        writer.write(plain[begin : begin + step])
    writer.finish()
    return blob


def opened(blob: Memory, key: bytes, place: bytes = PLACE) -> bytes:
    return b"".join(SealedReader(blob, key, place).read())


def tinks(key: bytes) -> streaming_aead.StreamingAead:
    """Tink's own implementation, given the same key and parameters."""
    streaming_aead.register()
    params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=SEGMENT, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    )
    made = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=key, params=params)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=made.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    keyset = tink_pb2.Keyset(primary_key_id=1)
    keyset.key.add(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    return cleartext_keyset_handle.from_keyset(keyset).primitive(streaming_aead.StreamingAead)


@pytest.mark.parametrize("size", SIZES)
def test_tink_reads_what_we_write(size: int) -> None:
    key, plain = os.urandom(32), os.urandom(size)
    source = BytesIO(bytes(sealed(plain, key).content))
    with tinks(key).new_decrypting_stream(source, PLACE) as stream:
        assert stream.read() == plain


@pytest.mark.parametrize("size", SIZES)
def test_we_read_what_tink_writes(size: int) -> None:
    key, plain = os.urandom(32), os.urandom(size)
    out = BytesIO()
    out.close = lambda: None  # type: ignore[method-assign]
    with tinks(key).new_encrypting_stream(out, PLACE) as stream:
        stream.write(plain)
    assert opened(Memory(out.getvalue()), key) == plain


def test_tink_refuses_another_place_and_so_do_we() -> None:
    key = os.urandom(32)
    blob = sealed(b"words", key)
    with pytest.raises(CorruptData):
        opened(blob, key, b"another place")
    with pytest.raises(tink.TinkError), tinks(key).new_decrypting_stream(BytesIO(bytes(blob.content)), b"x") as stream:
        stream.read()


@given(data=st.data())
def test_any_range_is_the_same_as_the_slice(data: st.DataObject) -> None:
    plain, key = LONG, KEY
    start = data.draw(st.integers(0, len(plain)))
    stop = data.draw(st.integers(start, len(plain) + 5))
    assert b"".join(SealedReader(LONG_BLOB, key, PLACE).read(start, stop)) == plain[start:stop]


KEY = bytes(range(32))
LONG = bytes(i * 7 % 251 for i in range(FIRST + 2 * OTHER + 99))
LONG_BLOB = sealed(LONG, KEY)


def test_the_size_is_known_without_reading() -> None:
    for size in SIZES:
        assert SealedReader(sealed(bytes(size), KEY), KEY, PLACE).size == size


@given(where=st.integers(0, LONG_BLOB.size - 1), bit=st.integers(0, 7))
def test_a_single_flipped_bit_anywhere_is_refused(where: int, bit: int) -> None:
    harmed = Memory(bytes(LONG_BLOB.content))
    harmed.content[where] ^= 1 << bit
    with pytest.raises(CorruptData):
        opened(harmed, KEY)


@given(length=st.integers(0, LONG_BLOB.size - 1))
def test_a_cut_stream_is_refused(length: int) -> None:
    with pytest.raises(CorruptData):
        opened(Memory(bytes(LONG_BLOB.content[:length])), KEY)


def test_swapped_and_repeated_and_appended_segments_are_refused() -> None:
    whole = bytes(LONG_BLOB.content)
    first, second, rest = whole[:SEGMENT], whole[SEGMENT : 2 * SEGMENT], whole[2 * SEGMENT :]
    for harmed in (second + first + rest, first + first + rest, first + rest, whole + rest, whole + b"x"):
        with pytest.raises(CorruptData):
            opened(Memory(harmed), KEY)


def test_a_whole_segment_removed_from_the_end_is_refused_even_on_its_boundary() -> None:
    exact = sealed(bytes(FIRST + OTHER), KEY)
    with pytest.raises(CorruptData):
        opened(Memory(bytes(exact.content[:SEGMENT])), KEY)


def test_another_files_object_is_refused() -> None:
    with pytest.raises(CorruptData):
        opened(sealed(b"words", os.urandom(32)), KEY)


def test_the_same_plaintext_is_never_sealed_the_same_way_twice() -> None:
    assert bytes(sealed(b"words", KEY).content) != bytes(sealed(b"words", KEY).content)
