"""A shared, consent-bound space around a young person's case."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.runtime import Runtime, open_runtime
from portal.settings import PROJECT, Settings
from portal.views import blueprints
from portal.web import app as web_app
from portal.web import guard, i18n, layout


def create_app(runtime: Runtime | None = None) -> Flask:
    """The web application. Raises UnsafeConfiguration rather than start in a way that endangers the people in it."""
    runtime = runtime or open_runtime(Settings())
    app = web_app.PortalApp("portal", template_folder=str(PROJECT / "templates"), static_folder=str(PROJECT / "static"))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    bind_runtime(app, runtime)
    i18n.install(app)
    web_app.install(app)
    guard.install(app)
    csrf = CSRFProtect(app)
    screens = blueprints()
    layout.install(app, screens)
    for blueprint in screens:
        app.register_blueprint(blueprint)
    guard.refuse_undeclared(app)
    guard.without_cookies(app, csrf)
    if proxies := runtime.settings.behind_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    return app


def bind_runtime(app: Flask, runtime: Runtime) -> None:
    """From now on the application stands on `runtime`: its database, keys and store, and what its settings say.

    Once in the life of a process; the tests, which know many houses, move one application from each to the next.
    """
    settings = runtime.settings
    app.extensions["runtime"] = runtime
    app.config.update(
        SECRET_KEY=runtime.keyring.web,
        MAX_CONTENT_LENGTH=settings.request_limit,
        MAX_FORM_MEMORY_SIZE=settings.request_limit,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_NAME="__Host-form" if settings.https else f"form-{settings.base_url.port}",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TRUSTED_HOSTS=[settings.base_url.host] if settings.base_url.host else None,
        PREFERRED_URL_SCHEME=settings.base_url.scheme,
    )
