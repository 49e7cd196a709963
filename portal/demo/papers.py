"""The demo's sample files: real Word and PDF documents with made-up content."""

from __future__ import annotations

from io import BytesIO

from docx import Document

from portal.access.ticket import CaseTicket
from portal.documents import blank_form, printing
from portal.documents.blank_form import BaseData

_WORDS = {
    "title": "Mål- og aftaleskema",
    "name": "Navn",
    "birth_date": "Fødselsdato",
    "guide": "Guide",
    "team": "Mit team",
    "now": "Hvor jeg er nu, og hvor jeg vil hen",
    "period": "Perioden, det handler om",
    "overall_goal": "Mit overordnede mål",
    "how_it_is": "Hvordan det er nu",
    "strengths": "Det, jeg er god til",
    "goal": "Mål",
    "goal_words": "Jeg skal",
    "why": "Hvorfor det er vigtigt for mig",
    "reached": "Sådan ser vi, at det er nået",
    "latest": "Senest",
    "status": "Hvordan det går",
    "agreements": "Aftaler til mål",
    "what": "Hvad",
    "who": "Hvem gør det",
    "due": "Hvornår",
    "follow_up_on": "Hvornår vi følger op",
    "follow_up": "Hvordan vi følger op",
}
_ANSWERS = {
    "Perioden, det handler om": "Efterår og vinter",
    "Mit overordnede mål": "Jeg vil gerne være færdig med 10. klasse og prøve et arbejde med hænderne.",
    "Hvordan det er nu": "Jeg kommer i skole nogle dage om ugen. Det er svært om morgenen.",
    "Det, jeg er god til": "Jeg er god til at tegne, bygge ting og passe på dyr.",
    "Jeg skal": "møde op i skole 3 dage om ugen.",
    "Hvorfor det er vigtigt for mig": "Så jeg kan gå til prøve sammen med de andre.",
}


def draft_plan(ticket: CaseTicket) -> bytes:
    """A goal and agreement schema, half filled in."""
    young, owner = ticket.young_person, ticket.owner
    team = [f"{m.display_name}, {m.job_title}" for m in ticket.members.values() if m.unit_id]
    born = ticket.case.birth_date.strftime("%d.%m.%Y")
    document = Document(
        BytesIO(blank_form.write(BaseData(young.display_name, born, owner.display_name, team, _WORDS, "da")))
    )
    answers = dict(_ANSWERS)
    for table in document.tables:
        for row in table.rows:
            if answer := answers.pop(row.cells[0].text, ""):
                row.cells[1].text = answer
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def treatment() -> bytes:
    """A page about treatment."""
    return _pdf(
        "Behandlingsplan",
        [
            "Samtaler hver anden uge i børne- og ungdomspsykiatrien.",
            "Søvn: fast sengetid klokken 22.30. Vi ser på det sammen om fire uger.",
            "Alma skriver selv ned, hvad der hjælper, og tager det med.",
        ],
    )


def signed_page(name: str) -> bytes:
    """What a scan of a signed consent could look like."""
    return _pdf("Samtykke", [f"Jeg, {name}, siger ja til det, vi har talt om i dag.", "Underskrift (opdigtet)"])


def _pdf(title: str, lines: list[str]) -> bytes:
    return printing.pdf(_PAPER, {"title": title, "lines": lines}, "da")


_PAPER = """
#set document(title: data.title)
#set text(lang: "da", size: 12pt)
#set page(margin: 3cm)
#heading(level: 1, data.title)
#for line in data.lines { par(line) }
"""
