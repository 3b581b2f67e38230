"""What leads to each neuron of a torch module, seen while it takes one step.

The module runs as it is; calls of its children and the additions, scalings and reshapes between
them are followed, so that the order of declaration, residual sums and nested containers do not
matter. What cannot be followed is refused where a neuron or the output depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear, joined, scaled
from sterna.families.spiking.module.layers import (
    LAYERS,
    MAXIMA,
    behind_layer,
    behind_maximum,
    called_pool,
    shape_of,
)
from sterna.program.instructions import INPUT

_KEEP = {"flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "clone", "detach",
         "float", "double", "to", "type"}
_QUIET = {"size", "dim", "get", "shape", "dtype", "device", "requires_grad", "is_floating_point"}


def membrane_of(key: str) -> str:
    """How the membrane of a neuron child is called, which snnTorch gives behind the spikes."""
    return f"{key}.mem"


@dataclass
class Trace:
    """What leads to each neuron child, in the order of the calls, and to the output.

    ``pools`` are those of the neurons that are the maximum of spikes: not children, but made here.
    """

    neurons: dict[str, Linear] = field(default_factory=dict)
    pools: set[str] = field(default_factory=set)
    output: Linear | None = None


class Tracer(TorchFunctionMode):
    """Follows a step of `module`, whose children of the classes `neurons` are the populations.

    Use `Tracer.trace`. Raises `InputError` naming the child that cannot be followed.
    """

    def __init__(self, module: Any, name: str, neurons: tuple[str, ...]) -> None:
        super().__init__()
        self._name, self._module = name, module
        self._known: dict[int, Linear | str] = {}
        self._kept: list[Any] = []
        self._depth = 0
        self.result = Trace()
        self._hooks: list[Any] = []
        for key, child in module.named_modules():
            kind = type(child).__name__
            if kind in neurons:
                self._watch(key or name, child, self._neuron)
            elif kind in LAYERS:
                self._watch(key or name, child, self._layer)
            elif kind in MAXIMA:
                self._watch(key or name, child, self._maximum)
            elif not any(True for _ in child.children()) or "neuron" in type(child).__module__:
                self._watch(key or name, child, self._unknown(neurons))

    def trace(self, sample: torch.Tensor, step: Callable[[torch.Tensor], Any]) -> Trace:
        """Take one `step` of the module with an input of a batch of 1."""
        self._note(sample, Linear.identity(INPUT, tuple(sample.shape[1:])))
        try:
            with self, torch.no_grad():
                output = step(sample)
        finally:
            for hook in self._hooks:
                hook.remove()
        self.result.output = self._of(output, f"module {self._name}: its output")
        return self.result

    def _watch(self, key: str, child: Any, leave: Callable[[str, Any, Any, Any], None]) -> None:
        def enter(*_: Any) -> None:
            self._depth += 1

        def left(_: Any, arguments: Any, keywords: Any, result: Any) -> None:
            if self._depth == 1:
                values = [*arguments, *keywords.values()]
                leave(key, child, values[0] if values else None, result)
            self._depth -= 1

        self._hooks += [child.register_forward_pre_hook(enter),
                        child.register_forward_hook(left, with_kwargs=True)]

    def _neuron(self, key: str, child: Any, value: Any, result: Any) -> None:
        del child
        if key in self.result.neurons:
            raise InputError(f"module {key}: is called more than once in a step; its state cannot "
                             "be that of two populations")
        form = self._of(value, f"module {key}: its input")
        self.result.neurons[key] = form
        spikes, *others = result if isinstance(result, tuple) else (result,)
        self._note(spikes, Linear.identity(key, form.shape))
        for place, other in enumerate(others):
            if isinstance(other, torch.Tensor):
                last = place == len(others) - 1
                self._note(other, Linear.identity(membrane_of(key), form.shape) if last
                           else f"the state of {key}")

    def _layer(self, key: str, child: Any, value: Any, result: Any) -> None:
        form = self._of(value, f"module {key}: its input")
        if value is not result:
            self._note(result, behind_layer(f"module {key}", child, form, shape_of(result)))

    def _maximum(self, key: str, child: Any, value: Any, result: Any) -> None:
        form = self._of(value, f"module {key}: its input")
        pooled = result[0] if isinstance(result, tuple) else result
        self._note(pooled, self._largest(key, child, form, pooled))

    def _largest(self, key: str, child: Any, form: Linear, result: torch.Tensor) -> Linear:
        """The neurons that a pool is. As often as it is called: it keeps nothing."""
        pool = behind_maximum(f"module {key}", child, form, shape_of(result))
        name = f"max_{key}"
        while name in self.result.neurons:
            name += "_"
        self.result.neurons[name] = pool
        self.result.pools.add(name)
        return Linear.identity(name, pool.shape)

    def _unknown(self, neurons: tuple[str, ...]) -> Callable[[str, Any, Any, Any], None]:
        def refuse(key: str, child: Any, value: Any, result: Any) -> None:
            del value, result
            raise InputError(f"module {key}: {type(child).__name__} is not one of "
                             f"{', '.join((*LAYERS, *MAXIMA, *neurons))}")
        return refuse

    def _note(self, tensor: torch.Tensor, form: Linear | str) -> None:
        self._kept.append(tensor)
        if isinstance(form, Linear):
            form = replace(form, shape=shape_of(tensor))
        self._known[id(tensor)] = form

    def _of(self, value: Any, what: str) -> Linear:
        if isinstance(value, tuple | list) and value:
            value = value[0]
        form = self._known.get(id(value), "what no child gave")
        if isinstance(form, str):
            raise InputError(f"{what} comes from {form}, which cannot be followed; possible are "
                             "children, their sums and differences, scalings and reshapes")
        return form

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", str(func)).strip("_")
        if not self._depth and isinstance(result, torch.Tensor) and name not in _QUIET:
            self._note(result, self._combined(name, args, kwargs or {}, result))
        return result

    def _combined(self, name: str, args: Any, kwargs: Any, result: torch.Tensor) -> Linear | str:
        forms = [self._known.get(id(item)) if isinstance(item, torch.Tensor) else item
                 for item in args]
        first = forms[0] if forms else None
        if isinstance(first, str):
            return first
        second, what = forms[1] if len(forms) > 1 else None, f"module {self._name}"
        if isinstance(first, Linear):
            if name in _KEEP or name == "dropout" and not kwargs.get("training", True):
                return first
            pool = called_pool(name, args[1:], kwargs)
            if type(pool).__name__ in MAXIMA:
                return self._largest(name, pool, first, result)
            if pool is not None:
                return behind_layer(f"{what}: {name}", pool, first, shape_of(result))
            if name == "neg":
                return _times(what, first, -1.0)
            if isinstance(second, Linear) and not kwargs and (
                    first.bias.size == second.bias.size == result.numel()):
                if name in ("add", "iadd", "radd"):
                    return first.plus(second, what)
                if name in ("sub", "isub"):
                    return first.plus(_times(what, second, -1.0), what)
            if isinstance(second, int | float) and not kwargs:
                if name in ("add", "iadd", "radd", "sub", "isub"):
                    sign = -1.0 if "sub" in name else 1.0
                    return replace(first, bias=first.bias + sign * second)
                if name in ("mul", "rmul", "imul"):
                    return _times(what, first, float(second))
                if name in ("div", "truediv", "itruediv"):
                    return _times(what, first, 1 / second) if second else name
        if name in ("cat", "concat") and args and result.shape[0] == 1:
            parts = [self._known.get(id(item)) for item in args[0]]
            dimension = args[1] if len(args) > 1 else kwargs.get("dim", 0)
            known = [part for part in parts if isinstance(part, Linear)]
            if dimension in (1, 1 - result.ndim) and len(known) == len(parts):
                return joined(what, known)
        return name


def _times(what: str, form: Linear, factor: float) -> Linear:
    return scaled(what, np.full(form.bias.size, factor), form)
