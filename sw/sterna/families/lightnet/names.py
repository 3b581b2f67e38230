"""Names of LightNet models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "lightnet"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512,
            "gate_rank": 16, "seed": 0}
"""What may stand behind ``random:family=lightnet``, and its usual values."""
SIZES = {"lightnet-1.3b": (2048, 24)}
"""Hidden size and layers as the package has them by default, of 32,000 tokens and heads of 128."""
SHIPPED: dict[str, ShippedModel] = {}
