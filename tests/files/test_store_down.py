"""A blob store that is away: files say so clearly, and everything else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import create_app
from portal.runtime import Runtime, runtime_for
from portal.settings import Settings
from tests.support.browser import Browser
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from tests.support.story import PDF, Story

pytestmark = pytest.mark.xdist_group("s3")
SAID = "Filerne kan ikke nås lige nu. Beskeder og planer virker stadig."


@pytest.fixture
def server() -> Iterator[S3Server]:
    """A server of this test's own, to be killed."""
    made = S3Server()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def s3_settings(portal_settings: Settings, server: S3Server, tmp_path: Path) -> Settings:
    (tmp_path / "access").write_text(f"{ACCESS_KEY}\n")
    (tmp_path / "secret").write_text(f"{SECRET_KEY}\n")
    where = {
        "s3_url": server.url(server.store().bucket),
        "s3_access_key_file": tmp_path / "access",
        "s3_secret_key_file": tmp_path / "secret",
    }
    return portal_settings.model_copy(update=where)


def test_a_store_that_is_down_gives_a_clear_page_and_keeps_messages_and_plans_working(
    s3_settings: Settings, server: S3Server
) -> None:
    with runtime_for(s3_settings) as runtime:
        play(runtime, s3_settings, server)


def play(runtime: Runtime, s3_settings: Settings, server: S3Server) -> None:
    story = Story(runtime)
    room = story.case()
    file_id = story.file(room, room.guide)
    case = f"/cases/{room.case_id}"
    app = create_app(runtime)
    guide = Browser(app, story.token(room.guide))
    assert guide.get(f"{case}/files/{file_id}/versions/1").response.data == PDF
    form = guide.get(f"{case}/files/new")
    server.kill()

    gone = guide.get(f"{case}/files/{file_id}/versions/1")
    assert gone.status == 503
    assert SAID in gone.text
    assert "Retry-After" in gone.headers
    refused = guide.submit(form, "compartment", file=("ny.pdf", PDF))
    assert refused.status == 503
    assert SAID in refused.text
    assert "plan.pdf" in guide.get(f"{case}/files").text
    assert "ny.pdf" not in guide.get(f"{case}/files").text
    for page in ("", "/plan", "/people", "/messages"):
        assert guide.get(f"{case}{page}").status == 200
    sent = guide.submit(guide.get(f"{case}/messages/new"), "subject", subject="Hej", body="Det virker")
    assert "Det virker" in guide.follow(sent).text

    # A process that starts while the store is away starts all the same.
    with runtime_for(s3_settings) as beside:
        assert Browser(create_app(beside), story.token(room.guide)).get(f"{case}/messages").status == 200

    server.start()
    assert guide.get(f"{case}/files/{file_id}/versions/1").response.data == PDF
    form = guide.get(f"{case}/files/new")
    assert guide.submit(form, "compartment", file=("ny.pdf", PDF)).status == 303
