"""A browser without a screen. Every page any test opens with it is also checked: see `check_page`."""

from __future__ import annotations

import re
from functools import cached_property
from io import BytesIO
from typing import Any, ClassVar
from urllib.parse import urlsplit

import html5lib
from bs4 import BeautifulSoup, Tag
from flask import Flask
from lxml import html as lxml_html
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
SCRIPTS = {
    "cases/find.js": "input[data-finds]",
    "exports/reload.js": "[data-reload]",
    "files/list.js": "ul#files, [data-said]",
    "files/picture.js": "img[data-again]",
    "files/uploads.js": "[data-uploads]",
    "layout/file_limit.js": "input[type=file][data-limit]",
    "layout/page.js": "body[data-unsure]",
    "meetings/follow.js": "[data-follow]",
    "messages/draft.js": "form[data-draft]",
    "plans/network_map.js": "figure[data-draws]",
    "plans/write.js": "form[data-autosave]",
    "signin/passkeys.js": "form[data-passkey]",
    "signin/session.js": "body[data-ends]",
}
"""The scripts pages load, and what each of them is there for."""
_HOOK = re.compile(r"(?P<tag>[a-z]*)(?:#(?P<id>[a-z-]+))?(?P<rest>(?:\[[a-z-]+(?:=[a-z]+)?\])*)")
_HANDLERS = re.compile(r"^on[a-z]+$")


_TOKEN = re.compile(r'<input[^>]* name="csrf_token"[^>]* value="([^"]+)"')


class Page:
    """What came back: the response, and the page in it if there was one."""

    def __init__(self, response: TestResponse, path: str) -> None:
        self.response, self.path = response, path
        self.status = response.status_code
        self.headers = response.headers
        self.is_html = response.mimetype == "text/html"

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.response.data if self.is_html else "", "html.parser")

    @property
    def text(self) -> str:
        """What a person reads: the content of the page without its frame."""
        main = self.soup.find("main")
        return " ".join((main or self.soup).get_text(" ").split())

    @property
    def everything(self) -> str:
        """All that was sent, headers too."""
        return self.response.data.decode(errors="replace") + str(self.headers)

    def links(self) -> list[str]:
        return [str(a["href"]) for a in self.soup.find_all("a", href=True)]

    def form(self, marker: str = "") -> Tag:
        """The form in the page's content whose address or fields contain `marker`."""
        main = self.soup.find("main") or self.soup
        for form in main.find_all("form"):
            if marker in str(form):
                return form
        raise AssertionError(f"no form with {marker!r} on {self.path}: {self.text[:300]}")


class Browser:
    """`thorough` False checks a page's cleanness only the first time it meets that view with that status: for rules
    that open the same pages thousands of times."""

    met: ClassVar[set[tuple[str, int]]] = set()

    def __init__(self, app: Flask, token: str | None = None, thorough: bool = True) -> None:
        self.app = app
        self.thorough = thorough
        self.client = app.test_client()
        if token:
            self.client.set_cookie(cookie_of(app), token, domain="localhost")
        self.page: Page | None = None

    def get(self, path: str, **kwargs: Any) -> Page:
        return self._came_back(self.client.get(path, **kwargs), path)

    def post(self, path: str, data: dict[str, Any] | None = None, token: str | None = None, **kwargs: Any) -> Page:
        """A POST with the CSRF token a page of this browser would carry."""
        fields = {"csrf_token": token or self.csrf(), **(data or {})}
        return self._came_back(self.client.post(path, data=fields, **kwargs), path)

    def send(self, method: str, path: str, **kwargs: Any) -> Page:
        """A request that no form can make, as a program in the page sends it."""
        return self._came_back(self.client.open(path, method=method, **kwargs), path)

    def submit(self, page: Page, marker: str = "", **answers: Any) -> Page:
        """Fills in and sends a form of the page, with what it already holds, as a browser would."""
        form = page.form(marker)
        fields = {**held(form), **answers}
        for name, value in list(fields.items()):
            if isinstance(value, tuple):
                fields[name] = (BytesIO(value[1]), value[0])
            elif value is None:
                del fields[name]
        path = str(form.get("action") or page.path)
        if str(form.get("method", "get")).lower() == "get":
            return self.get(f"{path}?" + "&".join(f"{k}={v}" for k, v in fields.items()))
        if form.get("enctype") == "multipart/form-data":
            empty = {n: (BytesIO(b""), "") for n in names_of(form, "file") if n not in fields}
            return self._came_back(
                self.client.post(path, data={**fields, **empty}, content_type="multipart/form-data"), path
            )
        return self._came_back(self.client.post(path, data=fields), path)

    def follow(self, page: Page) -> Page:
        """The page a redirect leads to."""
        while page.status in (301, 302, 303):
            page = self.get(urlsplit(page.headers["Location"])._replace(scheme="", netloc="").geturl())
        return page

    def _is_new(self, page: Page) -> bool:
        view = (str(page.response.request.path.rsplit("/", 1)[-1])[:12], page.status)
        new = view not in self.met
        self.met.add(view)
        return new

    def csrf(self) -> str:
        """A token from any page that has a form."""
        for path in ("/sign-in", "/cases"):
            if found := _TOKEN.search(self.client.get(path, follow_redirects=True).text):
                return found[1]
        raise AssertionError("no page with a form")

    def _came_back(self, response: TestResponse, path: str) -> Page:
        response.get_data()
        response.close()
        if not isinstance(sent := response.request.environ["wsgi.input"], BytesIO):
            sent.close()  # what is large lies in a file of the test client's
        self.page = Page(response, path)
        check_headers(self.page)
        if self.page.is_html and response.data and (self.thorough or self._is_new(self.page)):
            check_page(self.page)
        return self.page


def cookie_of(app: Flask) -> str:
    from portal.web.guard import cookie_name

    return cookie_name(app.extensions["runtime"].settings)


def held(form: Tag) -> dict[str, Any]:
    """What a form would send as it stands."""
    fields: dict[str, Any] = {}
    for tag in form.find_all(["input", "textarea", "select"]):
        name, kind = tag.get("name"), tag.get("type", "text")
        if not name or kind in ("file", "submit"):
            continue
        if kind in ("checkbox", "radio"):
            if tag.has_attr("checked"):
                value = str(tag.get("value", "on"))
                if kind == "checkbox" and name in fields:
                    value = [*(fields[name] if isinstance(fields[name], list) else [fields[name]]), value]
                fields[name] = value
        elif tag.name == "select":
            chosen = tag.find("option", selected=True) or tag.find("option")
            fields[name] = str(chosen["value"]) if isinstance(chosen, Tag) else ""
        elif tag.name == "textarea":
            fields[name] = tag.get_text().removeprefix("\n")
        elif kind == "text" and name in fields:  # several boxes of one answer
            before = fields[name]
            fields[name] = [*(before if isinstance(before, list) else [before]), str(tag.get("value", ""))]
        else:
            fields[name] = str(tag.get("value", ""))
    return fields


def names_of(form: Tag, kind: str) -> list[str]:
    return [str(tag["name"]) for tag in form.find_all("input", type=kind) if tag.has_attr("name")]


def check_headers(page: Page) -> None:
    """The same strict headers on every response."""
    for name, value in STRICT.items():
        # A preview is shown in a frame, of ours alone.
        framed = (
            name == "X-Frame-Options" and page.path.split("?")[0].endswith("/preview") and page.status in (200, 503)
        )
        assert page.headers.get(name) == ("SAMEORIGIN" if framed else value), (
            f"{page.path}: {name} is {page.headers.get(name)!r}"
        )
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy, policy
    assert "default-src 'none'" in policy, policy
    if not page.path.startswith("/static/"):
        assert page.headers["Cache-Control"] == "no-store", page.path


def _parsed(hook: str) -> list[tuple[str, dict[str, str | None]]]:
    """The few kinds of CSS selectors that SCRIPTS speaks: for each of them the tag and what its attributes are."""
    found = []
    for one in hook.split(", "):
        match = _HOOK.fullmatch(one)
        assert match, f"{hook!r} in SCRIPTS is more than is looked for here"
        wanted: dict[str, str | None] = {"id": match["id"]} if match["id"] else {}
        for name, _is, value in (part.partition("=") for part in re.findall(r"\[(.*?)\]", match["rest"])):
            wanted[name] = value or None
        found.append((match["tag"], wanted))
    return found


_HOOKS = {script: _parsed(hook) for script, hook in SCRIPTS.items()}


def _hangs_on(tag: HtmlElement, hook: list[tuple[str, dict[str, str | None]]]) -> bool:
    return any(
        name in ("", tag.tag)
        and all(key in tag.attrib if value is None else tag.get(key) == value for key, value in wanted.items())
        for name, wanted in hook
    )


def _check_scripts(tags: list[HtmlElement], where: str) -> None:
    """Each page loads the scripts that it needs, as modules, and no other."""
    sources = [(tag.get("type"), str(tag.get("src"))) for tag in tags if tag.tag == "script"]
    loaded = {source.partition("/js/")[2] for kind, source in sources if kind == "module"}
    assert loaded <= set(SCRIPTS), f"{where}: {loaded - set(SCRIPTS)} is not listed in tests/support/browser.py"
    names = {name for tag in tags for name in tag.attrib}
    for script, hook in _HOOKS.items():
        possible = [one for one in hook if names.issuperset(one[1])]
        there = bool(possible) and any(_hangs_on(tag, possible) for tag in tags)
        assert there == (script in loaded), f"{where}: {script} is {'missing' if there else 'loaded for nothing'}"
    uploader = [source for kind, source in sources if kind is None and "/tus." in source]
    assert len(uploader) == ("files/uploads.js" in loaded), f"{where}: the uploader's library"


_valid: set[int] = set()
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
_WORDS = re.compile(r"(?<=>)\s*[^<>&\s][^<>&]*(?=<)")
_BLANKS = re.compile(r"(?<=>)\s+(?=<)")
_VALUE = re.compile(r'(?<!type)="[^"<>&]*"')


def skeleton(html: str) -> int:
    """What its validity depends on: tags, names of attributes, where there are words, and what could end a word or
    a value. Each skeleton is looked through once: that takes longer than making the page."""
    if _ODD.search(html):
        return hash(html)
    return hash(_VALUE.sub('=""', _BLANKS.sub(" ", _WORDS.sub("x", html))))


def check_page(page: Page) -> None:
    """Valid HTML, one h1, unique ids, a title and a language, a token in every form that changes something and a number
    of its own, nothing inline, nothing from another origin."""
    where = f"{page.path} ({page.status})"
    html = page.response.get_data(as_text=True)
    if (bones := skeleton(html)) not in _valid:
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(html)
        assert not parser.errors, f"{where}: invalid HTML {parser.errors[:3]}"
        _valid.add(bones)
    # What is valid is read by a quick parser as any other would read it: a tenth of what the tests' own soup takes.
    root = lxml_html.document_fromstring(html)
    tags = [tag for tag in root.iter() if isinstance(tag.tag, str)]
    assert root.get("lang") in ("da", "en"), where
    assert (root.findtext("head/title") or "").strip(" -\n"), f"{where}: no title"
    titles = [tag for tag in tags if tag.tag == "h1"]
    assert len(titles) == 1, f"{where}: {len(titles)} h1"
    ids = [tag.get("id") for tag in tags if "id" in tag.attrib]
    known = set(ids)
    assert len(ids) == len(known), f"{where}: ids twice {sorted({i for i in ids if ids.count(i) > 1})}"
    numbers = [tag.get("value") for tag in tags if tag.tag == "input" and tag.get("name") == "submission"]
    assert len(numbers) == len(set(numbers)), f"{where}: two forms with one number"
    _check_scripts(tags, where)
    for tag in tags:
        check_tag(tag, known, where)


def check_tag(tag: HtmlElement, known: set[str], where: str) -> None:
    """One tag of a page whose ids are `known`."""
    if tag.tag == "form" and "post" in tag.get("method", "").lower():
        assert tag.find(".//input[@name='csrf_token']") is not None, f"{where}: a form without a token"
    assert tag.tag != "script" or tag.get("src"), f"{where}: an inline script"
    assert tag.tag != "style", f"{where}: an inline style"
    for name in tag.attrib:
        assert name != "style", f"{where}: a style attribute on {tag.tag}"
        assert not _HANDLERS.match(name), f"{where}: a handler on {tag.tag}"
    for name in ("src", "action", "data", "poster"):
        assert not tag.get(name, "").startswith(("http:", "https:", "//")), f"{where}: {tag.tag} leads away"
    if tag.tag in ("link", "use"):
        assert tag.get("href", "").startswith(("/", "#")), f"{where}: {tag.get('href')} from another origin"
    if tag.tag == "label":
        assert tag.get("for") is None or tag.get("for") in known, f"{where}: a label for nothing: {tag.get('for')}"
    for described in tag.get("aria-describedby", "").split():
        assert described in known, f"{where}: described by nothing: {described}"
