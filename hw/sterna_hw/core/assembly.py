"""What the blocks of an accelerator are joined by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, unsigned
from amaranth.lib import stream
from sterna.errors import InputError
from sterna.machine.machine import Machine, path_space
from sterna.machine.protocol import Space, space_number

from sterna_hw.core.counters import Counters
from sterna_hw.core.result_words import ResultWords
from sterna_hw.core.sequencer import Sequencer
from sterna_hw.core.writes import distribute_writes
from sterna_hw.generate.generation import Generation
from sterna_hw.layouts import word_group
from sterna_hw.link.generation_ports import connect_generation
from sterna_hw.link.link import Link
from sterna_hw.memory.state_access import StateAccess
from sterna_hw.state_layouts import connect_state
from sterna_hw.stream import StreamRegister, connect_streams


class Assembly:
    """Given to each block in turn: where its commands come from, and what it tells of itself.

    Attributes:
        m: the module of the accelerator, for submodules. ports: its members.
        initial: words of the memories at power up, by their names.
        link, sequencer: commands of a port are the member of that name.
        commands: what asks for RUNs and for states: the link, or what makes texts and passes on
            what the link asks for.
        begin: high for a clock at the start of a RUN, in which everything else starts over.
        request: the arguments of the RUN. active: token streams that run, until the RESULT is sent.
        index: the word of RESULT that is wanted of a unit, see `result`; stream: of which token
            stream.
        sent, given: streams of `word_group` by the units that take them from the vector unit, or
            give it some; of several data paths under the names of `path_space`.
        path_module: see `Accelerator`.
    """

    def __init__(self, m: Module, machine: Machine, ports: Any, link: Link, sequencer: Sequencer,
                 initial: Mapping[str, Sequence[int]], path_module: str | None) -> None:
        self.m, self.machine, self.ports = m, machine, ports
        self.link, self.sequencer, self.initial = link, sequencer, initial
        self.path_module = path_module
        self.space = partial(space_number, machine)
        self.begin = Signal()
        self.commands = link if machine.generates is None else self._generation(machine)
        self.request = self.commands.runs.payload
        streams = machine.streams
        self.active: Value = self.request.active[:streams] if streams > 1 else Const(1)
        self._writes: dict[int, Sequence[Any]] = {
            self.space(Space.PROGRAM): [sequencer.writes]}
        self._kept: dict[str, Any] = {}
        self._idle: list[Value] = []
        m.submodules.counters = self._counters = Counters(machine)
        m.submodules.result = self._result = ResultWords(machine)
        self.index = self._result.index
        self.stream = self._result.stream if streams > 1 else Const(0)
        words = stream.Signature(word_group(machine)) if machine.partners else None
        self.sent, self.given = (
            {own: words.create(path=(f"{name}_{own}",))
             for unit in machine.units if words and used(unit)
             for own in (path_space(unit.name, path) for path in range(
                 machine.paths if unit.per_stream else 1))}
            for name, used in (("sent", lambda unit: unit.takes_words(machine)),
                               ("given", lambda unit: unit.gives_words(machine))))

    def _generation(self, machine: Machine) -> Generation:
        m, link = self.m, self.link
        m.submodules.generation = generation = Generation(machine)
        connect_generation(m, machine, link, generation)
        for name in ("runs", "reads", "writes"):
            connect_streams(m, getattr(link, name), getattr(generation, f"link_{name}"))
        for name in ("result", "words"):
            connect_streams(m, getattr(generation, f"link_{name}"), getattr(link, name))
        return generation

    def loads(self, space: str, *sinks: Any) -> None:
        """Streams that take what LOAD writes to a memory; several are always ready."""
        self._writes[self.space(space)] = sinks

    def keeps(self, name: str, port: Any) -> None:
        """The `state_port` of a memory that READ reads, by its name in `Machine.states`."""
        self._kept[name] = port

    def idle(self, *signals: Value) -> None:
        """Signals that are all high when a unit has nothing to do, and nothing on its way."""
        self._idle += signals

    def counter_events(self, unit: str) -> dict[str, Signal]:
        """Inputs of the counters of a unit, by their names in `Unit.counters`."""
        known = {item.name for item in self.machine.counters}
        found = {}
        for item in self.machine.unit(unit).counters(self.machine):
            own = f"{unit}_{item.name}"
            found[item.name] = getattr(self._counters, own if own in known else item.name)
        return found

    def result(self, unit: str, word: Value) -> None:
        """The word ``index`` of a unit in RESULT, in the clock after."""
        self.m.d.comb += getattr(self._result, unit).eq(word)

    def finish(self) -> None:
        """Connect what the blocks told; start everything at a RUN, and report its end."""
        m, commands, sequencer = self.m, self.commands, self.sequencer
        counters, result = self._counters, self._result
        if self.machine.readable:
            self._add_state_access()
        distribute_writes(m, commands.writes, self._writes)
        connect_streams(m, result.words, commands.result)
        # The sequencer and the link lie apart; and all the rest starts over by a register too,
        # which is still before the first command.
        m.submodules.start = start = StreamRegister(unsigned(16))
        connect_streams(m, start.o, sequencer.start)
        accepted = Signal()
        running = Signal()
        m.d.sync += [
            self.begin.eq(accepted),
            sequencer.units_idle.eq(Cat(self._idle).all()),
        ]
        m.d.comb += [
            start.i.valid.eq(commands.runs.valid),
            start.i.payload.eq(self.request.entry),
            commands.runs.ready.eq(start.i.ready),
            accepted.eq(commands.runs.valid & commands.runs.ready),
            counters.clear.eq(accepted),
            counters.running.eq(running),
            result.counters.eq(counters.values),
            result.start.eq(sequencer.done),
        ]
        with m.If(accepted):
            m.d.sync += running.eq(1)
        with m.Elif(sequencer.done):
            m.d.sync += running.eq(0)
        if self.machine.streams > 1:
            m.d.comb += result.active.eq(self.active)
        if self.machine.generates is not None:
            m.d.comb += [result.without_counters.eq(commands.makes),
                         result.best_alone.eq(commands.best_alone)]

    def _add_state_access(self) -> None:
        m, machine = self.m, self.machine
        m.submodules.state_access = access = StateAccess(machine)
        connect_streams(m, self.commands.reads, access.reads)
        connect_streams(m, access.words, self.commands.words)
        if machine.generates is not None:
            m.d.comb += access.more.eq(self.commands.more)
        for spec in machine.states:
            if spec.name not in self._kept:
                raise InputError(f"accelerator: the gateware of {spec.name} cannot be read; make "
                                 "the machine without the unit read")
            connect_state(m, getattr(access, spec.name), self._kept[spec.name])
            self._writes[self.space(spec.name)] = [access.writes]
