"""The page of `sterna serve` in a browser: by keyboard, on a phone, in both colour schemes."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.sw.serve.browser import browser, needs_browser, opened, until

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")
pytestmark = needs_browser

SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
CONTRAST = """() => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
    .map((part) => part / 255)
    .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("h1, h2, p, dt, dd, button, label, summary, a, textarea")]
    .filter((element) => element.offsetParent && element.textContent.trim() && !element.disabled)
    .map((element) => {
      const both = [light(getComputedStyle(element).color), light(ground(element))]
        .sort((one, other) => other - one);
      return [element.textContent.trim().slice(0, 30), (both[0] + 0.05) / (both[1] + 0.05)];
    }).filter(([, ratio]) => ratio < 4.5);
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from tests.sw.serve.served import served

    with served(device="emulator", options={"config": "tiny"}) as (url, _):
        yield url.removesuffix("v1")


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


def answered(page, count: int = 1) -> str:
    """The answer, once it has ended."""
    until(page,
          f"document.querySelectorAll('.assistant .told:not(:empty)').length >= {count}")
    return page.locator(".assistant .text").nth(count - 1).text_content()


def asked_alone(server: str, said: str) -> str:
    """What the interface answers, with the same seed."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=60)
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "model": "demo-tiny", "messages": [{"role": "user", "content": said}], "max_tokens": 12,
        "seed": 7}), {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["choices"][0]["message"]["content"]


def test_a_conversation_by_keyboard_alone(server, chromium):
    """Each answer is the interface's; the focus stays where one writes."""
    with opened(chromium, server) as page:
        until(page, "document.title.startsWith('demo-tiny')")
        assert "no chat template" in page.inner_text("#hint")
        press = page.keyboard.press
        for _ in range(3):  # from the text over both buttons to what is folded
            press("Tab")
        press("Enter")
        press("Tab")
        press("Control+A")
        page.keyboard.type("12")
        press("Tab")
        press("Tab")
        page.keyboard.type("7")
        page.focus("#text")
        page.keyboard.type("The king")
        press("Enter")
        assert answered(page) == asked_alone(server, "The king")
        assert page.evaluate("document.activeElement.id") == "text"
        assert re.search(r"12 tokens, [\d.]+ a second; the first after \d+ ms, \d+ of \d+ before",
                         page.inner_text(".told >> nth=1"))
        page.keyboard.type("<b>two</b>")
        press("Shift+Enter")
        page.keyboard.type("lines")
        press("Enter")
        answered(page, 2)
        assert page.locator(".user .text").nth(1).text_content() == "<b>two</b>\nlines"
        assert page.locator("#messages b").count() == 0


def test_what_is_said_before_the_server_has_said_its_name(server, chromium):
    """As one who types fast, or on a slow line: the answer comes all the same."""
    with opened(chromium, "about:blank", (server,)) as page:
        page.route("**/health", lambda route: (time.sleep(0.5), route.continue_()))
        page.goto(server)
        page.evaluate("document.getElementById('most').value = 4")
        page.fill("#text", "The king")
        page.keyboard.press("Enter")
        assert answered(page)


def test_escape_stops_an_answer_and_frees_its_stream(chromium):
    """Of a model that takes a minute for it, so that it has not ended by then."""
    from tests.sw.serve.served import served

    with (served("demo", device="emulator") as (url, _),
          opened(chromium, url.removesuffix("v1")) as page):
        page.evaluate("document.getElementById('most').value = 4000")
        page.fill("#text", "Once")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('.assistant .text').textContent.length > 20")
        assert page.is_disabled("#send") and not page.is_disabled("#stop")
        page.keyboard.press("Escape")
        page.wait_for_selector(".assistant .told:text-is('stopped')")
        until(page, "fetch('health').then((a) => a.json()).then((b) => b.texts === 0)")
        page.click("#again")
        assert page.locator("#messages li").count() == 0


def test_the_counters_follow(server, chromium):
    with opened(chromium, server) as page:
        page.fill("#text", "The queen")
        page.keyboard.press("Enter")
        answered(page)
        until(page, """[...document.querySelectorAll('dt')].some((name) =>
            name.textContent === 'tokens made' && Number(name.nextSibling.textContent) > 0)""")
        rows = dict(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts(),
                        strict=True))
        assert {"tokens a second", "device busy", "texts waiting", "link"} <= set(rows)
        assert re.fullmatch(r"\d+ %", rows["device busy"])
        until(page, "document.querySelector('polyline').points.length > 1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_can_be_read(server, chromium, size, scheme):
    """Nothing is wider than the screen, and every text stands out from its ground."""
    width, height = SIZES[size]
    with opened(chromium, server, viewport={"width": width, "height": height},
                color_scheme=scheme) as page:
        page.evaluate("document.getElementById('most').value = 12")
        page.fill("#text", "A" * 120)
        page.keyboard.press("Enter")
        answered(page)
        page.click("summary")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) == []
        box = page.locator("#text").bounding_box()
        assert box["y"] + box["height"] <= height and box["width"] > width / 3


def test_a_server_with_a_key(chromium):
    """The page asks for it, says what the server says, and keeps what was written."""
    from tests.sw.serve.served import served

    with (served(device="emulator", options={"config": "tiny"}, key="secret") as (url, _),
          opened(chromium, url.removesuffix("v1"), ("401",)) as page):
        page.fill("#text", "The king")
        page.keyboard.press("Enter")
        page.wait_for_selector("#failure:not([hidden])")
        assert "API key" in page.inner_text("#failure")
        assert page.input_value("#text") == "The king"
        page.click("summary")
        page.fill("#key", "secret")
        page.focus("#text")
        page.keyboard.press("Enter")
        assert answered(page)


def test_nothing_of_it_may_come_from_elsewhere(server):
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=60)
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    policy = answer.getheader("Content-Security-Policy", "")
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
