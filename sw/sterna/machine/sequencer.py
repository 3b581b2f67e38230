"""What the sequencer of a machine says of itself."""

from __future__ import annotations

INSTRUCTION_CLOCKS = 3
"""From an instruction to the next, while what it dispatches is taken: decode, resolve, execute."""
START_CLOCKS = 6
"""From RUN to the first instruction's work, and from the last result to the end of the run."""
