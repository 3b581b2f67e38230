"""What the family is called, and how its random models are named."""

from __future__ import annotations

NAME = "sdt-v2"
DEFAULTS = {"image": 32, "width": 64, "convs": 1, "third": 1, "fourth": 0, "heads": 8,
            "classes": 10, "seed": 0}
"""Of a random model: the published widths, and the fewest layers with every kind of operation."""
