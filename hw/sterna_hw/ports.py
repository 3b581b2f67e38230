"""Ports of a module as its Verilog has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from amaranth.hdl import Value
from amaranth.lib.wiring import Out, Signature

CLOCK, RESET = "clk", "rst"
"""What Amaranth calls those of the domain ``sync``."""


@dataclass(frozen=True)
class Port:
    """One port, bits ``width - 1`` to 0."""

    name: str
    direction: Literal["in", "out"]
    width: int


def ports_of(members: Mapping[str, Any], *, clocked: bool = True) -> list[Port]:
    """The ports of a component with such members, in their order; ``__`` parts nested names.

    Clock and reset come first, unless the component is not ``clocked``: makes its own domain.
    """
    signature: Any = Signature(members)
    first = [Port(CLOCK, "in", 1), Port(RESET, "in", 1)] if clocked else []
    return first + [
        Port("__".join(map(str, path)), "out" if member.flow is Out else "in",
             len(Value.cast(value)))
        for path, member, value in signature.flatten(signature.create())]
