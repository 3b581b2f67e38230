"""Names of GLA models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "gla"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512,
            "gate_rank": 16, "seed": 0}
"""What may stand behind ``random:family=gla``, and its usual values."""
SIZES = {"gla-340m": (1024, 24), "gla-1.3b": (2048, 24)}
"""Hidden size and layers of released models, of 32,000 tokens and four heads."""
SHIPPED: dict[str, ShippedModel] = {}
