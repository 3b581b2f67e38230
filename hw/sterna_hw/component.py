"""Base class of all units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amaranth.lib import wiring


class Component(wiring.Component):
    """A component whose members come from the signature given to ``super().__init__``.

    Members exist only at run time; type checkers are told to accept every name.
    """

    if TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any: ...
