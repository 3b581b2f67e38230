"""What a host needs beside the memories to run a model from its image file alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT, STEPS = "text", "steps"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True)
class HostSide:
    """How words of a machine are made of what a user gives, and what its results mean.

    ``use`` is `TEXT` (facts of `sterna.formats.generation.Generation`; file `TOKENIZER`) or `STEPS`
    (facts ``inputs``, ``input_fraction``: a real input is ``code / 2**input_fraction``; ``output``,
    the name of the population that is sent back, ``spikes``, whether it gives spikes, ``outputs``,
    how many, and ``place``, where in RESULT if not at its begin; ``probes``, the last three by the
    names of other populations that are sent back). Facts are what JSON holds.
    """

    use: str
    facts: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
