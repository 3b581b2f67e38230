"""Planes of a spiking network chosen by what they change: outputs, or classes of samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.compare import compare
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.precision import choose_planes
from sterna.families.spiking.quantise import SpikingFormats, quantise
from sterna.law.neuron import Decay, NeuronDefinition, Reset
from sterna.program.instructions import INPUT
from sterna.progress import Report

LIF = NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.SOFT)
USUAL = SpikingFormats()


def network() -> RealNetwork:
    """Weights of the first layer are those of one plane; others need more."""
    draw = np.random.default_rng(5)
    first = draw.integers(-1, 2, (30, 12)).astype(float)
    return RealNetwork(
        name="net", inputs=12, output="out",
        populations=tuple(RealPopulation(name=name, neurons=neurons, definition=LIF, values={
            "threshold": np.array([threshold]), "factor": np.array([0.75])})
            for name, neurons, threshold in (("hidden", 30, 2.0), ("out", 4, 1.5))),
        connections=(RealConnection(source=INPUT, target="hidden", weights=first),
                     RealConnection(source="hidden", target="out",
                                    weights=draw.standard_normal((4, 30)))))


def test_what_is_ternary_gets_one_plane_and_the_rest_what_it_needs() -> None:
    formats, lines = choose_planes(network(), USUAL, None, 0.02, Report())
    assert formats.planes_to["hidden"] == 1 and 1 < formats.planes_to["out"] <= 5
    made = quantise(network(), formats)
    assert [len(item.planes) for item in made.connections] == [1, formats.planes_to["out"]]
    assert "at most 2.00% wanted" in lines[0] and "32 samples of 50 random steps" in lines[0]
    assert "  to hidden: 1 plane, 72 bytes" in lines[1]
    frames = (np.random.default_rng(1).random((40, 16, 12)) < 0.2).astype(float)
    differ = sum(item.differ for item in compare(network(), made, frames))
    assert differ / (40 * 16 * 34) < 0.03


def test_classes_of_samples_with_labels(tmp_path: Path) -> None:
    frames = (np.random.default_rng(2).random((20, 25, 12)) < 0.3).astype(float)
    labels = network().run(frames)["out"].sum(0).argmax(1)
    np.savez(tmp_path / "samples.npz", frames=frames, labels=labels)
    formats, lines = choose_planes(network(), USUAL, tmp_path / "samples.npz", 0.05, Report())
    assert "samples of another class, in 25 samples of samples.npz" in lines[0]
    assert formats.planes_to["hidden"] == 1 and "100.0% by real numbers" in lines[-1]


def test_a_file_without_labels_and_one_that_does_not_fit(tmp_path: Path) -> None:
    frames = (np.random.default_rng(2).random((20, 5, 12)) < 0.3).astype(float)
    np.save(tmp_path / "frames.npy", frames)
    _, lines = choose_planes(network(), USUAL, tmp_path / "frames.npy", 0.05, Report())
    assert "5 samples of frames.npy" in lines[0]
    np.save(tmp_path / "wide.npy", np.ones((20, 5, 13)))
    with pytest.raises(InputError, match="wide.npy"):
        choose_planes(network(), USUAL, tmp_path / "wide.npy", 0.05, Report())


def test_a_graph_is_imported_with_them(sterna, tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    from tests.sw.families.spiking.nir.test_recognition import graph, lif

    nir.write(tmp_path / "net.nir", graph(lif(0.004, 2.0)))
    words = ("import", tmp_path / "net.nir", "-o", tmp_path / "net")
    told = sterna(*words, "--planes", "auto")
    assert told.code == 0 and "planes: 0.00% of neuron steps" in told.output
    assert "  to n0: " in told.output
    for more, message in ((("--planes-target", "0.1"), "give both"),
                          (("--calibrate", tmp_path / "net.nir"), "give both"),
                          (("--planes", "auto", "--planes-target", "2"), "planes-target is 2")):
        outcome = sterna(*words, *more)
        assert outcome.code == 2 and message in outcome.errors
