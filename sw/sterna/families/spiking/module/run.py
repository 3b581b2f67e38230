"""Runs a torch module that is a spiking network, one step after the other, from rest."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import torch

from sterna.errors import InputError
from sterna.families.spiking.network import Reals


def own_copy(module: Any, double: bool = False) -> Any:
    """The module in evaluation and single-step mode, at rest; the user's stays as it is.

    Raises `InputError` naming a child that has no such mode.
    """
    # Hidden states of a module that was trained hang on a graph, which a copy refuses.
    memo = {id(value): value.detach().clone() for value in _tensors(module) if not value.is_leaf}
    copied = deepcopy(module, memo).eval()
    for key, child in copied.named_modules():
        if hasattr(child, "step_mode"):
            try:
                child.step_mode = "s"
            except ValueError:
                raise InputError(f"module {key}: {type(child).__name__} takes several steps at "
                                 "once (step mode m) and nothing else; put a layer that takes one "
                                 "in its place, such as BatchNorm2d with its weights") from None
    if double:
        copied = copied.double()
        for child in copied.modules():
            child.register_forward_pre_hook(_to_double)
    at_rest(copied)
    return copied


def _to_double(child: Any, arguments: Any) -> Any:
    del child
    return tuple(item.double() if isinstance(item, torch.Tensor) and item.is_floating_point()
                 else item for item in arguments)


def _tensors(module: Any) -> Iterator[torch.Tensor]:
    for child in module.modules():
        for value in vars(child).values():
            items = value.values() if isinstance(value, dict) else [value]
            yield from (item for item in items if isinstance(item, torch.Tensor))


def at_rest(module: Any) -> None:
    """Reset every child that keeps a state, by the method its framework gives it."""
    for child in module.modules():
        for name in ("reset_mem", "reset"):
            method = getattr(child, name, None)
            if callable(method):
                method()
                break


class Stepper:
    """Takes steps of a module; a state that it gives out with its output is handed in again."""

    def __init__(self, module: Any, name: str) -> None:
        self._module, self._name, self._state = module, name, None
        parameters = [
            item for item in inspect.signature(module.forward).parameters.values()
            if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)
        ]
        needed = [item.name for item in parameters if item.default is item.empty]
        if len(needed) > 1:
            raise InputError(
                f"module {name}: its forward takes {', '.join(needed)}; give a module that takes "
                "the input of one step and keeps its state (init_hidden=True in snnTorch)")
        self._takes_state = len(parameters) > 1

    def __call__(self, values: torch.Tensor) -> Any:
        """The output of a step. Raises `InputError` when the module fails."""
        try:
            if not self._takes_state:
                return self._module(values)
            output = self._module(values, self._state)
        except InputError:
            raise
        except Exception as error:
            line = (str(error).splitlines() or [""])[0]
            raise InputError(
                f"module {self._name}: its forward failed ({type(error).__name__}: {line}); it "
                "must take one step, [batch, values], and keep its state inside or hand it out"
            ) from None
        if isinstance(output, tuple) and len(output) == 2:
            self._state = output[1]
        return output


def taken(child: str) -> str:
    """The key under which `run_module` gives what a child took."""
    return f"input of {child}"


def run_module(module: Any, name: str, shape: tuple[int, ...], frames: Reals,
               children: list[str], double: bool = False) -> dict[str, Reals]:
    """What the named children and the module (``""``) gave, [steps, batch, values] each.

    And what each child took, as `taken` of its name. `frames` is [steps, batch, inputs]. Raises
    `InputError` when the module fails, or gives no tensor for each of the batch.
    """
    copied = own_copy(module, double)
    outputs: dict[str, list[Reals]] = {key: [] for key in ("", *children, *map(taken, children))}
    found = dict(copied.named_modules())
    for key in children:
        def note(child: Any, arguments: Any, result: Any, key: str = key) -> None:
            del child
            outputs[taken(key)].append(_values(arguments, name, frames.shape[1]))
            outputs[key].append(_values(result, name, frames.shape[1]))

        found["" if key == name and key not in found else key].register_forward_hook(note)
    step = Stepper(copied, name)
    kind = torch.float64 if double else torch.float32
    with torch.no_grad():
        for row in frames:
            result = step(torch.from_numpy(row).to(kind).reshape(-1, *shape))
            outputs[""].append(_values(result, name, frames.shape[1]))
    return {key: np.stack(rows) for key, rows in outputs.items()}


def _values(result: Any, name: str, batch: int) -> Reals:
    first = result[0] if isinstance(result, tuple | list) and result else result
    if not isinstance(first, torch.Tensor) or first.ndim < 2 or first.shape[0] != batch:
        shape = list(first.shape) if isinstance(first, torch.Tensor) else type(first).__name__
        raise InputError(f"module {name}: gives {shape} for a batch of {batch}; it must take one "
                         "step, [batch, values] to [batch, values]")
    return first.reshape(batch, -1).double().numpy()
