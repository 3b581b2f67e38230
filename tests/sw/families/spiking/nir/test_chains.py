"""Membranes that lead on: integrators before neurons, and several read-outs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.compare import compare_all
from sterna.families.spiking.nir.graph import from_graph
from sterna.families.spiking.quantise import quantise
from sterna.law.neuron import Current

from tests.sw.families.spiking.nir.test_graph import inputs, nir, ported, vector

DT = 1e-4
WEIGHTS = np.random.default_rng(3).uniform(-0.6, 1.2, (3, 4))
MORE = np.random.default_rng(4).uniform(-0.5, 1.0, (2, 3))
BIAS = np.array([0.2, -0.1])


def li(tau: float, size: int = 3, leak: float = 0.0) -> Any:
    return nir.LI(tau=vector(tau, size), r=vector(tau / DT, size), v_leak=vector(leak, size))


def integrated(values: np.ndarray, tau: float) -> np.ndarray:
    """As LI's equation, a step after the other."""
    membrane, rows = np.zeros(values.shape[1:]), []
    for row in values:
        membrane = membrane + DT / tau * (tau / DT * row - membrane)
        rows.append(membrane)
    return np.array(rows)


def fired(values: np.ndarray, tau: float, level: float) -> np.ndarray:
    """LIF, whose spike empties it."""
    membrane, rows = np.zeros(values.shape[1:]), []
    for row in values:
        membrane = membrane + DT / tau * (tau / DT * row - membrane)
        rows.append((membrane > level).astype(float))
        membrane = np.where(membrane > level, 0.0, membrane)
    return np.array(rows)


def lif(tau: float, level: float) -> Any:
    return nir.LIF(tau=vector(tau, 2), r=vector(tau / DT, 2), v_leak=vector(0.0, 2),
                   v_reset=vector(0.0, 2), v_threshold=vector(level, 2))


@pytest.mark.parametrize("last", ["LIF", "LI", "sum", "I"])
def test_an_integrator_is_the_current_of_what_follows(last: str, sterna: Any, tmp_path: Path
                                                      ) -> None:
    """In real numbers as the equations; in integers every value on golden and emulator."""
    bias = np.zeros(2) if last == "I" else BIAS
    node = {"LIF": lif(8e-4, 5.0), "LI": li(8e-4, 2), "I": nir.I(r=vector(1 / DT, 2))}.get(last)
    graph = ported(4, 2, nir.Linear(weight=WEIGHTS), li(5e-4),
                   nir.Affine(weight=MORE, bias=bias), *([] if node is None else [node]))
    network, _ = from_graph(graph, "net")
    assert len(network.populations) == 1
    assert network.populations[0].definition.current is Current.NEW
    frames = inputs(4)
    given = integrated(frames @ WEIGHTS.T, 5e-4) @ MORE.T + bias
    expected = {"LIF": lambda: fired(given, 8e-4, 5.0), "LI": lambda: integrated(given, 8e-4),
                "sum": lambda: given, "I": lambda: np.cumsum(given, 0)}[last]()
    found = network.run(frames)[network.output]
    assert np.allclose(found, expected) and expected.any()
    integers = compare_all(network, quantise(network), frames[:20])
    assert not integers.saturated and all(
        item.error < 0.05 * item.largest for item in integers.read_outs)
    assert all(item.differ <= 0.1 * item.values for item in integers.differences)
    nir.write(tmp_path / "net.nir", graph)
    values = sterna("verify", tmp_path / "net.nir", "--steps", 12, "--device", "emulator",
                    "--json").json
    assert values["differences"] == 0 and values["values_compared"] == 12 * 2 * (2 + 3)


def test_read_outs_of_membranes_and_spikes_are_given_out_side_by_side(
    sterna: Any, tmp_path: Path
) -> None:
    """Each as it is; and what a read-out leads to beside it."""
    nodes = {"in": nir.Input(input_type={"input": np.array([4])}),
             "into": nir.Linear(weight=WEIGHTS), "trace": li(5e-4),
             "more": nir.Linear(weight=MORE), "cell": lif(8e-4, 5.0),
             **{name: nir.Output(output_type={"output": np.array([size])})
                for name, size in (("a", 2), ("b", 3), ("c", 2))}}
    edges = [("in", "into"), ("into", "trace"), ("trace", "more"), ("more", "cell"),
             ("cell", "a"), ("trace", "b"), ("more", "c")]
    graph = nir.NIRGraph(nodes, edges, type_check=False)
    network, _ = from_graph(graph, "net")
    assert (network.output, network.beside) == ("cell", ("trace", "c"))
    frames = inputs(4)
    trace = integrated(frames @ WEIGHTS.T, 5e-4)
    found = network.run(frames)
    assert np.allclose(found["trace"], trace) and np.allclose(found["c"], trace @ MORE.T)
    assert np.array_equal(found["cell"], fired(trace @ MORE.T, 8e-4, 5.0))
    nir.write(tmp_path / "net.nir", graph)
    assert sterna("import", tmp_path / "net.nir", "-o", tmp_path / "net").code == 0
    outputs = []
    for device in ("golden", "emulator"):
        path = tmp_path / f"{device}.npz"
        assert sterna("run", tmp_path / "net", "--steps", 9, "--device", device, "-o", path
                      ).code == 0
        with np.load(path) as arrays:
            outputs.append({name: arrays[name] for name in ("cell", "trace", "c")})
    assert all(np.array_equal(outputs[0][name], outputs[1][name]) for name in outputs[0])
    values = sterna("verify", tmp_path / "net", "--steps", 9, "--device", "emulator", "--json").json
    assert values["differences"] == 0


@pytest.mark.parametrize(("nodes", "message"), [
    ((nir.LI(tau=np.array([1e-3, 2e-3, 1e-3]), r=vector(1, 3), v_leak=vector(0, 3)),
      nir.Linear(weight=MORE), lif(8e-4, 5.0)), "LI or I of one time constant"),
    ((li(5e-4, leak=1.0), nir.Linear(weight=MORE), lif(8e-4, 5.0)), "which leak to 0"),
    ((li(5e-4), li(8e-4), li(9e-4)), "LI or I of one time constant"),
    ((li(5e-4), nir.Affine(weight=MORE, bias=BIAS), nir.I(r=vector(1, 2))),
     "a bias lies between an integrator and neurons that do not leak"),
    ((li(5e-4), nir.Delay(delay=vector(DT, 3)), nir.Linear(weight=MORE), lif(8e-4, 5.0)),
     "takes membranes late; put the Delay before the integrator"),
])
def test_refusals(nodes: tuple[Any, ...], message: str) -> None:
    outputs = 3 if isinstance(nodes[-1], nir.LI) else 2
    with pytest.raises(InputError, match=f"node n[3456]: .*{message}"):
        from_graph(ported(4, outputs, nir.Linear(weight=WEIGHTS), *nodes), "net")


def test_spikes_and_membranes_into_one_neuron() -> None:
    nodes = {"in": nir.Input(input_type={"input": np.array([2])}), "trace": li(5e-4, 2),
             "cell": lif(8e-4, 5.0), "out": nir.Output(output_type={"output": np.array([2])})}
    edges = [("in", "trace"), ("in", "cell"), ("trace", "cell"), ("cell", "out")]
    with pytest.raises(InputError, match="node cell: membranes and spikes lead to it"):
        from_graph(nir.NIRGraph(nodes, edges, type_check=False), "net")
