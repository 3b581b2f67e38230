"""The accelerator that a board gets unless another is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.law.planes import full, reach, signed_bits
from sterna.machine.configuration import HardwareConfiguration, Lane


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Fields as in the `HardwareConfiguration`, whose depths follow from the model."""

    rows: int
    columns: int
    vector_lanes: int
    block_groups: int = 8
    top_k: int = 8
    lane: Lane = "adders"
    vector_interval: int = 1
    compact: bool = False

    def configuration(self) -> HardwareConfiguration:
        """A configuration of this shape, to be fitted to a program."""
        code_depth = -(-HardwareConfiguration.code_depth // self.columns) * self.columns
        return HardwareConfiguration(
            rows=self.rows, columns=self.columns, vector_lanes=self.vector_lanes,
            block_groups=self.block_groups, top_k=self.top_k, lane=self.lane,
            vector_interval=self.vector_interval, compact=self.compact,
            code_depth=code_depth,
            accumulator_bits=signed_bits(reach(full(code_depth))))
