"""Lowering: from a model to the program that every machine executes.

Calibration, which needs PyTorch, is imported from its module.
"""

from sterna.compiler.lowering.formats import Formats
from sterna.compiler.lowering.matmul_free import lower
from sterna.compiler.lowering.stored import store_formats, stored_formats

__all__ = ["Formats", "lower", "store_formats", "stored_formats"]
