"""The block of vector unit, scalar unit, ternary engine and head: a data path a token stream."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, ResetInserter
from sterna.machine.machine import Machine, path_space
from sterna.machine.protocol import Space
from sterna.machine.units.ternary import COMMANDS_AHEAD

from sterna_hw.core.assembly import Assembly
from sterna_hw.core.data_path import (
    EVENTS,
    DataPath,
    add_data_path,
    data_path_signature,
    trace_members,
)
from sterna_hw.core.stream_fork import StreamFork
from sterna_hw.core.token_sources import TokenSources
from sterna_hw.memory.ports import memory_members
from sterna_hw.shared_module import ModuleInstance
from sterna_hw.stream import connect_streams
from sterna_hw.vector.vector_memory import state_members

CONSTANTS_AHEAD = 16
"""Constants that a data path may be behind another one."""


class TokenPaths:
    """Every token stream has a `DataPath`.

    The sources of weights and constants start a RUN at word 0, that of the input at the first input
    word of the RUN frame; top-k is cleared. All data paths that a RUN makes active carry out the
    same commands with the same weights and constants, each of which is fetched once; one that
    stalls may be some items behind. The others see nothing, and keep their state. A data path that
    a RUN chains to the one before it computes the next token of the same text: where a command
    reads the state, it gets what the other one writes in the same run.

    Members of the accelerator:
        trace_vector_<n>: Out, `trace_vector`: every result group of the vector unit of stream n.
        trace_scalar_<n>: Out, `trace_scalar`: every result of its scalar unit.
        trace_accumulators_<n>: Out, `trace_accumulators`: every row group that leaves its engine.
        m_axi_*, sdram_*: AXI4 masters or pins of the memory outside, see
            `sterna_hw.memory.ports.memory_members`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def members(self) -> dict[str, Any]:
        machine = self._machine
        traces = {f"{name}_{number}": member for number in range(machine.streams)
                  for name, member in trace_members(machine).items()}
        return {**(traces if machine.trace else {}), **memory_members(machine)}

    def build(self, assembly: Assembly) -> None:
        m, machine = assembly.m, self._machine
        sources, sequencer = TokenSources(assembly), assembly.sequencer
        paths = self._paths(assembly, sources)
        for name, source, ahead in (
            ("commands", sequencer.commands, COMMANDS_AHEAD),
            ("matmuls", sequencer.matmuls, 2),
            ("weights", sources.weights, 2),
            ("constants", sources.constants, CONSTANTS_AHEAD),
        ):
            self._share(assembly, name, source, paths, ahead)
        assembly.loads(Space.TABLES, *(path.writes for path in paths))
        assembly.idle(*(path.idle for path in paths))
        for number, path in enumerate(paths):
            m.d.comb += [
                path.clear.eq(assembly.begin & assembly.active[number]),
                path.limit.eq(assembly.request.row_limit),
                path.index.eq(assembly.index),
            ]
        for number, path in enumerate(paths):
            for name in state_members(machine):
                assembly.keeps(path_space(name, number), getattr(path, name))
        # Every active engine takes the same words: the events of the first one count.
        events = assembly.counter_events("ternary")
        for number, path in reversed([*enumerate(paths)]):
            with m.If(assembly.active[number]):
                m.d.comb += [events[event].eq(getattr(path, event)) for event in EVENTS]
        with m.Switch(assembly.stream):
            for number, path in enumerate(paths):
                with m.Case(number):
                    assembly.result("head", path.result)
        if machine.trace:
            m.d.comb += [getattr(assembly.ports, f"{name}_{number}").eq(getattr(path, name))
                         for number, path in enumerate(paths)
                         for name in trace_members(machine)]

    def _paths(self, assembly: Assembly, sources: TokenSources) -> list[Any]:
        m, machine = assembly.m, self._machine
        signature, tables = data_path_signature(machine), assembly.initial[Space.TABLES]
        if machine.streams == 1:
            # A single stream needs no level of its own and no forks.
            path: Any = signature.create(path=("path",))
            add_data_path(m, path, machine, tables, sources.delays)
            m.d.comb += sources.bases[0].eq(assembly.request.input_word_0)
            connect_streams(m, sources.inputs[0], path.inputs)
            for unit, words in assembly.sent.items():
                connect_streams(m, getattr(path, f"to_{unit}"), words)
            for unit, words in assembly.given.items():
                connect_streams(m, words, getattr(path, f"from_{unit}"))
            return [path]
        module = assembly.path_module
        paths: list[Any] = [ModuleInstance(signature, module) if module
                            else DataPath(machine, tables) for _ in range(machine.streams)]
        for number, path in enumerate(paths):
            m.submodules[f"path_{number}"] = path
            m.d.comb += sources.bases[number].eq(assembly.request[f"input_word_{number}"])
            connect_streams(m, sources.inputs[number], path.inputs)
            for unit in machine.units:
                own = path_space(unit.name, number)
                if own in assembly.sent:
                    connect_streams(m, getattr(path, f"to_{unit.name}"), assembly.sent[own])
                if own in assembly.given:
                    connect_streams(m, assembly.given[own], getattr(path, f"from_{unit.name}"))
        self._chain(m, assembly.request.chained, paths)
        return paths

    def _chain(self, m: Module, chained: Any, paths: list[Any]) -> None:
        """A ring of data paths, in which a chained one takes the state from that before it."""
        for number, path in enumerate(paths):
            following = (number + 1) % len(paths)
            connect_streams(m, path.state, paths[following].previous)
            m.d.comb += [
                path.chained.eq(chained[number]),
                path.next_chained.eq(chained[following]),
            ]

    def _share(self, assembly: Assembly, name: str, source: Any, paths: list[Any],
               ahead: int) -> None:
        """Give every item of the stream to all data paths that are active."""
        m = assembly.m
        if len(paths) == 1:
            connect_streams(m, source, getattr(paths[0], name))
            return
        fork = StreamFork(source.payload.shape(), len(paths), ahead)
        # What was fetched ahead for the run before is forgotten when the next one begins.
        m.submodules[f"{name}_fork"] = ResetInserter(assembly.begin)(fork)
        connect_streams(m, source, fork.i)
        m.d.comb += fork.active.eq(assembly.active)
        for number, path in enumerate(paths):
            connect_streams(m, getattr(fork, f"o_{number}"), getattr(path, name))
