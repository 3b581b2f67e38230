"""Choosing formats for an RWKV-4."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sterna.families.layers.tables import LOG_FRACTION
from sterna.families.rwkv.calibration import USUAL_ROOM, Calibration, Room, check_tokens, choose
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.lowering.formats import Formats
from sterna.families.rwkv4.lowering.observation import observe

ROOM = USUAL_ROOM | {"log": Room(1.1, LOG_FRACTION), "value": Room(4.0, 14), "wide": Room(3.0, 14)}
"""A value and an average are subtracted; inner channels are squared."""


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration[Formats]:
    """Formats that suit a text. Raises `InputError` without tokens, for an id outside the
    vocabulary, and when the float reference overflows."""
    check_tokens(tokens, model.config)
    return choose(Formats, observe(model, tokens, progress), ROOM)
