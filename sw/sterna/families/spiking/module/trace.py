"""What leads to each neuron of a torch module, seen while it takes one step.

The module runs as it is; calls of its children and the additions, scalings and reshapes between
them are followed, so that the order of declaration, residual sums and nested containers do not
matter. What cannot be followed is refused where a neuron or the output depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from sterna.errors import InputError
from sterna.families.spiking.network import Reals
from sterna.families.spiking.nir.windows import MATRIX_LIMIT
from sterna.program.instructions import INPUT

AFFINE = ("Linear", "Conv1d", "Conv2d", "Conv3d", "AvgPool1d", "AvgPool2d", "BatchNorm1d",
          "BatchNorm2d", "Flatten", "Unflatten", "Dropout", "Dropout2d", "Identity")
"""Children that are written out as a matrix, known by their class name, as they are in eval."""
_KEEP = {"flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "clone", "detach",
         "float", "double", "to", "type"}
_QUIET = {"size", "dim", "get", "shape", "dtype", "device", "requires_grad", "is_floating_point"}


@dataclass(frozen=True)
class Affine:
    """``sum of matrix @ source + bias``, flat; matrices [values, neurons of the source]."""

    terms: dict[str, Reals]
    bias: Reals

    @staticmethod
    def identity(source: str, size: int) -> Affine:
        """The source itself."""
        return Affine({source: np.eye(size)}, np.zeros(size))

    def plus(self, other: Affine, sign: float = 1.0) -> Affine:
        """The sum; a source of both is taken once."""
        terms = dict(self.terms)
        for source, matrix in other.terms.items():
            terms[source] = terms.get(source, 0.0) + sign * matrix
        return Affine(terms, self.bias + sign * other.bias)

    def after(self, matrix: Reals, bias: Reals | float = 0.0) -> Affine:
        """``matrix @ self + bias``."""
        return Affine({source: matrix @ each for source, each in self.terms.items()},
                      matrix @ self.bias + bias)

    def times(self, factor: float) -> Affine:
        """Every value scaled."""
        return Affine({source: factor * each for source, each in self.terms.items()},
                      factor * self.bias)


@dataclass
class Trace:
    """What leads to each neuron child, in the order of the calls, and to the output."""

    neurons: dict[str, Affine] = field(default_factory=dict)
    output: Affine | None = None


class Tracer(TorchFunctionMode):
    """Follows a step of `module`, whose children of the classes `neurons` are the populations.

    Use `Tracer.trace`. Raises `InputError` naming the child that cannot be followed.
    """

    def __init__(self, module: Any, name: str, neurons: tuple[str, ...]) -> None:
        super().__init__()
        self._name, self._module = name, module
        self._known: dict[int, Affine | str] = {}
        self._kept: list[Any] = []
        self._depth = 0
        self.result = Trace()
        self._hooks: list[Any] = []
        for key, child in module.named_modules():
            kind = type(child).__name__
            if kind in neurons:
                self._watch(key or name, child, self._neuron)
            elif kind in AFFINE:
                self._watch(key or name, child, self._affine)
            elif not any(True for _ in child.children()) or "neuron" in type(child).__module__:
                self._watch(key or name, child, self._unknown(neurons))

    def trace(self, sample: torch.Tensor, step: Callable[[torch.Tensor], Any]) -> Trace:
        """Take one `step` of the module with an input of a batch of 1."""
        self._note(sample, Affine.identity(INPUT, sample.numel()))
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
        self._note(spikes, Affine.identity(key, form.bias.size))
        for other in others:
            if isinstance(other, torch.Tensor):
                self._note(other, f"the state of {key}")

    def _affine(self, key: str, child: Any, value: Any, result: Any) -> None:
        form = self._of(value, f"module {key}: its input")
        if value is not result:
            matrix, bias = matrix_of(key, child, tuple(value.shape[1:]))
            self._note(result, form.after(matrix, bias))

    def _unknown(self, neurons: tuple[str, ...]) -> Callable[[str, Any, Any, Any], None]:
        def refuse(key: str, child: Any, value: Any, result: Any) -> None:
            del value, result
            raise InputError(f"module {key}: {type(child).__name__} is not one of "
                             f"{', '.join((*AFFINE, *neurons))}")
        return refuse

    def _note(self, tensor: torch.Tensor, form: Affine | str) -> None:
        self._kept.append(tensor)
        self._known[id(tensor)] = form

    def _of(self, value: Any, what: str) -> Affine:
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

    def _combined(self, name: str, args: Any, kwargs: Any, result: torch.Tensor) -> Affine | str:
        forms = [self._known.get(id(item)) if isinstance(item, torch.Tensor) else item
                 for item in args]
        first = forms[0] if forms else None
        if isinstance(first, str):
            return first
        second = forms[1] if len(forms) > 1 else None
        if isinstance(first, Affine):
            if name in _KEEP:
                return first
            if name == "neg":
                return first.times(-1.0)
            if name == "dropout" and not kwargs.get("training", True):
                return first
            if isinstance(second, Affine) and first.bias.size == second.bias.size and not kwargs:
                if name in ("add", "iadd", "radd"):
                    return first.plus(second)
                if name in ("sub", "isub"):
                    return first.plus(second, -1.0)
            if isinstance(second, int | float) and not kwargs:
                if name in ("add", "iadd", "radd", "sub", "isub"):
                    sign = -1.0 if "sub" in name else 1.0
                    return Affine(first.terms, first.bias + sign * second)
                if name in ("mul", "rmul", "imul"):
                    return first.times(float(second))
                if name in ("div", "truediv", "itruediv"):
                    return first.times(1 / second) if second else name
        if name in ("cat", "concat") and args and result.ndim == 2 and result.shape[0] == 1:
            parts = [self._known.get(id(item)) for item in args[0]]
            dimension = args[1] if len(args) > 1 else kwargs.get("dim", 0)
            if dimension in (1, -1) and all(isinstance(part, Affine) for part in parts):
                return _joined([part for part in parts if isinstance(part, Affine)])
        return name


def _joined(parts: list[Affine]) -> Affine:
    total = sum(part.bias.size for part in parts)
    terms: dict[str, Reals] = {}
    first = 0
    for part in parts:
        last = first + part.bias.size
        for source, matrix in part.terms.items():
            terms.setdefault(source, np.zeros((total, matrix.shape[1])))[first:last] += matrix
        first = last
    return Affine(terms, np.concatenate([part.bias for part in parts]))


def matrix_of(key: str, child: Any, shape: tuple[int, ...]) -> tuple[Reals, Reals]:
    """Matrix and bias of an affine child for inputs of a shape, from its answers to unit inputs.

    Raises `InputError` when the matrix is too large.
    """
    child, size = deepcopy(child).double().eval(), prod(shape)
    for hooks in (child._forward_hooks, child._forward_pre_hooks):
        hooks.clear()
    with torch.no_grad():
        bias = child(torch.zeros(1, *shape, dtype=torch.float64)).reshape(-1).numpy()
        if size * bias.size > MATRIX_LIMIT:
            raise InputError(f"module {key}: from {size} to {bias.size} values is too large to be "
                             f"written out as a matrix of at most {MATRIX_LIMIT} elements")
        if isinstance(getattr(child, "bias", None), torch.Tensor):
            child.bias = None  # so that it need not be taken away, which rounds
        units = torch.eye(size, dtype=torch.float64).reshape(size, *shape)
        rest = child(torch.zeros(1, *shape, dtype=torch.float64)).reshape(-1)
        matrix = (child(units).reshape(size, -1) - rest).T.numpy().copy()
    return matrix, bias
