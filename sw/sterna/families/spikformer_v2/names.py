"""What the family is called, and how its random models and checkpoints are named."""

from __future__ import annotations

from pathlib import Path

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "spikformer-v2"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"image": 32, "width": 384, "convs": 1, "blocks": 1, "heads": 8, "classes": 10,
            "seed": 0}
"""Of a random model: a published width, and the fewest layers with every kind of operation."""
STEM = "patch_embed.proj_conv.weight"
"""A tensor that every checkpoint has."""
DIGITS = "digits-attention"
SHIPPED = {
    model.name: model for model in (
        ShippedModel(
            DIGITS,
            "Spikformer V2 trained to tell digits that move, 84 thousand weights, 2x32x32-64-10",
            Path(__file__).parent / "shipped" / DIGITS),
    )
}
