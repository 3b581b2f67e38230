"""What tells the framework that wrote a NIR graph: numbers, their types, and names.

Two kinds of marks. **Forms** are relations between the numbers of every neuron, that the exporter
makes: a graph that breaks them is by somebody else. **Signs** agree or disagree: precision, names,
shapes. Frameworks that share a form are told apart by signs only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEURON_KINDS = ("LIF", "CubaLIF", "LI", "CubaLI", "I", "IF", "Threshold")
_STEP = 1e-4
"""The time step of snnTorch and SpikingJelly."""


@dataclass(frozen=True)
class Facts:
    """A graph as marks see it: nodes with nested graphs opened, and its file's nir version."""

    nodes: Mapping[str, Any]
    port: str
    version: tuple[int, ...] | None = None

    def neurons(self) -> Iterator[tuple[str, str, Any]]:
        """Name, kind and node of every neuron."""
        for name, node in self.nodes.items():
            kind = type(node).__name__
            if kind in NEURON_KINDS:
                yield name, kind, node


def numbers(node: Any, name: str) -> NDArray[np.float64]:
    """The values of a node's attribute, flat."""
    value = getattr(node, name)
    value = value.detach() if hasattr(value, "detach") else value
    return np.asarray(value, np.float64).reshape(-1)


def _near(left: Any, right: Any) -> bool:
    return bool(np.allclose(left, right, rtol=1e-3, atol=0))


def _uniform(node: Any) -> bool:
    return all(
        np.unique(numbers(node, name)).size <= 1
        for name in ("tau", "tau_mem", "tau_syn", "r", "v_threshold", "v_reset")
        if getattr(node, name, None) is not None
    )


def _zero(node: Any, name: str) -> bool:
    return getattr(node, name, None) is None or not numbers(node, name).any()


def _unscaled(node: Any) -> bool:
    return _near(numbers(node, "r"), 1) and _near(
        1 if getattr(node, "w_in", None) is None else numbers(node, "w_in"), 1)


def _membrane(node: Any) -> NDArray[np.float64]:
    return numbers(node, "tau_mem" if hasattr(node, "tau_mem") else "tau")


def _steps(node: Any, dt: float) -> bool:
    """r and w_in are the time constants in steps: the whole input reaches the membrane."""
    return _near(numbers(node, "r") * dt, _membrane(node)) and (
        not hasattr(node, "w_in") or _near(numbers(node, "w_in") * dt, numbers(node, "tau_syn")))


def _snntorch(kind: str, node: Any) -> bool:
    return kind in ("LIF", "CubaLIF") and _steps(node, _STEP) and (
        _zero(node, "v_leak") and _zero(node, "v_reset"))


def _spikingjelly(kind: str, node: Any, dt: float = _STEP) -> bool:
    if not _uniform(node):
        return False
    if kind == "IF":
        return _near(numbers(node, "r") * dt, 1)
    if kind == "CubaLIF":
        return _steps(node, dt) and _zero(node, "v_leak")
    if kind != "LIF" or getattr(node, "v_reset", None) is None:
        return False
    steps = numbers(node, "tau") / dt
    slow = (steps > 0.999).all() and (steps < 1000).all()
    return bool(slow) and (_unscaled(node) or _steps(node, dt)) and bool(
        np.allclose(numbers(node, "v_leak"), numbers(node, "v_reset")))


def _norse(kind: str, node: Any) -> bool:
    if kind not in ("LIF", "CubaLIF", "LI", "IF") or not _unscaled(node):
        return False
    return kind == "IF" or bool((_membrane(node) < 1e-3).all())


def _sinabs(kind: str, node: Any) -> bool:
    if kind not in ("LIF", "LI", "IF") or not _unscaled(node) or not _zero(node, "v_reset"):
        return False
    return kind == "IF" or _zero(node, "v_leak") and bool((_membrane(node) >= 0.5).all())


def _lava(kind: str, node: Any) -> bool:
    if kind != "CubaLIF" or not _snntorch(kind, node):
        return False
    grid = [4096 * _STEP / numbers(node, "tau_mem"), 4096 * _STEP / numbers(node, "tau_syn"),
            64 * numbers(node, "v_threshold")]
    return all(np.abs(values - np.rint(values)).max() < 1e-6 for values in grid)


def _rockpool(kind: str, node: Any) -> bool:
    return kind in ("LIF", "CubaLIF", "LI") and _zero(node, "v_leak") and (
        _zero(node, "v_reset")) and (kind != "CubaLIF" or _near(numbers(node, "w_in"), 1))


def _spyx(kind: str, node: Any) -> bool:
    if kind in ("IF", "LI"):
        return _unscaled(node) and _zero(node, "v_leak")
    if kind == "Threshold":
        return True
    return kind in ("LIF", "CubaLIF") and _zero(node, "v_leak") and bool(
        (numbers(node, "r") < 1).all()) and (
        kind != "CubaLIF" or _near(numbers(node, "w_in"), 1))


def rockpool_steps(facts: Facts) -> NDArray[np.float64]:
    """The dt of every neuron from ``r = tau exp(-dt/tau) / dt``, by Newton's method."""
    found = []
    for _, kind, node in facts.neurons():
        if kind not in ("LIF", "CubaLIF", "LI"):
            continue
        tau, r = np.broadcast_arrays(_membrane(node), numbers(node, "r"))
        # x exp(x) = 1/r for x = dt/tau; from above, where the function is convex, it converges.
        x = np.log1p(1 / np.maximum(r, 1e-30))
        for _ in range(50):
            x = x - (x - np.exp(-x) / np.maximum(r, 1e-30)) / (1 + x)
        found.append(tau * x)
    return np.concatenate(found) if found else np.zeros(0)


def spyx_steps(facts: Facts) -> NDArray[np.float64]:
    """The dt of every neuron with a leak, from ``r = 1 - dt/tau``."""
    found = [_membrane(node) * (1 - numbers(node, "r")) for _, kind, node in facts.neurons()
             if kind in ("LIF", "CubaLIF")]
    return np.concatenate(found) if found else np.zeros(0)


def spikingjelly_steps(facts: Facts) -> NDArray[np.float64]:
    """The dt of IF, CUBALIF and LIF without decay_input; none of LIF with it."""
    found = []
    with np.errstate(divide="ignore"):  # an r of 0 holds no step
        for _, kind, node in facts.neurons():
            if kind == "IF":
                found.append(1 / numbers(node, "r"))
            elif kind in ("LIF", "CubaLIF") and not _near(numbers(node, "r"), 1):
                found.append(_membrane(node) / numbers(node, "r"))
    return np.concatenate(found) if found else np.zeros(0)


STEPS: dict[str, Callable[[Facts], NDArray[np.float64]]] = {
    "rockpool": rockpool_steps, "spyx": spyx_steps, "spikingjelly": spikingjelly_steps,
}
"""Time steps that a framework's numbers hold, one of every neuron that tells."""


def common_step(steps: NDArray[np.float64]) -> float | None:
    """The step that all agree on, with the digits that a person gives; else None."""
    if not steps.size or not (np.isfinite(steps).all() and (steps > 0).all()):
        return None
    middle = float(np.median(steps))
    written = float(f"{middle:.1e}")
    close = np.allclose(steps, middle, rtol=1e-3, atol=0) and abs(middle / written - 1) < 3e-4
    return written if close else None


_FORMS: dict[str, Callable[[str, Any], bool]] = {
    "snntorch": _snntorch, "spikingjelly": _spikingjelly, "norse": _norse, "sinabs": _sinabs,
    "rockpool": _rockpool, "spyx": _spyx, "lava": _lava,
}


def fits(producer: str, facts: Facts) -> bool:
    """Whether every neuron has the framework's form, and all of them one time step."""
    neurons = list(facts.neurons())
    if producer == "spikingjelly" and facts.port != "input":
        # Its exporter takes a time step; where the Input has the usual name that is not believed.
        dt = common_step(spikingjelly_steps(facts)) or _STEP
        return bool(neurons) and all(_spikingjelly(kind, node, dt) for _, kind, node in neurons)
    if not neurons or not all(_FORMS[producer](kind, node) for _, kind, node in neurons):
        return False
    if producer == "spyx" and not _layers(facts):
        return False
    if producer not in ("rockpool", "spyx"):
        return True
    steps = STEPS[producer](facts)
    return common_step(steps) is not None or producer == "spyx" and not steps.size


def _layers(facts: Facts) -> bool:
    """Spyx names all nodes so."""
    names = [name for name in facts.nodes if name not in ("input", "output")]
    return all(re.match(r"layer_\d+", name) for name in names)


def signs(producer: str, facts: Facts) -> dict[str, bool]:
    """What agrees (True) and disagrees (False) with the framework, in words."""
    result: dict[str, bool] = {}
    kinds = _precision(facts, recurrent=producer != "snntorch")
    if kinds and producer in _PRECISIONS:
        usual = _weights(facts) if producer == "snntorch" else set[str]()
        result[f"neurons in {' and '.join(sorted(kinds))}"] = kinds <= (
            usual or {_PRECISIONS[producer]})
    result[f"an Input named {facts.port}"] = (facts.port == "input") != (
        producer == "spikingjelly")
    names = [name for name in facts.nodes if name not in (facts.port, "output")]
    if producer == "lava":
        result["nodes that are not named by numbers"] = all(name.isdigit() for name in names)
    elif _layers(facts) and producer != "spyx":
        result["nodes named as Spyx names them"] = False
    if any(re.match(r"\d+_\w+Torch$", name) for name in names):
        result["nodes named after Rockpool's modules"] = producer == "rockpool"
    if producer == "sinabs" and any(
            np.shape(node.r) == () for _, kind, node in facts.neurons() if hasattr(node, "r")):
        result["neurons without a shape"] = False
    shape = np.ravel(facts.nodes[facts.port].input_type["input"]) if facts.port else ()
    if producer == "sinabs" and len(shape) == 2 and shape[0] == 1:
        result["an Input with the batch of a sample"] = False
    if producer == "norse" and any(
            (_membrane(node) >= 1e-4).any() for _, kind, node in facts.neurons() if kind != "IF"):
        result["time constants from 0.1 s"] = False
    if producer == "norse" and facts.version is not None and facts.version <= (1, 0, 4):
        result["nir of version 1.0.4 or older, which Sinabs asks for"] = False
    return result


_PRECISIONS = {"snntorch": "float32", "sinabs": "float32", "rockpool": "float32",
               "spikingjelly": "float64", "lava": "float64"}
"""Of the neurons' numbers; snnTorch's, unless recurrent, have the precision of the weights."""


def _dtype(values: Any) -> str:
    return str(values.dtype).removeprefix("torch.")


def _precision(facts: Facts, recurrent: bool) -> set[str]:
    return {
        _dtype(getattr(node, name)) for key, _, node in facts.neurons()
        if recurrent or not key.endswith(".lif")
        for name in ("r", "v_threshold") if hasattr(getattr(node, name, None), "dtype")
    }


def _weights(facts: Facts) -> set[str]:
    return {_dtype(node.weight) for node in facts.nodes.values()
            if hasattr(getattr(node, "weight", None), "dtype")}
