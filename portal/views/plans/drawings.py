"""What is drawn of a tool's rows: for its pages, for the script that draws on them, and for paper."""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup

from portal import clock
from portal.access.ticket import CaseTicket
from portal.documents import ring_map
from portal.documents.ring_map import Figure, RingMap
from portal.services.plans import timeline
from portal.services.plans.timeline import Timeline
from portal.services.plans.versions import VersionPage
from portal.tools.answer_format import row_title
from portal.tools.definition import Question, Section
from portal.views.plans import answers
from portal.web.i18n import said


def timelines(ticket: CaseTicket, this: VersionPage) -> dict[str, tuple[Timeline, dict[str, str]]]:
    """Section -> its drawing, and the names of life areas in it."""
    majority = clock.birthday(ticket.case.birth_date, ticket.profile.majority_age)
    found = {}
    for section in this.definition.section:
        area = section.question_of("area")
        if section.drawn == "timeline" and area is not None:
            drawn = timeline.draw(section, this.answers, clock.today(ticket.profile.zone), majority)
            if drawn is not None:
                found[section.key] = (drawn, dict(answers.options(area)))
    return found


def maps(ticket: CaseTicket, this: VersionPage) -> dict[str, Markup]:
    """Section -> the map of its rows, to stand in a page."""
    sections = [section for section in this.definition.section if section.drawn == "rings"]
    # The drawing escapes every word that somebody wrote.
    return {section.key: Markup(ring_map.write(_map(ticket, this, section))) for section in sections}  # noqa: S704


def on_paper(ticket: CaseTicket, this: VersionPage, section: Section, colour: str) -> tuple[str, str] | None:
    """The map of a section and the same in words; None for a section that is not drawn, or where nobody is."""
    if section.drawn != "rings" or not this.rows(section.key):
        return None
    drawn = _map(ticket, this, section, colour)
    return ring_map.write(drawn), _in_words(drawn)


def _map(ticket: CaseTicket, this: VersionPage, section: Section, colour: str = "currentColor") -> RingMap:
    nobody = _("(nothing written yet)")
    figures = []
    for row in this.rows(section.key):
        at = f"{section.key}.{row}"
        name = row_title(section, row, this.answers) or nobody
        figures.append(Figure(row, name, this.answers.get(f"{at}.sector", ""), this.answers.get(f"{at}.ring", "")))
    return RingMap(
        title=_("The map. The same stands in the table."),
        centre=ticket.young_person.display_name.split()[0],
        sectors=_names(section.question_of("sector")),
        rings=_names(section.question_of("ring")),
        figures=figures,
        waiting=_("No place on the map yet"),
        colour=colour,
    )


def _names(question: Question | None) -> list[tuple[str, str]]:
    return [(choice.key, said(choice.title)) for choice in question.choice] if question else []


def _in_words(drawn: RingMap) -> str:
    """Who stands where, a sentence for each sector."""
    rings = dict(drawn.rings)
    sentences = []
    for key, name in drawn.sectors:
        there = [f"{figure.name} ({rings[figure.ring]})" for figure in drawn.figures
                 if figure.sector == key and figure.ring in rings]  # fmt: skip
        if there:
            sentences.append(f"{name}: {', '.join(there)}.")
    return " ".join(sentences) or _("Nobody has a place on the map yet.")
