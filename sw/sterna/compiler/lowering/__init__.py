"""Lowering: from a model to the program that every machine executes."""

from sterna.compiler.lowering.calibration import calibrate
from sterna.compiler.lowering.formats import Formats
from sterna.compiler.lowering.matmul_free import lower

__all__ = ["Formats", "calibrate", "lower"]
