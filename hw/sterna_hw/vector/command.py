"""What the sequencer tells the vector unit, and what travels with a group through its pipeline."""

from __future__ import annotations

from amaranth.hdl import signed, unsigned
from amaranth.lib.data import StructLayout
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.machine import Machine
from sterna.machine.units.head import ranks_words
from sterna.machine.units.vector import PORT

from sterna_hw.layouts import port_command

SCALAR = StructLayout({"mantissa": unsigned(MANTISSA_BITS), "exponent": signed(EXPONENT_BITS)})
"""A scalar float, see `sterna.law.arithmetic`."""


def vector_unit_command(machine: Machine) -> StructLayout:
    """Commands in program order: ``scalar`` if ``which`` is set, else ``vector``.

    Addresses of ``vector`` are resolved; ``length`` is at least 1.
    """
    return port_command(machine, PORT)


def group_control(machine: Machine) -> StructLayout:
    """Decoded control of one group, made when it issues.

    ``use_memory``, ``use_accumulator``, ``use_input``: where operand a comes from. ``use_b``,
    ``use_constant``, ``lookup``, ``use_scalar``, ``use_unit`` say where the multiplier comes from,
    ``negative`` negates scalar or unit. ``load_scalar``: first group of a command that multiplies
    by scalar register ``scalar``. ``shift`` is in steps of 4 bits, final except for scalars.
    ``sum``: words enter the register of squares themselves. ``rank``: the result goes to the head.
    ``state``: the result goes to the next data path. ``send``: it goes to the unit ``partner``.
    ``text``: whose group it is, where several share a data path; it is a part of ``scalar`` and
    ``result_address`` too.
    """
    text_bits = (machine.texts - 1).bit_length()
    return StructLayout({
        "valid": 1,
        "use_memory": 1, "use_accumulator": 1, "use_input": 1,
        "use_b": 1, "use_constant": 1, "lookup": 1, "use_scalar": 1, "use_unit": 1, "negative": 1,
        "load_scalar": 1, "scalar": 4 + text_bits, "table": 2, "add_b": 1, "shift": 4,
        "write": 1, "result_address": machine.vector.address_bits + text_bits,
        "codes": 1, "last": 1,
        "absmax": 1, "absmax_register": 2,
        "squares": 1, "squares_register": 1,
        **({"sum": 1} if machine.vector.sums else {}),
        **({"rank": 1} if ranks_words(machine) else {}),
        **({"text": text_bits} if machine.shared else {}),
        **({"state": 1} if machine.streams > 1 else {}),
        **({"send": 1, "partner": range(max(2, len(machine.partners)))} if machine.partners
           else {}),
    })
