"""Names of DeltaProduct models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "deltaproduct"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512,
            "steps": 2, "forgets": 1, "gated": 1, "negative": 1, "seed": 0}
"""What may stand behind ``random:family=deltaproduct``, and its usual values."""
SIZES = {"deltaproduct-1.3b": (2048, 21, 6, 256, 512)}
"""Hidden size, layers, heads, and their keys and values, of the package's usual configuration."""
SHIPPED: dict[str, ShippedModel] = {}
