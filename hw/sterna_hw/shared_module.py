"""Modules of generated Verilog that are written once, however often they are used.

Amaranth writes a component, with everything inside, once for each of its places. Of large engines
that is minutes and gigabytes, and a simulator that compiles the text takes it up again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amaranth.hdl import ClockSignal, Instance, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from sterna_hw.component import Component


class ModuleInstance(Component):
    """Stands for a component of one clock whose Verilog is written by itself, as ``module``.

    Members: those of the ``signature``.
    """

    def __init__(self, signature: wiring.Signature, module: str) -> None:
        self._module = module
        super().__init__(signature)

    def elaborate(self, platform: Any) -> Instance:
        reset = ResetSignal(allow_reset_less=True)
        ports: dict[str, Any] = {"i_clk": ClockSignal(), "i_rst": reset}
        for path, member, value in self.signature.flatten(self):
            direction = "i" if member.flow is In else "o"
            ports[f"{direction}_{'__'.join(map(str, path))}"] = value
        return Instance(self._module, **ports)


def shares_modules(platform: Any) -> bool:
    """Whether the platform writes equal modules once: that of a simulator of a large engine."""
    return getattr(platform, "shared_modules", None) is not None


def shared(platform: Any, module: str, make: Callable[[], Component]) -> Any:
    """What ``make`` gives, or a `ModuleInstance` where the platform `shares_modules`.

    ``module`` names all that the component's Verilog depends on: equal names, equal text. It is
    large, since a simulator calls it instead of compiling it in place.
    """
    if not shares_modules(platform):
        return make()
    modules: dict[str, Component] = platform.shared_modules
    if module not in modules:
        modules[module] = make()
    return ModuleInstance(modules[module].signature, module)
