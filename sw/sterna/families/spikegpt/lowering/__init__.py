"""From a SpikeGPT to a program in integers."""

from sterna.families.spikegpt.lowering.formats import Formats
from sterna.families.spikegpt.lowering.token import lower

__all__ = ["Formats", "lower"]
