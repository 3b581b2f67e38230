"""`sterna verify` of several models at once: each as it is alone, and what passed is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from sterna.tasks import verify

MODELS = "demo-tiny", "random:hidden=20,layers=1,intermediate=12,vocabulary=40"
ASKED = ["verify", *MODELS, "--device", "emulator", "--tokens", 2, "--workers", 1]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))


def test_each_is_as_it_is_alone_and_known_afterwards(sterna, monkeypatch) -> None:
    outcome = sterna(*ASKED, "--json")
    assert outcome.code == 0, outcome.errors
    for model, found in zip(MODELS, outcome.json["models"], strict=True):
        alone = sterna("verify", model, *ASKED[3:-2], "--json").json
        assert found | {"seconds": 0} == alone | {"failure": None, "seconds": 0}
    monkeypatch.setattr(verify, "perform", None)
    assert sterna(*ASKED, "--json").output == outcome.output
    lines = sterna(*ASKED).output.splitlines()
    assert [line.rpartition(": ")[0] for line in lines] == [*MODELS]


def test_one_that_differs_fails_all_and_is_compared_again(sterna, monkeypatch) -> None:
    """The others are compared all the same."""
    def spoilt(request):
        found = perform(request)
        return Differs(found) if request.model == MODELS[0] else found

    perform = verify.perform
    monkeypatch.setattr(verify, "perform", spoilt)
    outcome = sterna(*ASKED)
    assert outcome.code == 1 and outcome.errors.count("\n") == 1
    assert f"1 of 2 failed; {MODELS[0]}: 1 of 9 differ" in outcome.errors
    assert outcome.output.startswith(f"{MODELS[1]}: 2 tokens, ")
    monkeypatch.setattr(verify, "perform", perform)
    assert sterna(*ASKED).code == 0


class Differs:
    """A result with a difference."""

    failure = "1 of 9 differ"

    def __init__(self, found) -> None:
        self.to_dict = found.to_dict

    def text(self) -> list[str]:
        return []


@pytest.mark.parametrize(("arguments", "message"), [
    (["demo-tiny", "demo-tinny"], "demo-tinny: no such model or folder"),
    (["demo-tiny", "l2mu", "--tokens", "2"], "--tokens: is for language models, not for l2mu"),
    (["demo-tiny", "l2mu", "--waves", "w.vcd"], "--waves: is of one model"),
    (["demo-tiny", "--on", "ray"], "--on: shares out several models"),
    (["demo-tiny", "l2mu", "--on", "rya"], "--on: 'rya' is no cluster; give ray, or ray://HOST"),
    (["demo-tiny", "l2mu", "--on", "ray://host:x"], "--on: 'ray://host:x' is no cluster"),
])
def test_what_cannot_be_asked_is_one_line(sterna, arguments, message) -> None:
    outcome = sterna("verify", *arguments)
    assert outcome.code == 2 and message in outcome.errors and outcome.errors.count("\n") == 1


def test_one_placement_after_the_other_is_no_work_for_a_cluster(sterna) -> None:
    outcome = sterna("build", "demo-tiny", "--board", "icebreaker", "--on", "ray")
    assert outcome.code == 2 and "--on: one placement comes after the other" in outcome.errors


@pytest.mark.parametrize("asked", [
    ("verify", "demo-tiny", "l2mu"), ("sweep", "demo-tiny", "--board", "ulx3s-12f"),
    ("build", "demo-tiny", "--board", "icebreaker", "--seeds", 2)])
def test_without_ray_it_ends_at_once(
        sterna, monkeypatch: pytest.MonkeyPatch, asked: tuple[object, ...]) -> None:
    """Not when the netlist is there, which takes minutes."""
    monkeypatch.setattr("sterna.work.address.find_spec", lambda name: None)
    outcome = sterna(*asked, "--on", "ray")
    assert outcome.code == 2
    assert outcome.errors == "sterna: --on: ray is not installed: pip install 'sterna[ray]'\n"
