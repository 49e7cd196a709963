"""Addresses of scripts, styles, fonts and pictures.

Scripts and styles are asked for under the version of all static files (`/static/v-<version>/js/plans/write.js`). A
script imports others by relative addresses (`../shared/json.js`), so they come from under the same version: a browser
that has an older one saved never mixes the two. What is asked for under the version of today may be saved for a year.
Pictures stand on a page some sixty times and do not depend on each other: their addresses are short and hold an hour.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response
from markupsafe import Markup

PREFIX = "v-"
FOREVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
NOT_AT_ALL = "no-store"


class StaticFiles(Flask):
    """An application that serves its static files also under their version."""

    def send_static_file(self, filename: str) -> Response:
        version, _, rest = filename.partition("/")
        if not version.startswith(PREFIX):
            answer, saved = super().send_static_file(filename), AN_HOUR
        else:
            # While a new release comes up, an older page may ask the newer process: it gets what there is, for once.
            saved = FOREVER if version == version_of(Path(str(self.static_folder))) else NOT_AT_ALL
            answer = super().send_static_file(rest)
        answer.headers["Cache-Control"] = saved
        return answer


@lru_cache(2)
def version_of(folder: Path) -> str:
    """Changes when any static file does: their names and bytes, in a hash of 48 bits."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return PREFIX + found.hexdigest()[:12]


def version_of_app(app: Flask) -> str:
    return version_of(Path(str(app.static_folder)))


def install(app: Flask) -> None:
    root, version = app.static_url_path, version_of_app(app)

    def versioned(name: str) -> str:
        return f"{root}/{version}/{name}"

    @lru_cache(100)
    def script(name: str) -> Markup:
        """A module of static/js, for the page that needs it."""
        return Markup('<script type="module" src="{}"></script>').format(versioned(f"js/{name}"))

    app.jinja_env.globals.update(asset=lambda name: f"{root}/{name}", versioned=versioned, script=script)
