"""From an RWKV-4 to a program in integers."""

from sterna.families.rwkv4.lowering.formats import Formats
from sterna.families.rwkv4.lowering.token import Rwkv4Lowering

__all__ = ["Formats", "Rwkv4Lowering"]
