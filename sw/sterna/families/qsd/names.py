"""What the family is called, and how its random models and checkpoints are named."""

from __future__ import annotations

from sterna.families.folder import model_format

NAME = "qsd"
FORMAT = model_format(NAME, 1)
STEM = "downsample1_1.encode_conv.alpha"
"""A tensor that every checkpoint has, and none of an `sdt-v2`."""
