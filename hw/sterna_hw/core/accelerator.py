"""The accelerator: all units, their memories and the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.program.configuration import HardwareConfiguration
from sterna.program.protocol import Space

from sterna_hw.component import Component
from sterna_hw.core.counters import EVENTS, Counters
from sterna_hw.core.group_splitter import GroupSplitter
from sterna_hw.core.result_words import ResultWords
from sterna_hw.core.sequencer import Sequencer
from sterna_hw.core.top_k import TopK
from sterna_hw.layouts import row_group, word_group
from sterna_hw.link.link import Link
from sterna_hw.link.receiver import FRAME_TIMEOUT
from sterna_hw.memory import AxiSource, SequentialSource
from sterna_hw.memory.axi_source import axi_members
from sterna_hw.stream import connect_streams
from sterna_hw.ternary.engine import TernaryEngine
from sterna_hw.vector.unit import TRACE_SCALAR, VectorUnit, trace_vector


def trace_accumulators(configuration: HardwareConfiguration) -> StructLayout:
    """Payload of the accumulator trace."""
    return StructLayout({"valid": 1, "values": row_group(configuration)["values"].shape})


class Accelerator(Component):
    """Everything behind the byte link; see `sterna.program.protocol` for what it understands.

    A run: the sources of weights and constants start at word 0, that of the input at the first
    input word of the RUN frame; top-k and counters are cleared and the sequencer starts at the
    entry. When it has reached END and all units are idle, the RESULT is sent.

    The counters run from the clock after the RUN frame is accepted until the sequencer is done.

    Members:
        link_in: In, stream of unsigned(8). link_out: Out, stream of unsigned(8).
        trace_vector: Out, `trace_vector`: every result group of the vector unit.
        trace_scalar: Out, `TRACE_SCALAR`: every result of the scalar unit.
        trace_accumulators: Out, `trace_accumulators`: every row group that leaves the engine.
        m_axi_*: AXI4 masters to the weights, see `sterna_hw.memory.axi_source.axi_members`; only
            where the configuration says ``weight_source`` axi.

    The trace ports exist only where the configuration says ``trace``; a trace is meant in the
    clocks in which its ``valid`` is high.

    Args:
        frame_timeout: clocks without a byte after which a frame that has begun is given up.
        contents: names the memory image that the memories hold from the start, 0 for none.
        initial: the words of that image by memory, from word 0 on.
    """

    def __init__(self, configuration: HardwareConfiguration,
                 frame_timeout: int = FRAME_TIMEOUT, contents: int = 0,
                 initial: Mapping[Space, Sequence[int]] | None = None) -> None:
        self._contents = contents
        self._initial = {space: (initial or {}).get(space, ()) for space in Space}
        self._configuration = configuration
        self._frame_timeout = frame_timeout
        members = {
            "link_in": In(stream.Signature(8)),
            "link_out": Out(stream.Signature(8)),
        }
        if configuration.trace:
            members |= {
                "trace_vector": Out(trace_vector(configuration)),
                "trace_scalar": Out(TRACE_SCALAR),
                "trace_accumulators": Out(trace_accumulators(configuration)),
            }
        if configuration.weight_source == "axi":
            members |= axi_members(configuration)
        super().__init__(members)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        configuration, initial = self._configuration, self._initial
        m.submodules.link = link = Link(configuration, self._frame_timeout, self._contents)
        m.submodules.sequencer = sequencer = Sequencer(
            configuration, initial[Space.PROGRAM])
        m.submodules.engine = engine = TernaryEngine(configuration)
        m.submodules.vector = vector = VectorUnit(configuration, initial[Space.TABLES])
        m.submodules.splitter = splitter = GroupSplitter(configuration)
        m.submodules.top_k = top_k = TopK(configuration)
        m.submodules.weights = weights = self._weight_source(m)
        m.submodules.constants = constants = SequentialSource(
            word_group(configuration), configuration.constant_depth, Space.CONSTANTS,
            initial[Space.CONSTANTS], large=True)
        m.submodules.inputs = inputs = SequentialSource(
            word_group(configuration), configuration.input_depth, Space.INPUT,
            initial[Space.INPUT])

        for source, sink in (
            (self.link_in, link.link_in),
            (link.link_out, self.link_out),
            (sequencer.commands, vector.commands),
            (sequencer.matmuls, engine.commands),
            (weights.words, engine.weights),
            (vector.codes, engine.codes),
            (engine.results, splitter.row_groups),
            (splitter.vector, vector.accumulators),
            (splitter.head, top_k.values),
            (constants.words, vector.constants),
            (inputs.words, vector.inputs),
        ):
            connect_streams(m, source, sink)
        self._distribute_writes(m, link, {
            Space.PROGRAM: sequencer.writes,
            Space.WEIGHTS: weights.writes,
            Space.CONSTANTS: constants.writes,
            Space.TABLES: vector.writes,
            Space.INPUT: inputs.writes,
        })
        m.d.comb += sequencer.units_idle.eq(
            engine.idle & splitter.idle & vector.idle & top_k.idle)
        self._run(m, link, sequencer, engine, vector, top_k, weights, constants, inputs)

        if configuration.trace:
            m.d.comb += [
                self.trace_vector.eq(vector.trace_vector),
                self.trace_scalar.eq(vector.trace_scalar),
                self.trace_accumulators.valid.eq(engine.results.valid & engine.results.ready),
                self.trace_accumulators.values.eq(engine.results.payload.values),
            ]
        return m

    def _weight_source(self, m: Module) -> SequentialSource | AxiSource:
        """Where the weights come from; memory ports become those of the accelerator."""
        configuration = self._configuration
        if configuration.weight_source == "chip":
            return SequentialSource(
                8 * configuration.weight_bytes, configuration.weight_depth, Space.WEIGHTS,
                self._initial[Space.WEIGHTS], large=True)
        source = AxiSource(configuration)
        for name, member in axi_members(configuration).items():
            outer, inner = getattr(self, name), getattr(source, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        return source

    def _distribute_writes(self, m: Module, link: Link, memories: dict[Space, Any]) -> None:
        """Each write goes to the memory that it names; the link names no other."""
        chunk = link.writes.payload
        for writes in memories.values():
            m.d.comb += writes.payload.eq(chunk)
        with m.Switch(chunk.space):
            for space, writes in memories.items():
                with m.Case(space):
                    m.d.comb += [
                        writes.valid.eq(link.writes.valid),
                        link.writes.ready.eq(writes.ready),
                    ]

    def _run(self, m: Module, link: Link, sequencer: Sequencer, engine: TernaryEngine,
             vector: VectorUnit, top_k: TopK,
             weights: SequentialSource | AxiSource,
             constants: SequentialSource, inputs: SequentialSource) -> None:
        """Start everything at a RUN, count while it lasts, report when it is done."""
        m.submodules.counters = counters = Counters()
        m.submodules.result = result = ResultWords(self._configuration)
        connect_streams(m, result.words, link.result)

        request = link.runs.payload
        begin = Signal()
        running = Signal()
        m.d.comb += [
            sequencer.start.valid.eq(link.runs.valid),
            sequencer.start.payload.eq(request.entry),
            link.runs.ready.eq(sequencer.start.ready),
            begin.eq(link.runs.valid & link.runs.ready),
            *(source.restart.eq(begin) for source in (weights, constants, inputs)),
            inputs.base.eq(request.input_word),
            top_k.clear.eq(begin),
            top_k.limit.eq(request.row_limit),
            counters.clear.eq(begin),
            counters.running.eq(running),
            *(getattr(counters, event).eq(getattr(engine, event)) for event in EVENTS),
            result.start.eq(sequencer.done),
            result.cycles.eq(counters.cycles),
            *(getattr(result, f"{event}_cycles").eq(getattr(counters, f"{event}_cycles"))
              for event in EVENTS),
            result.scale.eq(vector.result_scalar),
            top_k.index.eq(result.index),
            result.value.eq(top_k.value),
            result.row.eq(top_k.row),
        ]
        with m.If(begin):
            m.d.sync += running.eq(1)
        with m.Elif(sequencer.done):
            m.d.sync += running.eq(0)
