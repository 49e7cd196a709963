"""Sealed streams: files encrypted while they pass, readable from any offset, refused when a bit is wrong.

The bytes on disk are the AES-GCM-HKDF streaming format of Google Tink (HKDF-SHA256, 32-byte keys, 64 KiB segments):

    header  = 0x28 | salt (32) | nonce prefix (7)
    key     = HKDF-SHA256(file key, salt, info = associated data)
    segment = AES-256-GCM(key, nonce prefix | counter (4, big endian) | 1 for the last segment, else 0)

The first segment is shorter by the header, so that every ciphertext segment ends on a 64 KiB boundary. The associated
data is the blob's own key: an object moved to another name does not open. The counter and the last-flag make cut,
swapped and appended segments fail.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.errors import CorruptData
from portal.storage import BlobReader, BlobWriter

KEY_SIZE = 32
SEGMENT = 64 * 1024
_TAG = 16
_PREFIX = 7
_HEADER = 1 + KEY_SIZE + _PREFIX
_FIRST = SEGMENT - _HEADER - _TAG
_OTHER = SEGMENT - _TAG


def _cipher(file_key: bytes, salt: bytes, associated: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_SIZE, salt, associated).derive(file_key))


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def sealed_size(size: int) -> int:
    """How many bytes a stream of `size` plaintext bytes takes once it is sealed."""
    segments = 1 + max(0, -(-(size - _FIRST) // _OTHER))
    return _HEADER + size + _TAG * segments


class SealingWriter:
    """Takes plaintext in pieces of any size and writes sealed segments. `finish` must be called exactly once."""

    def __init__(self, sink: BlobWriter, file_key: bytes, associated: bytes) -> None:
        salt, self._prefix = os.urandom(KEY_SIZE), os.urandom(_PREFIX)
        self._sink = sink
        self._cipher = _cipher(file_key, salt, associated)
        self._number = 0
        self._waiting = bytearray()
        self.size = 0
        """Plaintext bytes taken so far."""
        sink.write(bytes([_HEADER]) + salt + self._prefix)

    def write(self, data: bytes) -> None:
        self._waiting += data
        self.size += len(data)
        # A full segment is held back until more arrives: only then is it known not to be the last.
        while len(self._waiting) > (room := self._room()):
            self._emit(bytes(self._waiting[:room]), last=False)
            del self._waiting[:room]

    def finish(self) -> None:
        self._emit(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _room(self) -> int:
        return _FIRST if self._number == 0 else _OTHER

    def _emit(self, plain: bytes, last: bool) -> None:
        self._sink.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last), plain, None))
        self._number += 1


class SealedReader:
    """Opens ranges of a sealed stream. Raises CorruptData on the first byte that is not what was written."""

    def __init__(self, source: BlobReader, file_key: bytes, associated: bytes) -> None:
        header = source.read_at(0, _HEADER)
        if len(header) != _HEADER or header[0] != _HEADER or source.size < _HEADER + _TAG:
            raise CorruptData("the sealed stream has no header")
        self._source = source
        self._cipher = _cipher(file_key, header[1 : 1 + KEY_SIZE], associated)
        self._prefix = header[1 + KEY_SIZE :]
        self._segments = -(-source.size // SEGMENT)
        self.size = source.size - _HEADER - _TAG * self._segments
        """Length of the plaintext in bytes, as the length of the object implies; proven only by reading the end."""
        last_segment = source.size - (self._segments - 1) * SEGMENT - (_HEADER if self._segments == 1 else 0)
        if last_segment < _TAG:
            raise CorruptData("the sealed stream is cut inside a segment")

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The plaintext bytes `start` up to, not including, `stop`, in pieces of at most one segment.

        The last segment of the object is always opened when the range reaches the end, so a cut stream never passes
        for a whole one.
        """
        stop = self.size if stop is None else min(stop, self.size)
        if start >= stop and self.size:
            return
        first, offset = _locate(start)
        final = _locate(max(start, stop - 1))[0]
        for number in range(first, final + 1):
            plain = self._segment(number)
            begin = _FIRST + (number - 1) * _OTHER if number else 0
            piece = plain[(offset if number == first else 0) : max(0, stop - begin)]
            if piece:
                yield piece

    def _segment(self, number: int) -> bytes:
        begin = number * SEGMENT if number else _HEADER
        sealed = self._source.read_at(begin, (number + 1) * SEGMENT - begin)
        last = number == self._segments - 1
        try:
            return self._cipher.decrypt(_nonce(self._prefix, number, last), sealed, None)
        except (InvalidTag, ValueError) as problem:
            raise CorruptData(f"segment {number} of the sealed stream does not open") from problem


class SealedFile(io.RawIOBase):
    """A sealed stream as a file that can be read and sought in, for whoever needs one."""

    def __init__(self, reader: SealedReader) -> None:
        self._reader = reader
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._reader.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        taken = 0
        for piece in self._reader.read(self._at, self._at + len(view)):
            view[taken : taken + len(piece)] = piece
            taken += len(piece)
        self._at += taken
        return taken


def _locate(position: int) -> tuple[int, int]:
    """Segment number and offset in it of a plaintext position."""
    if position < _FIRST:
        return 0, position
    number, offset = divmod(position - _FIRST, _OTHER)
    return number + 1, offset
