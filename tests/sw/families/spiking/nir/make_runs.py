"""Random networks of frameworks that the development environment does not hold, and what they do.

    python tests/sw/families/spiking/nir/make_runs.py FRAMEWORK

writes ``runs/FRAMEWORK_CASE.npz`` for every case, in an environment of its own, for the packages
exclude each other:

- ``spikingjelly``: spikingjelly==2.0.0 nir==1.0.8 nirtorch==2.6 torch==2.13.0
- ``sinabs``: sinabs==3.1.3 nir==1.0.4 nirtorch==2.0.2 torch==2.13.0 (without samna)
- ``rockpool``: rockpool==3.1.0 nir==1.0.8 nirtorch==2.6 torch==2.13.0
- ``spyx``: spyx==1.0.0 nir==1.0.8
- ``lava``: lava-dl==0.6.0 lava-nc==0.10.0 nir==1.0.8 torch==2.13.0, and in PYTHONPATH the folder
  of lava_to_nir.py, the converter in NIR's documentation (docs/source/examples/lava)

A file holds the graph as the framework's exporter writes it (the bytes of the .nir file), frames
[steps, inputs] of random spikes, the framework's own outputs [steps, neurons], its version and the
seed.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

SEED, STEPS, INPUTS, NEURONS, OUTPUTS = 5, 200, 8, 12, 6
FOLDER = Path(__file__).parent / "runs"
PACKAGES = {"spikingjelly": "spikingjelly", "sinabs": "sinabs", "rockpool": "rockpool",
            "spyx": "spyx", "lava": "lava-dl"}

Cases = Iterator[tuple[str, Any, Callable[[np.ndarray], np.ndarray]]]


def frames() -> np.ndarray:
    """Random spikes, [steps, inputs]."""
    return (np.random.default_rng(SEED).random((STEPS, INPUTS)) < 0.3).astype(np.float32)


def weights(outputs: int, inputs: int, seed: int) -> np.ndarray:
    """Random weights that keep neurons of threshold 1 firing, [outputs, inputs]."""
    return np.random.default_rng(seed).normal(0.12, 0.4, (outputs, inputs)).astype(np.float32)


def biases(outputs: int, seed: int) -> np.ndarray:
    """Random biases, [outputs]."""
    return np.random.default_rng(seed + 100).normal(0.03, 0.05, outputs).astype(np.float32)


def decays(count: int, seed: int, low: float, high: float) -> np.ndarray:
    """A random number for each neuron."""
    return np.random.default_rng(seed + 200).uniform(low, high, count).astype(np.float32)


def _linear(outputs: int, inputs: int, seed: int) -> Any:
    import torch

    module = torch.nn.Linear(inputs, outputs)
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weights(outputs, inputs, seed)))
        module.bias.copy_(torch.from_numpy(biases(outputs, seed)))
    return module


def spikingjelly() -> Cases:
    """Every neuron that its exporter knows, alone; and a stack."""
    import torch
    from spikingjelly.activation_based import functional, neuron
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    def net(*cells: Any) -> Any:
        sizes = [INPUTS, *[NEURONS] * (len(cells) - 1), OUTPUTS]
        layers: list[Any] = []
        for index, cell in enumerate(cells):
            layers += [_linear(sizes[index + 1], sizes[index], index), cell]
        return torch.nn.Sequential(*layers)

    def run(module: Any) -> Callable[[np.ndarray], np.ndarray]:
        def forward(rows: np.ndarray) -> np.ndarray:
            functional.reset_net(module)
            with torch.no_grad():
                return np.stack([module(torch.from_numpy(row[None]))[0].numpy() for row in rows])
        return forward

    for name, module in {
        "if": net(neuron.IFNode(v_reset=0.2)),
        "lif": net(neuron.LIFNode(tau=3.0, v_reset=-0.25, v_threshold=0.4)),
        "lif_whole": net(neuron.LIFNode(tau=3.0, decay_input=False)),
        "parametric": net(neuron.ParametricLIFNode(init_tau=2.5, v_threshold=0.5)),
        "cuba": net(neuron.CUBALIFNode(c_decay=0.4, v_decay=0.7, v_reset=0.1)),
        "stack": net(neuron.LIFNode(tau=2.7, decay_input=False), neuron.CUBALIFNode(),
                     neuron.IFNode()),
    }.items():
        yield name, export_to_nir(module, torch.zeros(1, INPUTS)), run(module)


def sinabs() -> Cases:
    """With its defaults: several spikes a step, subtraction, normalised input."""
    import sinabs.layers as layers
    import torch
    from sinabs.nir import to_nir

    def tau(count: int, seed: int) -> Any:
        return torch.from_numpy(decays(count, seed, 3, 20))

    def lif(count: int, seed: int, **options: Any) -> Any:
        return layers.LIFSqueeze(tau_mem=tau(count, seed), batch_size=1,
                                 spike_threshold=torch.full((count,), 0.2), **options)

    def run(module: Any) -> Callable[[np.ndarray], np.ndarray]:
        def forward(rows: np.ndarray) -> np.ndarray:
            for layer in module:
                if hasattr(layer, "reset_states"):
                    layer.reset_states()
            with torch.no_grad():
                return module(torch.from_numpy(rows)).numpy()
        return forward

    for name, module in {
        "if": torch.nn.Sequential(_linear(OUTPUTS, INPUTS, 0), layers.IAFSqueeze(batch_size=1)),
        "lif": torch.nn.Sequential(_linear(OUTPUTS, INPUTS, 1), lif(OUTPUTS, 1)),
        "plain": torch.nn.Sequential(
            _linear(OUTPUTS, INPUTS, 1), lif(OUTPUTS, 1, norm_input=False, min_v_mem=-0.3)),
        "stack": torch.nn.Sequential(
            _linear(NEURONS, INPUTS, 2), lif(NEURONS, 2), _linear(OUTPUTS, NEURONS, 3),
            layers.IAFSqueeze(batch_size=1)),
    }.items():
        yield name, to_nir(module, torch.zeros(1, INPUTS)), run(module)


def rockpool() -> Cases:
    """LIF with synapses and without, a time step of its own, and one with recurrence."""
    import torch
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import LIFNeuronTorch, LIFTorch, LinearTorch
    from rockpool.nn.modules.torch.nir import to_nir

    def linear(outputs: int, inputs: int, seed: int) -> Any:
        return LinearTorch((inputs, outputs), has_bias=False,
                           weight=torch.from_numpy(weights(outputs, inputs, seed).T.copy()))

    def lif(count: int, seed: int, **options: Any) -> Any:
        return LIFTorch(
            count, tau_mem=torch.from_numpy(decays(count, seed, 0.005, 0.03)),
            tau_syn=torch.from_numpy(decays(count, seed + 1, 0.004, 0.01))[:, None],
            bias=0.0, **options)

    def run(module: Any) -> Callable[[np.ndarray], np.ndarray]:
        def forward(rows: np.ndarray) -> np.ndarray:
            module.reset_state()
            with torch.no_grad():
                return module(torch.from_numpy(rows[None]))[0][0].numpy()
        return forward

    recurrent = torch.from_numpy(weights(OUTPUTS, OUTPUTS, 9) / 4)
    for name, module in {
        "cuba": Sequential(linear(OUTPUTS, INPUTS, 0), lif(OUTPUTS, 0)),
        "lif": Sequential(linear(OUTPUTS, INPUTS, 1), LIFNeuronTorch(
            OUTPUTS, tau_mem=torch.full((OUTPUTS,), 0.012), threshold=1.0, dt=2e-3)),
        "stack": Sequential(linear(NEURONS, INPUTS, 2), lif(NEURONS, 2, dt=2e-3),
                            linear(OUTPUTS, NEURONS, 3), lif(OUTPUTS, 3, dt=2e-3)),
        "recurrent": Sequential(linear(OUTPUTS, INPUTS, 0), lif(OUTPUTS, 0, has_rec=True,
                                                               w_rec=recurrent)),
    }.items():
        yield name, to_nir(module), run(module)


def spyx() -> Cases:
    """Every neuron that its exporter knows, alone; and a stack."""
    import jax.numpy as jnp
    import spyx.nn as layers
    from flax import nnx
    from spyx.nir import to_nir

    rngs = nnx.Rngs(SEED)

    def linear(outputs: int, inputs: int, seed: int) -> Any:
        module = nnx.Linear(inputs, outputs, rngs=rngs)
        module.kernel[...] = jnp.asarray(weights(outputs, inputs, seed).T)
        module.bias[...] = jnp.asarray(biases(outputs, seed))
        return module

    def recurrent(module: Any) -> Any:
        module.recurrent_w[...] = jnp.asarray(weights(OUTPUTS, OUTPUTS, 9) / 4)
        return module

    def run(module: Any) -> Callable[[np.ndarray], np.ndarray]:
        return lambda rows: np.asarray(layers.run(module, jnp.asarray(rows)[:, None])[0])[:, 0]

    shape = (OUTPUTS,)
    for name, items in {
        "if": [layers.IF(shape)],
        "lif": [layers.LIF(shape, rngs=rngs)],
        "cuba": [layers.CuBaLIF(shape, rngs=rngs)],
        "psu": [layers.PSU_LIF(shape, rngs=rngs)],
        "rif": [recurrent(layers.RIF(shape, rngs=rngs))],
        "rlif": [recurrent(layers.RLIF(shape, rngs=rngs))],
        "rcuba": [recurrent(layers.RCuBaLIF(shape, rngs=rngs))],
        "stack": [layers.LIF(shape, rngs=rngs), linear(OUTPUTS, OUTPUTS, 3),
                  layers.PSU_LIF(shape, rngs=rngs), linear(OUTPUTS, OUTPUTS, 4),
                  layers.CuBaLIF(shape, rngs=rngs)],
    }.items():
        module = layers.Sequential(linear(OUTPUTS, INPUTS, 2), *items)
        ports = {"input": np.array([INPUTS])}, {"output": np.array([OUTPUTS])}
        yield name, to_nir(module, *ports), run(module)


def lava() -> Cases:
    """Two blocks of CUBA neurons, through lava-dl's own file and NIR's converter of it."""
    import h5py

    # lava-dl imports torchvision for its detection of objects, which is not needed here.
    for name in ("torchvision", "torchvision.ops", "torchvision.transforms"):
        sys.modules.setdefault(name, type(sys)(name))
    sys.modules["torchvision"].ops = sys.modules["torchvision.ops"]
    sys.modules["torchvision"].transforms = sys.modules["torchvision.transforms"]
    import torch
    from lava.lib.dl import slayer
    from lava_to_nir import convert_to_nir

    def block(outputs: int, inputs: int, seed: int) -> Any:
        values = {"threshold": 1.0, "current_decay": 0.4, "voltage_decay": 0.13}
        module = slayer.block.cuba.Dense(
            values, inputs, outputs, weight_scale=1, weight_norm=False)
        with torch.no_grad():
            given = torch.from_numpy(weights(outputs, inputs, seed))
            module.synapse.weight.copy_(given.reshape(module.synapse.weight.shape))
        return module

    blocks = [block(NEURONS, INPUTS, 0), block(OUTPUTS, NEURONS, 1)]

    def run(rows: np.ndarray) -> np.ndarray:
        values = torch.from_numpy(rows.T[None].copy())
        with torch.no_grad():
            for item in blocks:
                values = item(values)
        return values[0].numpy().T

    # The decays take their first value when they have run.
    run(frames())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.hdf5"
        with h5py.File(path, "w") as file:
            group = file.create_group("layer")
            for index, item in enumerate(blocks):
                item.export_hdf5(group.create_group(str(index)))
        convert_to_nir(path, Path(folder) / "net.nir")
        import nir

        yield "cuba", nir.read(Path(folder) / "net.nir", type_check=False), run


FRAMEWORKS: dict[str, Callable[[], Cases]] = {
    "spikingjelly": spikingjelly, "sinabs": sinabs, "rockpool": rockpool, "spyx": spyx,
    "lava": lava,
}


def main(framework: str) -> None:
    """Write the cases of a framework."""
    import nir

    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    rows = frames()
    version = f"{framework} {importlib.metadata.version(PACKAGES[framework])}"
    with tempfile.TemporaryDirectory() as folder:
        for case, graph, forward in FRAMEWORKS[framework]():
            path = Path(folder) / f"{case}.nir"
            nir.write(path, graph)
            outputs = forward(rows)
            np.savez_compressed(
                FOLDER / f"{framework}_{case}.npz", frames=rows.astype(np.uint8),
                graph=np.frombuffer(path.read_bytes(), np.uint8),
                outputs=outputs.astype(np.uint8), version=version, seed=SEED,
            )
            print(f"{version}: {case}: {int(outputs.sum())} spikes, most {int(outputs.max())}")


if __name__ == "__main__":
    main(sys.argv[1])
