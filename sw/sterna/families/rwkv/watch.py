"""Who looks at the values of a float reference while it computes."""

from __future__ import annotations

from torch import Tensor


class Watch:
    """Nobody; `sterna.families.rwkv.ranges.Ranges` looks for calibration."""

    def see(self, name: str, values: Tensor) -> None:
        """Values of a kind."""

    def product(self, name: str, weight: Tensor, inputs: Tensor, results: Tensor) -> None:
        """A product with a matrix [outputs, inputs] of that name in the program."""
