"""A ternary engine that several texts take turns on."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import result_room

from sterna_hw.component import Component
from sterna_hw.layouts import code_group, matmul_command, row_group
from sterna_hw.memory.block_queue import BlockQueue
from sterna_hw.stream import StreamQueue, connect_streams
from sterna_hw.ternary.accumulators import READ_CLOCKS, Accumulators
from sterna_hw.ternary.ahead import give_ahead
from sterna_hw.ternary.engine import LANES
from sterna_hw.ternary.issue import Issue
from sterna_hw.ternary.turns import BlockTurns


class SharedEngine(Component):
    """A `TernaryEngine` with commands, codes and results of each text; blocks of one follow those
    of another as `BlockTurns` says. Between two blocks of the same text there are ``tile_clocks``,
    even if they have a single tile.

    Members:
        take: Out(texts), a weight word of a text is taken; show: Out, whose word is next.
        word: In(8 * weight_bytes), what was shown ``word_delay`` clocks ago.
        codes: In, stream of `code_group`, always ready; released: Out(texts), a bank of a text is
            free after this clock.
        commands_<n>: In, stream of `matmul_command`. results_<n>: Out, stream of `row_group`.
        busy, waiting_codes, waiting_weights, idle: as in `TernaryEngine`; no word is waited for.

    Attributes:
        word_delay: see `word`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lanes = LANES[machine.ternary.lane](machine)
        self.word_delay = self._lanes.word_delay
        texts = machine.texts
        super().__init__({
            "take": Out(texts), "show": Out(range(texts)),
            "word": In(8 * machine.ternary.weight_bytes),
            "codes": In(stream.Signature(code_group(machine), always_ready=True)),
            "released": Out(texts),
            **{f"commands_{text}": In(stream.Signature(matmul_command(machine)))
               for text in range(texts)},
            **{f"results_{text}": Out(stream.Signature(row_group(machine)))
               for text in range(texts)},
            "busy": Out(1), "waiting_weights": Out(1), "waiting_codes": Out(1), "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, texts = self._machine, range(self._machine.texts)
        m.submodules.turns = turns = BlockTurns(machine)
        m.submodules.issue = issue = Issue(machine)
        m.submodules.lanes = lanes = self._lanes
        m.submodules.accumulators = accumulators = Accumulators(machine, lanes.sum_bits)
        connect_streams(m, self.codes, lanes.groups)
        blocks = give_ahead(m, turns.blocks, lanes) if lanes.ahead else turns.blocks
        taken = Signal()
        whose = Signal(range(machine.texts))
        with m.If(blocks.valid & blocks.ready):
            m.d.sync += whose.eq(blocks.payload.text)
        if not lanes.ahead:
            m.d.comb += lanes.text.eq(whose)
        m.d.comb += [
            issue.commands.payload.eq(blocks.payload.command),
            issue.commands.valid.eq(blocks.valid), blocks.ready.eq(issue.commands.ready),
            turns.begun.eq(lanes.begun),
            turns.released.eq(lanes.released), self.released.eq(lanes.released),
            self.show.eq(whose),
            lanes.active.eq(issue.active), lanes.tile.eq(issue.tile),
            lanes.closing.eq(issue.closing), lanes.turn.eq(issue.turn),
            lanes.release.eq(issue.release), lanes.advance.eq(taken),
            lanes.word.eq(self.word),
            taken.eq(issue.active & lanes.ready),
            self.take.eq(taken << whose), issue.advance.eq(taken),
        ]

        valid, step, again, text = taken, issue.step, ~issue.step.first, whose
        for stage in range(lanes.latency):
            if machine.ternary.deep_accumulators and stage == lanes.latency - READ_CLOCKS:
                m.d.comb += accumulators.soon.eq(step.slot)
            next_valid = Signal(name=f"valid_{stage + 1}")
            next_step = Signal.like(issue.step, name=f"step_{stage + 1}", reset_less=True)
            next_again = Signal(name=f"again_{stage + 1}", reset_less=True)
            next_text = Signal.like(whose, name=f"text_{stage + 1}", reset_less=True)
            m.d.sync += [next_valid.eq(valid), next_step.eq(step), next_again.eq(again),
                         next_text.eq(text)]
            valid, step, again, text = next_valid, next_step, next_again, next_text
        m.d.comb += [
            accumulators.valid.eq(valid), accumulators.slot.eq(step.slot),
            accumulators.again.eq(again),
            accumulators.sums.eq(lanes.sums), accumulators.carries.eq(lanes.carries),
        ]
        returned = []
        for number in texts:
            connect_streams(m, getattr(self, f"commands_{number}"),
                            getattr(turns, f"commands_{number}"))
            results = getattr(self, f"results_{number}")
            given = Signal(row_group(machine), name=f"given_{number}")
            m.d.comb += [given.values.eq(accumulators.values),
                         given.destination.eq(step.destination)]
            self._queue(m, number, valid & step.last & (text == number), given, results)
            returned.append(Signal(name=f"returned_{number}"))
            m.d.sync += returned[-1].eq(results.valid & results.ready)
        waiting = Cat(getattr(self, f"commands_{number}").valid for number in texts).any()
        m.d.comb += [
            turns.returned.eq(Cat(returned)),
            self.busy.eq(taken),
            self.waiting_codes.eq(~taken & (issue.active | waiting)),
            self.idle.eq(~issue.active & ~waiting & turns.full.all()),
        ]
        return m

    def _queue(self, m: Module, number: int, push: Value, given: Any, results: Any) -> None:
        """Where results of a text wait: block RAM, where blocks are long."""
        room = result_room(self._machine)
        if self._machine.ternary.deep_accumulators:
            long = BlockQueue(given.shape().size, room)
            m.submodules[f"queue_{number}"] = long
            m.d.comb += [
                long.push.eq(push), long.data.eq(given.as_value()),
                results.payload.as_value().eq(long.o.payload),
                results.valid.eq(long.o.valid), long.o.ready.eq(results.ready),
            ]
            return
        queue = StreamQueue(given.shape(), room, counted=True)
        m.submodules[f"queue_{number}"] = queue
        connect_streams(m, queue.o, results)
        m.d.comb += [queue.i.valid.eq(push), queue.i.payload.eq(given)]
