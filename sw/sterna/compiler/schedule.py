"""From a program to the instructions of a machine."""

from __future__ import annotations

from sterna.compiler.allocation import allocate
from sterna.compiler.chains import find_chains
from sterna.compiler.flow import check_flow
from sterna.compiler.legality import check_legal
from sterna.compiler.lifetimes import assign_registers
from sterna.compiler.padding import check_padding
from sterna.compiler.plan import Plan, SectionPlan
from sterna.compiler.section import SectionScheduler
from sterna.compiler.sending import find_sent
from sterna.compiler.waits import set_waits
from sterna.machine.machine import Machine
from sterna.machine.units.vector import vector_latency
from sterna.program.definition import Program


def schedule(program: Program, machine: Machine, *, skip: bool = True) -> Plan:
    """The plan of a program on a machine; memory depths are not looked at here.

    ``skip`` lets synapses leave silent sources out, which changes no result. Raises `InputError`
    for a program that the machine cannot execute.
    """
    check_legal(program, machine)
    check_padding(program, machine)
    sent = {section.name: find_sent(program, machine, section) for section in program.sections}
    unstored = {(name, entry.vector) for name, entries in sent.items() for entry in entries
                if not entry.stored}
    allocation = allocate(program, machine, unstored)
    registers = assign_registers(program)
    chains = find_chains(program) if machine.streams > 1 else None
    sections = []
    for section in program.sections:
        scheduler = SectionScheduler(
            program, machine, allocation, registers, section, chains=chains or {},
            sent=sent[section.name], skip=skip)
        plan = SectionPlan(name=section.name, repeat=section.repeat,
                           step=allocation.steps[section.name], nodes=scheduler.run())
        check_flow(plan, machine)
        sections.append(plan)
    result = Plan(sections=sections, persistent_groups=allocation.persistent_groups,
                  vector_groups=allocation.vector_groups, tables=tuple(program.tables),
                  chained=chains is not None)
    if machine.has_words:
        set_waits(result, vector_latency(machine))
    return result
