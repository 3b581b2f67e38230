"""A small component with the ports of an accelerator: it returns each byte plus one."""

from __future__ import annotations

from amaranth.back import verilog
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.machine import Machine


def _trace_port(**fields):
    return Out(data.StructLayout({"valid": 1, **fields}))


class Echo(wiring.Component):
    """When a byte b leaves, lane i shows b * (i + 1), the scalar (b, -b), row i shows -b - i.

    b is taken as signed, except for the mantissa.
    """

    def __init__(self, machine: Machine) -> None:
        self._trace = machine.trace
        members = {
            "link_in": In(stream.Signature(8)),
            "link_out": Out(stream.Signature(8)),
        }
        if machine.trace:
            lanes = data.ArrayLayout(signed(machine.vector.word_bits), machine.vector.lanes)
            rows = data.ArrayLayout(signed(machine.ternary.accumulator_bits), machine.ternary.rows)
            members["trace_vector_0"] = _trace_port(data=lanes)
            members["trace_scalar_0"] = _trace_port(
                mantissa=MANTISSA_BITS, exponent=signed(EXPONENT_BITS)
            )
            members["trace_accumulators_0"] = _trace_port(values=rows)
        super().__init__(members)

    def elaborate(self, platform) -> Module:
        m = Module()
        full, byte, leaves = Signal(), Signal(signed(8)), Signal()
        m.d.comb += [
            self.link_in.ready.eq(~full | self.link_out.ready),
            self.link_out.valid.eq(full),
            self.link_out.payload.eq(byte),
            leaves.eq(full & self.link_out.ready),
        ]
        with m.If(self.link_in.ready):
            m.d.sync += [full.eq(self.link_in.valid), byte.eq(self.link_in.payload + 1)]
        if self._trace:
            m.d.comb += [
                self.trace_vector_0.valid.eq(leaves),
                self.trace_scalar_0.valid.eq(leaves),
                self.trace_scalar_0.mantissa.eq(byte.as_unsigned()),
                self.trace_scalar_0.exponent.eq(-byte),
                self.trace_accumulators_0.valid.eq(leaves),
            ]
            for index in range(self.trace_vector_0.data.shape().length):
                m.d.comb += self.trace_vector_0.data[index].eq(byte * (index + 1))
            for index in range(self.trace_accumulators_0.values.shape().length):
                m.d.comb += self.trace_accumulators_0.values[index].eq(-byte - index)
        return m


def echo_verilog(machine: Machine) -> str:
    """Verilog of the component."""
    return verilog.convert(Echo(machine), name="accelerator", emit_src=False)
