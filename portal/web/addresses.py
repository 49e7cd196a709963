"""Addresses of pages, each put together once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import request, url_for


def address(endpoint: str, **values: Any) -> str:
    """`url_for`. A page names some thirty addresses, most of them on every page of the case: each is put together
    once."""
    for name, value in values.items():
        if name[0] == "_" or type(value) not in _PLAIN:
            return url_for(endpoint, **values)
    return url_for(endpoint, **values) if endpoint[0] == "." else _put_together(request.root_path, endpoint, **values)


@lru_cache(10_000, typed=True)
def _put_together(_root: str, endpoint: str, **values: Any) -> str:
    return url_for(endpoint, **values)


_PLAIN = {str, int, UUID}
