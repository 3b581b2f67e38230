"""The page of `sterna report`: its numbers, and what a browser makes of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sterna.cli import application
from sterna.report.page import Section, page
from sterna.report.pictures import bars

from tests.sw.serve.browser import browser, needs_browser, opened

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
SHOWN = (("demo", "ulx3s-85f"), ("l2mu", "icebreaker"))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    for model, board in SHOWN:
        assert application.run_arguments(
            ["report", model, "--board", board, "-o", str(folder / model)]) == 0
    return {model: folder / model for model, _ in SHOWN}


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    pytest.importorskip("playwright", reason="playwright is not installed")
    with browser() as found:
        yield found


@pytest.mark.parametrize(("model", "board"), SHOWN)
def test_its_numbers_are_those_of_estimate(reports, capsys, model, board):
    assert application.run_arguments(["estimate", model, "--board", board, "--json"]) == 0
    wanted = json.loads(capsys.readouterr().out)
    found = json.loads((reports[model] / "report.json").read_text())
    assert {name: found[name] for name in wanted} == wanted
    unit = found["unit"]
    assert found["timeline"]["cycles"] <= found[f"cycles_per_{unit}"]
    assert found["busiest"]["a_second"] >= found[f"{unit}s_per_second"]
    text = (reports[model] / "index.html").read_text()
    for name, used, there in found["room"]:
        assert f"{used:,} of {there:,}" in text or not there, name
    assert all(f">{name}" in text for name, luts in found["units"].items() if luts)


def test_what_populations_do_is_what_run_gives(reports, sterna, tmp_path):
    """Outputs of the last population; rates are those of the spikes, and membranes are there."""
    found = json.loads((reports["l2mu"] / "report.json").read_text())["activity"]
    assert json.loads((reports["demo"] / "report.json").read_text())["activity"] is None
    assert sterna("run", "l2mu", "--steps", 50, "-o", tmp_path / "out.npz").code == 0
    with np.load(tmp_path / "out.npz") as arrays:
        wanted = arrays["out"].reshape(50, -1)
    out = found["out"]
    assert out["neurons"] == wanted.shape[1] and out["active"] == np.count_nonzero(wanted)
    assert [*zip(*out["spikes"], strict=True)] == [*zip(*map(
        np.ndarray.tolist, np.nonzero(wanted)), strict=True)]
    for one in found.values():
        assert len(one["spikes"][0]) == one["active"] == round(
            one["rate"] * one["steps"] * one["neurons"]) > 0
        assert len(one["membranes"]) == 3 and all(
            len(values) == 50 and any(values) for values in one["membranes"].values())
    text = (reports["l2mu"] / "index.html").read_text()
    assert "Who is active when" in text and "Membranes of out" in text


def test_inputs_of_a_file(sterna, tmp_path):
    """Other inputs, other spikes; steps are those of the file."""
    np.save(tmp_path / "frames.npy", np.ones((7, 1, 12)))
    outcome = sterna("report", "l2mu", "--board", "icebreaker", "--input", tmp_path / "frames.npy",
                     "-o", tmp_path / "page", "--json")
    assert outcome.code == 0, outcome.errors
    assert {one["steps"] for one in outcome.json["activity"].values()} == {7}


def test_two_reports_are_the_same_bytes(reports, tmp_path):
    assert application.run_arguments(
        ["report", "l2mu", "--board", "icebreaker", "-o", str(tmp_path / "again")]) == 0
    for name in ("index.html", "report.json"):
        assert (tmp_path / "again" / name).read_bytes() == (reports["l2mu"] / name).read_bytes()


DRAWN = "from sterna.report.pictures import bars; print(bars('a', [('b', 1.0, 'one')]))"


def test_settings_of_the_user_change_nothing(tmp_path):
    """Neither those of a notebook that has matplotlib, nor files and variables, broken or not."""
    import matplotlib

    def drawn(**more: str) -> str:
        return subprocess.run([sys.executable, "-c", DRAWN], cwd=tmp_path, env=os.environ | more,
                              capture_output=True, text=True, check=True, timeout=120).stdout

    usual = bars("a", [("b", 1.0, "one")])
    with matplotlib.rc_context({"font.size": 40, "text.usetex": True}):
        assert bars("a", [("b", 1.0, "one")]) == usual
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 40\nnonsense: 3\n")
    assert drawn(MPLBACKEND="nonsense") == usual + "\n"


def test_texts_of_a_page_are_texts():
    section = Section("<i>title</i>", ["a & b"], ["<b>"], [("<script>", 1234, 0.25)])
    text = page("<u>", ["<s>"], [section])
    assert not re.search(r"<(i|b|u|s|script)>", text)
    assert "&lt;script&gt;" in text and "1,234" in text and "a &amp; b" in text


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("model", [model for model, _ in SHOWN])
def test_in_a_browser(reports, chromium, model, width, scheme):
    """No errors, nothing from elsewhere, nothing wider than the screen, letters large enough."""
    url = (reports[model] / "index.html").as_uri()
    with opened(chromium, url, viewport={"width": width, "height": 900}, color_scheme=scheme
                ) as found:
        for summary in found.locator("summary").all():
            summary.focus()
            found.keyboard.press("Enter")
        assert found.locator("details[open]").count() == found.locator("details").count() > 2
        assert found.evaluate("document.documentElement.scrollWidth") <= width
        sizes = found.evaluate("""[...document.querySelectorAll('svg text')]
            .map((text) => text.getBoundingClientRect().height)""")
        assert min(sizes) >= 10 and len(sizes) > 20
        ink = found.evaluate("""getComputedStyle(document.querySelector('svg text')).fill""")
        assert ink == found.evaluate("getComputedStyle(document.body).color")
