"""Every route says who it is for; the list here is the whole list."""

from __future__ import annotations

import pytest
from flask import Flask

from portal import create_app
from portal.access.policy.actions import Action
from portal.errors import UnsafeConfiguration
from portal.runtime import Runtime
from portal.web.guard import declared, opens, public, refuse_undeclared
from tests.rules.routes import ROUTES, WEBDAV


def test_every_route_is_listed_with_the_access_it_declares_and_no_line_is_stale(app: Flask) -> None:
    real = {
        (method, rule.endpoint): declared(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {(route.method, route.endpoint): route.access for route in ROUTES}
    assert len(listed) == len(ROUTES), "a route is listed twice"
    assert set(listed) == set(real)
    for key, access in listed.items():
        says = real[key]
        assert says is not None
        assert access == (says.action or says.kind), key


def test_only_views_that_take_files_may_be_sent_much(app: Flask) -> None:
    takes = {name for name in app.view_functions if (d := declared(app, name)) and d.takes_files}
    assert takes == {
        "files.add",
        "messages.start",
        "messages.reply",
        "versions.add",
        "consents.register",
        "consent_papers.to_sign",
        "uploads.send",
        "word.bring",
        "old_forms.add",
        "dav.door",
    }


def test_a_view_that_does_not_say_who_it_is_for_stops_the_program(app: Flask) -> None:
    bare = Flask("bare")
    bare.add_url_rule("/open", view_func=public(lambda: "fine"), endpoint="open")
    refuse_undeclared(bare)
    bare.add_url_rule("/forgotten", view_func=lambda: "oops", endpoint="forgotten")
    with pytest.raises(UnsafeConfiguration, match="forgotten"):
        refuse_undeclared(bare)


@pytest.mark.faulty
def test_a_view_that_slips_in_later_is_refused_on_request(runtime: Runtime) -> None:
    app = create_app(runtime)
    app.add_url_rule("/later", view_func=lambda: "secret", endpoint="later")
    answer = app.test_client().get("/later")
    assert answer.status_code == 500
    assert b"secret" not in answer.data


SPEAKS_A_PROTOCOL = {"uploads.send": {"PATCH", "DELETE"}, "dav.door": set(WEBDAV)}
"""Views whose methods somebody else's protocol gives; no form and no link can send these."""


def test_every_effect_is_a_post(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        may = {"GET", "HEAD", "OPTIONS", "POST"} | SPEAKS_A_PROTOCOL.get(rule.endpoint, set())
        assert (rule.methods or set()) <= may, rule.endpoint


def test_the_decorator_of_case_routes_hands_on_the_ticket_and_not_the_id() -> None:
    view = opens(Action.CASE_VIEW)(lambda ticket: ticket)
    assert view.declared.action is Action.CASE_VIEW  # type: ignore[attr-defined]
