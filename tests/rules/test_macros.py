"""Macros know what is the same on every page by themselves. Only those that speak of the page's own things (its case,
its version) are imported with its context, which makes each page that does so put them together anew."""

from __future__ import annotations

import re
from functools import cache

from flask import Flask
from jinja2 import meta

from portal.settings import PROJECT

TEMPLATES = PROJECT / "templates"
IMPORTS = re.compile(r'{% (?:from|import) "([^"]+)"[^%]*?( with context)? %}')
OF_JINJA = {"caller", "varargs", "kwargs", "loop"}


def test_macros_are_imported_with_the_context_of_a_page_where_they_speak_of_it_and_only_there(app: Flask) -> None:
    known = set(app.jinja_env.globals) | OF_JINJA

    @cache
    def speaks_of_it(name: str) -> bool:
        source = (TEMPLATES / name).read_text()
        unknown = meta.find_undeclared_variables(app.jinja_env.parse(source)) - known
        return bool(unknown) or any(speaks_of_it(inner) for inner, _context in IMPORTS.findall(source))

    found = [
        (str(path.relative_to(TEMPLATES)), macros, bool(context))
        for path in TEMPLATES.rglob("*.html")
        for macros, context in IMPORTS.findall(path.read_text())
    ]
    wrong = [
        f"{name} imports {macros} {'with' if has else 'without'} context"
        for name, macros, has in found
        if has != speaks_of_it(macros)
    ]
    assert len(found) > 100
    assert not wrong, "\n".join(wrong)
