"""Lowering: from a model to the program that every machine executes.

Calibration, which needs PyTorch, is imported from its module.
"""

from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.stored import store_formats, stored_formats
from sterna.families.matmul_free.lowering.token import lower

__all__ = ["Formats", "lower", "store_formats", "stored_formats"]
