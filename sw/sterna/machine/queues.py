"""How many things may wait between the units of an accelerator: one number for RTL and compiler."""

from __future__ import annotations

CODE_BANKS = 2
"""Vectors of codes that wait for their matrices, or are with them."""
MATMUL_QUEUE = 8
"""MATMUL instructions that wait for the ternary engine."""
