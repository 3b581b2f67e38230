"""The vector unit: element operations, look-ups, codes, reductions and scalars."""
