"""Whose block of a matrix the engine works on next, where texts share it."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import result_room

from sterna_hw.component import Component
from sterna_hw.layouts import matmul_command, text_block


class BlockTurns(Component):
    """Cuts the matrix commands of several texts into blocks, and offers one that can be worked off.

    A block begins when the first tile of its codes is there, and room for all its results: so it
    never waits for what the vector unit makes of another block, and the texts cannot block each
    other. The text that had the last block has the next one too if it can; so each runs through all
    that takes its codes, and the other one makes new codes meanwhile.

    A text has its next block two clocks after the last one at the earliest.

    Members:
        commands_<n>: In, stream of `matmul_command` of a text.
        begun, released: In(texts), as in `TextBanks`; the codes of a text that gives its bank up
            are no codes any more from the block on that releases them.
        returned: In(texts), a row group of results has left the queue of a text.
        blocks: Out, stream of `text_block`, which releases the codes if the command does and it is
            the last.
        full: Out(texts), all room for results is there.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        commands, texts = stream.Signature(matmul_command(machine)), machine.texts
        super().__init__({
            **{f"commands_{text}": In(commands) for text in range(texts)},
            "begun": In(texts), "released": In(texts), "returned": In(texts),
            "blocks": Out(stream.Signature(text_block(machine))), "full": Out(texts),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        texts, room = range(self._machine.texts), result_room(self._machine)
        can = Signal(len(texts))
        before, chosen = (Signal(texts, name=name) for name in ("before", "chosen"))
        taken = Signal(len(texts))
        for text in reversed(texts):
            with m.If(can[text]):
                m.d.comb += chosen.eq(text)
        with m.If(can.bit_select(before, 1)):
            m.d.comb += chosen.eq(before)
        m.d.comb += [
            self.blocks.valid.eq(can.any()), self.blocks.payload.text.eq(chosen),
            taken.eq((self.blocks.valid & self.blocks.ready) << chosen),
        ]
        with m.If(taken.any()):
            m.d.sync += before.eq(chosen)
        for text in texts:
            commands = getattr(self, f"commands_{text}")
            offered = commands.payload
            credit = Signal(range(room + 1), init=room, name=f"credit_{text}")
            back = Signal.like(credit, name=f"back_{text}")
            block = Signal.like(offered.blocks, init=1, name=f"block_{text}")
            # Registers, which are right again in the second clock after a block.
            last, enough = Signal(name=f"last_{text}"), Signal(name=f"enough_{text}")
            leaving = Signal(name=f"leaving_{text}")
            m.d.comb += [
                back.eq(credit + self.returned[text]),
                can[text].eq(commands.valid & enough & self.begun[text] & ~leaving),
                commands.ready.eq(taken[text] & last),
                self.full[text].eq(credit == room),
            ]
            m.d.sync += [
                credit.eq(back),
                enough.eq(commands.valid & (back >= offered.groups) & ~taken[text]),
                last.eq(block == offered.blocks),
            ]
            with m.If(self.released[text]):
                m.d.sync += leaving.eq(0)
            with m.If(taken[text]):
                m.d.sync += [
                    credit.eq(back - offered.groups),
                    block.eq(block + 1),
                    leaving.eq(last & offered.release),
                ]
                with m.If(last):
                    m.d.sync += block.eq(1)
            with m.If(chosen == text):
                m.d.comb += [
                    self.blocks.payload.command.eq(offered),
                    self.blocks.payload.command.blocks.eq(1),
                    self.blocks.payload.command.release.eq(offered.release & last),
                ]
        return m
