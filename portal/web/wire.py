"""What comes over the wire, as text and numbers that can be kept: the one door for every address, form and cookie.

A character that no database column and no UTF-8 can hold (NUL, half of a surrogate pair) is nothing that somebody
wrote: it is left out. A path with a control character, and a number that nothing here can have, lead nowhere.
"""

from __future__ import annotations

import re
from typing import Any

from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing import IntegerConverter

from portal.errors import NotFound

MOST = 2**31 - 1
"""The largest number that anything here is numbered by."""
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class Typed(ImmutableMultiDict[str, Any]):
    """Names and values as they were sent, without what cannot be kept and what has no name. Files are left as they
    are."""

    def __init__(self, mapping: Any = None) -> None:
        pairs = MultiDict(mapping).items(multi=True)
        super().__init__((_one_form(name), _one_form(value)) for name, value in pairs if name is not None)


def _one_form(value: Any) -> Any:
    return _UNKEEPABLE.sub("", value) if isinstance(value, str) else value


class Number(IntegerConverter):
    """`<int:number>` in an address: digits of ASCII, as many as a number of ours can have."""

    regex = "[0-9]{1,10}"

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **{"max": MOST, **more})


def refuse_unreadable(path: str) -> None:
    """Raises NotFound for a path that no page of ours can have."""
    if _CONTROL.search(path):
        raise NotFound
