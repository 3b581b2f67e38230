"""What every token stream has of its own: engine, vector unit with its memory, and top-k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS
from sterna.machine.units.head import ranks_words

from sterna_hw.component import Component
from sterna_hw.core.group_splitter import GroupSplitter
from sterna_hw.core.head_words import add_head_words
from sterna_hw.core.top_k import TopK
from sterna_hw.layouts import WriteChunk, matmul_command, row_group, word_group
from sterna_hw.state_layouts import connect_state
from sterna_hw.stream import StreamRegister, connect_streams
from sterna_hw.ternary.engine import TernaryEngine
from sterna_hw.vector.command import vector_unit_command
from sterna_hw.vector.unit import (
    VectorUnit,
    chain_members,
    partner_members,
    trace_scalar,
    trace_vector,
)
from sterna_hw.vector.vector_memory import state_members

EVENTS = ("busy", "waiting_weights", "waiting_codes")


@dataclass(frozen=True)
class WordDelays:
    """Clocks from a transfer on a stream to its payload, zero for an ordinary stream.

    See `LateSource`; the greatest that the units take are 3, 2 and 1.
    """

    weights: int = 0
    constants: int = 0
    inputs: int = 0


def trace_accumulators(machine: Machine) -> StructLayout:
    """Payload of the accumulator trace."""
    return StructLayout({"valid": 1, "values": row_group(machine)["values"].shape})


def trace_members(machine: Machine) -> dict[str, Any]:
    """Trace ports of one data path."""
    return {
        "trace_vector": Out(trace_vector(machine)),
        "trace_scalar": Out(trace_scalar(machine)),
        "trace_accumulators": Out(trace_accumulators(machine)),
    }


def data_path_signature(machine: Machine) -> wiring.Signature:
    """The members of a `DataPath`."""
    words = stream.Signature(word_group(machine))
    return wiring.Signature({
        "commands": In(stream.Signature(vector_unit_command(machine))),
        "matmuls": In(stream.Signature(matmul_command(machine))),
        "weights": In(stream.Signature(8 * machine.ternary.weight_bytes)),
        "constants": In(words), "inputs": In(words),
        "writes": In(stream.Signature(WriteChunk)),
        "clear": In(1), "limit": In(32),
        "index": In(range(machine.head.result_words(machine))), "result": Out(CHUNK_BITS),
        **{event: Out(1) for event in EVENTS},
        "idle": Out(1),
        **trace_members(machine),
        **chain_members(machine), **partner_members(machine), **state_members(machine),
    })


def add_data_path(m: Module, ports: Any, machine: Machine,
                  tables: Sequence[int], delays: WordDelays = WordDelays()) -> None:
    """Put the units of a data path into a module, and connect them with ``ports``."""
    m.submodules.engine = engine = TernaryEngine(machine, delays.weights)
    m.submodules.vector = vector = VectorUnit(
        machine, tables, delays.constants, delays.inputs)
    m.submodules.splitter = splitter = GroupSplitter(machine)
    m.submodules.top_k = top_k = TopK(machine)
    for name, member in (chain_members(machine) | partner_members(machine)).items():
        outer, inner = getattr(ports, name), getattr(vector, name)
        if member.is_signature:
            connect_streams(m, *((outer, inner) if member.flow is In else (inner, outer)))
        else:
            m.d.comb += inner.eq(outer)
    for name in state_members(machine):
        connect_state(m, getattr(ports, name), getattr(vector, name))
    # Units that lie far from each other: neither the sequencer nor what takes results should wait
    # for what another one decides in the same clock.
    head = splitter.head
    if ranks_words(machine):
        head = _either(m, machine, vector.ranked, splitter.head)
    for name, source, sink in (
        ("commands", ports.commands, vector.commands),
        ("matmuls", ports.matmuls, engine.commands),
        ("head", head, top_k.values),
    ):
        if machine.compact:
            connect_streams(m, source, sink)
            continue
        m.submodules[name] = register = StreamRegister(source.payload.shape())
        connect_streams(m, source, register.i)
        connect_streams(m, register.o, sink)
    for source, sink in (
        (ports.weights, engine.weights),
        (ports.constants, vector.constants),
        (ports.inputs, vector.inputs),
        (ports.writes, vector.writes),
        (vector.codes, engine.codes),
        (engine.results, splitter.row_groups),
        (splitter.vector, vector.accumulators),
    ):
        connect_streams(m, source, sink)
    m.d.comb += [
        *(getattr(top_k, name).eq(getattr(ports, name)) for name in ("clear", "limit")),
        ports.result.eq(add_head_words(m, ports.index, vector.result_scalar, top_k)),
        *(getattr(ports, event).eq(getattr(engine, event)) for event in EVENTS),
        ports.idle.eq(engine.idle & splitter.idle & vector.idle & top_k.idle),
        ports.trace_vector.eq(vector.trace_vector),
        ports.trace_scalar.eq(vector.trace_scalar),
        ports.trace_accumulators.valid.eq(engine.results.valid & engine.results.ready),
        ports.trace_accumulators.values.eq(engine.results.payload.values),
    ]


def _either(m: Module, machine: Machine, first: Any, second: Any) -> Any:
    """A stream of what comes in two, of which a RUN uses one."""
    words = stream.Signature(word_group(machine)).create(path=("ranked_words",))
    m.d.comb += [
        words.valid.eq(first.valid | second.valid),
        words.payload.eq(Mux(first.valid, first.payload.as_value(), second.payload.as_value())),
        first.ready.eq(words.ready),
        second.ready.eq(words.ready & ~first.valid),
    ]
    return words


class DataPath(Component):
    """Computes one token stream from commands, weights, constants and input rows.

    Its vector memory holds the state of the stream, which nothing but commands changes. Latency and
    throughput are those of the units.

    Members:
        commands: In, stream of `vector_unit_command`. matmuls: In, stream of `matmul_command`.
        weights: In, stream of packed weight words.
        constants, inputs: In, streams of `word_group`.
        writes: In, stream of `WriteChunk`, always ready; takes space TABLES.
        clear: In(1), limit: In(32), as in `TopK`.
        index: In, word wanted of the head in RESULT; result: Out(32), it, in the clock after.
        busy, waiting_weights, waiting_codes: Out(1), as in `TernaryEngine`.
        idle: Out(1), no command and nothing on its way.
        trace_*: Out, see `trace_members`.
        previous, state, chained, next_chained: see `chain_members`. to_*, from_*: see
            `partner_members`. vectors: see `state_members`.

    Args:
        tables: words of the look-up tables at power up.
    """

    def __init__(self, machine: Machine,
                 tables: Sequence[int] = ()) -> None:
        self._machine = machine
        self._tables = tables
        super().__init__(data_path_signature(machine))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        add_data_path(m, self, self._machine, self._tables)
        return m
