"""Sterna: MatMul-free, ternary and spiking models on FPGAs, proven bit for bit.

`load` opens a model; `verify`, `estimate`, `build` and `boards` are the commands of those names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sterna.api import boards, build, estimate, load, verify

__version__ = "0.1.0"
__all__ = ["boards", "build", "estimate", "load", "verify"]


def __getattr__(name: str) -> Any:
    """What is imported when it is asked for, so that the import of the package takes no time."""
    if name not in __all__:
        raise AttributeError(f"module 'sterna' has no attribute {name!r}")
    from sterna import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
