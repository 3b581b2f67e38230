"""Ternary accumulate: int8 codes times trits, many rows and columns a clock."""

from sterna_hw.ternary.engine import TernaryEngine

__all__ = ["TernaryEngine"]
