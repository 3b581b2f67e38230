"""From a SpikeGPT to a program in integers."""

from sterna.families.spikegpt.lowering.formats import Formats
from sterna.families.spikegpt.lowering.token import SpikeGptLowering

__all__ = ["Formats", "SpikeGptLowering"]
