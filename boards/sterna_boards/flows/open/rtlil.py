"""Corrections to generated RTLIL: what synthesis would else make larger, or end at."""

from __future__ import annotations

import re

from sterna.errors import CheckError

_MODULE = re.compile(r"^module \S+$.*?^end$", re.MULTILINE | re.DOTALL)
_MEMORY = re.compile(r"^  attribute \\no_rw_check [^\n]*\n(?:  attribute [^\n]*\n)*"
                     r"  memory [^\n]*\\(\S+)$", re.MULTILINE)
_MARK = "  attribute \\no_rw_check "
_READ_PORT = re.compile(r"^  cell \$memrd_v2 .*?^  end$", re.MULTILINE | re.DOTALL)
_MASK = re.compile(r"(parameter \\COLLISION_X_MASK \d+')(0+)")
_INDEXED = re.compile(r'\\[^\s\[\]"]+\[\d+\][^\s"]*')
_INDEX = re.compile(r"\[(\d+)\]")


def corrected(text: str) -> str:
    """All corrections of this file."""
    return plain_names(relax_collisions(text))


def plain_names(text: str) -> str:
    """Write indices in names, as Amaranth gives them to parts of an array, with a point.

    ABC9 of yosys 0.70 takes a wire ``sums[3]`` for bit 3 of a wire ``sums`` when it puts its result
    into the design, and ends at an assertion (abc_ops_reintegrate.cc) where that bit is not there.
    """
    return _INDEXED.sub(lambda name: _INDEX.sub(r".\1", name[0]), text)


def relax_collisions(text: str) -> str:
    """Let clocked reads of memories marked ``no_rw_check`` give anything in a collision.

    Amaranth asks for the old word, which costs a multiplexer and a register for each bit. Yosys
    looks at the attribute only where it infers ports from Verilog, not in ports that are given.
    Raises `CheckError` for a marked memory that this text has in another form.
    """

    def in_module(module: re.Match[str]) -> str:
        memories = set(_MEMORY.findall(module[0]))
        unread = set(memories)
        if module[0].count(_MARK) != len(memories):
            raise CheckError(f"RTLIL: {module[0].count(_MARK)} memories are marked no_rw_check, "
                             f"{len(memories)} are found: mend the patterns of {__name__}")

        def in_port(port: re.Match[str]) -> str:
            name = re.search(r'\\MEMID "\\\\(\S+)"', port[0])
            unread.discard(name[1] if name else "")
            # Words are written on the rising edge; a read on the falling one does not meet them.
            clocked = all(f"parameter \\{name} 1\n" in port[0]
                          for name in ("CLK_ENABLE", "CLK_POLARITY"))
            if name is None or name[1] not in memories or not clocked:
                return port[0]
            return _MASK.sub(lambda mask: mask[1] + "1" * len(mask[2]), port[0])

        if not memories:
            return module[0]
        relaxed = _READ_PORT.sub(in_port, module[0])
        if unread:
            raise CheckError(f"RTLIL: no read port of {', '.join(sorted(unread))} is found: mend "
                             f"the patterns of {__name__}")
        return relaxed

    return _MODULE.sub(in_module, text)
