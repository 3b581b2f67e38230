"""Verilator's warnings around generated Verilog: which are silenced, and why.

A user's project builds without extra arguments, also under ``-Wall``; behind the text all warnings
are as they were.
"""

from __future__ import annotations

WAIVED = {
    "CASEINCOMPLETE": "every case has defaults, assigned in front of it",
    "DECLFILENAME": "all modules are in one file",
    "PROCASSINIT": "registers have values from power-up on, and those are what a reset restores",
    "UNUSEDSIGNAL": "fields of structures have names of their own, used or not",
    "WIDTHEXPAND": "operands are as wide as Amaranth counts, which is as Verilog extends them",
    "WIDTHTRUNC": "an assignment cuts what Amaranth means it to cut",
}
"""Verilator's names, and the reason for each."""
_SAVE, _RESTORE = "/* verilator lint_save */\n", "/* verilator lint_restore */\n"


def framed(text: str) -> str:
    """The text between the comments that silence `WAIVED`."""
    width = max(map(len, WAIVED))
    off = "".join(f"/* verilator lint_off {name} */{' ' * (width - len(name))} // {reason}\n"
                  for name, reason in WAIVED.items())
    return f"{_SAVE}{off}{text}{_RESTORE}"
