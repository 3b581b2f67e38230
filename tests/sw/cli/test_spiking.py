"""The commands on spiking networks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
from sterna.families.spiking.examples import EXAMPLES, cubalif
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.patterns import burst_orders
from sterna.families.spiking.quantise import quantise
from sterna.families.spiking.store import save_network
from sterna.families.steps.shape import StepShape
from sterna.machine.image import MemoryImage

SMALL = ("--lanes", "4", "--neuron-lanes", "1")
"""An accelerator that is built in less time than the usual one."""


def test_run_on_a_file_of_events(sterna, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("# step,address\n0,1\n2,3,2\n2,3\n9,11\n")
    output = tmp_path / "outputs.npz"
    outcome = sterna("run", "l2mu", "--input", events, "--output", output)
    assert outcome.code == 0 and outcome.output.startswith("steps  10 x 1\n")
    with np.load(output) as arrays:
        assert arrays["u"].shape == (10, 1, 16) and set(np.unique(arrays["u"])) <= {0, 1}
        assert arrays["out"].any()
        written = arrays["out"]
    frames = np.zeros((10, 12))
    frames[0, 1], frames[2, 3], frames[9, 11] = 1, 3, 1
    np.savez(tmp_path / "frames.npz", frames=frames)
    sterna("run", "l2mu", "--input", tmp_path / "frames.npz", "--output", output)
    with np.load(output) as arrays:
        assert np.array_equal(arrays["out"], written)


def test_run_on_random_spikes_is_the_same_each_time(sterna):
    first = sterna("run", "alif", "--steps", 20, "--seed", 3).output
    assert "hidden  " in first and first == sterna("run", "alif", "--steps", 20, "--seed", 3).output


def test_eval_states_accuracy_and_differences(sterna):
    values = sterna("eval", "l2mu", "--samples", 100, "--json").json
    assert min(values["float_accuracy"], values["golden_accuracy"]) > 0.9
    assert values["same_class"] > 0.95
    assert [item["population"] for item in values["populations"]] == ["u", "m", "h"]
    assert "neuron steps differ" in sterna("eval", "l2mu", "--samples", 10).output
    values = sterna("eval", "l2mu", "--samples", 9, "--device", "golden", "--json").json
    assert values["device_accuracy"] == values["golden_accuracy"]
    assert values["outputs_unlike_golden"] == 0


def test_eval_of_samples_with_labels(sterna, tmp_path):
    """The task's own samples in a file score as the task does; a folder without real weights too.
    """
    own = sterna("eval", "l2mu", "--samples", 60, "--json").json
    events, labels = burst_orders(60, 0)
    path = tmp_path / "samples.npz"
    np.savez(path, frames=events, labels=labels)
    found = sterna("eval", "l2mu", "--data", path, "--json").json
    assert all(found[name] == own[name] for name in (
        "samples", "float_accuracy", "golden_accuracy", "same_class", "confusion"))
    assert np.sum(found["confusion"]) == 60
    assert np.trace(found["confusion"]) == round(60 * found["golden_accuracy"])
    save_network(quantise(EXAMPLES["l2mu"]()), tmp_path / "net")
    values = sterna("eval", tmp_path / "net", "--data", path, "--by", "last", "--device",
                    "emulator", "--json").json
    assert "float_accuracy" not in values and values["outputs_unlike_golden"] == 0
    assert values["device_accuracy"] == values["golden_accuracy"] > 0.3
    shown = sterna("eval", tmp_path / "net", "--data", path).output
    assert "class 3" in shown and " right" in shown
    for arguments, message in (
            (["l2mu", "--data", path, "--by", "first"], "by is 'first'; it is sum, last, most"),
            ([tmp_path / "net", "--data", path, "--seed", 3], "--seed: is of random inputs"),
            (["l2mu", "--data", path, "--dt", 0.1], "is for recordings of events with their times"),
            (["digits", "--data", path], "frames of shape [32, 60, 12]")):
        outcome = sterna("eval", *arguments)
        assert outcome.code == 2 and message in outcome.errors


def test_recordings_are_inputs(sterna, tmp_path):
    """Samples of SHD's form score as their frames do; lines with times run and are compared."""
    events, labels = burst_orders(20, 0)
    np.savez(tmp_path / "samples.npz", frames=events != 0, labels=labels)
    with h5py.File(tmp_path / "samples.h5", "w") as file:
        times, units = (file.create_dataset(f"spikes/{name}", (20,), h5py.vlen_dtype(kind))
                        for name, kind in (("times", np.float32), ("units", np.uint16)))
        for sample in range(20):
            step, units[sample] = events[:, sample].nonzero()
            times[sample] = (step + 0.5) * 1e-3
        file["labels"] = labels
    wanted = sterna("eval", "l2mu", "--data", tmp_path / "samples.npz", "--json").json
    given = ("--data", tmp_path / "samples.h5", "--dt", 0.001)
    found = sterna("eval", "l2mu", *given, "--json").json
    assert found == wanted and found["golden_accuracy"] > 0.9
    assert sterna("eval", "l2mu", *given, "--samples", 3, "--json").json["samples"] == 3
    lines = tmp_path / "times.txt"
    lines.write_text("0.5 1\n1.5 3\n1.6 3\n9.2 11\n")
    (tmp_path / "steps.txt").write_text("0,1\n1,3,2\n9,11\n")
    outputs = []
    for arguments in ((lines, "--dt", 1), (tmp_path / "steps.txt",)):
        output = tmp_path / "outputs.npz"
        assert sterna("run", "l2mu", "--input", *arguments, "-o", output).code == 0
        with np.load(output) as arrays:
            outputs.append(arrays["out"])
    assert np.array_equal(*outputs)
    compared = sterna("verify", "l2mu", "--input", lines, "--dt", 1, "--device", "emulator")
    assert compared.code == 0 and "10 steps" in compared.output
    for command, file, more, message in (
            ("run", lines, (), "give --dt, seconds a step"),
            ("run", tmp_path / "samples.npz", ("--dt", 1), "is for recordings of events"),
            ("run", tmp_path / "steps.txt", ("--bin", 1), "has no times to be binned"),
            ("run", lines, ("--dt", 1, "--samples", 2), "is for files of many samples (.h5)"),
            ("run", lines, ("--dt", 1, "--sensor", "4"), "sensor is '4'; give width and height")):
        outcome = sterna(command, "l2mu", "--input", file, *more)
        assert outcome.code == 2 and message in outcome.errors


@pytest.mark.verilator
@pytest.mark.slow
def test_verify_compares_every_value(sterna):
    values = sterna("verify", "cubalif", "--steps", 20, "--json").json
    # Sum, output and two states of 45 neurons, and the seven outputs that come back.
    assert values["differences"] == 0 and values["values_compared"] == 20 * (45 * 4 + 7)
    assert values["first_difference"] is None and values["cycles"] > 20 * 45
    outcome = sterna("verify", "cubalif", "--steps", 3, "--stalls", 300, "--no-skip")
    assert outcome.code == 0 and "no difference" in outcome.output


@pytest.mark.verilator
@pytest.mark.slow
def test_verify_at_the_size_of_a_paper(sterna):
    """Learned delays of up to 30 steps, more steps than are kept, the last ones after a reset."""
    values = sterna("verify", "delays_ssc", "--steps", 44, "--json").json
    # Sum, output and membrane of three layers and the read-out, and the 35 outputs.
    assert values["values_compared"] == 44 * ((3 * 512 + 35) * 3 + 35)
    assert values["differences"] == 0


@pytest.mark.verilator
@pytest.mark.slow
def test_run_and_bench_on_the_simulated_board(sterna, tmp_path):
    arguments = ("run", "cubalif", "--steps", 30, "--output")
    sterna(*arguments, tmp_path / "golden.npz")
    outcome = sterna(*arguments, tmp_path / "sim.npz", "--device", "sim", *SMALL)
    assert outcome.code == 0 and "out  " in outcome.output and "hidden" not in outcome.output
    with np.load(tmp_path / "golden.npz") as golden, np.load(tmp_path / "sim.npz") as found:
        assert golden["out"].any() and np.array_equal(golden["out"], found["out"])
    assert sterna("rtl", "cubalif", *SMALL, "-o", tmp_path / "rtl").code == 0
    image = tmp_path / "rtl" / "image.sterna"
    loaded = sterna(*arguments, tmp_path / "image.npz", "--device", "sim", "--image", image)
    assert loaded.code == 0 and loaded.output == outcome.output
    values = sterna("bench", "cubalif", "--steps", 30, "--silent", 0.9, "--json", *SMALL).json
    assert values["differences"] == 0 and values["synapses"] == 2166
    (tmp_path / "times.txt").write_text("0.001 3\n0.002 5\n0.0045 11\n")
    given = sterna("bench", "cubalif", "--input", tmp_path / "times.txt", "--dt", 0.001, "--json",
                   *SMALL).json
    assert given["differences"] == 0 and given["steps"] == 5
    assert values["cycles_per_step"] < values["cycles_per_step_without_skipping"]
    assert 0.5 < values["share_of_zero_inputs_skipped"] < 1
    # 24 bits of each of two states of 45 neurons, and two bits of each of 12 and 38 codes.
    assert values["state_memory_bits"] == 45 * 2 * 24 + 50 * 2


def test_rtl_writes_the_accelerator_and_its_image(sterna, tmp_path):
    folder = tmp_path / "rtl"
    assert sterna("rtl", "cubalif", "--lanes", 8, "-o", folder).code == 0
    machine = StepShape(config=str(folder / "configuration.json")).fitted(
        lower(quantise(cubalif())))
    assert machine.synapses.lanes == 8
    assert MemoryImage.load(folder / "image.sterna").machine == machine
    assert "\nmodule sterna(" in (folder / "accelerator.v").read_text()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["memories"]["synapses"]["words"] == machine.synapses.weight_depth
    assert set(manifest["files"]) >= {"accelerator.v", "configuration.json", "image.sterna"}


@pytest.mark.slow
@pytest.mark.verilator
def test_simulate_is_a_board_for_run(sterna, tmp_path):
    # Shells start background jobs with SIGINT ignored, and tests may run in one.
    start = ("import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
             "from sterna.cli import main; main()")
    arguments = ("run", "cubalif", "--steps", 3, "--output")
    sterna(*arguments, tmp_path / "golden.npz")
    command = [sys.executable, "-c", start, "simulate", "cubalif", *SMALL]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        outcome = sterna(*arguments, tmp_path / "served.npz", "--device", address, *SMALL)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert outcome.code == 0
    with np.load(tmp_path / "golden.npz") as golden, np.load(tmp_path / "served.npz") as found:
        assert np.array_equal(golden["out"], found["out"])


def test_estimate_on_a_board(sterna):
    values = sterna("estimate", "l2mu", "--board", "icebreaker", "--json").json
    assert values["fits"] and values["lanes"] == 2
    output = sterna("estimate", "l2mu", "--board", "ulx3s-85f", "--lanes", 8).output
    assert "8, 4 neuron lanes, 2 kinds of neurons" in output and "yes" in output.splitlines()[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "l2mu", "--device", "nowhere"], "no such device"),
        (["run", "l2mu", "--device", "sim", "--lanes", "6"], "lanes = 6 must be"),
        (["run", "l2mu", "--device", "sim", "--code-bits", "9"], "code-bits is 9; it must"),
        (["run", "l2mu", "--device", "sim", "--config", "nowhere"], "no such file"),
        (["run", "nowhere.nir"], "nowhere.nir: file not found"),
        (["bench", "l2mu", "--device", "golden"], "has no clock"),
        (["bench", "l2mu", "--device", "emulator"], "device emulator: has no clock"),
        (["verify", "l2mu", "--device", "golden"], "shows no values"),
        (["verify", "l2mu", "--device", "emulator", "--stalls", 5], "--stalls: is for"),
        (["bench", "l2mu", "--silent", "2"], "silent is 2"),
        (["bench", "--layer", "9"], "give inputs and neurons"),
        (["bench", "--layer", "9x0"], "both sizes must be at least 1"),
        (["bench", "l2mu", "--layer", "9x9"], "a --shape or a --layer, one of them"),
        (["estimate", "l2mu", "--board", "icebreaker", "--rows", "4"], "is for language models"),
        (["build", "l2mu", "--board", "icebreaker", "--lanes", "auto"], "give a whole number"),
        (["build", "l2mu", "--board", "icebreaker", "--weights", "baked"], "starts empty"),
        (["run", "l2mu", "--input", "nowhere.npz"], "nowhere.npz: file not found"),
        (["run", "l2mu", "--input", "pyproject.toml"], "line 1: not step,address"),
        (["run", "l2mu", "--steps", "0"], "steps is 0"),
        (["run", "demo", "--input", "x.npz"], "--input: is for spiking networks"),
        (["eval", "l2mu", "--samples", "0"], "samples is 0"),
        (["eval", "demo"], "give a text to score"),
        (["eval", "demo", "--device", "sim"], "--device: is for spiking networks"),
        (["eval", "alif", "--device", "sim"], "give --data FILE, or a model with a task: l2mu or"),
        (["eval", "l2mu", "--allow-rounding"], "give --data"),
        (["verify", "l2mu", "--config", "x", "--lanes", "4"], "and --config does"),
        (["verify", "l2mu", "--neuron-lanes", "0"], "neuron-lanes is "),
        (["verify", "l2mu", "--steps", "0"], "steps is 0"),
        (["verify", "l2mu", "--streams", "2"], "--streams: is for language models"),
        (["bench", "l2mu", "--memory", "hbm-460"], "--memory: is for language models"),
        (["run", "l2mu", "--rows", "4"], "--rows: is for language models"),
        (["run", "l2mu", "--top-k", "4"], "--top-k: is for language models"),
        (["simulate", "l2mu", "--columns", "4"], "--columns: is for language models"),
        (["simulate", "demo", "--code-bits", "2"], "--code-bits: is for spiking networks"),
        (["verify", "demo", "--lanes", "2"], "--lanes: is for spiking networks"),
        (["bench", "demo", "--lanes", "2"], "--lanes: chooses for a board; give --board"),
        (["run", "demo", "--neuron-lanes", "2"], "--neuron-lanes: is for spiking networks"),
        (["rtl", "demo", "--lanes", "2", "-o", "x"], "--lanes: chooses for a board; give --board"),
        (["rtl", "l2mu", "--lane", "tables", "-o", "x"], "--lane: is for language models"),
        (["rtl", "l2mu", "--board", "kv260", "-o", "x"],
         "does not fit: no project without weights in the memory outside"),
    ],
)
def test_refusals(sterna, arguments, message):
    outcome = sterna(*arguments)
    assert outcome.code == 2 and message in outcome.errors
    assert len(outcome.errors.strip().splitlines()) == 1


def test_import_of_a_nir_graph_makes_a_model_that_runs(sterna, tmp_path):
    nir = pytest.importorskip("nir")
    graph = nir.NIRGraph(
        {
            "input": nir.Input(input_type={"input": np.array([3])}),
            "weights": nir.Affine(weight=np.eye(3) * 2, bias=np.ones(3) / 4),
            "cells": nir.LIF(tau=np.full(3, 4e-4), r=np.full(3, 4.0), v_leak=np.zeros(3),
                             v_threshold=np.ones(3), v_reset=np.zeros(3)),
            "output": nir.Output(output_type={"output": np.array([3])}),
        },
        [("input", "weights"), ("weights", "cells"), ("cells", "output")],
    )
    path, folder = tmp_path / "net.nir", tmp_path / "net"
    nir.write(path, graph)
    outcome = sterna("import", path, "-o", folder)
    assert outcome.code == 0 and "written by snntorch (by its forms)" in outcome.output
    assert ", 0 of 1200 neuron steps differ" in outcome.output
    assert "cells  " in sterna("run", folder, "--steps", 10).output
    directly = sterna("run", path, "--steps", 10)
    assert directly.output == sterna("run", folder, "--steps", 10).output
    assert "written by snntorch (by its forms)" in directly.errors
    for board in ("icebreaker", "ulx3s-85f"):
        assert sterna("estimate", path, "--board", board, "--json").json["fits"]
    refused = sterna("import", path, "-o", tmp_path / "other", "--planes", 9)
    assert refused.code == 2 and "planes is 9" in refused.errors
    assert sterna("import", path, "-o", tmp_path / "other", "--dt", "-1").code == 2
    assert not (tmp_path / "other").exists()
    assert sterna("eval", folder).code == 2
