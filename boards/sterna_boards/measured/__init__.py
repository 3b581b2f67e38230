"""The tracked tables of what was measured, and what reads and writes them."""
