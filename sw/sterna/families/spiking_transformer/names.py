"""What spiking transformers and their checkpoints are called."""

from __future__ import annotations

PTH = ".pth"
TRANSFORMERS = "spiking transformers"
CHECKPOINTS = f"{TRANSFORMERS} ({PTH})"
"""Whom options are for, and those of `import`."""
