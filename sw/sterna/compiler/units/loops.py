"""The compiler's part of the loops: REPEAT comes of the plan's form, see `sterna.compiler.encoder`.
"""

from __future__ import annotations

from sterna.compiler.unit import UnitCompiler


class LoopsCompiler(UnitCompiler):
    """No operations of its own."""

    name = "loops"
