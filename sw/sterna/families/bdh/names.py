"""Names of BDH models: random ones and published sizes; what is in a checkpoint of the authors."""

from __future__ import annotations

from sterna.families.family import ShippedModel
from sterna.families.folder import model_format

NAME = "bdh"
FORMAT = model_format(NAME, 1)
DEFAULTS = {"hidden": 64, "heads": 2, "layers": 2, "neurons": 256, "vocabulary": 256, "seed": 0}
"""What may stand behind ``random:family=bdh``, and its usual values; neurons of all heads."""
SIZES = {"bdh-25m": (256, 6)}
"""Hidden size and layers as the authors' code has them by default, of bytes and four heads."""
SHIPPED: dict[str, ShippedModel] = {}
CHECKPOINTS = "checkpoints of BDH"
LAYERS = 6
"""Of a checkpoint, which does not say how many there are: that of the authors' code."""
