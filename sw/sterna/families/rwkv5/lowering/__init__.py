"""From an RWKV-5 to a program in integers."""

from sterna.families.rwkv5.lowering.formats import Formats
from sterna.families.rwkv5.lowering.token import Rwkv5Lowering

__all__ = ["Formats", "Rwkv5Lowering"]
