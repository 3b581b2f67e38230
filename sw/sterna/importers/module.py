"""Torch modules of snnTorch, SpikingJelly and Norse become real spiking networks that fire alike.

A module takes one time step: ``module(x)`` with x [batch, ...], its state inside (``init_hidden``
of snnTorch, step mode ``s`` of SpikingJelly), or ``module(x, state)`` as Norse's. It is run on
random steps beside the network that was made of it, before that is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch

from sterna.errors import InputError
from sterna.importers import snntorch, spikingjelly
from sterna.importers.module_run import Stepper, own_copy, run_module
from sterna.importers.module_trace import Affine, Tracer
from sterna.importers.nir_neurons import sum_population
from sterna.models.spiking import RealConnection, RealNetwork, RealPopulation, Reals
from sterna.program.neuron import Output

CHECK_STEPS, CHECK_BATCH = 40, 2
_CLOSE = 1e-4
"""Membranes that are a read-out may differ by what single precision loses."""

Convert = Callable[[str, Any, int, Reals], tuple[RealPopulation, RealConnection | None]]
FRAMEWORKS: dict[str, tuple[tuple[str, ...], Convert]] = {
    "snntorch": (snntorch.NEURONS, snntorch.population),
    "spikingjelly": (spikingjelly.NEURONS, spikingjelly.population),
}


@dataclass(frozen=True)
class Agreement:
    """How the network was compared with its module: steps, and spikes by population."""

    steps: int
    spikes: dict[str, int]
    double: bool
    """Whether it took double precision to agree: in single, a sum lies at a threshold."""

    def summary(self) -> str:
        """What was compared, for people."""
        fired = ", ".join(f"{key} {count} spikes" for key, count in self.spikes.items())
        silent = [key for key, count in self.spikes.items() if not count]
        return (f"{self.steps} random steps beside the module{' in double precision' * self.double}"
                f", the same in every one ({fired})"
                + (f"; {', '.join(silent)} never fired, so look at what leads there" * bool(silent))
                )


def from_module(
    module: Any, name: str = "module", shape: tuple[int, ...] | None = None
) -> tuple[RealNetwork, Agreement]:
    """The network of a module, and how it was compared with it.

    `shape` is that of one input without the batch; by default the first Linear tells. Raises
    `InputError` that names the child which cannot be represented, or the first population, step
    and neuron that differ.
    """
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"module {name}: is no torch.nn.Module but {type(module).__name__}")
    framework = _framework(module, name)
    shape = shape or _shape(module, name)
    if framework == "norse":
        network = _from_norse(module, name, shape)
    else:
        network = _traced(module, name, shape, framework)
    return network, compare_with(
        module, network, name, shape,
        "what its forward computes beside its children cannot be represented")


def _framework(module: Any, name: str) -> str:
    found = sorted({
        package for child in module.modules()
        if (package := type(child).__module__.partition(".")[0]) in (*FRAMEWORKS, "norse")
    })
    if not found:
        raise InputError(f"module {name}: holds no neurons of snnTorch, SpikingJelly or Norse; "
                         "export it to NIR with its framework, and import that")
    # SpikingJelly's layers are torch's with a step mode; neurons of two would be no network.
    if len(found) > 1:
        raise InputError(f"module {name}: mixes {' and '.join(found)}")
    return found[0]


def _shape(module: Any, name: str) -> tuple[int, ...]:
    sizes = dict.fromkeys(
        child.in_features for child in module.modules() if type(child).__name__ == "Linear")
    reason = ""
    for size in sizes:
        try:
            with torch.no_grad():
                Stepper(own_copy(module), name)(torch.zeros(1, size))
        except InputError as error:
            reason = reason or f" ({error})"
        else:
            return (size,)
    raise InputError(f"module {name}: takes no input of a size of its Linears{reason}; give the "
                     "shape of one input, such as --input-shape 1,28,28")


def _traced(module: Any, name: str, shape: tuple[int, ...], framework: str) -> RealNetwork:
    neurons, convert = FRAMEWORKS[framework]
    copied = own_copy(module)
    sample = torch.ones(1, *shape)
    trace = Tracer(copied, name, neurons).trace(sample, Stepper(copied, name))
    children = dict(copied.named_modules())
    populations: list[RealPopulation] = []
    connections: list[RealConnection] = []
    for key, form in trace.neurons.items():
        child = children.get(key, copied)
        population, recurrent = convert(key, child, form.bias.size, form.bias)
        populations.append(population)
        connections += _connections(key, form)
        if recurrent is not None:
            connections.append(recurrent)
    output = trace.output
    if output is None or not populations:
        raise InputError(f"module {name}: none of its neurons takes part in a step")
    last = _alone(output)
    if last is None:
        last = "output"
        populations.append(sum_population(last, output.bias))
        connections += _connections(last, output)
    return RealNetwork(name=name, inputs=prod(shape), populations=tuple(populations),
                       connections=tuple(connections), output=last)


def _connections(target: str, form: Affine) -> Iterator[RealConnection]:
    for source, matrix in form.terms.items():
        yield RealConnection(source=source, target=target, weights=matrix)


def _alone(form: Affine) -> str | None:
    """The population that the form is, if it is one and nothing else."""
    (source, matrix), *others = form.terms.items()
    one = not others and not form.bias.any() and matrix.shape[0] == matrix.shape[1]
    return source if one and source != "input" and (matrix == np.eye(len(matrix))).all() else None


def _from_norse(module: Any, name: str, shape: tuple[int, ...]) -> RealNetwork:
    """By the graph that Norse writes of it, as its file would be read."""
    import warnings

    from sterna.importers.nir import from_graph
    from sterna.importers.nir_options import NirChoices

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from norse.torch.utils.export_nir import to_nir

            graph = to_nir(own_copy(module), torch.zeros(shape))
    except Exception as error:
        line = (str(error).splitlines() or [""])[0]
        raise InputError(f"module {name}: Norse cannot write its graph ({type(error).__name__}: "
                         f"{line})") from None
    return from_graph(graph, name, NirChoices(producer="norse"))[0]


def check_frames(inputs: int, seed: int = 0) -> Reals:
    """Random steps [steps, batch, inputs]: spikes, then real values of growing size."""
    generator = np.random.default_rng(seed)
    size = (CHECK_STEPS, CHECK_BATCH, inputs)
    parts = [(generator.random(size) < 0.3).astype(float)]
    parts += [scale * generator.uniform(-0.5, 1, size) for scale in (1, 4, 16)]
    # What single precision has, so that all take the same.
    return np.concatenate(parts).astype(np.float32).astype(np.float64)


def compare_with(
    module: Any, network: RealNetwork, name: str, shape: tuple[int, ...], hint: str
) -> Agreement:
    """Run both on random steps, in single precision and, if they differ, in double.

    Raises `InputError` naming the first population, step and neuron that differ, and the `hint`.
    """
    frames = check_frames(network.inputs)
    found = network.run(frames)
    children = dict(module.named_modules())
    spiking = [item.name for item in network.populations
               if item.definition.output is Output.SPIKE]
    watched = [key for key in spiking if key in children or key == name]
    first = None
    for double in (False, True):
        try:
            expected = run_module(module, name, shape, frames, watched, double)
        except (InputError, RuntimeError):
            if first is None:
                raise
            break
        expected[""] = expected[""].reshape(*expected[""].shape[:2], -1)
        difference = _difference(network, expected, found)
        if difference is None:
            return Agreement(len(frames), {
                key: int(found[key].sum()) for key in spiking}, double)
        first = first or difference
    raise InputError(f"module {name}: fires otherwise than what was read of it: {first}; "
                     f"{hint}")


def _difference(
    network: RealNetwork, expected: dict[str, Reals], found: dict[str, Reals]
) -> str | None:
    order = [item.name for item in network.populations if item.name in expected]
    graded = network.output not in order and not any(
        item.name == network.output and item.definition.output is Output.SPIKE
        for item in network.populations)
    places: list[tuple[int, int, str]] = []
    for rank, key in enumerate([*order, ""]):
        mine = found[key or network.output]
        theirs = expected[key]
        if mine.shape != theirs.shape:
            return (f"{key or 'its output'} has {theirs.shape[2]} values, not {mine.shape[2]}")
        wrong = (np.abs(mine - theirs) > _CLOSE * (1 + np.abs(theirs)) if graded and not key
                 else mine != theirs)
        if wrong.any():
            places.append((int(np.argwhere(wrong)[0][0]), rank, key))
    if not places:
        return None
    step, _, key = min(places)
    mine, theirs = found[key or network.output][step], expected[key][step]
    batch, neuron = np.argwhere(np.abs(mine - theirs) > (_CLOSE if graded and not key else 0))[0]
    return (f"step {step}, {key or 'its output'}, neuron {neuron}: the module gives "
            f"{theirs[batch, neuron]:g}, the network {mine[batch, neuron]:g}")
