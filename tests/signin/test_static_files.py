"""Scripts and styles come under the version of all of them, so that no browser mixes old ones with new ones."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

from flask import Flask

from portal.settings import PROJECT
from portal.web import static_files
from tests.support.browser import SCRIPTS, Browser

STATIC = PROJECT / "static"
IMPORT = re.compile(r'^import .* from "([^"]+)";$', re.MULTILINE)


def test_what_a_page_loads_stands_under_the_version_of_today_and_may_be_saved_for_a_year(app: Flask) -> None:
    browser = Browser(app)
    soup = browser.get("/sign-in").soup
    version = static_files.version_of(STATIC)
    addresses = [str(tag["src"]) for tag in soup.find_all("script")]
    addresses += [str(tag["href"]) for tag in soup.find_all("link", rel="stylesheet")]
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith(f"/static/{version}/"), address
        answer = browser.get(address)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, static_files.FOREVER), address


def test_modules_import_by_relative_addresses_so_that_they_stay_within_their_version(app: Flask) -> None:
    modules = sorted((STATIC / "js").rglob("*.js"))
    assert {str(path.relative_to(STATIC / "js")) for path in modules} > set(SCRIPTS)
    imports = [(path, named) for path in modules for named in IMPORT.findall(path.read_text("utf-8"))]
    assert len(imports) >= 4
    browser, root = Browser(app), f"/static/{static_files.version_of(STATIC)}/js/"
    for path, named in imports:
        assert named.startswith("."), f"{path.name} imports {named}"
        address = urljoin(root + str(path.relative_to(STATIC / "js")), named)
        answer = browser.get(address)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, static_files.FOREVER), address
        assert answer.headers["Content-Type"].startswith("text/javascript"), address


def test_a_page_of_another_release_gets_what_there_is_and_does_not_save_it(app: Flask) -> None:
    answer = Browser(app).get("/static/v-000000000000/js/layout/page.js")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert Browser(app).get("/static/img/icons.svg").headers["Cache-Control"] == static_files.AN_HOUR
    assert Browser(app).get("/static/v-000000000000/../../pyproject.toml").status == 404
    assert Browser(app).get("/static/v-000000000000/js/nothing.js").status == 404


def test_the_version_changes_with_any_byte_and_any_name(tmp_path: Path) -> None:
    def version() -> str:
        static_files.version_of.cache_clear()
        return static_files.version_of(tmp_path)

    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "one.js").write_text("1", "utf-8")
    versions = [version()]
    (tmp_path / "js" / "one.js").write_text("2", "utf-8")
    versions.append(version())
    (tmp_path / "js" / "one.js").rename(tmp_path / "js" / "two.js")
    versions.append(version())
    assert len(set(versions)) == 3
    assert version() == versions[-1]
