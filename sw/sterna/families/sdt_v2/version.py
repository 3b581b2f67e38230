"""Spike-driven Transformer V2 to everything that spiking transformers share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sterna.families.sdt_v2.configuration import CONV_BLOCKS, Configuration
from sterna.families.sdt_v2.lowering import Lowering
from sterna.families.sdt_v2.names import DEFAULTS, FORMAT, NAME, STEM
from sterna.families.sdt_v2.reference import Reference
from sterna.families.spiking_transformer.configuration import HEAD
from sterna.families.spiking_transformer.version import Version, axes_of

_BLOCK = re.compile(r"block([34])\.(\d{1,6})\.")


class SdtV2Version(Version):
    """Its names, shapes and arithmetic."""

    name = NAME
    format = FORMAT
    defaults = DEFAULTS
    configuration = Configuration
    reference = Reference
    lowering = Lowering
    distilled = True
    raised = tuple(f"{part}_conv.1.bias" for part in "qkv")

    def configured(self, shapes: Mapping[str, tuple[int, ...]], image: int, heads: int
                   ) -> Configuration:
        """As they say."""
        first, classes = axes_of(shapes, STEM, 4), axes_of(shapes, f"{HEAD}.weight", 2)[0]
        blocks = {"3": 0, "4": 0}
        for match in filter(None, map(_BLOCK.match, shapes)):
            blocks[match[1]] = max(blocks[match[1]], int(match[2]) + 1)
        convs = sum(any(name.startswith(f"{block}.") for name in shapes) for block in CONV_BLOCKS)
        return self.configuration(
            image=image, width=2 * first[0], channels=first[1], convs=convs, third=blocks["3"],
            fourth=blocks["4"], heads=heads, classes=classes)


SDT_V2 = SdtV2Version()
