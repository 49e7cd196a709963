"""What pages are put together from once and for all: sentences, instants, icons, addresses."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from flask import Flask, g
from flask import render_template_string as page

from portal import clock
from portal.web import i18n


def said(app: Flask, template: str, prefix: str = "", cookie: str = "da", **values: object) -> str:
    with app.test_request_context(
        "/", headers={"Cookie": f"language={cookie}"}, environ_overrides={"SCRIPT_NAME": prefix}
    ):
        g.runtime = app.extensions["runtime"]
        return page(template, **values)


def test_what_fills_the_gap_of_a_sentence_is_escaped(app: Flask) -> None:
    assert said(app, '{{ _("Overview of %(name)s\'s case", name="<b>") }}') == "Overblik over sagen om &lt;b&gt;"
    assert said(app, '{{ ngettext("%(num)s person can see it", "%(num)s people can see it", 2) }}') == (
        "2 personer kan se det"
    )


def test_a_block_in_another_language_leaves_the_page_around_it_as_it_was(app: Flask) -> None:
    with app.test_request_context("/"):
        g.runtime = app.extensions["runtime"]
        yesterday = clock.now() - timedelta(days=1)
        danish = i18n.when(yesterday)
        with i18n.in_language("en"):
            assert i18n.language() == "en"
            assert i18n.when(yesterday).startswith("yesterday at ")
            assert page('{{ _("Overview") }}') == "Overview"
        assert i18n.language() == "da"
        assert i18n.when(yesterday) == danish
        assert danish.startswith("i går kl. ")
        assert page('{{ _("Overview") }}') == "Overblik"


def test_two_instants_of_a_page_are_told_apart_by_day_and_by_minute(app: Flask) -> None:
    with app.test_request_context("/"):
        g.runtime = app.extensions["runtime"]
        noon = datetime(2020, 3, 3, 12, 5, tzinfo=UTC)
        assert i18n.when(noon) == "3. marts 2020 kl. 13.05"
        assert i18n.when(noon + timedelta(hours=1)) == "3. marts 2020 kl. 14.05"
        assert i18n.when(noon + timedelta(days=1)) == "4. marts 2020 kl. 13.05"


def test_addresses_of_two_cases_are_never_taken_for_each_other(app: Flask) -> None:
    address = '{{ url_for("case.overview", case_id=case) }}'
    one, other = uuid4(), uuid4()
    for case in (one, other, one):
        assert said(app, address, case=case) == f"/cases/{case}"
    assert said(app, address, prefix="/portal", case=one) == f"/portal/cases/{one}"
    assert said(app, '{{ url_for("signin.form", ended=1) }}{{ url_for("signin.form", ended=none) }}') == (
        "/sign-in?ended=1/sign-in"
    )
    assert said(app, '{{ url_for("case_list.index", _external=true) }}').startswith("http")


def test_an_icon_is_the_picture_of_its_name_and_nothing_else(app: Flask) -> None:
    icons = said(app, '{{ icon("flag") }}{{ icon("flag", "large") }}{{ icon("<b>") }}')
    assert icons.count("<svg") == 3
    assert '<svg class="icon" aria-hidden="true"' in icons
    assert '<svg class="icon large" aria-hidden="true"' in icons
    assert "#flag" in icons
    assert "<b>" not in icons
