"""The program for the ARM cores, with what it must know of board and machine."""

from __future__ import annotations

from importlib import resources

from sterna.machine.machine import Machine
from sterna.machine.memory import constant_base, outside_words
from sterna.machine.protocol import Space, space_number
from sterna.machine.words import word_bytes

from sterna_boards.outside_memory import Network, OutsideMemory

HEADER = "sterna_board.h"
SOURCES = ("sterna_serve.c", "sterna_access.c", "sterna_access.h")
REGISTER_BYTES = 4096


def program(machine: Machine, outside: OutsideMemory, network: Network) -> dict[str, str]:
    """Its sources by name; `HEADER` has all that differs from machine to machine."""
    folder = resources.files("sterna_boards.flows.arm")
    sources = {name: (folder / name).read_text() for name in SOURCES}
    return sources | {HEADER: _header(machine, outside, network)}


def _header(machine: Machine, outside: OutsideMemory, network: Network) -> str:
    regions = [_region(machine, Space.WEIGHTS, outside_words(machine),
                       machine.ternary.weight_bytes, 0)]
    if machine.memory.holds_constants:
        regions.append(_region(machine, Space.CONSTANTS, machine.vector.constant_depth,
                               machine.vector.constant_bytes, constant_base(machine)))
    return "\n".join([
        "// The accelerator that `sterna_serve.c` serves, and where it is.",
        "#pragma once",
        f"#define STERNA_TCP_PORT {network.tcp_port}",
        f"#define STERNA_REGISTERS {network.registers:#x}ull",
        f"#define STERNA_REGISTER_BYTES {REGISTER_BYTES}",
        f"#define STERNA_MEMORY {network.memory:#x}ull",
        f"#define STERNA_PORTS {machine.outside.ports}",
        f"#define STERNA_PORT_BYTES {outside.port_bytes:#x}ull",
        f"#define STERNA_BEAT {machine.outside.bits // 8}",
        f"#define STERNA_REGIONS {{{', '.join(regions)}}}", ""])


def _region(machine: Machine, space: str, words: int, size: int, first: int) -> str:
    return (f"{{{space_number(machine, space)}, {words}, {word_bytes(machine, space)}, {size}, "
            f"{first}}}")
