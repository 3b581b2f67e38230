"""The accelerator: all units, their memories and the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from amaranth.hdl import Cat, Const, Module, ResetInserter, Signal, Value, unsigned
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, space_number
from sterna.machine.units.ternary import COMMANDS_AHEAD

from sterna_hw.component import Component
from sterna_hw.core.counters import EVENTS, Counters
from sterna_hw.core.data_path import (
    DataPath,
    WordDelays,
    add_data_path,
    data_path_signature,
    trace_members,
)
from sterna_hw.core.input_rows import InputRows
from sterna_hw.core.result_words import ResultWords
from sterna_hw.core.sequencer import Sequencer
from sterna_hw.core.stream_fork import StreamFork
from sterna_hw.core.writes import distribute_writes
from sterna_hw.layouts import word_group
from sterna_hw.link.link import Link
from sterna_hw.link.receiver import FRAME_TIMEOUT
from sterna_hw.memory import (
    AxiSource,
    LateSource,
    MixedWeights,
    SdramSource,
    SequentialSource,
)
from sterna_hw.memory.ports import memory_members
from sterna_hw.shared_module import ModuleInstance
from sterna_hw.stream import StreamRegister, connect_streams

CONSTANTS_AHEAD = 16
"""Constants that a data path may be behind another one."""
WORD_DELAYS = WordDelays(weights=3, constants=2, inputs=1)
"""Of memories on chip that serve a single stream."""


class Accelerator(Component):
    """Everything behind the byte link; see `sterna.machine.protocol` for what it understands.

    A run: the sources of weights and constants start at word 0, that of the input at the first
    input word of the RUN frame; top-k and counters are cleared and the sequencer starts at the
    entry. When it has reached END and all units are idle, the RESULT is sent.

    Every token stream has a `DataPath`. All that a RUN makes active carry out the same commands
    with the same weights and constants, each of which is fetched once; a data path that stalls may
    be some items behind. The others see nothing, and keep their state. A data path that a RUN
    chains to the one before it computes the next token of the same text: where a command reads the
    state, it gets what the other one writes in the same run.

    The counters run from the clock after the RUN frame is accepted until the sequencer is done.

    Members:
        link_in: In, stream of unsigned(8). link_out: Out, stream of unsigned(8).
        trace_vector_<n>: Out, `trace_vector`: every result group of the vector unit of stream n.
        trace_scalar_<n>: Out, `TRACE_SCALAR`: every result of its scalar unit.
        trace_accumulators_<n>: Out, `trace_accumulators`: every row group that leaves its engine.
        m_axi_*, sdram_*: AXI4 masters or pins of the memory that holds the weights, see
            `sterna_hw.memory.ports.memory_members`.

    The trace ports exist only where the machine says ``trace``; a trace is meant in the
    clocks in which its ``valid`` is high.

    Args:
        frame_timeout: clocks without a byte after which a frame that has begun is given up.
        contents: names the memory image that the memories hold from the start, 0 for none.
        initial: the words of that image by memory, from word 0 on.
        path_module: name of a module with the Verilog of a `DataPath`, to be used for each of
            several streams; elaborated here unless given.
    """

    def __init__(self, machine: Machine,
                 frame_timeout: int = FRAME_TIMEOUT, contents: int = 0,
                 initial: Mapping[str, Sequence[int]] | None = None,
                 path_module: str | None = None) -> None:
        self._path_module = path_module
        self._contents = contents
        self._initial = {item.name: (initial or {}).get(item.name, ())
                         for item in machine.memories}
        self._machine = machine
        self._frame_timeout = frame_timeout
        members = {
            "link_in": In(stream.Signature(8)),
            "link_out": Out(stream.Signature(8)),
        }
        if machine.trace:
            members |= {
                f"{name}_{number}": member for number in range(machine.streams)
                for name, member in trace_members(machine).items()
            }
        super().__init__(members | memory_members(machine))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, initial = self._machine, self._initial
        space = partial(space_number, machine)
        m.submodules.link = link = Link(machine, self._frame_timeout, self._contents)
        m.submodules.sequencer = sequencer = Sequencer(
            machine, initial[Space.PROGRAM])
        begin = Signal()
        m.submodules.weights = weights = self._weight_source(m)
        weight_words, weight_writes = weights.words, weights.writes
        m.d.comb += weights.restart.eq(begin)
        if isinstance(weights, AxiSource):
            m.d.comb += [
                link.failure.eq(weights.failure),
                weights.failure_taken.eq(link.failure_taken),
            ]
        if machine.memory.resident:
            m.submodules.mixed = mixed = MixedWeights(machine)
            connect_streams(m, weights.words, mixed.outside)
            connect_streams(m, mixed.outside_writes, weights.writes)
            m.d.comb += mixed.restart.eq(begin)
            weight_words, weight_writes = mixed.words, mixed.writes
        words, delays = word_group(machine), WORD_DELAYS
        if not isinstance(weights, LateSource):
            delays = replace(delays, weights=0)
        if not machine.memory.holds_constants:
            m.submodules.constants = constants = self._chip_source(
                words, machine.vector.constant_depth, Space.CONSTANTS, delays.constants)
            m.d.comb += constants.restart.eq(begin)
            constant_words, constant_writes = constants.words, constants.writes
        else:
            delays = replace(delays, constants=0)
            constant_words, constant_writes = weights.constants, weights.constant_writes
        tables = initial[Space.TABLES]
        if machine.streams == 1:
            # A single stream needs no level of its own and no forks.
            paths: list[Any] = [data_path_signature(machine).create(path=("path",))]
            add_data_path(m, paths[0], machine, tables, delays)
            m.submodules.inputs = inputs = LateSource(
                words, machine.vector.input_depth, space(Space.INPUT), delays.inputs,
                initial[Space.INPUT], staged=not machine.compact)
            m.d.comb += inputs.base.eq(link.runs.payload.input_word_0)
            connect_streams(m, inputs.words, paths[0].inputs)
        else:
            module = self._path_module
            signature = data_path_signature(machine)
            paths = [ModuleInstance(signature, module) if module
                     else DataPath(machine, tables) for _ in range(machine.streams)]
            m.submodules.inputs = inputs = InputRows(machine, initial[Space.INPUT])
            for number, path in enumerate(paths):
                m.submodules[f"path_{number}"] = path
                m.d.comb += getattr(inputs, f"base_{number}").eq(
                    link.runs.payload[f"input_word_{number}"])
                connect_streams(m, getattr(inputs, f"words_{number}"), path.inputs)
            self._chain(m, link, paths)
        active = self._active(link)
        for name, source, ahead in (
            ("commands", sequencer.commands, COMMANDS_AHEAD),
            ("matmuls", sequencer.matmuls, 2),
            ("weights", weight_words, 2),
            ("constants", constant_words, CONSTANTS_AHEAD),
        ):
            self._share(m, name, source, paths, ahead, active, begin)

        connect_streams(m, self.link_in, link.link_in)
        connect_streams(m, link.link_out, self.link_out)
        distribute_writes(m, link.writes, {
            space(Space.PROGRAM): [sequencer.writes],
            space(Space.WEIGHTS): [weight_writes],
            space(Space.CONSTANTS): [constant_writes],
            space(Space.TABLES): [path.writes for path in paths],
            space(Space.INPUT): [inputs.writes],
        })
        m.d.sync += sequencer.units_idle.eq(Cat(path.idle for path in paths).all())
        m.d.comb += inputs.restart.eq(begin)
        self._run(m, link, sequencer, paths, active, begin)
        if machine.trace:
            m.d.comb += [getattr(self, f"{name}_{number}").eq(getattr(path, name))
                         for number, path in enumerate(paths)
                         for name in trace_members(machine)]
        return m

    def _chain(self, m: Module, link: Link, paths: list[Any]) -> None:
        """A ring of data paths, in which a chained one takes the state from that before it."""
        chained = link.runs.payload.chained
        for number, path in enumerate(paths):
            following = (number + 1) % len(paths)
            connect_streams(m, path.state, paths[following].previous)
            m.d.comb += [
                path.chained.eq(chained[number]),
                path.next_chained.eq(chained[following]),
            ]

    def _active(self, link: Link) -> Value:
        """Which token streams run, from a RUN frame until its RESULT is sent."""
        streams = self._machine.streams
        return link.runs.payload.active[:streams] if streams > 1 else Const(1)

    def _share(self, m: Module, name: str, source: Any, paths: list[Any], ahead: int,
               active: Value, begin: Signal) -> None:
        """Give every item of the stream to all data paths that are active."""
        if len(paths) == 1:
            connect_streams(m, source, getattr(paths[0], name))
            return
        fork = StreamFork(source.payload.shape(), len(paths), ahead)
        # What was fetched ahead for the run before is forgotten when the next one begins.
        m.submodules[f"{name}_fork"] = ResetInserter(begin)(fork)
        connect_streams(m, source, fork.i)
        m.d.comb += fork.active.eq(active)
        for number, path in enumerate(paths):
            connect_streams(m, getattr(fork, f"o_{number}"), getattr(path, name))

    def _chip_source(self, shape: Any, depth: int, space: str,
                     delay: int) -> SequentialSource | LateSource:
        """Words on chip. Forks take them when they come, so several streams cannot wait."""
        memory = (shape, depth, space_number(self._machine, space))
        initial = self._initial[space]
        staged = not self._machine.compact
        if self._machine.streams > 1:
            return SequentialSource(*memory, initial, large=True, staged=staged)
        return LateSource(*memory, delay, initial, large=True, staged=staged)

    def _weight_source(
            self, m: Module) -> SequentialSource | LateSource | AxiSource | SdramSource:
        """Where the weights come from; memory ports become those of the accelerator."""
        machine = self._machine
        if not machine.memory.outside:
            ternary = machine.ternary
            memory = (8 * ternary.weight_bytes, ternary.weight_depth)
            if machine.ternary.lane == "tables":
                return self._chip_source(*memory, Space.WEIGHTS, WORD_DELAYS.weights)
            return SequentialSource(*memory, space_number(machine, Space.WEIGHTS),
                                    self._initial[Space.WEIGHTS], large=True,
                                    staged=not machine.compact)
        source = (AxiSource if machine.memory.kind == "axi" else SdramSource)(machine)
        for name, member in memory_members(machine).items():
            outer, inner = getattr(self, name), getattr(source, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        return source

    def _run(self, m: Module, link: Link, sequencer: Sequencer, paths: list[Any],
             active: Value, begin: Signal) -> None:
        """Start everything at a RUN, count while it lasts, report when it is done."""
        m.submodules.counters = counters = Counters()
        m.submodules.result = result = ResultWords(self._machine)
        connect_streams(m, result.words, link.result)

        request = link.runs.payload
        accepted, running = Signal(), Signal()
        # The sequencer and the link lie apart; and all the rest starts over by a register too,
        # which is still before the first command.
        m.submodules.start = start = StreamRegister(unsigned(16))
        connect_streams(m, start.o, sequencer.start)
        m.d.sync += begin.eq(accepted)
        m.d.comb += [
            start.i.valid.eq(link.runs.valid),
            start.i.payload.eq(request.entry),
            link.runs.ready.eq(start.i.ready),
            accepted.eq(link.runs.valid & link.runs.ready),
            counters.clear.eq(accepted),
            counters.running.eq(running),
            result.start.eq(sequencer.done),
            result.cycles.eq(counters.cycles),
            *(getattr(result, f"{event}_cycles").eq(getattr(counters, f"{event}_cycles"))
              for event in EVENTS),
        ]
        with m.If(accepted):
            m.d.sync += running.eq(1)
        with m.Elif(sequencer.done):
            m.d.sync += running.eq(0)
        for number, path in enumerate(paths):
            m.d.comb += [
                path.clear.eq(begin & active[number]),
                path.limit.eq(request.row_limit),
                path.index.eq(result.index),
            ]
        # Every active engine takes the same words: the events of the first one count.
        for number, path in reversed([*enumerate(paths)]):
            with m.If(active[number]):
                m.d.comb += [getattr(counters, event).eq(getattr(path, event))
                             for event in EVENTS]
        if len(paths) > 1:
            m.d.comb += result.active.eq(active)
        with m.Switch(result.stream if len(paths) > 1 else Const(0)):
            for number, path in enumerate(paths):
                with m.Case(number):
                    m.d.comb += [
                        result.scale.eq(path.result_scalar),
                        result.value.eq(path.value),
                        result.row.eq(path.row),
                    ]
