"""How the vector unit exchanges groups of words with other units, see `Machine.partners`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import word_group


def partner_members(machine: Machine) -> dict[str, Any]:
    """What passes groups of words to and from other units.

    ``to_<unit>``: Out, stream of the results of commands with ``send``. ``from_<unit>``: In, stream
    of groups that are operand a of commands whose source is UNIT.
    """
    words = stream.Signature(word_group(machine))
    return {name: member for unit in machine.units
            for name, member, used in (
                (f"to_{unit.name}", Out(words), unit.takes_words(machine)),
                (f"from_{unit.name}", In(words), unit.gives_words(machine)))
            if used}


def exchange_members(machine: Machine) -> dict[str, Any]:
    """Those of what issues groups: ``from_<unit>`` as in `partner_members`, and credit to send."""
    words = stream.Signature(word_group(machine))
    found: dict[str, Any] = {f"from_{unit.name}": In(words) for unit in machine.units
                             if unit.gives_words(machine)}
    if any(unit.takes_words(machine) for unit in machine.units):
        found |= {"send_credit": In(1), "send_issued": Out(1)}
    return found


def partner_of(machine: Machine, command: Any) -> Any:
    """The place of the unit that a command exchanges words with."""
    return command.partner if len(machine.partners) > 1 else Const(0)


def offered_words(m: Module, issue: Component, machine: Machine, command: Any,
                  ready: Any) -> tuple[Any, Any]:
    """Whether the unit that a command names gives words, and which; None if no unit does.

    ``issue`` has the `exchange_members`, and takes the words when they are ``ready`` to be taken.
    """
    givers = [unit.name for unit in machine.units if unit.gives_words(machine)]
    if not givers:
        return Const(1), None
    valid, words = Signal(name="unit_valid"), Signal(word_group(machine), name="unit_words")
    for unit in givers:
        source = getattr(issue, f"from_{unit}")
        with m.If(partner_of(machine, command) == machine.partners.index(unit)):
            m.d.comb += [
                valid.eq(source.valid), words.eq(source.payload), source.ready.eq(ready)]
    return valid, words
