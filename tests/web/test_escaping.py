"""Whatever somebody wrote is escaped, in whichever way a template calls what it calls."""

from __future__ import annotations

import pytest
from flask import Flask
from jinja2 import DictLoader, Environment
from jinja2.runtime import Macro
from markupsafe import Markup

from portal.web.page_context import PageContext

WRITTEN = "<script>alert('hej')</script>"
ESCAPED = "&lt;script&gt;alert(&#39;hej&#39;)&lt;/script&gt;"
MACROS = """
{%- macro shown(words) %}<b>{{ words }}</b>{% endmacro %}
{%- macro framed(words) %}<i>{{ caller(words) }}</i>{% endmacro %}
{%- macro passed(other, words) %}{{ other(words) }}{% endmacro %}
"""
CALLED = {
    "imported": '{% from "macros.html" import shown %}{{ shown(words) }}',
    "imported with the context": '{% from "macros.html" import shown with context %}{{ shown(words) }}',
    "imported as a module": '{% import "macros.html" as macros %}{{ macros.shown(words) }}',
    "of the page itself": "{% macro own() %}<b>{{ words }}</b>{% endmacro %}{{ own() }}",
    "of the page itself, in a loop": (
        "{% macro own(w) %}<b>{{ w }}</b>{% endmacro %}{% for w in [words] %}{{ own(w) }}{% endfor %}"
    ),
    "in a block": '{% from "macros.html" import shown %}{% block body %}{{ shown(words) }}{% endblock %}',
    "passed as a value": '{% from "macros.html" import shown, passed %}{{ passed(shown, words) }}',
    "given by the view": "{{ given(words) }}",
    "kept in a name": '{% from "macros.html" import shown %}{% set found = shown(words) %}{{ found }}',
    "put together with what was written": '{% from "macros.html" import shown %}{{ shown("") ~ words }}',
    "around what the page says": (
        '{% from "macros.html" import framed %}{% call(w) framed(words) %}<b>{{ w }}</b>{% endcall %}'
    ),
    "a function": "<b>{{ echo(words) }}</b>",
    "a function that asks for the context": "<b>{{ _('%(words)s', words=words) }}</b>",
    "a method": "<b>{{ words.strip() }}</b>",
}


@pytest.fixture
def environment(app: Flask) -> Environment:
    """That of the pages, with templates of its own."""
    made = app.jinja_env.overlay(
        loader=DictLoader({"macros.html": MACROS, **{f"{n}.html": t for n, t in CALLED.items()}})
    )
    made.globals = {**app.jinja_env.globals, "echo": lambda words: words}
    return made


@pytest.mark.parametrize("name", CALLED)
def test_what_somebody_wrote_is_escaped_once(app: Flask, environment: Environment, name: str) -> None:
    given = environment.get_template("macros.html").module.shown  # type: ignore[attr-defined]
    assert type(given) is Macro
    assert environment.context_class is PageContext
    with app.test_request_context("/"):
        page = environment.get_template(f"{name}.html").render(words=WRITTEN, given=given)
    assert ESCAPED in page
    assert "<script" not in page
    assert "&lt;b&gt;" not in page, "the markup of the macro itself stays"
    assert "&amp;" not in page
    assert "<b>" in page


def test_a_macro_called_from_code_gives_markup(environment: Environment) -> None:
    found = environment.get_template("macros.html").module.shown(WRITTEN)  # type: ignore[attr-defined]
    assert isinstance(found, Markup)
    assert found == f"<b>{ESCAPED}</b>"
