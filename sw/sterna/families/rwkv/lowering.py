"""What the programs of all versions have: two norms a layer, and the head."""

from __future__ import annotations

from sterna.families.layers.codes import Codes
from sterna.families.layers.norm import LayerNorm
from sterna.families.rwkv.formats import HEAD, Formats
from sterna.program.instructions import Matmul, ScalarOperation, TopK
from sterna.program.items import Item

LAYER = "layer"
FIRST, SECOND = "norm1", "norm2"
"""Norms of a layer; the first is the head's, too, behind the last layer."""


def norms_of(hidden: int, formats: Formats) -> dict[str, LayerNorm]:
    """By name."""
    return {name: LayerNorm(name, hidden, formats.residual_fraction, formats.normed_fraction,
                            gain_fraction=formats.gain_fraction) for name in (FIRST, SECOND)}


def head_items(norm: LayerNorm, codes: Codes, shift: int, rows: int) -> tuple[Item, ...]:
    """The residual stream ``x`` behind its norm, and the best of the logits."""
    matmul = Matmul(result="logits", codes=f"{codes.name}_codes", matrix=HEAD, shift=shift)
    return (
        *norm.items("x", codes.name, absmax=codes.name),
        *codes.digit_items()[0],
        ScalarOperation(result="head_unit", operation="constant", operands=("head_unit",)),
        ScalarOperation(result="head_scale", operation="multiply",
                        operands=("head_unit", f"{codes.name}_max")),
        TopK(matmul=matmul, rows=rows, scale="head_scale", gain="head_rows", shift=16),
    )
