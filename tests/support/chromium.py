"""A real browser, Chromium: one process for each test process, a window of their own for everybody who uses it.

Starting it takes as long as most tests that use it. Cookies, storage and open pages belong to a context, and every
context a test opened is closed at its end, so nothing of one test reaches the next.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

expect.set_options(timeout=30_000)
"""How long what a page shows is waited for. A test that passes never waits that long; on a busy machine five seconds
are too few. No test measures time."""


def until(page: Page, holds: Callable[[], bool], what: str = "") -> None:
    """Waits for what `expect` cannot be asked for: the page goes on meanwhile."""
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError(what or "it never came")


_PROGRAMS = ("chromium-headless-shell", "chromium")
"""The same browser without the windows, tabs and menus that nobody looks at here: it shows 24 pages of a case in 3.4 s
of the processor instead of 10.4. Where there is no such package, the whole one does."""
_OPTIONS = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
_OPTIONS += ["--disable-sync", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def _without_service_worker(opens: Callable[..., BrowserContext], **options: Any) -> BrowserContext:
    """What goes through a page's service worker is not seen by `route`; a test that is about it asks for it."""
    context = opens(**options)
    if options.get("service_workers") != "allow":
        context.add_init_script("delete Navigator.prototype.serviceWorker")
    return context


class Process:
    """Chromium and its driver, running between tests too."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._browser: Browser | None = None
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)

    @contextmanager
    def used(self) -> Iterator[Browser]:
        """For the length of a block, and only then, the driver's event loop is the running one of this thread: between
        two tests the worker's own loop may run here."""
        asyncio._set_running_loop(self._loop)
        try:
            browser = self._started()
            yield browser
            for context in browser.contexts:
                context.close()
        finally:
            asyncio._set_running_loop(None)

    def stop(self) -> None:
        asyncio._set_running_loop(self._loop)
        if self._browser is not None:
            self._browser.close()

    def _started(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            path = next(filter(None, map(shutil.which, _PROGRAMS)), None)
            assert path, "Chromium is missing; .ci/debian-packages says how to install it"
            self._browser = self._playwright.chromium.launch(executable_path=path, args=_OPTIONS)
            opens = self._browser.new_context
            setattr(self._browser, "new_context", partial(_without_service_worker, opens))  # noqa: B010  a method
        return self._browser


@pytest.fixture(scope="session")
def chromium_process() -> Iterator[Process]:
    with sync_playwright() as playwright:
        process = Process(playwright)
        yield process
        process.stop()


@pytest.fixture
def chromium(chromium_process: Process) -> Iterator[Browser]:
    with chromium_process.used() as browser:
        yield browser
