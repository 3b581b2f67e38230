"""Lowering: from a model to the program that every machine executes."""

from sterna.compiler.lowering.calibration import calibrate
from sterna.compiler.lowering.formats import Formats
from sterna.compiler.lowering.matmul_free import lower
from sterna.compiler.lowering.stored import store_formats, stored_formats

__all__ = ["Formats", "calibrate", "lower", "store_formats", "stored_formats"]
