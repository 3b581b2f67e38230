"""Texts and time steps that are saved, and go on another time, on another machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sterna.families.spiking.examples import CHANNELS
from sterna.machine.snapshot import Snapshot

TEXT = ("run", "demo-tiny", "--temperature", "0.9", "--max-tokens")
STEPS = ("run", "l2mu", "--steps")
EMULATOR = ("--device", "emulator")


@pytest.mark.parametrize(("first", "then"), [((), EMULATOR), (EMULATOR, ())])
def test_a_text_goes_on_as_if_it_had_not_stopped(sterna, tmp_path, first, then) -> None:
    """The random numbers go on too, and a prompt is put behind."""
    saved = tmp_path / "text"
    whole = sterna(*TEXT, 40, "--seed", 5).output
    begun = sterna(*TEXT, 9, "--seed", 5, *first, "--save", saved)
    more = sterna(*TEXT, 20, *then, "--resume", saved, "--save", saved)
    last = sterna(*TEXT, 11, "--resume", saved)
    assert [part.code for part in (begun, more, last)] == [0, 0, 0], (begun, more, last)
    assert "".join(part.output.removesuffix("\n") for part in (begun, more, last)) + "\n" == whole
    snapshot = Snapshot.load(saved)
    assert (snapshot.model, snapshot.seed) == ("demo-tiny", 5)
    assert (snapshot.machine is None) == (not then)
    other = sterna(*TEXT, 11, "--resume", saved, "--seed", 6)
    assert other.code == 0 and other.output != last.output
    behind = sterna(*TEXT, 11, "--resume", saved, "--prompt", " The queen")
    assert behind.output.startswith(" The queen") and behind.output != last.output


def test_a_prompt_is_read_once_and_gone_on_from_often(sterna, tmp_path) -> None:
    saved, prompt = tmp_path / "text", ("--prompt", "The old king had")
    assert sterna(*TEXT, 0, *prompt, "--save", saved).output == "The old king had\n"
    whole = [sterna(*TEXT, 12, "--seed", seed, *prompt).output for seed in (1, 2)]
    for _ in range(2):
        assert [prompt[1] + sterna(*TEXT, 12, "--seed", seed, "--resume", saved).output
                for seed in (1, 2)] == whole


@pytest.mark.parametrize(("first", "then"), [((), EMULATOR), (EMULATOR, ())])
def test_time_steps_go_on(sterna, tmp_path, first, then) -> None:
    """Random inputs where they were; the outputs of the last steps are those of one run."""
    saved, files = tmp_path / "steps", [tmp_path / name for name in ("whole.npz", "rest.npz")]
    assert sterna(*STEPS, 50, "--seed", 3, "-o", files[0]).code == 0
    assert sterna(*STEPS, 20, "--seed", 3, *first, "--save", saved).code == 0
    assert sterna(*STEPS, 30, *then, "--resume", saved, "--save", saved, "-o", files[1]).code == 0
    whole, rest = (np.load(file)["out"] for file in files)
    assert np.array_equal(whole[20:], rest) and rest.any()
    snapshot = Snapshot.load(saved)
    assert (snapshot.state.position, snapshot.seed, snapshot.drawn) == (50, 3, 50)


@pytest.mark.parametrize(("fact", "value"), [
    ("pending", []), ("pending", [1, -1]), ("pending", [512]), ("pending", [True]),
    ("pending", [1.5]), ("pending", 3), ("context", ["a"]), ("context", {}), ("context", None)])
def test_ids_that_are_none_are_refused(sterna, tmp_path, fact: str, value: object) -> None:
    saved = tmp_path / "text"
    assert sterna(*TEXT, 2, "--save", saved).code == 0
    snapshot = Snapshot.load(saved)
    replace(snapshot, facts={**snapshot.facts, fact: value}).save(saved)
    refused = sterna(*TEXT, 2, "--resume", saved)
    assert (refused.code, refused.output) == (2, "")
    assert refused.errors.endswith(f"{saved}: {fact}: is no list of ids of the model; give what "
                                   "`sterna run --save` wrote\n")


def test_an_image_alone_goes_on(sterna, tmp_path) -> None:
    saved, out = tmp_path / "text", tmp_path / "out"
    assert sterna("rtl", "demo-tiny", "--snapshots", "--config", "tiny", "-o", out).code == 0
    image = ("run", "--image", out / "image.sterna", *EMULATOR, "--max-tokens")
    begun = sterna(*image, 6, "--save", saved)
    assert begun.code == 0, begun.errors
    more = sterna(*image, 5, "--resume", saved)
    again = sterna("run", "demo-tiny", "--max-tokens", 5, "--resume", saved)
    whole = sterna("run", "demo-tiny", "--max-tokens", 11)
    assert more.output == again.output
    assert begun.output.removesuffix("\n") + more.output == whole.output


def one_line(outcome, message: str) -> None:
    assert outcome.code == 2 and message in outcome.errors, outcome
    assert outcome.errors.splitlines()[-1].startswith("sterna: ") and not outcome.output


def test_what_cannot_go_on_is_told_in_a_line(sterna, tmp_path: Path) -> None:
    text, steps, bare = tmp_path / "text", tmp_path / "steps", tmp_path / "bare"
    assert sterna(*TEXT, 2, "--save", text).code == 0
    assert sterna(*STEPS, 2, "--save", steps).code == 0
    assert sterna("rtl", "demo-tiny", "--config", "tiny", "-o", bare).code == 0
    one_line(sterna(*TEXT, 2, "--resume", steps), "steps: is a snapshot of l2mu (program ")
    one_line(sterna(*STEPS, 2, "--resume", text), "text: is a snapshot of demo-tiny (program ")
    one_line(sterna(*TEXT, 2, "--resume", bare / "image.sterna"), "is a memory image, not a snap")
    one_line(sterna(*TEXT, 2, "--resume", bare / "accelerator.v"), "accelerator.v: not a Sterna")
    one_line(sterna(*TEXT, 2, "--resume", tmp_path / "none"), "none: file not found")
    one_line(sterna(*TEXT, 2, "--prompt", "A", "--prompt", "B", "--save", tmp_path / "two"),
             "--save: is of one text; give one prompt")
    one_line(sterna("run", "--image", bare / "image.sterna", *EMULATOR, "--save", tmp_path / "no"),
             "emulator: its machine has no unit that answers READ")
    one_line(sterna(*TEXT, 2, "--snapshots"), "--snapshots: shapes an accelerator")
    one_line(sterna("run", "demo-tiny", "--image", bare / "image.sterna", *EMULATOR,
                    "--snapshots"), "the image has its own shape")
    np.save(tmp_path / "frames.npy", np.ones((3, 2, CHANNELS)))
    one_line(sterna("run", "l2mu", "--input", tmp_path / "frames.npy", "--save", tmp_path / "no"),
             "--save: is of one sequence; the input has 2")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bare", "frames.npy", "steps", "text"]
