"""From an RWKV-6 to a program in integers."""

from sterna.families.rwkv6.lowering.formats import Formats
from sterna.families.rwkv6.lowering.token import Rwkv6Lowering

__all__ = ["Formats", "Rwkv6Lowering"]
