"""The summary of a meeting is in the language of whoever ends it, and in the other one too where they say so."""

from __future__ import annotations

from uuid import uuid4

from flask import Flask

from portal.services.meetings import schedule
from tests.support.browser import Browser, held
from tests.support.meeting import planned, present
from tests.support.story import Someone, Story

HEADS = {"da": ("Referat af mødet", "Til stede: ", "Næste møde"), "en": ("Summary of", "There were: ", "Next meeting")}


def test_a_summary_is_in_the_enders_language_and_with_one_tick_in_the_other_one_too(
    app: Flask, story: Story, colleague: Someone
) -> None:
    room = planned(story, colleague)
    guide, young = (Browser(app, story.token(who), thorough=False) for who in (room.guide, room.young))

    def ended(language: str, **typed: str | None) -> str:
        """What everybody gets: subject and text."""
        meeting = story.play(room, room.guide, lambda t: schedule.begin_now(t, uuid4()))
        present(story, room, meeting, room.guide, room.young)
        guide.post(f"/language/{language}", {}, guide.csrf()).response.close()
        page = guide.get(f"/cases/{room.case_id}/meetings/{meeting}/end")
        assert ("in_both" in held(page.form("o_clock"))) is (language == "en"), "the portal speaks Danish unless asked"
        done = guide.follow(guide.submit(page, "o_clock", **typed))
        return young.get(next(each for each in done.links() if "/messages/" in each)).text

    for told, first, other in (
        (ended("da"), "da", ""),
        (ended("da", in_both="y"), "da", "en"),
        (ended("en"), "en", "da"),
        (ended("en", in_both=None), "en", ""),
    ):
        for head in HEADS[first]:
            assert head in told
        for head, before in zip(HEADS[other] if other else (), HEADS[first], strict=False):
            assert told.index(before) < told.index(head)
        if not other:
            assert not [head for head in HEADS["en" if first == "da" else "da"] if head in told]
        assert told.count("Jeg står op klokken syv") == (2 if other else 1), "people's own words stay theirs"
