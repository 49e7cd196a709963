"""The keys of an installation: master key -> case key -> file key, and the small keys beside them.

* The **master keys** lie in one file outside the database. Each has an id, so that a new one can be added and the case
  keys re-wrapped while the old one still opens what it sealed.
* A **case key** is made when the case is opened and stored wrapped by a master key. Destroying the stored row makes
  everything sealed with it unreadable, in backups too.
* The **match key** turns a national id into the value it is recognised by; the **audit key** authenticates the audit
  chain; the **web key** signs form tokens. They outlive cases and are never used for content.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from portal.errors import CorruptData, UnsafeConfiguration
from portal.storage.places import of_case_key, of_file_key, place_in

KEY_SIZE = 32
_NONCE = 12
_VERSION = b"\x01"
_NAMES = ("match", "audit", "web")


def seal(cipher: AESGCM, plain: bytes, place: str) -> bytes:
    """Version byte, nonce, ciphertext. `place` names where the value lies: moved elsewhere it does not open."""
    nonce = os.urandom(_NONCE)
    return _VERSION + nonce + cipher.encrypt(nonce, plain, place.encode())


def unseal(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    """The reverse of `seal`. Raises CorruptData."""
    if sealed[:1] != _VERSION:
        raise CorruptData(f"{place} is not a sealed value")
    try:
        return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.encode())
    except (InvalidTag, ValueError) as problem:
        raise CorruptData(f"{place} does not open") from problem


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDFExpand(SHA256(), KEY_SIZE, purpose.encode()).derive(key)


@dataclass(frozen=True)
class CaseKeys:
    """What can be opened and sealed once a case's key is unwrapped. Lives for one request."""

    key: bytes = field(repr=False)

    @cached_property
    def _content(self) -> AESGCM:
        return AESGCM(_derive(self.key, "content"))

    @cached_property
    def _search(self) -> bytes:
        return _derive(self.key, "search")

    def seal(self, row: Any, column: str, text: str) -> None:
        """Puts `text`, sealed, into a row that knows its key already. No text is no value where there may be none."""
        name = f"{column}_sealed"
        empty = not text and row.__table__.columns[name].nullable
        setattr(row, name, None if empty else self.seal_text(text, place_in(row, column)))

    def unseal(self, row: Any, column: str, model: Any = None) -> str:
        """The text in a row; '' where there is none. `model` is named for a row that is no object of it. Raises
        CorruptData like `unseal_text`."""
        sealed = getattr(row, f"{column}_sealed")
        return "" if sealed is None else unseal(self._content, sealed, place_in(row, column, model)).decode()

    def seal_text(self, text: str, place: str) -> bytes:
        return seal(self._content, text.encode(), place)

    def unseal_text(self, sealed: bytes, place: str) -> str:
        """Raises CorruptData when the value was changed, or moved here from another row or column."""
        return unseal(self._content, sealed, place).decode()

    def wrap_file_key(self, file_key: bytes, blob: str) -> bytes:
        return seal(self._content, file_key, of_file_key(blob))

    def unwrap_file_key(self, wrapped: bytes, blob: str) -> bytes:
        return unseal(self._content, wrapped, of_file_key(blob))

    @cached_property
    def _papers(self) -> bytes:
        return _derive(self.key, "papers")

    def sign(self, said: str) -> str:
        """What proves that `said` was written by this case and no other: 16 characters that are safe anywhere."""
        return base64.urlsafe_b64encode(hmac.digest(self._papers, said.encode(), "sha256")[:12]).decode()

    def blind(self, stem: str) -> str:
        """The keyed form of a word stem that the search index holds: 16 hexadecimal digits, telling nothing alone."""
        return hmac.digest(self._search, stem.encode(), "sha256")[:8].hex()


class MasterKeys:
    """The master keys of a key file, by id. The file is read again when it is another one than before: keys are rotated
    while the portal runs."""

    def __init__(self, keys: dict[str, bytes], current: str, source: Path | None = None, seen: object = None) -> None:
        self._keys, self._current, self._source, self._seen = keys, current, source, seen

    def ids(self) -> set[str]:
        return set(self._keys)

    def current(self) -> str:
        """The id of the one that wraps from now on. Raises UnsafeConfiguration when the key file cannot be used any
        more: what is wrapped by a key that only this process remembers is lost with it."""
        self._look_again()
        return self._current

    def key(self, master_id: str) -> bytes:
        """Raises CorruptData when it is not in the key file."""
        if master_id not in self._keys:
            self._look_again()
        if master_id not in self._keys:
            raise CorruptData(f"master key {master_id} is not in the key file")
        return self._keys[master_id]

    def _look_again(self) -> None:
        if self._source is None or _looks(self._source) == self._seen:
            return
        there = read_keys(self._source).masters
        # What this process knew stays known to it: a request may be opening something by it just now.
        self._keys = {**self._keys, **there._keys}
        self._current, self._seen = there._current, there._seen


@dataclass(frozen=True)
class Keyring:
    """The keys of an installation, from its key file."""

    masters: MasterKeys = field(repr=False)
    match: bytes = field(repr=False)
    audit: bytes = field(repr=False)
    web: bytes = field(repr=False)

    @property
    def current(self) -> str:
        """The id of the master key that wraps, as the key file says now. Raises UnsafeConfiguration when that cannot
        be used."""
        return self.masters.current()

    def new_case_key(self, case_id: UUID) -> tuple[str, bytes]:
        """A fresh case key: the id of the master key that wraps it, and the wrapped bytes to store."""
        return self._wrap(case_id, os.urandom(KEY_SIZE))

    def open_case(self, case_id: UUID, master_id: str, wrapped: bytes) -> CaseKeys:
        """Raises CorruptData when the master key is not in the key file, or the row belongs to another case."""
        return CaseKeys(unseal(AESGCM(self.masters.key(master_id)), wrapped, of_case_key(case_id)))

    def rewrap(self, case_id: UUID, master_id: str, wrapped: bytes) -> tuple[str, bytes]:
        """The same case key, wrapped by the current master key; its id, too. Raises CorruptData like `open_case`."""
        return self._wrap(case_id, self.open_case(case_id, master_id, wrapped).key)

    def _wrap(self, case_id: UUID, key: bytes) -> tuple[str, bytes]:
        current = self.current
        return current, seal(AESGCM(self.masters.key(current)), key, of_case_key(case_id))

    def seal_secret(self, plain: bytes, place: str) -> tuple[str, bytes]:
        """A secret that belongs to no case (of a code app), sealed with a key derived from the current master key: its
        id, and the bytes to store, which name it too."""
        current = self.current
        return current, current.encode() + b":" + seal(self._secrets(current), plain, place)

    def unseal_secret(self, sealed: bytes, place: str) -> bytes:
        """The reverse of `seal_secret`. Raises CorruptData."""
        master_id, _, rest = sealed.partition(b":")
        return unseal(self._secrets(master_id.decode(errors="replace")), rest, place)

    def reseal_secret(self, sealed: bytes, place: str) -> tuple[str, bytes]:
        """The same secret under the current master key, as `seal_secret` gives it. Raises CorruptData."""
        return self.seal_secret(self.unseal_secret(sealed, place), place)

    def _secrets(self, master_id: str) -> AESGCM:
        return AESGCM(_derive(self.masters.key(master_id), "secrets"))

    def match_value(self, scheme: str, value: str) -> bytes:
        """What a national id or an invitation code is recognised by, without being kept."""
        return hmac.digest(self.match, f"{scheme}:{value}".encode(), "sha256")

    def seal_token(self, token: str, place: str) -> bytes:
        """Something that is kept or on its way for minutes or hours (an eID's own token, which names the person; the
        secret of a code app that is being set up). No rotation of master keys touches it."""
        return seal(self._tokens, token.encode(), place)

    def open_token(self, sealed: bytes, place: str) -> str:
        """The reverse of `seal_token`. Raises CorruptData when it was changed or moved."""
        return unseal(self._tokens, sealed, place).decode()

    @cached_property
    def _tokens(self) -> AESGCM:
        return AESGCM(_derive(self.web, "id tokens"))

    def chain_key(self, chain: UUID) -> bytes:
        """The key of one audit chain."""
        return hmac.digest(self.audit, chain.bytes, "sha256")


def make_keys(path: Path) -> None:
    """Writes a new key file that only its owner can read. Raises FileExistsError rather than replace one."""
    keys = {name: _encode(os.urandom(KEY_SIZE)) for name in ("m1", *_NAMES)}
    _write(path, {"current": "m1", "masters": {"m1": keys.pop("m1")}, **keys})


def add_master(path: Path) -> str:
    """Adds a master key to the key file, makes it the current one, and returns its id. The old ones stay in it."""
    content = _content(path)
    numbers = [int(name[1:]) for name in content["masters"] if name[1:].isdigit()]
    made = f"m{max(numbers, default=0) + 1}"
    content["masters"][made] = _encode(os.urandom(KEY_SIZE))
    content["current"] = made
    _replace(path, content)
    return made


def remove_masters(path: Path, gone: list[str]) -> None:
    """Takes master keys out of the key file; the current one stays, whoever names it."""
    content = _content(path)
    for name in set(gone) & set(content["masters"]) - {content["current"]}:
        del content["masters"][name]
    _replace(path, content)


def _content(path: Path) -> dict[str, Any]:
    read_keys(path)
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def _replace(path: Path, content: dict[str, Any]) -> None:
    """The old file or the new one is there at any moment, never half of one."""
    aside = path.with_name(f"{path.name}.new")
    aside.unlink(missing_ok=True)
    _write(aside, content)
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, content: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def read_keys(path: Path | None) -> Keyring:
    """The keyring in `path`. Raises UnsafeConfiguration when it is missing, readable by others, or not what it should
    be."""
    if path is None:
        raise UnsafeConfiguration("KEYS_FILE is not set; make one with: portal make-keys FILE")
    try:
        with path.open() as file:
            about = os.fstat(file.fileno())
            if about.st_mode & 0o077:
                raise UnsafeConfiguration(f"{path} can be read by others; chmod 600 it")
            content = json.loads(file.read())
        masters = {name: _decode(value) for name, value in content["masters"].items()}
        named = {name: _decode(content[name]) for name in _NAMES}
        current = content["current"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UnsafeConfiguration(f"the key file {path} cannot be used: {type(problem).__name__}") from problem
    if current not in masters or len({*masters.values(), *named.values()}) != len(masters) + len(named):
        raise UnsafeConfiguration(f"the key file {path} lacks its current master key or uses one key twice")
    return Keyring(MasterKeys(masters, current, path, _mark(about)), **named)


def _looks(path: Path) -> object:
    """What tells a key file from the one that was read. Raises UnsafeConfiguration when there is none."""
    try:
        return _mark(path.stat())
    except OSError as problem:
        raise UnsafeConfiguration(f"the key file {path} cannot be used: {type(problem).__name__}") from problem


def _mark(about: os.stat_result) -> object:
    return about.st_ino, about.st_mtime_ns, about.st_size


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _decode(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_SIZE:
        raise ValueError("a key is 32 bytes")
    return key
