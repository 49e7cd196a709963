"""What WsgiDAV remembers of things at the end of a link: the notes that programs make about them, and their locks."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote

from wsgidav.lock_man.lock_manager import generate_lock_token

from portal.errors import InvalidInput
from portal.services.files.checkouts import LASTS
from portal.services.webdav.locks import ActiveLock, Locks
from portal.services.webdav.scratch import ScratchFolder
from portal.views.webdav.tree import as_status, plain


class Properties:
    """WsgiDAV's property manager: what a word processor notes about a thing lies with the thing."""

    def __init__(self, scratch: ScratchFolder) -> None:
        self.scratch = scratch

    def get_properties(self, norm_url: str, environ: Any = None) -> list[str]:  # noqa: ARG002
        return list(self.scratch.notes(_of_url(norm_url)))

    def get_property(self, norm_url: str, name: str, environ: Any = None) -> str | None:  # noqa: ARG002
        return self.scratch.notes(_of_url(norm_url)).get(name)

    def write_property(
        self,
        norm_url: str,
        name: str,
        property_value: bytes,
        dry_run: bool = False,
        environ: Any = None,  # noqa: ARG002
    ) -> None:
        path = _of_url(norm_url)
        noted = {**self.scratch.notes(path), name: property_value.decode()}
        try:
            self.scratch.note(path, noted, dry_run)
        except InvalidInput as problem:
            raise as_status(problem) from problem

    def remove_property(self, norm_url: str, name: str, dry_run: bool = False, environ: Any = None) -> None:  # noqa: ARG002
        path = _of_url(norm_url)
        noted = self.scratch.notes(path)
        if noted.pop(name, None) is not None and not dry_run:
            self.scratch.note(path, noted)

    def remove_properties(self, norm_url: str, environ: Any = None) -> None:
        """They went with the thing; and with it they are copied, so that WsgiDAV never asks for that."""

    def copy_properties(self, src_url: str, dest_url: str, environ: Any = None) -> None:
        """See `remove_properties`."""


class LockStorage:
    """WsgiDAV's lock storage over the check-out and the locks of a link."""

    def __init__(self, locks: Locks) -> None:
        self.locks = locks

    def open(self) -> None:
        return None

    def close(self) -> None:
        return None

    def get(self, token: str) -> dict[str, Any] | None:
        return next((_as_dict(lock) for lock in self.locks.every if lock.token == token), None)

    def create(self, path: str, lock: dict[str, Any]) -> dict[str, Any]:
        token = generate_lock_token()
        owner = lock["owner"].decode("utf-8", "replace")
        made = self.locks.create(
            token, _of_url(path), owner, lock["scope"], lock["depth"] == "infinity", _lasting(lock["timeout"])
        )
        lock.update(_as_dict(made))
        return lock

    def refresh(self, token: str, *, timeout: float) -> dict[str, Any]:
        return _as_dict(self.locks.prolong(token, _lasting(timeout)))

    def delete(self, token: str) -> bool:
        return self.locks.release(token)

    def get_lock_list(
        self, path: str, *, include_root: bool, include_children: bool, token_only: bool
    ) -> list[dict[str, Any]] | list[str]:
        wanted = _of_url(path)
        below = wanted.rstrip("/") + "/"
        found = [
            _as_dict(lock)
            for lock in self.locks.every
            if (include_root and lock.path == wanted) or (include_children and lock.path.startswith(below))
        ]
        return [lock["token"] for lock in found] if token_only else found


def _as_dict(lock: ActiveLock) -> dict[str, Any]:
    expire = lock.until.timestamp()
    return {
        "token": lock.token,
        "root": quote(lock.path),
        "type": "write",
        "scope": lock.scope,
        "depth": "infinity" if lock.is_deep else "0",
        "owner": lock.owner.encode(),
        "timeout": max(1.0, expire - time.time()),
        "expire": expire,
        "principal": str(lock.held_by),
    }


def _lasting(timeout: float) -> timedelta:
    return LASTS if timeout < 0 else timedelta(seconds=min(timeout, LASTS.total_seconds()))


def _of_url(url: str) -> str:
    return plain(unquote(url))
