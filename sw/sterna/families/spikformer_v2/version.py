"""Spikformer V2 to everything that spiking transformers share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sterna.errors import InputError
from sterna.families.spikformer_v2.configuration import STAGES, Configuration
from sterna.families.spikformer_v2.large_digits import large_digits
from sterna.families.spikformer_v2.lowering import Lowering
from sterna.families.spikformer_v2.names import DEFAULTS, DIGITS, FORMAT, NAME, SHIPPED, STEM
from sterna.families.spikformer_v2.reference import Reference
from sterna.families.spiking_transformer.configuration import HEAD
from sterna.families.spiking_transformer.version import Version, axes_of

_BLOCK = re.compile(r"block\.(\d{1,6})\.")
_FIRST = "patch_embed.rpe_conv.weight"
"""A tensor of the first version's stem."""


class _SpikformerV2(Version):
    name = NAME
    format = FORMAT
    defaults = DEFAULTS
    configuration = Configuration
    reference = Reference
    lowering = Lowering
    models = SHIPPED
    tasks = {DIGITS: large_digits}
    unread = tuple(f".norm{index}.{part}" for index in (1, 2) for part in ("weight", "bias"))
    """Layer norms that the authors' blocks have and do not use."""
    raised = tuple(f"{part}_bn.bias" for part in "qkv")

    def configured(self, shapes: Mapping[str, tuple[int, ...]], image: int, heads: int
                   ) -> Configuration:
        if _FIRST in shapes:
            raise InputError(f"is a Spikformer of the first version, whose stem pools spikes "
                             f"(tensor {_FIRST}); {NAME} is the second")
        stem, head = axes_of(shapes, STEM, 4), axes_of(shapes, f"{HEAD}.weight", 2)
        blocks = [int(match[1]) for match in filter(None, map(_BLOCK.match, shapes))]
        stages = (f"patch_embed.scs{index or ''}." for index in range(STAGES))
        convs = sum(any(name.startswith(stage) for name in shapes) for stage in stages)
        return Configuration(image=image, width=head[1], channels=stem[1], convs=convs,
                             blocks=max(blocks, default=-1) + 1, heads=heads, classes=head[0])


SPIKFORMER_V2 = _SpikformerV2()
