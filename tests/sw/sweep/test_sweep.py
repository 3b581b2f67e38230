"""`sterna sweep`: what is tried, kept and refused, and that an interrupt changes nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sterna.sweep.axes import Axes
from sterna.sweep.objectives import OBJECTIVES, at_least_as_good, front

from tests.sw.serve.browser import browser, needs_browser, opened

optuna = pytest.importorskip("optuna", reason="the extra `sweep` is not installed")
ASKED = ["sweep", "demo-tiny", "--board", "ulx3s-12f", "--no-generate", "--objective", "user,luts"]
"""Where the board makes texts by itself, nothing of 40 is better than its own in both."""
TRIALS = 40


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a search in this process."""
    from sterna.cli import application

    folder = tmp_path_factory.mktemp("study")
    assert application.run_arguments([*ASKED, "--trials", str(TRIALS), "--workers", "1",
                                      "--study", str(folder / "study.jsonl"),
                                      "-o", str(folder / "page")]) == 0
    return folder


def test_it_finds_what_is_as_good_as_the_own_configuration_in_both(study: Path) -> None:
    found = json.loads((study / "page" / "sweep.json").read_text())
    trials = found["trials"]
    assert [trial["number"] for trial in trials] == [*range(TRIALS)] and not trials[0]["point"]
    own = trials[0]["numbers"]
    assert found["at_least_as_good_as_own"]
    for number in found["at_least_as_good_as_own"]:
        numbers = trials[number]["numbers"]
        assert numbers["user"] >= own["user"] and numbers["luts"] <= own["luts"]
        assert 0 < number in found["front"]
    points = [json.dumps(trial["point"], sort_keys=True) for trial in trials]
    assert len(set(points)) == TRIALS
    assert sum(found["states"].values()) == TRIALS > found["states"]["found"] > TRIALS // 3
    assert all(trial["reason"] for trial in trials if trial["state"] != "found")


def test_its_numbers_are_those_of_estimate(sterna, study: Path) -> None:
    found = json.loads((study / "page" / "sweep.json").read_text())
    trial = found["trials"][found["front"][1]]
    flags: list[str] = []
    for name, value in trial["numbers"]["tried"].items():
        flag = "--" + name.replace("_", "-")
        flags += [flag, str(value)] if not isinstance(value, bool) else [
            flag if value else flag.replace("--", "--no-")]
    wanted = sterna("estimate", "demo-tiny", *flags, "--json").json
    assert wanted["tokens_per_second_over_link"] == trial["numbers"]["user"]
    assert wanted["luts"] == trial["numbers"]["luts"] and wanted["fits"]


@needs_browser
def test_the_page(study: Path) -> None:
    pytest.importorskip("playwright", reason="playwright is not installed")
    url = (study / "page" / "index.html").as_uri()
    with browser() as chromium:
        for width, scheme in ((390, "light"), (1440, "dark")):
            with opened(chromium, url, viewport={"width": width, "height": 900},
                        color_scheme=scheme) as found:
                assert found.evaluate("document.documentElement.scrollWidth") <= width
                assert found.locator("svg").count() == 1
                assert found.locator("tbody tr").count() > TRIALS


@pytest.mark.parametrize("kept", [0, 13, 17])
def test_what_was_interrupted_ends_the_same(sterna, study: Path, tmp_path: Path, kept: int) -> None:
    """After so many trials, in the middle of a line; results come in another order, too."""
    lines = (study / "study.jsonl").read_text().splitlines(keepends=True)
    least = 20  # a batch ends behind 24
    half = tmp_path / "half.jsonl"
    half.write_text("".join([lines[0], *reversed(lines[1:1 + kept])]) + lines[kept + 1][:30])
    outcome = sterna(*ASKED, "--trials", least, "--workers", 1, "--study", half, "--json")
    assert outcome.code == 0, outcome.errors
    whole = json.loads((study / "page" / "sweep.json").read_text())["trials"][:least]
    assert outcome.json["trials"] == whole
    assert len(half.read_text().splitlines()) == least + 1


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    """With workers; no process stays, and the study goes on."""
    half = tmp_path / "study.jsonl"
    code = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
            "from sterna.cli import main; sys.argv[0] = 'sterna'; main()")
    command = [sys.executable, "-c", code, *ASKED, "--trials", "100000", "--workers", "2",
               "--study", str(half)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={
        **os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    while not half.exists() or half.read_text().count("\n") < 3:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(2)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130 and errors.endswith("sterna: interrupted\n")
    lines = half.read_text().splitlines()
    assert len(lines) >= 3 and all(json.loads(line) for line in lines)


@pytest.mark.parametrize(("arguments", "message"), [
    (["--vary", "row=4"], "--vary: row: no such option; did you mean rows?"),
    (["--vary", "rows"], "--vary: 'rows' has no values; give it as NAME=VALUE,VALUE"),
    (["--vary", "=4"], "--vary: '=4' names no option; give it as NAME=VALUE,VALUE"),
    (["--vary", "rows=4,x"], "--vary: rows is 'x', which is not a whole number"),
    (["--vary", "lanes=x"], "lanes is 'x'; give a whole number from 1 to"),
    (["--lanes", "x"], "lanes is 'x'; give a whole number from 1 to"),
    (["--study", ""], ".: is a folder, not a file"),
    (["--study", "/dev/null"], "/dev/null: is a pipe or a device"),
    (["--vary", "rows=0"], "rows is 0; it must be a whole number from 1"),
    (["--vary", "lane=glass"], "--vary: lane is 'glass'; it must be adders, tables"),
    (["--vary", "generate=perhaps"], "--vary: generate is 'perhaps'; it must be yes or no"),
    (["--vary", "rows=4", "--rows", "8"], "--rows: is varied too"),
    (["--vary", "rows=4", "--vary", "rows=8"], "--vary: rows is there twice"),
    (["--vary", "seed=1,2"], "--vary: seed is that of a placement; give --build"),
    (["--vary", "board=ulx3s-12f,ulx3s-13f"], "no board is called 'ulx3s-13f'"),
    (["--vary", "planes=3"], "--vary: planes: no such option"),
    (["--objective", "user,lut"], "--objective: 'lut' is none; there are user, engine"),
    (["--objective", "luts,luts"], "--objective: luts is there twice"),
    (["--objective", "perplexity"], "--objective: perplexity is that of a text; give --text"),
    (["--objective", "fmax"], "--objective: fmax is that of a placement; give --build"),
    (["--neuron-lanes", "2"], "--neuron-lanes: is for spiking networks"),
    (["--vary", "rows=4", "--trials", "2", "--clock-mhz", "500"],
     "none of 2 configurations can be: 95 MHz expected of 500 MHz"),
    (["--vary", "clock-mhz=85", "--trials", "1", "--minutes", "1e-9"],
     "none of 0 configurations can be: nothing was begun in the time"),
])
def test_what_cannot_be_asked_is_one_line(sterna, arguments, message) -> None:
    outcome = sterna("sweep", "demo-tiny", "--board", "ulx3s-12f", "--workers", 1, *arguments)
    assert outcome.code == 2 and outcome.errors.count("\n") == 1
    assert message in outcome.errors


def test_a_text_needs_a_tokenizer(sterna, tmp_path: Path) -> None:
    """Which is said before anything is estimated or kept."""
    (tmp_path / "text").write_text("once upon a time")
    outcome = sterna("sweep", "random:hidden=32,layers=1", "--board", "ulx3s-12f", "--text",
                     tmp_path / "text", "--study", tmp_path / "study", "--workers", 1)
    assert outcome.code == 2 and not (tmp_path / "study").exists()
    assert outcome.errors == ("sterna: random:hidden=32,layers=1: the model has no tokenizer.json, "
                              "so it takes no text; its weights are random, so try: sterna verify "
                              "random:hidden=32,layers=1\n")


def test_a_study_of_another_question_is_kept(sterna, study: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("five years of work")
    (tmp_path / "copy").write_bytes((study / "study.jsonl").read_bytes())
    for name, message in (("thesis", "is no study of Sterna's"),
                          ("copy", "is a study of another question (seed differs)")):
        before = (tmp_path / name).read_bytes()
        outcome = sterna(*ASKED, "--workers", 1, "--seed", 1, "--study", tmp_path / name)
        assert outcome.code == 2 and message in outcome.errors
        assert (tmp_path / name).read_bytes() == before


DAMAGES = {
    "not JSON": lambda line: line[:40], "sqlite": lambda line: "SQLite format 3\0",
    "a list": lambda line: "[1, 2]", "deep": lambda line: "[" * 100_000,
    "not text": lambda line: "\udcff\udcfe",
    **{f"{name} {value!r}": lambda line, name=name, value=value: json.dumps(
        json.loads(line) | {name: value}) for name, value in (
            ("number", "3"), ("number", True), ("number", -1), ("number", 2.5), ("state", "fine"),
            ("reason", 5), ("point", []), ("point", {}), ("point", {"rows": 4}), ("numbers", 5),
            ("numbers", {}), ("numbers", {"user": "x", "luts": 3}), ("color", "red"),
            ("numbers", {"user": float("nan"), "luts": 3}),
            ("numbers", {"user": 1, "luts": 3, "tried": 4}))},
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_study_is_named_with_its_line(sterna, study: Path, tmp_path: Path, name: str
                                                ) -> None:
    """And kept as it is."""
    head, *lines = (study / "study.jsonl").read_text().splitlines()
    place = next(place for place, line in enumerate(lines)
                 if json.loads(line)["state"] == "found" and json.loads(line)["point"])
    lines[place] = DAMAGES[name](lines[place])
    spoilt = tmp_path / "study"
    spoilt.write_text("\n".join([head, *lines, ""]), errors="surrogateescape")
    before = spoilt.read_bytes()
    outcome = sterna(*ASKED, "--trials", TRIALS, "--workers", 1, "--study", spoilt)
    assert outcome.code == 2 and outcome.errors.count("\n") == 1
    assert f"{spoilt}: line {place + 2} is damaged; take it out" in outcome.errors
    assert spoilt.read_bytes() == before


@pytest.mark.parametrize("head", ["5", "[]", '{"format": "sterna study 1"}', "[" * 100_000,
                                  '{"format": "sterna study 1", "question": 4}'])
def test_a_damaged_head_is_no_study(sterna, tmp_path: Path, head: str) -> None:
    (tmp_path / "study").write_text(head + "\n")
    outcome = sterna(*ASKED, "--workers", 1, "--study", tmp_path / "study")
    assert outcome.code == 2 and outcome.errors.count("\n") == 1
    assert "study: is no study" in outcome.errors or "is a study of another" in outcome.errors
    assert (tmp_path / "study").read_text() == head + "\n"


@pytest.mark.parametrize("length", [0, 30])
def test_a_study_that_an_interrupt_cut_in_its_first_line_begins_anew(
        sterna, study: Path, tmp_path: Path, length: int) -> None:
    lines = (study / "study.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "study").write_text(lines[0][:length])
    asked = [*ASKED, "--trials", 1, "--workers", 1, "--study", tmp_path / "study"]
    assert sterna(*asked).code == 0
    assert (tmp_path / "study").read_text() == "".join(lines[:2])


def test_an_empty_text_is_refused_before_any_trial(sterna, tmp_path: Path) -> None:
    (tmp_path / "text").write_text(" \n")
    outcome = sterna(*ASKED[:4], "--objective", "luts,perplexity", "--text", tmp_path / "text",
                     "--study", tmp_path / "study")
    assert outcome.code == 2 and not (tmp_path / "study").exists()
    assert "text: the text is empty; give one with a word at least" in outcome.errors


def test_a_grid_without_end_needs_no_memory() -> None:
    axes = Axes({f"axis {number}": tuple(range(100)) for number in range(20)})
    points = axes.grid()
    assert axes.count == 100**20 and [next(points)["axis 19"] for _ in range(3)] == [0, 1, 2]


def test_boards_planes_and_clocks_in_order(sterna) -> None:
    """All of a few, whatever is searched for; a clock that is not reached is left out."""
    model = "random:family=rwkv4,hidden=32,layers=1,vocabulary=97"
    outcome = sterna("sweep", model, "--board", "ulx3s-12f", "--workers", 1, "--objective",
                     "engine,luts,rams", "--vary", "planes=5,3", "--vary",
                     "board=ulx3s-12f,ulx3s-85f", "--vary", "clock-mhz=50,300", "--json")
    assert outcome.code == 0, outcome.errors
    trials = outcome.json["trials"]
    assert [list(trial["point"].values()) for trial in trials[1:]] == [
        [planes, board, clock] for planes in (3, 5) for board in ("ulx3s-12f", "ulx3s-85f")
        for clock in (50, 300)]
    assert {trial["state"] for trial in trials if trial["point"].get("clock_mhz") == 300} == {
        "too slow"}
    fast = {(trial["point"]["planes"], trial["point"]["board"]): trial["numbers"]["engine"]
            for trial in trials if trial["state"] == "found" and trial["point"]}
    assert fast[3, "ulx3s-85f"] > fast[5, "ulx3s-85f"]
    words = sterna("sweep", model, "--board", "ulx3s-12f", "--workers", 1, "--objective",
                   "engine,luts,rams", "--vary", "planes=5,3", "--vary",
                   "board=ulx3s-12f,ulx3s-85f", "--vary", "clock-mhz=50,300").output
    assert words.startswith("9 configurations: ") and "4 too slow" in words
    assert "clock-mhz 50" in words


@pytest.mark.parametrize("count", range(13))
def test_the_front_is_what_nothing_beats(count: int) -> None:
    goals = [OBJECTIVES["user"], OBJECTIVES["luts"], OBJECTIVES["rams"]]
    chance = random.Random(count)
    found = [{goal.name: chance.randrange(5) for goal in goals} for _ in range(count)]
    best = front(found, goals)
    for place, one in enumerate(found):
        beaten = [other for other in found if at_least_as_good(other, one, goals)
                  and other != one]
        assert (place in best) == (not beaten and place == found.index(one))
    assert [found[place]["user"] for place in best] == sorted(
        (found[place]["user"] for place in best), reverse=True)
