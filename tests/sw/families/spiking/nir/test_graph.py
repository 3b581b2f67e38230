"""NIR graphs against the frameworks whose conventions they are written in."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.spiking.compare import compare
from sterna.families.spiking.module.snntorch import from_snntorch
from sterna.families.spiking.nir.graph import from_graph, read_nir
from sterna.families.spiking.nir.options import NirChoices
from sterna.families.spiking.quantise import SpikingFormats, quantise
from torch import Tensor

from tests.sw.families.spiking.nir.snntorch_graphs import snntorch, snntorch_module, write

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    nir: Any = pytest.importorskip("nir")
    jelly: Any = pytest.importorskip("spikingjelly.activation_based.neuron")

STEPS = 200


def inputs(count: int, steps: int = STEPS) -> np.ndarray:
    return (np.random.default_rng(0).random((steps, 1, count)) < 0.4).astype(float)


def vector(value: float, count: int) -> np.ndarray:
    return np.full(count, value)


def chain(*nodes: Any) -> Any:
    """A graph of nodes one after the other."""
    names = [f"n{index}" for index in range(len(nodes))]
    edges = list(zip(names, names[1:], strict=False))
    return nir.NIRGraph(dict(zip(names, nodes, strict=True)), edges, type_check=False)


def ported(count: int, outputs: int, *nodes: Any) -> Any:
    return chain(
        nir.Input(input_type={"input": np.array([count])}), *nodes,
        nir.Output(output_type={"output": np.array([outputs])}),
    )


def spikes_of(module: Any, frames: np.ndarray) -> np.ndarray:
    rows = []
    with torch.no_grad():
        for row in frames:
            rows.append(module(torch.from_numpy(row).float())[0].numpy())
    return np.stack(rows)


def test_a_graph_written_by_snntorch_fires_as_its_module(tmp_path: Path) -> None:
    """Export, file, import: the soft late reset that the file does not tell is chosen."""
    module, frames = snntorch_module(), inputs(6)
    path = tmp_path / "net.nir"
    write(module, path)
    network, told = read_nir(path)
    assert "snntorch" in told.line and "soft_late" in told.line
    layers: list[Any] = list(module)
    for layer in layers:
        if hasattr(layer, "reset_mem"):
            layer.reset_mem()
    expected = spikes_of(module, frames)
    assert expected.sum() > 20
    assert np.array_equal(network.run(frames)[network.output], expected)
    hard, told = read_nir(path, NirChoices(resets=("hard",)))
    assert "reset hard" in told.line
    assert not np.array_equal(hard.run(frames)[hard.output], expected)


def test_a_module_is_imported_without_a_file() -> None:
    """The same spikes, in real numbers and nearly all of them in integers."""
    module, frames = snntorch_module(), inputs(6)
    network = from_snntorch(module)
    expected = spikes_of(module, frames)
    assert np.array_equal(network.run(frames)[network.output], expected)
    formats = SpikingFormats(planes=6, fraction=16)
    for difference in compare(network, quantise(network, formats), frames):
        assert difference.differ <= 0.005 * difference.values
    with pytest.raises(InputError, match="ReLU is not one of"):
        from_snntorch(torch.nn.Sequential(torch.nn.Linear(6, 9), torch.nn.ReLU(), *module[1:]))
    with pytest.raises(InputError, match="give the shape of one input"):
        from_snntorch(torch.nn.Sequential(snntorch.Leaky(beta=0.5, init_hidden=True)))


@pytest.mark.parametrize("kind", ["RLeaky", "RSynaptic", "Alpha"])
def test_recurrent_modules_and_alpha(kind: str) -> None:
    """Imported from Python, with a bias in the recurrence."""
    torch.manual_seed(2)
    values: dict[str, Any] = {"beta": 0.6, "init_hidden": True, "output": True}
    if kind != "RLeaky":
        values["alpha"] = 0.9
    if kind != "Alpha":
        values["linear_features"] = 9
    module = torch.nn.Sequential(torch.nn.Linear(6, 9), getattr(snntorch, kind)(**values))
    frames = inputs(6)
    network = from_snntorch(module)
    assert np.array_equal(network.run(frames)[network.output], spikes_of(module, frames))


@pytest.mark.parametrize("soft", [False, True])
def test_spikingjelly_conventions(soft: bool) -> None:
    """tau in steps of 1e-4, r 1; its soft reset needs the option, for the file cannot tell it."""
    weight = np.random.default_rng(3).integers(-4, 24, (5, 6)) / 8
    module = jelly.LIFNode(tau=4.0, v_reset=None if soft else 0.0)
    graph = ported(6, 5, nir.Linear(weight=weight), nir.LIF(
        tau=vector(4e-4, 5), r=vector(1.0, 5), v_leak=vector(0.0, 5),
        v_threshold=vector(1.0, 5), v_reset=vector(0.0, 5)))
    network, told = from_graph(graph, "jelly", NirChoices(resets=("soft",) if soft else ()))
    assert "spikingjelly" in told.line and "compare >=" in told.line
    frames = inputs(6)
    sums: Tensor = torch.from_numpy(frames @ weight.T)
    expected = np.stack([module(row).numpy() for row in sums])
    assert expected.sum() > 20
    assert np.array_equal(network.run(frames)[network.output], expected)


def test_every_neuron_node_against_its_equation() -> None:
    """Forward Euler written out, hard reset to v_reset; what spikes begins at its leak target."""
    count, dt = 4, 1e-4
    frames = inputs(count)
    common = {"r": vector(3.0, count), "v_leak": vector(0.125, count)}
    fire = {"v_threshold": vector(0.75, count), "v_reset": vector(-0.25, count)}
    nodes = {
        "LIF": nir.LIF(tau=vector(8e-4, count), **common, **fire),
        "LI": nir.LI(tau=vector(8e-4, count), **common),
        "CubaLIF": nir.CubaLIF(tau_syn=vector(2e-4, count), tau_mem=vector(8e-4, count),
                               w_in=vector(1.5, count), **common, **fire),
        "I": nir.I(r=vector(2e3, count)),
        "IF": nir.IF(r=vector(2e3, count), **fire),
        "Threshold": nir.Threshold(threshold=vector(0.5, count)),
    }
    for kind, node in nodes.items():
        network, _ = from_graph(
            ported(count, count, node), kind, NirChoices("nir", current="old")
        )
        found = network.run(frames)[network.output]
        v = np.full((1, count), 0.125 if kind in ("LIF", "CubaLIF") else 0.0)
        i = np.zeros((1, count))
        for step, x in enumerate(frames):
            if kind in ("I", "IF"):
                v = v + dt * 2e3 * x
            elif kind == "Threshold":
                v = x
            elif kind == "CubaLIF":
                v = v + dt / 8e-4 * (0.125 - v + 3 * i)
                i = i + dt / 2e-4 * (1.5 * x - i)
            else:
                v = v + dt / 8e-4 * (0.125 - v + 3 * x)
            if kind in ("I", "LI"):
                assert np.allclose(found[step], v)
                continue
            fired = v > (0.5 if kind == "Threshold" else 0.75)
            assert np.array_equal(found[step], fired), (kind, step)
            v = np.where(fired, -0.25, v)


def test_linear_nodes_and_recurrence() -> None:
    """Scale, delay, convolution, pooling, flatten against torch; and a loop through a Linear."""
    generator = np.random.default_rng(5)
    weight, bias = generator.normal(size=(2, 1, 3, 3)), generator.normal(size=2)
    scale = generator.uniform(0.5, 1.5, (1, 8, 8))
    graph = chain(
        nir.Input(input_type={"input": np.array([1, 8, 8])}), nir.Scale(scale=scale),
        nir.Conv2d(input_shape=(8, 8), weight=weight, stride=2, padding=1, dilation=1, groups=1,
                   bias=bias),
        nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]),
                      padding=np.array([0, 0])),
        nir.Flatten(input_type={"input": np.array([2, 2, 2])}, start_dim=0, end_dim=-1),
        nir.Output(output_type={"output": np.array([8])}),
    )
    network, _ = from_graph(graph, "convolution")
    frames = generator.normal(size=(3, 2, 64))
    images = torch.from_numpy(frames.reshape(6, 1, 8, 8) * scale)
    answer = torch.nn.functional.conv2d(
        images, torch.from_numpy(weight), torch.from_numpy(bias), stride=2, padding=1
    )
    pooled = torch.nn.functional.avg_pool2d(answer, 2) * 4
    assert np.allclose(network.run(frames)[network.output], pooled.reshape(3, 2, 8).numpy())

    delayed, _ = from_graph(
        ported(3, 3, nir.Delay(delay=np.array([0.0, 2e-4, 5e-4])), nir.Scale(scale=np.ones(3))),
        "delay",
    )
    frames = generator.normal(size=(9, 1, 3))
    found = delayed.run(frames)[delayed.output]
    for index, delay in enumerate((0, 2, 5)):
        assert np.allclose(found[delay:, :, index], frames[: 9 - delay, :, index])


def test_recurrent_graph_takes_the_step_before() -> None:
    """A neuron that excites itself: one spike comes back for ever."""
    node = nir.IF(r=vector(1e4, 1), v_threshold=vector(0.5, 1), v_reset=vector(0.0, 1))
    graph = nir.NIRGraph(
        {"input": nir.Input(input_type={"input": np.array([1])}), "cell": node,
         "back": nir.Linear(weight=np.array([[1.0]])),
         "output": nir.Output(output_type={"output": np.array([1])})},
        [("input", "cell"), ("cell", "back"), ("back", "cell"), ("cell", "output")],
        type_check=False,
    )
    network, _ = from_graph(graph, "loop")
    frames = np.zeros((6, 1, 1))
    frames[2] = 1
    assert network.run(frames)["cell"].reshape(-1).tolist() == [0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("kind", ["RLeaky", "RSynaptic"])
def test_recurrent_graphs_written_by_snntorch(kind: str, tmp_path: Path) -> None:
    """Through a file, with the recurrent bias; dyadic decays survive its float32."""
    torch.manual_seed(2)
    values: dict[str, Any] = {
        "beta": torch.full((9,), 0.75), "threshold": torch.ones(9), "linear_features": 9,
        "init_hidden": True, "output": True,
    }
    if kind == "RSynaptic":
        values["alpha"] = torch.full((9,), 0.5)
    neuron = getattr(snntorch, kind)(**values)
    module = torch.nn.Sequential(torch.nn.Linear(6, 9), neuron)
    write(module, tmp_path / "net.nir")
    neuron.reset_mem()
    network, _ = read_nir(tmp_path / "net.nir")
    expected = spikes_of(module, inputs(6))
    assert expected.sum() > 20
    assert np.array_equal(network.run(inputs(6))[network.output], expected)


def test_nested_graphs_are_opened() -> None:
    """The same network with its neuron in a graph of its own."""
    cell = nir.IF(r=vector(1e4, 2), v_threshold=vector(0.5, 2), v_reset=vector(0.0, 2))
    weights = nir.Linear(weight=np.array([[1.0, -1.0], [0.25, 0.5]]))
    plain, _ = from_graph(ported(2, 2, weights, cell), "plain")
    nested, _ = from_graph(ported(2, 2, weights, ported(2, 2, cell)), "nested")
    frames = inputs(2)
    expected = plain.run(frames)[plain.output]
    assert expected.any()
    assert np.array_equal(nested.run(frames)[nested.output], expected)


@pytest.mark.parametrize("taken", ["new", "old"])
def test_a_current_based_read_out_is_its_equations(taken: str) -> None:
    """CubaLI by forward Euler, the membrane after the current or before it."""
    syn, mem, r, leak, weight = (np.array(pair) for pair in (
        [4e-4, 8e-4], [5e-4, 1e-3], [2.0, 0.5], [0.5, -1.0], [1.5, 3.0]))
    cell = nir.CubaLI(tau_syn=syn, tau_mem=mem, r=r, v_leak=leak, w_in=weight)
    choices = NirChoices(producer="nir", dt=1e-4, current=taken)
    network, _ = from_graph(ported(2, 2, cell), "net", choices)
    frames, current, membrane, expected = inputs(2), np.zeros((1, 2)), np.zeros((1, 2)), []
    for row in frames:
        before, current = current, current + 1e-4 / syn * (weight * row - current)
        given = current if taken == "new" else before
        membrane = membrane + 1e-4 / mem * (leak - membrane + r * given)
        expected.append(membrane)
    assert np.allclose(network.run(frames)[network.output], expected)


def test_several_outputs_stand_one_behind_the_other() -> None:
    """Spikes of two layers, and weights of some: as the graph has them."""
    first, last = (nir.IF(r=vector(1e4, size), v_threshold=vector(level, size),
                          v_reset=vector(0.0, size)) for size, level in ((2, 0.5), (3, 0.7)))
    into, mix = np.array([[0.5, 1.0, -0.5], [1.0, 0.5, 0.25], [0.5, 0.5, 0.5]]), np.ones((1, 2))
    nodes = {"in": nir.Input(input_type={"input": np.array([2])}), "first": first,
             "more": nir.Linear(weight=into[:, :2]), "last": last, "mix": nir.Linear(weight=mix),
             **{name: nir.Output(output_type={"output": np.array([size])})
                for name, size in (("b", 3), ("a", 2), ("c", 1))}}
    edges = [("in", "first"), ("first", "more"), ("more", "last"), ("last", "b"), ("first", "a"),
             ("first", "mix"), ("mix", "c")]
    network, _ = from_graph(nir.NIRGraph(nodes, edges, type_check=False), "net")
    found = network.run(inputs(2))
    spikes = found["first"]
    assert network.output == "b+a+c" and spikes.any() and found["last"].any()
    expected = [found["last"], spikes, spikes.sum(-1, keepdims=True)]
    assert np.array_equal(found[network.output], np.concatenate(expected, -1))


def test_circles_without_neurons_are_named() -> None:
    """Whether a neuron stands behind one or not."""
    def node() -> Any:
        return nir.Linear(weight=np.eye(2))

    cell = nir.IF(r=vector(1e4, 2), v_threshold=vector(0.5, 2), v_reset=vector(0.0, 2))
    for last in (cell, node()):
        graph = ported(2, 2, node(), node(), last)
        graph.edges.append(("n2", "n1"))
        with pytest.raises(InputError, match="node n[12]: lies in a circle without a neuron"):
            from_graph(graph, "net")


def test_refusals(tmp_path: Path) -> None:
    """Damaged files, unknown choices, steps that are too long, mixed delays."""
    (tmp_path / "bad.nir").write_bytes(b"no graph")
    with pytest.raises(InputError, match="damaged or no NIR graph"):
        read_nir(tmp_path / "bad.nir")
    lif = nir.LIF(tau=vector(1e-3, 2), r=vector(1.0, 2), v_leak=vector(0.0, 2),
                  v_threshold=vector(1.0, 2), v_reset=vector(0.0, 2))
    with pytest.raises(InputError, match="smaller --dt"):
        from_graph(ported(2, 2, lif), "net", NirChoices(dt=1.0))
    with pytest.raises(InputError, match="reset is 'never'"):
        from_graph(ported(2, 2, lif), "net", NirChoices(resets=("never",)))
    with pytest.raises(InputError, match="mixes values of different delays"):
        from_graph(ported(2, 1, nir.Linear(weight=np.eye(2)),
                          nir.Delay(delay=np.array([1e-4, 2e-4])),
                          nir.Linear(weight=np.ones((1, 2)))), "net")
    with pytest.raises(InputError, match=r"node n1: scale has shape \[3\], but values of shape"):
        from_graph(ported(2, 2, nir.Scale(scale=np.ones(3))), "net")
    for delay, told in ((2.5e-4, "2.5 steps"), (4e-5, "0.4 steps")):
        with pytest.raises(InputError, match=f"node n1: a delay of {told} of 0.0001 s; it must"):
            from_graph(ported(2, 2, nir.Delay(delay=np.array([0, delay]))), "net")
    with pytest.raises(InputError, match="node n1: delays of 0 to 2147483648 steps"):
        from_graph(ported(2, 2, nir.Delay(delay=np.array([0, 1e38]))), "net")
    with pytest.raises(InputError, match=r"node n1: delay has shape \[3\]"):
        from_graph(ported(2, 2, nir.Delay(delay=np.zeros(3))), "net")
    with pytest.raises(InputError, match="node n1: weight holds values that are not finite"):
        from_graph(ported(2, 2, nir.Linear(weight=np.full((2, 2), np.nan))), "net")
    with pytest.raises(InputError, match="node n1: Conv1d does not fit values"):
        from_graph(chain(
            nir.Input(input_type={"input": np.array([2, 8])}),
            nir.Conv1d(input_shape=8, weight=np.ones((1, 3, 3)), stride=1, padding=0, dilation=1,
                       groups=1, bias=np.zeros(1)),
            nir.Output(output_type={"output": np.array([1, 6])})), "net")
    with pytest.raises(InputError, match="node n2: what leads to it, from 16384 to 16384 values"):
        from_graph(chain(
            nir.Input(input_type={"input": np.array([4, 64, 64])}),
            *[nir.Conv2d(input_shape=(64, 64), weight=np.ones((4, 4, 3, 3)), stride=1, padding=1,
                         dilation=1, groups=1, bias=np.zeros(4))] * 2,
            nir.Output(output_type={"output": np.array([4, 64, 64])})), "net")
