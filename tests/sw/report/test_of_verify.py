"""The page of `sterna verify -o`: the first differences of a spoilt board, and what is around."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.sim.spoilt_board import Shown, replace_board
from tests.sw.serve.browser import browser, needs_browser, opened

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
ASKED = ("verify", "random:hidden=20,layers=2,intermediate=12,vocabulary=40", "--config", "tiny",
         "--rows", 4, "--columns", 8, "--vector-lanes", 2, "--tokens", 5, "-o")
TOKEN, WORD, GROUP = 2, 1, 3


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word of a vector and a logit of one token are wrong."""
    def fault(number: int, shown: Shown) -> None:
        if number == TOKEN:
            shown.trace["vector"][GROUP, WORD] += 1
            shown.result[2] += 3

    replace_board(monkeypatch, fault)


def check_page(folder: Path) -> None:
    """In Chromium: no errors, nothing from elsewhere, and nothing wider than the screen."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    url = (folder / "index.html").as_uri()
    with browser() as chromium:
        for width, scheme in ((390, "dark"), (1440, "light")):
            with opened(chromium, url, viewport={"width": width, "height": 900},
                        color_scheme=scheme) as found:
                assert found.evaluate("document.documentElement.scrollWidth") <= width
                assert found.locator("svg").count() == 2
                for summary in found.locator("summary").all():
                    summary.click()
                assert found.locator("td", has_text="differs").count() == 2


@needs_browser
def test_of_a_board_that_is_wrong(sterna, spoilt: None, tmp_path: Path) -> None:
    outcome = sterna(*ASKED, tmp_path / "page")
    assert outcome.code == 1 and "2 differ; the first: " in outcome.errors
    assert outcome.output == f"{tmp_path / 'page' / 'index.html'}: written\n"
    found = json.loads((tmp_path / "page" / "verify.json").read_text())
    vector, logits = found["differing"]
    assert {name: vector[name] for name in found["first_difference"]} == found["first_difference"]
    assert logits["name"] == "logits" and logits["element"] == 0
    for one, more in ((vector, 1), (logits, 3)):
        around = one["around"]
        wrong = np.array(around["simulated"]) - around["golden"]
        place = one["element"] - around["first"]
        assert wrong[place] == more and np.count_nonzero(wrong) == 1 and len(wrong) > 3
        assert (one["golden"], one["simulated"]) == (
            around["golden"][place], around["simulated"][place])
        assert one["token"] == TOKEN
    check_page(tmp_path / "page")


def test_of_a_board_that_is_right(sterna, tmp_path: Path) -> None:
    outcome = sterna("verify", "l2mu", "--steps", 3, "--device", "emulator", "-o", tmp_path / "p")
    assert outcome.code == 0 and outcome.output.endswith("index.html: written\n")
    assert json.loads((tmp_path / "p" / "verify.json").read_text())["differing"] == []
    assert "No value differs." in (tmp_path / "p" / "index.html").read_text()


def test_of_a_network(sterna, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fault(number: int, shown: Shown) -> None:
        if number == 1:
            shown.trace["0_sums"][0, 0] += 5

    replace_board(monkeypatch, fault)
    outcome = sterna("verify", "l2mu", "--steps", 3, "-o", tmp_path / "page", "--json")
    assert outcome.code == 1 and outcome.json["page"] == str(tmp_path / "page" / "index.html")
    one, = outcome.json["differing"]
    assert one["simulated"] == one["golden"] + 5 and one["name"].endswith(".sum")
    assert f"{one['name']}[{one['element']}]" in (tmp_path / "page" / "index.html").read_text()


def test_it_is_of_one_model(sterna, tmp_path: Path) -> None:
    outcome = sterna("verify", "demo-tiny", "l2mu", "-o", tmp_path / "page")
    assert outcome.code == 2 and "--output: is of one model" in outcome.errors
