"""Names of HGRN2 models: random ones and released sizes."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "hgrn2"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 128, "heads": 2, "layers": 2, "intermediate": 0, "vocabulary": 512, "seed": 0}
"""What may stand behind ``random:family=hgrn2``, and its usual values."""
SIZES = {"hgrn2-1.3b": (2048, 24)}
"""Hidden size and layers of released models, of 32,000 tokens and heads of 128."""
SHIPPED: dict[str, ShippedModel] = {}
