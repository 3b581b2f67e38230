# amaranth: UnusedElaboratable=no
# (an engine may be made for what it says of itself, and so are its lanes then)
"""The LIF engine: a population of neurons, in turn on a few lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed
from amaranth.lib import memory, stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from sterna.machine.unit import MemorySpec

from sterna_hw.component import Component
from sterna_hw.spiking.lane import Lane, output_shape, parameter_shape, state_layout
from sterna_hw.spiking.pipeline import MULTIPLIER_BITS
from sterna_hw.state_layouts import state_port
from sterna_hw.stream import StreamQueue, connect_streams

QUEUE_STEP = 16
"""Depth that look-up table memory has anyway."""


class LifEngine(Component):
    """`neurons` neurons of one definition over `lanes` lanes (`sterna.law.neuron`).

    Neuron ``j`` is on lane ``j % lanes`` in group ``j // lanes``; a step is ``groups`` transfers of
    each stream, in order. The last group's surplus lanes compute, and mean nothing.

    Throughput: one group a clock, if ``groups`` is above ``latency``; a smaller population takes
    ``latency + 1`` clocks a step, because a neuron's state must be back before its next step.
    Latency: ``latency`` clocks to the written state, ``output_latency`` to ``outputs.valid``.
    Streams stall and never drop: a group enters only if its output has room. With
    ``always_ready`` outputs leave at once, a clock earlier, and there is no queue for them.

    Attributes:
        pipeline_bits: bits of the registers of all lanes. multipliers: hardware multipliers.

    Members:
        sums: stream of ``lanes`` sums ``x``, signed of ``sum_bits``, In.
        parameters: stream of ``lanes`` structures of the varying parameters, taken together with
            ``sums``, In; only there if any vary. A memory that repeats its ``groups`` words fits.
        outputs: stream of ``lanes`` values, see `output_shape`, Out.
        restart: the next group is the first one, and of all neurons the state is 0; a transfer does
            not happen in this clock, In. Groups that entered before leave as they are.
        begin: the next group is the first one, In; only when no group is on its way. A step may
            have fewer than ``groups`` transfers then, as many each time.
        kept: In, `state_port` of the states of groups; only if asked for. Until the first step
            after a restart all are 0, unless one is written, and then all are to be.
        trace: only if asked for: ``valid`` and the new ``states`` of a group, in order, Out.

    Args:
        definition: flags, widths and formats.
        constants: parameters that all neurons share; those that are not named have the values of
            `NeuronParameters`. Hardware that they make superfluous is not built.
        neurons, lanes: at least 1.
        varying: names of the parameters that differ.
        codes: outputs are codes for the ternary engine, signed 8 bits.
        trace: build the member ``trace``.
        always_ready: whoever takes ``outputs`` never pauses.
        readable: build the member ``kept``.
        multiplier_bits: width of the signed operands of a hardware multiplier.

    Raises:
        InputError: a constant does not fit, a parameter is unknown or both constant and varying,
            or a size is below 1.
    """

    def __init__(
        self,
        definition: NeuronDefinition,
        constants: Mapping[str, int],
        neurons: int,
        lanes: int,
        *,
        varying: Sequence[str] = (),
        codes: bool = False,
        trace: bool = False,
        always_ready: bool = False,
        readable: bool = False,
        multiplier_bits: int = MULTIPLIER_BITS,
    ) -> None:
        if neurons < 1 or lanes < 1:
            raise InputError(
                f"LIF engine: {neurons} neurons on {lanes} lanes; give at least 1 each")
        known = dict(NeuronParameters().items())
        for name in (*constants, *varying):
            if name not in known:
                raise InputError(
                    f"LIF engine: no parameter is named {name}; there are {', '.join(known)}")
            if name in constants and name in varying:
                raise InputError(
                    f"LIF engine: parameter {name} is constant and varies; name it once")
        shared = NeuronParameters.of(**constants)
        shared.check(definition, 1)
        self.groups = -(-neurons // lanes)
        self._definition, self._codes = definition, codes
        self._constants = {
            name: int(values[0]) for name, values in shared.items() if name not in varying}
        self._varying = StructLayout(
            {name: parameter_shape(definition, name) for name in varying})
        self._lanes = [
            Lane(definition, self._constants, self._varying, codes, multiplier_bits)
            for _ in range(lanes)]
        self.pipeline_bits = sum(lane.pipeline_bits for lane in self._lanes)
        self.multipliers = sum(lane.multipliers for lane in self._lanes)
        # Sums enter the lanes from a register, state from one behind the memory.
        self.latency = 1 + self._lanes[0].state_latency
        self.output_latency = 2 - always_ready + self._lanes[0].output_latency
        self._states = ArrayLayout(state_layout(definition), lanes)
        super().__init__({
            "sums": In(stream.Signature(ArrayLayout(signed(definition.sum_bits), lanes))),
            **({"parameters": In(stream.Signature(ArrayLayout(self._varying, lanes)))}
               if varying else {}),
            "outputs": Out(stream.Signature(
                ArrayLayout(output_shape(definition, codes), lanes), always_ready=always_ready)),
            "restart": In(1),
            "begin": In(1),
            **({"trace": Out(StructLayout({"valid": 1, "states": self._states}))}
               if trace else {}),
            **({"kept": In(state_port(MemorySpec("kept", self._states.size, self.groups)))}
               if readable else {}),
        })
        self._trace, self._always_ready, self._readable = trace, always_ready, readable
        # Enough for what is on its way while a place is freed and seen to be free.
        self._depth = QUEUE_STEP * -(-(self.output_latency + 2) // QUEUE_STEP)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        enter = Signal()
        fresh = Signal(init=1)
        valid = Signal(max(self.latency, self.output_latency))
        m.d.sync += valid.eq(Cat(enter, valid))

        def entered(clocks: int) -> Any:
            """Whether a group entered that many clocks ago."""
            return valid[clocks - 1]

        room: Value = Const(1, 1)
        if self._always_ready:
            outputs = self.outputs.payload
            m.d.comb += self.outputs.valid.eq(entered(self.output_latency))
        else:
            m.submodules.queue = queue = StreamQueue(self.outputs.payload.shape(), self._depth)
            connect_streams(m, queue.o, self.outputs)
            outputs = queue.i.payload
            m.d.comb += queue.i.valid.eq(entered(self.output_latency - 1))
            room = self._below(m, "room", self._depth, enter, queue.o.valid & queue.o.ready)
        returned: Any = Const(1, 1)
        if self.groups <= self.latency:
            returned = self._below(m, "returned", self.groups, enter, entered(self.latency))
        may_enter = Signal()
        offered = Signal()
        m.d.comb += [
            may_enter.eq(room & returned & ~self.restart),
            offered.eq(self.sums.valid),
            enter.eq(may_enter & offered),
            self.sums.ready.eq(may_enter),
        ]
        if self._varying.size:
            m.d.comb += [
                offered.eq(self.sums.valid & self.parameters.valid),
                self.sums.ready.eq(may_enter & self.parameters.valid),
                self.parameters.ready.eq(may_enter & self.sums.valid),
            ]
        group = Signal(range(max(2, self.groups)))
        with m.If(enter):
            with m.If(group == self.groups - 1):
                m.d.sync += [group.eq(0), fresh.eq(0)]
            with m.Else():
                m.d.sync += group.eq(group + 1)
        with m.If(self.begin):
            m.d.sync += group.eq(0)
            with m.If(group != 0):
                m.d.sync += fresh.eq(0)
        with m.If(self.restart):
            m.d.sync += [group.eq(0), fresh.eq(1)]

        m.submodules.store = store = memory.Memory(
            shape=self._states, depth=max(2, self.groups), init=[], attrs={"no_rw_check": "1"})
        read = store.read_port()
        write = store.write_port()
        cleared = Signal()
        state = Signal(self._states, reset_less=True)
        m.d.comb += read.addr.eq(group)
        m.d.sync += cleared.eq(fresh)
        with m.If(cleared):
            m.d.sync += state.as_value().eq(0)
        with m.Else():
            m.d.sync += state.eq(read.data)
        m.d.comb += [
            write.en.eq(entered(self.latency)),
            write.addr.eq(self._delayed(m, group, self.latency)),
        ]
        for index, lane in enumerate(self._lanes):
            m.submodules[f"lane_{index}"] = lane
            m.d.sync += lane.sum.eq(self.sums.payload[index])
            if self._varying.size:
                m.d.sync += lane.parameters.eq(self.parameters.payload[index])
            m.d.comb += [
                lane.state.eq(state[index]),
                write.data[index].eq(lane.new_state),
                outputs[index].eq(lane.output),
            ]
        if self._readable:
            with m.If(self.kept.read):
                m.d.comb += read.addr.eq(self.kept.word)
            with m.If(~fresh | (group != 0)):
                m.d.comb += self.kept.value.eq(read.data)
            with m.If(self.kept.write):
                m.d.comb += [
                    write.en.eq(1), write.addr.eq(self.kept.word),
                    write.data.as_value().eq(self.kept.data),
                ]
                m.d.sync += fresh.eq(0)
        if self._trace:
            m.d.comb += [self.trace.valid.eq(write.en), self.trace.states.eq(write.data)]
        return m

    def _below(self, m: Module, name: str, most: int, more: Value, fewer: Value) -> Signal:
        """A register: fewer than ``most`` groups are between the events ``more`` and ``fewer``."""
        inside = Signal(range(most + 1), name=f"{name}_inside")
        after = Signal(range(most + 1))
        below = Signal(name=name, init=1)
        m.d.comb += after.eq(inside + more - fewer)
        m.d.sync += [inside.eq(after), below.eq(after != most)]
        return below

    def _delayed(self, m: Module, value: Signal, clocks: int) -> Signal:
        for _ in range(clocks):
            later = Signal.like(value, name=value.name, reset_less=True)
            m.d.sync += later.eq(value)
            value = later
        return value
