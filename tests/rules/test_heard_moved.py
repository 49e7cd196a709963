"""What the meeting checklist asked the young person before lay where everybody in the case could read it. The step that
made it their own is played with answers of that time: sealed, agreed on, and with a history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.ticket import CaseTicket
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import UnsafeConfiguration
from portal.migrate import migrate
from portal.runtime import Runtime
from portal.services.meetings import heard
from portal.services.plans import editing, plans
from portal.services.plans import history as plans_history
from portal.tools.library import definition
from tests.exports.test_exports import packed
from tests.plans.test_tools import agree, begin, newest, write
from tests.rules.test_leak_channels import _opened
from tests.rules.test_migrations import before
from tests.support.browser import Browser
from tests.support.story import Room, Story

TOOL = "meeting_checklist"
OLD = {"heard.listened": "1", "heard.decided": "declined"}
TOLD = ("1 Slet ikke", "Det vil jeg ikke svare på")


def as_it_was() -> tuple[str, str]:
    """The definition of that time, under its name: the three questions among all others, the agenda everybody's."""
    known = definition(TOOL)
    assert known is not None
    content = json.loads(known.as_data())
    content["version"] = "2026-1"
    for section in content["section"]:
        own = section.pop("own")
        section.pop("first")
        section["question"] += [{**question, "fill": ["young_person"], "fresh": True} for question in own]
        for question in section["question"]:
            for new in ("vouches_for", "of_meeting", "meeting_types"):
                question.pop(new)
            if question["key"] == "agenda":
                question["fill"] = []
    return f"{TOOL}@2026-1#000000000000", json.dumps(content, sort_keys=True)


@dataclass
class Old:
    """A case of that time: version 1 agreed, with her answers; version 2 a draft, without any."""

    room: Room
    versions: list[UUID]
    url: str
    owner: psycopg.Connection


@pytest.fixture
def old(story: Story, runtime: Runtime, postgres: EmbeddedPostgres, owner: psycopg.Connection) -> Old:
    room = story.case(parents=0)
    begin(story, room, room.guide, TOOL)
    write(story, room, room.guide, TOOL, script__goals="Vi talte om skolen")
    agree(story, room, TOOL)
    packed(story, room, room.guide, owner)
    story.play(room, room.guide, lambda t: editing.renew(t, uuid4(), TOOL))
    write(story, room, room.young, TOOL, before__agenda="Kan vi tale om min praktik?")
    url = postgres.url("portal_owner", str(runtime.engine.url.database))
    keys = story.play(room, room.guide, lambda t: t.keys)
    migrate(url, before("was_i_heard"))
    identity, content = as_it_was()
    owner.execute("insert into tool_definition values (%s, %s, now())", [identity, content])
    owner.execute("update plan_version set definition = %s where definition like %s", [identity, f"{TOOL}@%"])
    rows = owner.execute("select id, answers_sealed from plan_version order by number").fetchall()
    place = f"plan_version.answers {rows[0][0]}"
    answers = json.loads(keys.unseal_text(bytes(rows[0][1]), place)) | OLD
    sealed = keys.seal_text(json.dumps(answers), place)
    owner.execute("update plan_version set answers_sealed = %s where id = %s", [sealed, rows[0][0]])
    her_line = {"heard.listened": ["", "1"]}
    both = {"heard.decided": ["", "declined"], "before.notes": ["", "Andet"]}
    for revision, kind, change in ((50, "made", her_line), (51, "made", both), (52, "aside", her_line)):
        made = uuid4()
        line = [
            made,
            rows[0][0],
            room.case_id,
            revision,
            kind,
            keys.seal_text(json.dumps(change), f"plan_change.words {made}"),
        ]
        owner.execute(
            """insert into plan_change (id, plan_version_id, case_id, compartment_id, revision, kind, change_sealed,
                                        created_at, created_by_id, source)
               select %s, %s, %s, compartment_id, %s, %s, %s, now() - interval '3 days', %s, 'page'
               from plan where tool = 'meeting_checklist'""",
            [*line, room.member(room.young)],
        )
    return Old(room, [row[0] for row in rows], url, owner)


def test_it_is_moved_out_of_every_version_and_out_of_the_history(
    app: Flask, story: Story, runtime: Runtime, old: Old
) -> None:
    migrate(old.url, keyring=runtime.keyring)
    room = old.room

    def everything(ticket: CaseTicket) -> list[str]:
        page = plans.show_plan(ticket, TOOL)
        assert page is not None
        lines = [plans_history.history(ticket, version) for version in page.versions]
        return [repr(version.answers) for version in page.versions] + [
            repr(line.words) for each in lines for line in each
        ]

    found = story.play(room, room.guide, everything)
    assert not [words for words in found if "heard." in words]
    assert any("Vi talte om skolen" in words for words in found), "all else is where it was"
    assert any("before.notes" in words for words in found), "a line of the history keeps what was not hers alone"
    revisions = old.owner.execute("select revision from plan_change where revision >= 50 order by 1").fetchall()
    assert revisions == [(51,)], "a line that told of nothing else is gone"
    for kind in ("pdf", "docx"):
        paper = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/plan/{TOOL}/versions/1/paper/{kind}")
        assert not [told for told in TOLD if told in _opened(paper)]


def test_she_finds_it_again_and_nobody_else_does(app: Flask, story: Story, runtime: Runtime, old: Old) -> None:
    migrate(old.url, keyring=runtime.keyring)
    room = old.room
    hers = story.play(room, room.young, lambda t: heard.my_answers(t, heard.of_version(t, 1)))
    assert dict(hers.answers) == OLD
    assert hers.shown_to is None
    rows = old.owner.execute(
        "select plan_version_id, created_by_id, now() - answered_at > interval '2 days', answers_sealed from heard"
    ).fetchall()
    assert [row[:3] for row in rows] == [(old.versions[0], room.member(room.young), True)], (
        "only where she had answered"
    )
    assert b"declined" not in bytes(rows[0][3])
    young, guide = (Browser(app, story.token(who)) for who in (room.young, room.guide))
    where = f"/cases/{room.case_id}/plan/{TOOL}/versions/1"
    assert young.get(where).links().count(f"{where}/heard") == 1
    assert "1 Slet ikke" in young.get(f"{where}/heard").text
    assert not [told for told in TOLD if told in guide.get(where).text]
    page = young.get(f"{where}/heard")
    young.submit(page, "heard.listened", show="y")
    assert "1 Slet ikke" in guide.get(where).text, "she can show that too"


def test_the_agenda_of_an_old_draft_is_hers_from_now_on(story: Story, runtime: Runtime, old: Old) -> None:
    migrate(old.url, keyring=runtime.keyring)
    room = old.room
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague)
    draft = newest(story, room, room.young, TOOL)
    assert draft.answers["before.agenda"] == "Kan vi tale om min praktik?"
    agenda = next(p.question for p in draft.definition.places(draft.answers) if p.address == "before.agenda")
    may = {
        who.name: story.play(room, who, lambda t: plans.may_fill(t, draft, agenda))
        for who in (room.young, room.guide, colleague)
    }
    assert may == {"Ulla Ung": True, "Grete Guide": True, "Kim Kollega": False}


def test_a_copy_that_was_packed_before_is_not_fetched_any_more(runtime: Runtime, old: Old) -> None:
    still = "select count(*) from export where kind = 'case' and ends_at > now()"
    assert old.owner.execute(still).fetchone() == (1,)
    migrate(old.url, keyring=runtime.keyring)
    assert old.owner.execute(still).fetchone() == (0,)


def test_without_the_keys_nothing_is_done_and_it_is_said_why(old: Old) -> None:
    with pytest.raises(UnsafeConfiguration, match="KEYS_FILE"):
        migrate(old.url)
    assert old.owner.execute("select to_regclass('heard')").fetchone() == (None,)
    forced = old.owner.execute(
        "select bool_and(relforcerowsecurity) from pg_class "
        "where relname in ('plan_version', 'plan_change', 'case_key')"
    )
    assert forced.fetchone() == (True,), "no wall is left down"
