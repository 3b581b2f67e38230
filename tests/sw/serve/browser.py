"""A headless Chromium of the system, and a page of it that must stay at home and without errors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
    "google-chrome")
SECONDS = 120
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium; install the package chromium of your system")


@contextmanager
def browser() -> Iterator[Any]:
    """One for many pages."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield found
        finally:
            found.close()


def until(page: Any, expression: str) -> None:
    """Wait until JavaScript is true. Playwright's own way needs what the page's policy forbids."""
    end = time.monotonic() + SECONDS
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


@contextmanager
def opened(browser: Any, url: str, expected: tuple[str, ...] = (), **context: Any
           ) -> Iterator[Any]:
    """A page of its own context. Fails for errors in the console but those that are `expected`,
    and for requests elsewhere."""
    wrong: list[str] = []
    own = browser.new_context(**context)
    page = own.new_page()
    page.set_default_timeout(1000 * SECONDS)
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url)
            if not request.url.startswith(url) else None)
    try:
        page.goto(url)
        yield page
    finally:
        own.close()
    assert [line for line in wrong if not any(word in line for word in expected)] == []
