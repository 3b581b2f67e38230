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

from tests.sw.report.kept import UNITS, kept_build
from tests.sw.serve.browser import browser, needs_browser, opened

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
SHOWN = (("demo", "ulx3s-85f"), ("l2mu", "icebreaker"))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    kept = kept_build(folder / "kept", "l2mu", "icebreaker")
    for model, board in SHOWN:
        more = {"demo": ["--tokens", "100"], "l2mu": ["--build", str(kept)]}[model]
        assert application.run_arguments(
            ["report", model, "--board", board, "-o", str(folder / model), *more]) == 0
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
    roof = found["roofline"]
    assert roof["user"] <= roof["engine"] <= roof["peak"]
    assert (roof["user"] < roof["engine"]) == (model != "demo")  # that board makes texts by itself
    assert roof["user"] <= roof["products_a_byte"] * roof["link_bytes_a_second"] <= (
        roof["products_a_byte"] * roof["line_bytes_a_second"])
    assert roof["engine"] == pytest.approx(roof["products"] * found[f"{unit}s_per_second"])
    text = (reports[model] / "index.html").read_text()
    for name, used, there in found["room"]:
        assert f"{used:,} of {there:,}" in text or not there, name
    assert all(f">{name}" in text for name, luts in found["units"].items() if luts)
    for kind, of in (("memories", found["unit_rams"]), ("multipliers", found["unit_dsps"])):
        assert all(f"{count:,} {kind} (" in text for count in of.values())


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


def test_ranges_of_every_value(reports):
    """Of all places of the program, with what saturates; the page has a row for all layers."""
    found = json.loads((reports["demo"] / "report.json").read_text())["ranges"]
    assert found["data"] == "100 tokens of sample.txt" and found["word_bits"] == 18
    places = {(one["section"], one["repetition"], one["item"], one["operation"]): one
              for one in found["places"]}
    assert len(places) == len(found["places"]) and {place[1] for place in places} == {0, 1, 2}
    codes = [one for one in found["places"] if one["name"] == "gate" and one["limit"] == 127]
    assert len(codes) == 3 and all((one["least"], one["most"]) in ((-127, 127),) or one["share"]
                                   == 1 for one in codes)
    text = (reports["demo"] / "index.html").read_text()
    assert text.count("<td>layer.gate</td>") == 1 and "layer.h_swish" in text
    populations = json.loads((reports["l2mu"] / "report.json").read_text())
    assert {f"{name}.{kind}" for name in populations["activity"] for kind in (
        "sum", "output", "v")} == {one["name"] for one in populations["ranges"]["places"]}


def test_accuracy_is_that_of_eval(reports, sterna, tmp_path):
    """Of the model as it is; the formats of the table in docs/formats.md are beside."""
    from sterna.families.tokens.measured import SAMPLE

    found = json.loads((reports["demo"] / "report.json").read_text())["accuracy"]
    wanted = sterna("eval", "demo", "--text", SAMPLE, "--tokens", 100, "--json").json
    own, *others = found["rows"]
    assert found["float_perplexity"] == wanted["float_perplexity"]
    assert own["perplexity"] == wanted["golden_perplexity"]
    assert own["increase"] == wanted["perplexity_increase"]
    assert own["bits_per_byte"] == wanted["golden_bits_per_byte"]
    assert found["left_out"] == 0 and len({row["formats"] for row in others}) == 28
    assert {"18 bits, residual 5", "16 bits, defaults"} < {row["formats"] for row in others}


def test_class_agreement_is_that_of_eval(reports, sterna):
    found = json.loads((reports["l2mu"] / "report.json").read_text())["accuracy"]
    wanted = sterna("eval", "l2mu", "--samples", 200, "--json").json
    own, one, *_, eight = found["rows"]
    assert (own["same_class"], own["accuracy"], found["float_accuracy"]) == (
        wanted["same_class"], wanted["golden_accuracy"], wanted["float_accuracy"])
    assert (one["formats"], eight["formats"]) == ("1 plane", "8 planes")
    assert one["differ"] > own["differ"] > eight["differ"]


def test_planes_that_no_integers_can_be_made_of(sterna, tmp_path):
    outcome = sterna("report", "cubalif", "--board", "ulx3s-85f", "--steps", 3, "-o",
                     tmp_path / "page", "--json")
    assert outcome.code == 0, outcome.errors
    found = outcome.json["accuracy"]
    assert "1 plane" in found["left_out"] and len(found["rows"]) + len(found["left_out"]) == 9


def test_a_routed_build(reports):
    """Its units and slowest paths; where there is none, the way to one."""
    built = json.loads((reports["l2mu"] / "report.json").read_text())["built"]
    assert built["fmax_mhz"] == 33.5 and not built["same_machine"]
    text = (reports["l2mu"] / "index.html").read_text()
    for words in ("The floor plan", "of another shape", "The slowest paths", ">slowest path<",
                  ">the rest<", "1: clk to clk", "2: pins to no clock", "6.00 ns",
                  *(f"<td>{unit.removeprefix('core.')}</td>" for unit in UNITS)):
        assert words in text, words
    assert "sterna build demo --board ulx3s-85f" in (reports["demo"] / "index.html").read_text()


def test_a_language_model_by_planes(sterna, tmp_path):
    (tmp_path / "text").write_text("Once upon a time there was a king who had three daughters.")
    outcome = sterna("report", "rwkv4-tiny", "--board", "ulx3s-85f", "--text", tmp_path / "text",
                     "-o", tmp_path / "page", "--json")
    rows = outcome.json["accuracy"]["rows"]
    assert [row["formats"] for row in rows[1:]] == ["1 plane", *(
        f"{planes} planes" for planes in range(2, 9))]
    assert rows[0]["perplexity"] == rows[5]["perplexity"]
    assert rows[0]["perplexity"] < rows[1]["perplexity"]


@pytest.mark.parametrize(("model", "more"), [
    ("random:hidden=16,layers=1,intermediate=12,vocabulary=20", ()), ("demo-tiny", ("0",))])
def test_what_cannot_be_measured_is_left_out(sterna, tmp_path, model, more):
    """Accuracy without a tokenizer, all of it for 0 tokens; a text is refused then."""
    outcome = sterna("report", model, "--board", "ulx3s-12f", "-o", tmp_path / "page", "--json",
                     *(("--tokens", *more) if more else ()))
    assert outcome.code == 0 and outcome.json["accuracy"] is None
    assert (outcome.json["ranges"] is None) == bool(more)
    if not more:
        assert outcome.json["ranges"]["data"] == "500 random ids"
        (tmp_path / "text").write_text("text")
        outcome = sterna("report", model, "--board", "ulx3s-12f", "-o", tmp_path / "other",
                         "--text", tmp_path / "text")
        assert outcome.code == 2 and "has no tokenizer" in outcome.errors


def test_inputs_of_a_file(sterna, tmp_path):
    """Other inputs, other spikes; steps are those of the file."""
    np.save(tmp_path / "frames.npy", np.ones((7, 1, 12)))
    outcome = sterna("report", "l2mu", "--board", "icebreaker", "--input", tmp_path / "frames.npy",
                     "-o", tmp_path / "page", "--json")
    assert outcome.code == 0, outcome.errors
    assert {one["steps"] for one in outcome.json["activity"].values()} == {7}
    assert outcome.json["accuracy"]["data"] == "1 samples of frames.npy"


def test_two_reports_are_the_same_bytes(reports, tmp_path):
    assert application.run_arguments(
        ["report", "l2mu", "--board", "icebreaker", "--build", str(reports["l2mu"].parent / "kept"),
         "-o", str(tmp_path / "again")]) == 0
    for name in ("index.html", "report.json"):
        assert (tmp_path / "again" / name).read_bytes() == (reports["l2mu"] / name).read_bytes()


DRAWN = "from sterna.report.pictures import bars; print(bars('a', [('b', 1.0, 'one')]))"


def test_settings_of_the_user_change_nothing(tmp_path):
    """Neither those of a notebook that has matplotlib, nor files and variables, broken or not."""
    import matplotlib

    def drawn(**more: str) -> str:
        return subprocess.run([sys.executable, "-c", DRAWN], cwd=tmp_path, env=os.environ | more,
                              capture_output=True, text=True, check=True, timeout=120).stdout

    assert "$a_" in bars("a", [("$a_", 1.0, "one")])  # no formula
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
        assert found.locator("svg text", has_text="mathdefault").count() == 0
        ink = found.evaluate("""getComputedStyle(document.querySelector('svg text')).fill""")
        assert ink == found.evaluate("getComputedStyle(document.body).color")
