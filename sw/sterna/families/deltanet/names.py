"""Names of DeltaNet models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "deltanet"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512,
            "forgets": 0, "gated": 0, "negative": 0, "seed": 0}
"""What may stand behind ``random:family=deltanet``, and its usual values."""
SIZES = {"deltanet-1.3b": (2048, 24, 16, 128, 128)}
"""Hidden size, layers, heads, and their keys and values, of released models of 32,000 tokens."""
SHIPPED: dict[str, ShippedModel] = {}
