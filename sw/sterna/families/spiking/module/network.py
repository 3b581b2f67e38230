"""Torch modules of snnTorch, SpikingJelly and Norse become real spiking networks that fire alike.

A module takes one time step: ``module(x)`` with x [batch, ...], its state inside (``init_hidden``
of snnTorch, step mode ``s`` of SpikingJelly), or ``module(x, state)`` as Norse's. It is run on
random steps beside the network that was made of it, before that is handed out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear
from sterna.families.spiking.module import snntorch, spikingjelly
from sterna.families.spiking.module.compare import Agreement, compare_with
from sterna.families.spiking.module.made import Made
from sterna.families.spiking.module.run import Stepper, own_copy
from sterna.families.spiking.module.trace import Tracer
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation, Reals
from sterna.families.spiking.stateless import any_population, sum_population
from sterna.program.instructions import INPUT

Convert = Callable[[str, Any, int, Reals], tuple[RealPopulation, RealConnection | None]]
FRAMEWORKS: dict[str, tuple[tuple[str, ...], Convert]] = {
    "snntorch": (snntorch.NEURONS, snntorch.population),
    "spikingjelly": (spikingjelly.NEURONS, spikingjelly.population),
}


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
    forms: dict[str, Linear] = {}
    if framework == "norse":
        network = _from_norse(module, name, shape)
    else:
        network, forms = _traced(module, name, shape, framework)
    return network, compare_with(
        module, network, name, shape,
        "what its forward computes beside its children cannot be represented", forms)


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


def _traced(
    module: Any, name: str, shape: tuple[int, ...], framework: str
) -> tuple[RealNetwork, dict[str, Linear]]:
    """The network, and what leads to each neuron child."""
    neurons, convert = FRAMEWORKS[framework]
    copied = own_copy(module)
    sample = torch.ones(1, *shape)
    trace = Tracer(copied, name, neurons).trace(sample, Stepper(copied, name))
    children = dict(copied.named_modules())
    output = trace.output
    if output is None or not trace.neurons:
        raise InputError(f"module {name}: none of its neurons takes part in a step")
    made = Made({term.source for form in (output, *trace.neurons.values()) for term in form.terms})
    for key, form in trace.neurons.items():
        made.check(key, form)
        if key in trace.pools:
            made.add(any_population(key, form.bias.size), form)
            continue
        child = children.get(key, copied)
        population, recurrent = convert(key, child, form.bias.size, form.bias)
        made.add(population, form, recurrent)
    last = _alone(output)
    if last is None:
        last = "output"
        made.add(sum_population(last, output.bias), output)
    network = made.network(name, prod(shape), last)
    there = {item.name for item in network.populations} | {INPUT}
    return network, {key: form for key, form in trace.neurons.items() if key not in trace.pools
                     and key in there and there.issuperset(term.source for term in form.terms)}


def _alone(form: Linear) -> str | None:
    """The population that the form is, if it is one and nothing else."""
    source = form.terms[0].source if form.is_identity else INPUT
    return None if source == INPUT else source


def _from_norse(module: Any, name: str, shape: tuple[int, ...]) -> RealNetwork:
    """By the graph that Norse writes of it, as its file would be read."""
    import warnings

    from sterna.families.spiking.nir.graph import from_graph
    from sterna.families.spiking.nir.options import NirChoices

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
