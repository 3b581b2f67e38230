"""Real-valued inputs on the command line: frames and events, of every kind that numpy has."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.families.spiking.codes import encode
from sterna.families.spiking.examples import cubalif

STEPS = 40
INPUTS = 12


def full(value, kind="float64"):
    return np.full((STEPS, INPUTS), value, kind)


def write(path, frames):
    """As frames of numpy, or as text of events."""
    if path.suffix == ".npy":
        np.save(path, frames)
    elif path.suffix == ".npz":
        np.savez(path, frames=frames)
    else:
        path.write_text("".join(
            f"{step},{address},{frames[step, address]!r}\n".replace("np.float64(", "").replace(
                ")", "") for step in range(len(frames)) for address in range(frames.shape[1])))
    return path


def spikes_of(real, frames):
    outputs = real.run(np.asarray(frames, np.float64)[:, None])
    return {name: int(values.sum()) for name, values in outputs.items()}


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".txt"])
def test_real_frames_and_events_fire_as_the_float_network(sterna, tmp_path, suffix):
    """They used to become 0: no spikes, and no word."""
    path = write(tmp_path / f"frames{suffix}", full(0.45))
    outcome = sterna("run", "cubalif", "--input", path)
    assert outcome.code == 2 and outcome.errors == (
        f"sterna: {path}: with input fraction 8 (from the data), of 480 non-zero values 480 "
        "rounded, 0 clamped to 0.496094, by at most 0.000781; give --allow-rounding to go on with "
        "the nearest codes\n")
    output = tmp_path / "out.npz"
    outcome = sterna("run", "cubalif", "--input", path, "--allow-rounding", "-o", output)
    assert outcome.code == 0 and outcome.errors == (
        f"{path}: input fraction 8 (from the data), of 480 non-zero values 480 rounded, 0 clamped "
        "to 0.496094, by at most 0.000781\n")
    expected = spikes_of(cubalif(), full(0.45))
    assert expected["hidden"] > 100
    with np.load(output) as arrays:
        assert abs(int(arrays["hidden"].sum()) - expected["hidden"]) < 0.1 * expected["hidden"]
    refused = sterna("run", "cubalif", "--input", path, "--input-fraction", 0)
    assert refused.code == 2 and "480 rounded (480 of them to 0)" in refused.errors
    assert "give --input-fraction 8 (--allow-rounding goes on" in refused.errors


def test_half_the_inputs_of_an_event_file(sterna, tmp_path):
    """An event of 2.5 is one of 2.5."""
    path = tmp_path / "events.txt"
    path.write_text("0,0,2.5\n1,1\n5,2,1\n")
    outcome = sterna("run", "cubalif", "--input", path)
    assert outcome.code == 0
    assert "input fraction 1 (from the data), all 3 non-zero values exact" in outcome.errors
    path.write_text("0,0,2.5\n1,1\n")
    outcome = sterna("run", "cubalif", "--input", path, "--input-fraction", 0)
    assert outcome.code == 2 and "of 2 non-zero values 1 rounded, 0 clamped" in outcome.errors
    path.write_text("0,0,2.5\n1,1\n2,2\n")
    outcome = sterna("run", "cubalif", "--input", path, "--input-fraction", 0)
    assert outcome.code == 0 and "of 3 non-zero values 1 rounded, 0 clamped" in outcome.errors


@pytest.mark.parametrize(("frames", "line"), [
    (full(-0.25), "input fraction 2 (from the data), all 480 non-zero values exact"),
    (full(1), ""), (full(True, "bool"), ""), (full(0), ""), (full(3, "int8"), ""),
    (full(1, "float16"), ""), (full(128, "uint8"), "input fraction -1 (from the data), all 480"),
])
def test_inputs_that_codes_hold(sterna, tmp_path, frames, line):
    """The outputs are those of the float network, give or take what its weights lose."""
    path = write(tmp_path / "frames.npy", frames)
    output = tmp_path / "out.npz"
    outcome = sterna("run", "cubalif", "--input", path, "-o", output)
    assert outcome.code == 0 and (line in outcome.errors if line else outcome.errors == "")
    expected = spikes_of(cubalif(), frames)["hidden"]
    with np.load(output) as arrays:
        assert abs(int(arrays["hidden"].sum()) - expected) <= 0.1 * expected


@pytest.mark.parametrize(("frames", "message"), [
    (full(1e30), "480 clamped to 32512"), (full(-1e30), "480 clamped to 32512"),
    (full(255, "uint8"), "480 rounded, 0 clamped to 254"),
    (full(2**62, "int64"), "480 clamped"), (full(1e-9), "480 rounded (480 of them to 0)"),
    (full(np.nan), "must be finite real numbers"), (full(-np.inf), "must be finite real numbers"),
    (full(1, "complex128"), "must be finite real numbers"),
    (full("1", "str"), "must be finite real numbers"),
    (np.ones((STEPS, 7)), "the network takes [steps, 12]"), (np.ones(INPUTS), "frames of shape"),
    (np.zeros((0, INPUTS)), "frames of shape [0, 1, 12]"),
])
def test_inputs_that_are_refused(sterna, tmp_path, frames, message):
    path = write(tmp_path / "frames.npy", frames)
    outcome = sterna("run", "cubalif", "--input", path)
    assert outcome.code == 2 and message in outcome.errors and outcome.output == ""
    assert len(outcome.errors.splitlines()) == 1


@pytest.mark.parametrize(("text", "message"), [
    ("", "holds no events"), ("# nothing\n\n", "holds no events"), ("0,0,nan\n", "line 1: not"),
    ("0,1\n0,0,inf\n", "line 2: not"), ("0.5,0\n", "holds times; give --dt"),
    ("0,0,1,1\n", "holds columns and rows; give --sensor"),
    ("0,12\n", "addresses end at 11"), ("-1,0\n", "steps begin at 0"),
    ("0,0,1e30\n", "1 clamped to 32512"),
])
def test_events_that_are_refused(sterna, tmp_path, text, message):
    path = tmp_path / "events.txt"
    path.write_text(text)
    outcome = sterna("run", "cubalif", "--input", path)
    assert outcome.code == 2 and message in outcome.errors and outcome.output == ""
    assert len(outcome.errors.splitlines()) == 1


def test_a_language_model_takes_none_of_the_options(sterna):
    for option in (("--input-fraction", 3), ("--allow-rounding",)):
        outcome = sterna("run", "demo", *option)
        assert outcome.code == 2 and f"{option[0]}: is for spiking networks" in outcome.errors
        assert sterna("verify", "demo", *option).code == 2
    assert "--input: is for" in sterna("verify", "demo", "--input", "x.npy").errors


def test_verify_and_run_a_file(sterna, tmp_path):
    """Real inputs of two samples, and counts, on an accelerator that fits them."""
    frames = np.random.default_rng(0).integers(-40, 100, (12, 2, INPUTS)) / 64
    path = tmp_path / "frames.npy"
    np.save(path, frames)
    assert encode(frames, 6).exact
    small = ("--lanes", 4, "--neuron-lanes", 1, "--device", "emulator")
    outcome = sterna("verify", "cubalif", "--input", path, "--json", *small)
    # Sum, output and two states of 45 neurons, and the seven outputs that come back.
    assert outcome.json["values_compared"] == 24 * (45 * 4 + 7)
    assert outcome.json["differences"] == 0 and outcome.json["steps"] == 24
    assert "input fraction 6 (from the data)" in outcome.errors and outcome.json["silent"] == []
    arguments = ("run", "cubalif", "--input", path, "-o")
    sterna(*arguments, tmp_path / "golden.npz")
    assert sterna(*arguments, tmp_path / "found.npz", *small).code == 0
    with np.load(tmp_path / "golden.npz") as golden, np.load(tmp_path / "found.npz") as found:
        assert golden["out"].any() and np.array_equal(golden["out"], found["out"])
    np.save(path, np.rint(frames * 4))
    outcome = sterna("verify", "cubalif", "--input", path, "--json", *small)
    assert outcome.json["differences"] == 0 and "input fraction" not in outcome.errors
    np.save(path, np.zeros((4, INPUTS)))
    outcome = sterna("verify", "cubalif", "--input", path, *small)
    assert outcome.code == 0 and "cubalif: hidden, out gave nothing but 0" in outcome.errors


def test_steps_that_no_memory_keeps(sterna, tmp_path):
    """Outputs of a run are kept until its end; so are random inputs."""
    path = tmp_path / "events.txt"
    path.write_text("0,1\n3000000,2\n")
    outcome = sterna("run", "cubalif", "--input", path, "-o", tmp_path / "out.npz")
    assert outcome.code == 2 and not (tmp_path / "out.npz").exists()
    assert outcome.errors.endswith(
        f"sterna: {path}: 3000001 steps of 45 outputs; give at most 1491308 steps a run\n")
    outcome = sterna("run", "cubalif", "--steps", 10**7)
    assert outcome.code == 2 and "steps is 10000000; with 12 inputs give at most 1398101" in (
        outcome.errors)
