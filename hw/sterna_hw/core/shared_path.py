"""One data path that several token streams take turns on."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, ResetInserter
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine, path_space
from sterna.machine.protocol import CHUNK_BITS, Space
from sterna.machine.units.ternary import COMMANDS_AHEAD
from sterna.machine.units.vector import VECTORS

from sterna_hw.component import Component
from sterna_hw.core.assembly import Assembly
from sterna_hw.core.data_path import EVENTS, trace_accumulators, trace_members
from sterna_hw.core.group_splitter import GroupSplitter
from sterna_hw.core.head_words import add_head_words
from sterna_hw.core.stream_fork import StreamFork
from sterna_hw.core.token_sources import add_outside_source
from sterna_hw.core.top_k import TopK
from sterna_hw.layouts import row_group, word_group
from sterna_hw.memory.ports import memory_members
from sterna_hw.memory.text_source import TextSource
from sterna_hw.stream import StreamRegister, connect_streams
from sterna_hw.ternary.shared_engine import SharedEngine
from sterna_hw.vector.command import SCALAR
from sterna_hw.vector.shared_unit import SharedVectorUnit

CONSTANT_DELAY, INPUT_DELAY = 2, 1
MATMULS_AHEAD = 8


class TextResults(Component):
    """What becomes of the accumulators of a text: words for the vector unit, and the k best.

    Members:
        row_groups: In, stream of `row_group`. vector: Out, stream of `word_group`.
        scale: In, scalar register 0 of the text.
        clear, limit, index, result: as in `sterna_hw.core.data_path.DataPath`.
        idle: Out(1), nothing on its way. trace_accumulators: Out, see there.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__({
            "row_groups": In(stream.Signature(row_group(machine))),
            "vector": Out(stream.Signature(word_group(machine))),
            "scale": In(SCALAR),
            "clear": In(1), "limit": In(32),
            "index": In(range(machine.head.result_words(machine))), "result": Out(CHUNK_BITS),
            "idle": Out(1), "trace_accumulators": Out(trace_accumulators(machine)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.splitter = splitter = GroupSplitter(self._machine)
        m.submodules.head = head = StreamRegister(splitter.head.payload.shape())
        m.submodules.top_k = top_k = TopK(self._machine)
        connect_streams(m, self.row_groups, splitter.row_groups)
        connect_streams(m, splitter.vector, self.vector)
        connect_streams(m, splitter.head, head.i)
        connect_streams(m, head.o, top_k.values)
        m.d.comb += [
            top_k.clear.eq(self.clear), top_k.limit.eq(self.limit),
            self.result.eq(add_head_words(m, self.index, self.scale, top_k)),
            self.idle.eq(splitter.idle & ~head.o.valid & top_k.idle),
            self.trace_accumulators.valid.eq(self.row_groups.valid & self.row_groups.ready),
            self.trace_accumulators.values.eq(self.row_groups.payload.values),
        ]
        return m


class SharedPath:
    """The block of vector and scalar unit, ternary engine and head where token streams share them.

    All token streams that a RUN makes active carry out the same commands, each at its own pace: one
    may be `COMMANDS_AHEAD` commands behind another one. Of weights, constants and input each has a
    place of its own in the memories, which start a RUN as in `TokenPaths`. The others see nothing,
    and keep their state; chained ones take it from the one before. Input may lie outside.

    Members of the accelerator: traces, and ports of a memory outside, as in `TokenPaths`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def members(self) -> dict[str, Any]:
        members = memory_members(self._machine)
        if not self._machine.trace:
            return members
        return members | {f"{name}_{number}": member for number in range(self._machine.texts)
                          for name, member in trace_members(self._machine).items()}

    def build(self, assembly: Assembly) -> None:
        m, machine = assembly.m, self._machine
        texts = range(machine.texts)
        m.submodules.engine = engine = SharedEngine(machine)
        m.submodules.vector = vector = SharedVectorUnit(
            machine, assembly.initial[Space.TABLES], CONSTANT_DELAY, INPUT_DELAY)
        results = [TextResults(machine) for _ in texts]
        assembly.loads(Space.TABLES, vector.writes)
        connect_streams(m, vector.codes, engine.codes)
        m.d.comb += [
            vector.released.eq(engine.released),
            vector.first.eq(engine.show + 1),
            vector.chained.eq(assembly.request.chained[:len(texts)]),
        ]
        self._sources(assembly, engine, vector)
        for name, source, ahead in (
            ("commands", assembly.sequencer.commands, COMMANDS_AHEAD),
            ("matmuls", assembly.sequencer.matmuls, MATMULS_AHEAD),
        ):
            fork = StreamFork(source.payload.shape(), len(texts), ahead)
            m.submodules[f"{name}_fork"] = ResetInserter(assembly.begin)(fork)
            connect_streams(m, source, fork.i)
            m.d.comb += fork.active.eq(assembly.active)
            unit = vector if name == "commands" else engine
            for text in texts:
                connect_streams(m, getattr(fork, f"o_{text}"), getattr(unit, f"commands_{text}"))
        for text, result in enumerate(results):
            m.submodules[f"results_{text}"] = result
            connect_streams(m, getattr(engine, f"results_{text}"), result.row_groups)
            connect_streams(m, result.vector, getattr(vector, f"accumulators_{text}"))
            m.d.comb += [
                result.scale.eq(getattr(vector, f"result_scalar_{text}")),
                result.clear.eq(assembly.begin & assembly.active[text]),
                result.limit.eq(assembly.request.row_limit),
                result.index.eq(assembly.index),
            ]
            if machine.readable:
                name = path_space(VECTORS, text)
                assembly.keeps(name, getattr(vector, name))
        assembly.idle(engine.idle, vector.idle, *(result.idle for result in results))
        events = assembly.counter_events("ternary")
        m.d.comb += [events[event].eq(getattr(engine, event)) for event in EVENTS]
        with m.Switch(assembly.stream):
            for text, result in enumerate(results):
                with m.Case(text):
                    assembly.result("head", result.result)
        if machine.trace:
            self._traces(assembly, vector, results)

    def _sources(self, assembly: Assembly, engine: SharedEngine, vector: SharedVectorUnit) -> None:
        m, machine, request = assembly.m, self._machine, assembly.request
        words, ternary = word_group(machine), machine.ternary
        parts = ternary.rows if ternary.lane == "tables" else 1
        if machine.row_memory.outside:
            self._rows(assembly, vector)
        else:
            m.d.comb += vector.inputs_there.eq(~0)
        for name, shape, depth, delay, user, roles in (
            (Space.WEIGHTS, 8 * ternary.weight_bytes, ternary.weight_depth, engine.word_delay,
             engine, ("show", "take", "word")),
            (Space.CONSTANTS, words, machine.vector.constant_depth, CONSTANT_DELAY, vector,
             ("constants_show", "constants_take", "constants")),
            (Space.INPUT, words, machine.vector.input_depth, INPUT_DELAY, vector,
             ("inputs_show", "inputs_take", "inputs")),
        ):
            if name == Space.INPUT and machine.row_memory.outside:
                continue
            source = TextSource(
                machine.texts, shape, depth, assembly.space(name), delay, assembly.initial[name],
                parts=parts if name == Space.WEIGHTS else 1)
            m.submodules[name] = source
            show, take, word = (getattr(user, role) for role in roles)
            m.d.comb += [source.restart.eq(assembly.begin), source.show.eq(show),
                         source.take.eq(take), word.eq(source.word)]
            if name == Space.INPUT:
                m.d.comb += [getattr(source, f"base_{text}").eq(request[f"input_word_{text}"])
                             for text in range(machine.texts)]
            assembly.loads(name, source.writes)

    def _rows(self, assembly: Assembly, vector: SharedVectorUnit) -> None:
        """The row of each text comes from the memory outside."""
        m, source, texts = assembly.m, add_outside_source(assembly), range(self._machine.texts)
        rows = [getattr(source, f"rows_{text}") for text in texts]
        assembly.loads(Space.INPUT, source.row_writes)
        m.d.comb += vector.inputs_there.eq(Cat(row.valid for row in rows))
        for text, row in enumerate(rows):
            m.d.comb += [
                getattr(source, f"base_{text}").eq(assembly.request[f"input_word_{text}"]),
                row.ready.eq(vector.inputs_take[text]),
            ]
        with m.Switch(vector.inputs_show):
            for text, row in enumerate(rows):
                with m.Case(text):
                    m.d.sync += vector.inputs.eq(row.payload)

    def _traces(self, assembly: Assembly, vector: SharedVectorUnit,
                results: list[TextResults]) -> None:
        for text, result in enumerate(results):
            for name in trace_members(self._machine):
                shown = (result.trace_accumulators if name == "trace_accumulators"
                         else getattr(vector, f"{name}_{text}"))
                assembly.m.d.comb += getattr(assembly.ports, f"{name}_{text}").eq(shown)
