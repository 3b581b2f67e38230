"""From an RWKV-6 to a program in integers."""

from sterna.families.rwkv6.lowering.formats import Formats
from sterna.families.rwkv6.lowering.token import lower

__all__ = ["Formats", "lower"]
