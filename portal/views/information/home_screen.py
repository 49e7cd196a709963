"""The portal on a phone's home screen: its name and icons, and one page for when there is no connection.

A browser saves that page, its style sheets and the mark, and nothing else: no page of anybody, and nothing of a case
(W3C, Web Application Manifest and Service Workers).
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, json, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.tools.profile import Profile, profile
from portal.tools.vocabulary import sayer
from portal.web.guard import public
from portal.web.i18n import LANGUAGES
from portal.web.static_files import version_of_app

bp = Blueprint("home_screen", __name__)

ACCENT = "#0b5d57"
"""The colour of a phone's bar over the page: `--accent` of portal.css."""
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)


@bp.get("/manifest.webmanifest")
@public
def manifest() -> ResponseReturnValue:
    """What a phone puts on its home screen, in Danish: a browser asks for it without cookies."""
    product = g.runtime.settings.product_name
    said = {
        "id": "/",
        "name": product,
        "short_name": product,
        "lang": "da",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": ACCENT,
        "icons": [
            {"src": url_for("static", filename=f"img/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
    }
    return Response(json.dumps(said), mimetype="application/manifest+json")


@bp.get("/service-worker.js")
@public
def worker() -> ResponseReturnValue:
    """Stands at the root because it answers for every page below its own address."""
    saved = (url_for("home_screen.offline"), *_styles(), url_for("static", filename="img/mark.svg"))
    script = render_template("information/service_worker.js", version=version_of_app(current_app), saved=saved)
    return Response(script, mimetype="text/javascript")


@bp.get("/offline")
@public
def offline() -> ResponseReturnValue:
    """Saved before anybody knows who will read it: in every language, and from no session."""
    rules = profile(g.runtime.settings.profile)
    said = {code: _words(rules, code) for code in LANGUAGES}
    return render_template("information/offline.html", said=said, styles=_styles())


def _words(rules: Profile, code: str) -> dict[str, str]:
    gettext = sayer(code, rules.key)
    return {
        "title": gettext("No connection"),
        "text": gettext(
            "Your phone or computer is not online right now. Nothing from a case is stored here, so there is nothing "
            "to show before you are online again."
        ),
        "again": gettext("Try again"),
        "urgent": rules.emergency.text.in_language(code),
    }


def _styles() -> tuple[str, ...]:
    versioned = current_app.jinja_env.globals["versioned"]
    return tuple(versioned(name) for name in ("vendor/dkfds/css/dkfds.min.css", "css/portal.css"))  # type: ignore[operator]
