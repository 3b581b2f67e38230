"""From an RWKV-7 to a program in integers."""

from sterna.families.rwkv7.lowering.formats import Formats
from sterna.families.rwkv7.lowering.token import Rwkv7Lowering

__all__ = ["Formats", "Rwkv7Lowering"]
