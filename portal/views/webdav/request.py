"""What a program sends to a link, looked through before WsgiDAV reads it, which takes some nonsense for its own fault.

What nothing can be made of is 400; a header that a server may pass over (a range, how long a lock should last) is
passed over. WsgiDAV then reads what can be read.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import request
from lxml import etree
from wsgidav.dav_error import HTTP_BAD_REQUEST, HTTP_FORBIDDEN, DAVError

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_DEPTH = re.compile("0|1|infinity", re.IGNORECASE)
_TIMEOUT = re.compile(r"\s*(infinite|second-[0-9]{1,10})(\s*,\s*(infinite|second-[0-9]{1,10}))*\s*", re.IGNORECASE)
_RANGE = re.compile(r"bytes=[0-9]{0,15}-[0-9]{0,15}(,\s*[0-9]{0,15}-[0-9]{0,15})*")
_WITH_XML = ("LOCK", "PROPFIND", "PROPPATCH")


def looked_through(mount: str) -> dict[str, Any]:
    """The environment of the request as WsgiDAV gets it, with a path from `mount` on. Raises DAVError (400)."""
    environ = {**request.environ, "SCRIPT_NAME": "", "wsgi.input": request.stream}
    environ["PATH_INFO"] = _path(request.environ["PATH_INFO"].removeprefix(mount)) or "/"
    if "HTTP_DEPTH" in environ and not _DEPTH.fullmatch(environ["HTTP_DEPTH"]):
        raise DAVError(HTTP_BAD_REQUEST)
    for name, form in (("HTTP_TIMEOUT", _TIMEOUT), ("HTTP_RANGE", _RANGE)):
        if not form.fullmatch(environ.get(name, "")):
            environ.pop(name, None)
    if "HTTP_DESTINATION" in environ:
        _destination(environ["HTTP_DESTINATION"], mount)
    if request.method in _WITH_XML:
        environ["wsgi.input"] = BytesIO(_xml())
    return environ


def _path(raw: str) -> str:
    """WSGI hands bytes on as if they were latin-1; a path of ours is text without ways up."""
    try:
        path = raw.encode("latin-1").decode("utf-8")
    except UnicodeError as problem:
        raise DAVError(HTTP_BAD_REQUEST) from problem
    if _CONTROL.search(path) or {".", ".."} & set(path.split("/")):
        raise DAVError(HTTP_BAD_REQUEST)
    return raw


def _destination(address: str, mount: str) -> None:
    """An address of this link, whole or from the path on. What leads elsewhere is refused here; WsgiDAV would say that
    a server behind this one did not answer."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  raises for one that is no number
    except ValueError as problem:
        raise DAVError(HTTP_BAD_REQUEST) from problem
    path = unquote(parts.path)
    if _CONTROL.search(path) or not path.startswith("/"):
        raise DAVError(HTTP_BAD_REQUEST)
    ours = parts.scheme in ("", "http", "https") and parts.netloc.lower() in ("", request.host.lower())
    if not ours or {".", ".."} & set(path.split("/")) or not f"{path}/".startswith(f"{mount}/"):
        raise DAVError(HTTP_FORBIDDEN)


def _xml() -> bytes:
    """The body of a request that may have one, if it is XML without a document type: nothing here needs one, and what
    is named by an entity that nobody defined would be found missing later."""
    body = request.get_data(cache=False)
    if not body:
        return body
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise DAVError(HTTP_BAD_REQUEST) from problem
    named = any(node.tag is etree.Entity for node in root.iter())
    if root.getroottree().docinfo.doctype or named:
        raise DAVError(HTTP_BAD_REQUEST)
    return body
