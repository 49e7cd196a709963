"""A name, subject or reason that cannot be seen is none, whichever form it comes by; and a text is counted as its
writer sees it."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.errors import InvalidInput
from portal.services.accounts import bulk_import
from portal.services.files import folders
from portal.services.members import citizens
from tests.support.browser import Browser
from tests.support.story import Room, Story

BLANKS = ["\u00ad", "\u200b\u2060", "\u3164", "\u2800 \u2800", "\u115f", "\ufe0f", "\u0301", "\u00a0"]


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=1)


@pytest.mark.parametrize("blank", BLANKS)
def test_what_nobody_can_see_is_told_at_its_field(blank: str, app: Flask, story: Story, room: Room) -> None:
    guide, admin = Browser(app, story.token(room.guide)), Browser(app, story.token(story.admin()))
    colleague = story.staff("Kim Kollega")
    case = f"/cases/{room.case_id}"
    asked = [
        (guide, f"{case}/messages/new", "subject", {"subject": blank, "body": "Hej"}),
        (guide, f"{case}/messages/new", "body", {"subject": "Hej", "body": blank}),
        (guide, "/cases/new", "name", {"name": blank}),
        (guide, f"{case}/team/add/{colleague.id}", "purpose", {"purpose": blank, "level": "read"}),
        (admin, "/office/organisations/new", "name", {"name": blank}),
    ]
    for browser, path, field, given in asked:
        page = browser.get(path)
        if page.status == 404:
            continue
        done = browser.submit(page, field, **given)
        assert done.status == 422, path
        assert "Udfyld feltet" in done.text, path


@pytest.mark.parametrize("blank", BLANKS)
def test_nothing_unseen_is_kept_as_a_name(blank: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="subject: required"):
        story.thread(room, room.guide, subject=blank)
    with pytest.raises(InvalidInput, match="body: required"):
        story.thread(room, room.guide, body=blank)
    with pytest.raises(InvalidInput, match="name: required"):
        citizens.checked_name(blank, "name")
    file_id = story.file(room, room.guide)
    with pytest.raises(InvalidInput, match="reason: required"):
        story.play(room, room.guide, lambda t: folders.withdraw_file(t, file_id, blank))
    (row,) = bulk_import._rows(f"navn;e-mail;stilling;enhed\n{blank};a@b.dk;Lærer;Skole")
    assert ("name", "required") in bulk_import._faults(row, {"Skole"}, set(), set())


def test_a_line_break_counts_as_one_character(app: Flask, story: Story, room: Room) -> None:
    """A browser sends two for each; the limit is what its writer counts."""
    browser = Browser(app, story.token(room.guide))
    body = "a\r\n" * 9_999 + "ab"
    page = browser.get(f"/cases/{room.case_id}/messages/new")
    done = browser.submit(page, "body", subject="Langt", body=body)
    assert done.status == 303
    again = browser.get(f"/cases/{room.case_id}/messages/new")
    refused = browser.submit(again, "body", subject="For langt", body=body + "c")
    assert refused.status == 422
    assert "for langt" in refused.text
