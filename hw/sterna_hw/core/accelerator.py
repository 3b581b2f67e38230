"""The accelerator: the units of a machine, their memories and the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space

from sterna_hw.component import Component
from sterna_hw.core.assembly import Assembly
from sterna_hw.core.blocks import Block, blocks_of
from sterna_hw.core.sequencer import Sequencer
from sterna_hw.link.link import Link
from sterna_hw.link.receiver import FRAME_TIMEOUT
from sterna_hw.stream import connect_streams


def accelerator_members(machine: Machine) -> dict[str, Any]:
    """Members of an `Accelerator`. Raises `InputError` when there is no gateware of a unit."""
    return _members(blocks_of(machine))


def _members(blocks: Sequence[Block]) -> dict[str, Any]:
    members: dict[str, Any] = {
        "link_in": In(stream.Signature(8)),
        "link_out": Out(stream.Signature(8)),
    }
    for block in blocks:
        members |= block.members()
    return members


class Accelerator(Component):
    """Everything behind the byte link; see `sterna.machine.protocol` for what it understands.

    A run: what memories give as streams starts over, counters are cleared, and the sequencer
    starts at the entry. Its commands go to the blocks that the units of the machine have
    (`sterna_hw.core.blocks`). When it has reached END and all units are idle, the RESULT is sent.
    The counters run from the clock after the RUN frame is accepted until then.

    Members:
        link_in: In, stream of unsigned(8). link_out: Out, stream of unsigned(8).
        Those of its blocks: trace ports, only where the machine says ``trace``, which are meant in
        the clocks in which their ``valid`` is high, and pins.

    Args:
        frame_timeout: clocks without a byte after which a frame that has begun is given up.
        contents: names the memory image that the memories hold from the start, 0 for none.
        initial: the words of that image by memory, from word 0 on.
        path_module: name of a module with the Verilog of a `DataPath`, to be used for each of
            several token streams; elaborated here unless given.
        blocks: gateware of units of other packages, by their names.

    Raises:
        InputError: there is no gateware of a unit.
    """

    def __init__(self, machine: Machine,
                 frame_timeout: int = FRAME_TIMEOUT, contents: int = 0,
                 initial: Mapping[str, Sequence[int]] | None = None,
                 path_module: str | None = None,
                 blocks: Mapping[str, type[Block]] | None = None) -> None:
        self._machine = machine
        self._frame_timeout, self._contents = frame_timeout, contents
        self._initial = {item.name: (initial or {}).get(item.name, ())
                         for item in machine.memories}
        self._path_module = path_module
        self._blocks = blocks_of(machine, blocks)
        super().__init__(_members(self._blocks))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.link = link = Link(self._machine, self._frame_timeout, self._contents)
        m.submodules.sequencer = sequencer = Sequencer(
            self._machine, self._initial[Space.PROGRAM])
        connect_streams(m, self.link_in, link.link_in)
        connect_streams(m, link.link_out, self.link_out)
        assembly = Assembly(m, self._machine, self, link, sequencer, self._initial,
                            self._path_module)
        for block in self._blocks:
            block.build(assembly)
        assembly.finish()
        return m
