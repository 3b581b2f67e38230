"""From a program to the memory image of a machine."""

from __future__ import annotations

from sterna.compiler.compile import compile_program
from sterna.compiler.fit import check_fit, fit_machine
from sterna.compiler.schedule import schedule
from sterna.compiler.trace import TraceLayout, assemble, trace_layout
from sterna.machine.image import ImagePart, MemoryImage

__all__ = [
    "ImagePart", "MemoryImage", "TraceLayout", "assemble", "check_fit", "compile_program",
    "fit_machine", "schedule", "trace_layout",
]
