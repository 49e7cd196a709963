"""What every page can say and show: the context and the globals of the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import uuid4

from flask import Blueprint, Flask, g
from flask_babel import ngettext
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from portal import clock, text
from portal.access.policy.actions import Action, OfficeAction
from portal.access.policy.roles import Capacity, Level
from portal.runtime import Runtime
from portal.text import with_numbers
from portal.web import case_words, labels, static_files, way_back
from portal.web.addresses import address
from portal.web.case_head import CaseHead
from portal.web.case_words import rules_of_case
from portal.web.i18n import day as on_day
from portal.web.i18n import language
from portal.web.navigation import Navigation
from portal.web.page_context import PageContext
from portal.web.way_back import FILE_AGAIN


def install(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    """What the templates know, with what each capability offers them."""
    navigation = app.extensions["navigation"] = Navigation(blueprints)

    @app.context_processor
    def _context() -> dict[str, Any]:
        ticket = g.get("ticket")
        return {
            "actor": g.get("actor"),
            "limits": g.get("limits"),
            "csrf_token": _form_token,
            "has_saved_form": g.get("saved_form") is not None,
            "files_again": g.saved_form.getlist(FILE_AGAIN) if g.get("saved_form") is not None else [],
            "ticket": ticket,
            "head": CaseHead(ticket, navigation) if ticket is not None and ticket.compartments else None,
        }

    runtime: Runtime = app.extensions["runtime"]
    static_files.install(app)
    app.jinja_env.globals.update(navigation.template_globals)
    app.jinja_env.context_class = PageContext
    # The same on every page, so that a macro knows it without being told the page's own things.
    app.jinja_env.globals.update(
        navigation=navigation,
        product=runtime.settings.product_name,
        settings=runtime.settings,
        is_demo=runtime.settings.environment == "demo",
        may=may,
        words=labels,
        Action=Action,
        Capacity=Capacity,
        Level=Level,
        OfficeAction=OfficeAction,
        years=years,
        rights=navigation.rights,
        new_number=lambda: str(uuid4()),
        csrf_token=_form_token,
        page_token=way_back.page_token,
        right_now=lambda: clock.now().isoformat(),
        icon=_icons(app),
        url_for=address,
    )
    app.jinja_env.globals.update(
        title_of=case_words.title_of,
        role_word=case_words.role,
        capacity_word=case_words.capacity_word,
        compartment_icon=case_words.compartment_icon,
        compartment_of=case_words.compartment_of,
        category_titles=case_words.category_titles,
        compartment_by_id=case_words.compartment_by_id,
        compartments_in_order=case_words.compartments_in_order,
        first_name=case_words.first_name,
        is_told_before=case_words.is_told_before,
        names_who_see=case_words.names_who_see,
        tool_title=case_words.tool_title,
        obstacle_for_me=case_words.obstacle_for_me,
        in_the_way=case_words.in_the_way,
    )
    app.jinja_env.filters.update(dialled=text.dialled, with_numbers=with_numbers)
    app.jinja_env.filters.update(role=case_words.role, together=together, initials=initials, iso_day=iso_day)
    app.jinja_env.globals["compartment_badge"] = _badges(app)
    navigation.load_parts(app.jinja_env)  # last, with the one above: these templates know what stands before


def _icons(app: Flask) -> Callable[[str, str], Markup]:
    """A page shows some sixty icons of a few kinds: each kind is put together once."""
    picture = app.jinja_env.from_string(
        """<svg class="icon{{ ' ' ~ css if css }}" aria-hidden="true" focusable="false">"""
        """<use href="{{ asset('img/icons.svg') }}#{{ name }}"></use></svg>"""
    )

    @lru_cache(1000)
    def icon(name: str, css: str = "") -> Markup:
        return Markup(picture.render(name=name, css=css))  # noqa: S704  what a template made

    return icon


def _badges(app: Flask) -> Callable[..., Markup]:
    """A list names a compartment in each of its rows: it is put together once for its profile and its language."""
    macros: Any = app.jinja_env.get_template("macros/compartment.html").module

    def drawn(key: str, count: int | None = None, href: str | None = None) -> Markup:
        rule = rules_of_case().compartment_of(key)
        found: Markup = macros.drawn(rule, case_words.title_of(key), count, href)
        return found

    @lru_cache(1000)
    def plain(_profile: str, _language: str, key: str) -> Markup:
        return drawn(key)

    def badge(key: str, count: int | None = None, href: str | None = None) -> Markup:
        if count is None and href is None and rules_of_case().compartment_of(key).categories:
            return plain(rules_of_case().key, language(), key)
        return drawn(key, count, href)

    return badge


def _form_token() -> str:
    """The token of the forms of this page, made once for all of them."""
    if "form_token" not in g:
        g.form_token = generate_csrf()
    return str(g.form_token)


def iso_day(value: str) -> str:
    """An answer that is a date, as it stands in a form."""
    return on_day(date.fromisoformat(value))


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name."""
    first, *others = name.split() or [""]
    return "".join(part[:1].upper() for part in (first, *others[-1:]))


def together(things: Iterable[Any], attribute: str) -> list[tuple[Any, list[Any]]]:
    """Things with the same value of an attribute, in the order they first come; unlike `groupby`, nothing is sorted."""
    groups: dict[Any, list[Any]] = {}
    for thing in things:
        groups.setdefault(getattr(thing, attribute), []).append(thing)
    return list(groups.items())


def may(action: Action | OfficeAction) -> bool:
    """Whether the person may do this: the same rule decides about the button and about the route."""
    if isinstance(action, OfficeAction):
        return g.get("actor") is not None and action in g.actor.office
    return g.get("ticket") is not None and g.ticket.allows(action)


def years(age: int) -> str:
    """How old somebody is."""
    return str(ngettext("%(num)s year old", "%(num)s years old", age))
