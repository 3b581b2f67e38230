"""Who wrote a graph: what is sure, what is a guess, and what the options say instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.nir.graph import from_graph, read_nir
from sterna.families.spiking.nir.options import SETTINGS, NirChoices
from sterna.families.spiking.nir.producers import LEFT_OUT, PRESETS
from sterna.law.neuron import MAX_COUNT, Count, Reset

from tests.sw.families.spiking.nir import norse_graphs
from tests.sw.families.spiking.nir.test_graph import inputs, nir, vector


def graph(*nodes: Any, port: str = "input", dtype: str = "float32") -> Any:
    """Two inputs, a Linear in float32, and the neurons; numbers of the neurons in `dtype`."""
    for node in nodes:
        for name, value in vars(node).items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                setattr(node, name, value.astype(dtype))
    named = {
        port: nir.Input(input_type={"input": np.array([2])}),
        "fc": nir.Linear(weight=np.array([[0.5, 1.0], [0.75, -0.5]], np.float32)),
        **{f"n{index}": node for index, node in enumerate(nodes)},
        "output": nir.Output(output_type={"output": np.array([2])}),
    }
    names = list(named)
    return nir.NIRGraph(named, list(zip(names, names[1:], strict=False)), type_check=False)


def lif(tau: float, r: float, **values: float) -> Any:
    numbers = {"v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0} | values
    return nir.LIF(tau=vector(tau, 2), r=vector(r, 2),
                   **{name: vector(value, 2) for name, value in numbers.items()})


def cuba(tau_mem: float, tau_syn: float, r: float, w_in: float) -> Any:
    return nir.CubaLIF(tau_mem=vector(tau_mem, 2), tau_syn=vector(tau_syn, 2), r=vector(r, 2),
                       w_in=vector(w_in, 2), v_leak=vector(0.0, 2), v_threshold=vector(1.0, 2),
                       v_reset=vector(0.0, 2))


def integrator(r: float) -> Any:
    return nir.IF(r=vector(r, 2), v_threshold=vector(1.0, 2), v_reset=vector(0.0, 2))


@pytest.mark.parametrize(("node", "port", "dtype", "producer", "rivals"), [
    # One form of numbers, two frameworks: precision and the Input's name tell them apart.
    (lif(1e-3, 10.0), "input", "float32", "snntorch", ()),
    (lif(1e-3, 10.0), "x", "float64", "spikingjelly", ()),
    (lif(1e-3, 10.0), "input", "float64", "snntorch", ("spikingjelly",)),
    (lif(1e-3, 10.0), "x", "float32", "snntorch", ("spikingjelly",)),
    (cuba(1e-3, 3e-4, 10.0, 3.0), "input", "float32", "snntorch", ()),
    (cuba(1e-3, 3e-4, 10.0, 3.0), "x", "float64", "spikingjelly", ()),
    (cuba(1e-3, 3e-4, 10.0, 3.0), "input", "float64", "snntorch", ("spikingjelly",)),
    (lif(3e-4, 1.0), "x", "float64", "spikingjelly", ()),
    (lif(3e-4, 1.0), "input", "float64", "spikingjelly", ("norse",)),
    (lif(3e-4, 1.0), "input", "float32", "norse", ("nir",)),
    (lif(3e-5, 1.0), "input", "float32", "norse", ()),
    (lif(10.0, 1.0), "input", "float32", "sinabs", ()),
    (lif(0.02, 0.02 / 1e-3 * np.exp(-1e-3 / 0.02)), "input", "float32", "rockpool", ()),
    (cuba(0.02, 0.01, 0.02 / 1e-3 * np.exp(-1e-3 / 0.02), 1.0), "input", "float32", "rockpool", ()),
    (integrator(1e4), "x", "float64", "spikingjelly", ()),
    # Norse and Sinabs write the same of an IF.
    (integrator(1.0), "input", "float32", "norse", ("sinabs",)),
    (integrator(1.0), "input", "float64", "norse", ()),
    # Numbers that no framework writes.
    (lif(0.02, 1.0), "input", "float32", "nir", ()),
    (lif(0.02, 3.7), "input", "float64", "nir", ()),
    (nir.I(r=vector(1.0, 2)), "input", "float32", "nir", ()),
])
def test_recognition(
    node: Any, port: str, dtype: str, producer: str, rivals: tuple[str, ...]
) -> None:
    """The framework; where marks disagree, a guess that names the others and why."""
    _, told = from_graph(graph(node, port=port, dtype=dtype), "net")
    found = told.recognition
    assert (found.producer, found.rivals) == (producer, rivals)
    assert f"written by {producer} (" in told.line
    assert found.readings == ((producer, *rivals) if rivals else ())
    if rivals:
        assert "(a guess)" in told.line and "who wrote it is a guess: " in told.notes[0]
        assert all(f"as {name} writes them" in told.notes[0]
                   for name in found.readings if name != "nir")
    elif producer == "nir":
        assert "(no framework's forms)" in told.line and "--producer" in told.notes[0]
    else:
        assert "(by its forms)" in told.line


def test_an_if_is_sinabs_when_the_file_says_so(tmp_path: Path) -> None:
    """Sinabs 3.1.3 asks for nir 1.0.4 or older, whose version is in the file."""
    import h5py

    path = tmp_path / "net.nir"
    nir.write(path, graph(integrator(1.0)))
    _, told = read_nir(path)
    assert told.recognition.readings == ("norse", "sinabs")
    with h5py.File(path, "a") as file:
        del file["version"]
        file["version"] = b"1.0.4"
        del file["node/nodes/n0/v_reset"]
    _, told = read_nir(path)
    assert told.line.startswith("written by sinabs (by its forms): ")


def test_the_step_is_solved_or_refused() -> None:
    """Rockpool's and SpikingJelly's numbers hold the time step; two steps are not by Rockpool."""
    def rockpool(dt: float) -> Any:
        return lif(0.02, 0.02 / dt * float(np.exp(-dt / 0.02)))

    for dt in (1e-3, 2.5e-4, 7e-3):
        _, told = from_graph(graph(rockpool(dt)), "net")
        assert told.line.startswith(f"written by rockpool (by its forms): dt {dt:g} s")
    for dt, node in ((1e-3, integrator(1e3)), (5e-4, lif(2e-3, 4.0)),
                     (2e-3, cuba(8e-3, 4e-3, 4.0, 2.0))):
        _, told = from_graph(graph(node, port="x", dtype="float64"), "net")
        assert told.line.startswith(f"written by spikingjelly (by its forms): dt {dt:g} s")
    both = graph(rockpool(1e-3), rockpool(2e-3))
    _, told = from_graph(both, "net")
    assert told.recognition.producer == "nir"
    with pytest.raises(InputError, match=r"time steps of 0\.001 to 0\.002 s, not one"):
        from_graph(both, "net", NirChoices("rockpool"))
    _, told = from_graph(both, "net", NirChoices("rockpool", 1e-3))
    assert told.line.startswith("written by rockpool: dt 0.001 s")


def test_every_producer_is_a_choice_and_tells_what_is_left_out() -> None:
    assert set(LEFT_OUT) == set(PRESETS) - {"nir"}
    for producer in PRESETS:
        network, told = from_graph(graph(lif(50.0, 1.0)), "net", NirChoices(producer, 1.0))
        assert told.line.startswith(f"written by {producer}: dt 1 s")
        assert network.run(inputs(2))["n0"].shape == (200, 1, 2)
        assert (LEFT_OUT[producer] in "".join(told.notes)) if producer != "nir" else not told.notes
    with pytest.raises(InputError, match="producer is 'brian'; it must be one of snntorch, "):
        from_graph(graph(lif(1.0, 1.0)), "net", NirChoices("brian"))


def test_norse_leaves_its_reset_value_out(tmp_path: Path) -> None:
    """A module with v_reset -0.5 writes a file that says 0; the option brings it back."""
    module = norse_graphs.module_of("LIFBox")
    cell = module[1]
    cell.p = cell.p._replace(v_reset=norse_graphs.level(-0.5, 3))
    norse_graphs.write(module, tmp_path / "net.nir")
    expected = norse_graphs.forward(module, norse_graphs.frames())
    plain, told = read_nir(tmp_path / "net.nir")
    assert "not in files of norse: v_reset" in told.notes[-1]
    frames = norse_graphs.frames()
    assert not np.array_equal(plain.run(frames)[plain.output], expected)
    right, _ = read_nir(tmp_path / "net.nir", NirChoices(settings=("v_reset=-0.5",)))
    assert np.array_equal(right.run(frames)[right.output], expected)


def test_settings_reach_every_flag() -> None:
    """Several spikes, refractory, adaptation, floor: of all neurons, or of one."""
    nodes = lif(1e-3, 10.0), lif(1e-3, 10.0)
    settings = ("max_count=3", "n0.max_count=7", "count=round", "refractory=2",
                "refractory_hold=yes", "n1.refractory=0", "n1.refractory_hold=no", "floor=-1",
                "increment=0.25", "n1.adaptation_factor=0.5", "current=old")
    network, told = from_graph(graph(*nodes), "net", NirChoices(
        "snntorch", resets=("soft",), settings=settings))
    first, second = (item.definition for item in network.populations)
    assert (first.max_count, second.max_count) == (7, 3)
    assert first.count is second.count is Count.COUNT_ROUND
    assert (first.refractory, first.refractory_hold) == (2, True)
    assert (second.refractory, second.refractory_hold) == (0, False)
    assert first.adaptive and second.adaptive and first.clamped
    values = [item.value("adaptation_factor").tolist() for item in network.populations]
    assert values == [[0.0], [0.5]]
    assert network.populations[0].value("increment").tolist() == [0.25]
    assert network.populations[0].value("floor").tolist() == [-1.0, -1.0]
    assert "max_count 3" in told.line and "n0: max_count 7" in told.line
    for reset in Reset:
        network, _ = from_graph(graph(nodes[0]), "net", NirChoices(resets=(reset.value,)))
        assert network.populations[0].definition.reset is reset


@pytest.mark.parametrize(("text", "message"), [
    ("refractory", "'refractory': give NAME=VALUE"),
    ("tau=2", f"with a NAME of {', '.join(SETTINGS)}"),
    ("max_count=200", f"max_count is 200; it must be 1 to {MAX_COUNT}"),
    ("max_count=two", "max_count is 'two'; it must be a number"),
    ("floor=nan", "floor is nan; it must be"),
    ("reset=late", "reset is 'late'; it must be one of none, hard, soft, "),
    ("fc.reset=soft", "reset of 'fc': no such neuron node; the graph has n0"),
    ("max_count=3", "NIR graph net: node n0: neuron: reset soft_late looks at the stored membrane"),
])
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_graph(graph(lif(1e-3, 10.0)), "net", NirChoices("snntorch", settings=(text,)))
    if text.startswith("reset"):
        with pytest.raises(InputError, match="reset is 'late'"):
            from_graph(graph(lif(1e-3, 10.0)), "net", NirChoices(resets=("late",)))


def test_what_begins_elsewhere_cannot_take_the_threshold_away() -> None:
    """The membrane is counted from where it begins, the threshold then is not the whole one."""
    node = lif(3e-4, 1.0, v_leak=-0.25, v_reset=-0.25)
    with pytest.raises(InputError, match=r"NIR graph net: node n0: begins at -0\.25, not at 0"):
        from_graph(graph(node), "net", NirChoices("spikingjelly", resets=("soft",)))
    network, _ = from_graph(graph(node), "net", NirChoices(
        "spikingjelly", resets=("soft",), settings=("start=zero",)))
    assert network.populations[0].value("threshold").tolist() == [1.0, 1.0]
    assert network.populations[0].value("leak").tolist() == [-0.25, -0.25]
