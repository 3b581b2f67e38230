"""The commands of several texts on one pipeline of the vector unit."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import scalar_command, word_group
from sterna_hw.stream import connect_streams
from sterna_hw.vector.command import group_control, vector_unit_command
from sterna_hw.vector.issue import Issue


class Turns(Component):
    """An `Issue` for each text, of which one sends a group in a clock, and one a scalar operation.

    Each keeps the order of its commands and its waits, so a text computes what it would compute
    alone; a group of another text fills the clocks in which it waits. Groups of the text
    ``first`` go before those of the others.

    Members:
        commands_<n>, accumulators_<n>, previous_<n>: In, as in `Issue`, of each text.
        first: In(range(texts)).
        constants_show, inputs_show: Out(range(texts)); constants_take, inputs_take: Out(texts): of
            a `TextSource`.
        inputs_there: In(texts), the next input of a text can be shown.
        code_credit, scalar_idle, scalar_ends, chained, next_chained, state_credit: In(texts);
            code_issued, code_last, state_issued: Out(texts): as in `Issue`, of each text.
        operations: Out, stream of scalar operations; text: Out(range(texts)), whose it is.
        a_address, b_address: Out, the text lowest. control, accumulator_words, idle: as in `Issue`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        texts, words = machine.texts, word_group(machine)
        address = machine.vector.address_bits + (texts - 1).bit_length()
        super().__init__({
            **{f"commands_{text}": In(stream.Signature(vector_unit_command(machine)))
               for text in range(texts)},
            **{f"{name}_{text}": In(stream.Signature(words))
               for name in ("accumulators", "previous") for text in range(texts)},
            "first": In(range(texts)),
            **{f"{name}_show": Out(range(texts)) for name in ("constants", "inputs")},
            **{f"{name}_take": Out(texts) for name in ("constants", "inputs")},
            "inputs_there": In(texts),
            **{name: In(texts) for name in ("code_credit", "scalar_idle", "scalar_ends", "chained",
                                            "next_chained", "state_credit")},
            **{name: Out(texts) for name in ("code_issued", "code_last", "state_issued")},
            "operations": Out(stream.Signature(scalar_command(machine))),
            "text": Out(range(texts)),
            "a_address": Out(address), "b_address": Out(address),
            "control": Out(group_control(machine)),
            "accumulator_words": Out(words),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        issues = [Issue(machine) for _ in range(machine.texts)]
        for text, issue in enumerate(issues):
            m.submodules[f"issue_{text}"] = issue
            for name in ("commands", "accumulators", "previous"):
                connect_streams(m, getattr(self, f"{name}_{text}"), getattr(issue, name))
            for name in ("code_credit", "scalar_idle", "scalar_ends", "chained", "next_chained",
                         "state_credit"):
                m.d.comb += getattr(issue, name).eq(getattr(self, name)[text])
            for name in ("code_issued", "code_last", "state_issued"):
                m.d.comb += getattr(self, name)[text].eq(getattr(issue, name))
            m.d.comb += [issue.constants_valid.eq(1),
                         issue.inputs_valid.eq(self.inputs_there[text])]
        m.d.comb += [
            self.constants_take.eq(Cat(issue.constants_ready for issue in issues)),
            self.inputs_take.eq(Cat(issue.inputs_ready for issue in issues)),
            self.idle.eq(Cat(issue.idle for issue in issues).all()),
        ]
        self._groups(m, issues)
        self._operations(m, issues)
        return m

    def _groups(self, m: Module, issues: list[Issue]) -> None:
        """One text sends a group; what the pipeline is told of it comes a clock later."""
        machine, texts = self._machine, range(len(issues))
        wants = Signal(len(issues))
        now, before, holder = (Signal.like(self.text, name=name)
                               for name in ("now", "before", "holder"))
        m.d.comb += wants.eq(Cat(issue.wants for issue in issues))
        for text in reversed(texts):
            with m.If(wants[text]):
                m.d.comb += now.eq(text)
        with m.If(wants.bit_select(self.first, 1)):
            m.d.comb += now.eq(self.first)
        m.d.sync += before.eq(now)
        m.d.comb += [self.inputs_show.eq(now), self.control.text.eq(before)]
        with m.If(self.control.load_scalar):
            m.d.sync += holder.eq(before)
        held = Mux(self.control.load_scalar, before, holder)
        for text, issue in enumerate(issues):
            m.d.comb += [issue.turn.eq(now == text), issue.held.eq(held == text)]
            with m.If(now == text):
                m.d.comb += [self.a_address.eq(Cat(now, issue.a_address)),
                             self.b_address.eq(Cat(now, issue.b_address))]
            with m.If(before == text):
                m.d.comb += self.accumulator_words.eq(issue.accumulator_words)
                for name in group_control(machine).members:
                    if name == "text":
                        continue
                    field = getattr(issue.control, name)
                    if name == "scalar":
                        field = Cat(field[:4], before)
                    elif name == "result_address":
                        field = Cat(before, field[:machine.vector.address_bits])
                    m.d.comb += getattr(self.control, name).eq(field)

    def _operations(self, m: Module, issues: list[Issue]) -> None:
        """One text sends a scalar operation; a constant of a text is shown to it for two clocks."""
        waiting = Signal.like(self.text, name="waiting")
        for text, issue in reversed([*enumerate(issues)]):
            with m.If(issue.wants_constant):
                m.d.comb += waiting.eq(text)
        m.d.comb += self.constants_show.eq(waiting)
        for text, issue in enumerate(issues):
            # A vector of constants goes before.
            with m.If(issue.constants_ready & ~issue.wants_constant):
                m.d.comb += self.constants_show.eq(text)
            m.d.comb += issue.shown.eq(self.constants_show == text)
        for text, issue in reversed([*enumerate(issues)]):
            with m.If(issue.operations.valid):
                m.d.comb += [self.operations.valid.eq(1), self.text.eq(text),
                             self.operations.payload.eq(issue.operations.payload)]
        for text, issue in enumerate(issues):
            m.d.comb += issue.operations.ready.eq(self.operations.ready & (self.text == text))
