"""Settings of the clock managers of Xilinx 7-series parts, speed grade 1 (data sheet DS181)."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.errors import InputError

_OSCILLATOR_HZ = (600e6, 1200e6)
_DETECTOR_HZ = (10e6, 450e6)
_EIGHTHS = (16, 512)
"""The feedback multiplies by 2 to 64 in steps of an eighth."""
_OUTPUT_EIGHTHS = (8, 1024)
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class MmcmSettings:
    """Dividers and multiplier by the names of the primitive, and the clock that they make."""

    divide: int
    multiply: float
    output_divide: float
    output_hz: float


def find_mmcm(input_hz: float, output_hz: float) -> MmcmSettings:
    """The settings closest to ``output_hz``; of equals the one with the fastest oscillator.

    Raises `InputError` when nothing within 0.1 % exists.
    """
    best: tuple[float, float] | None = None
    chosen: MmcmSettings | None = None
    for divide in range(1, 107):
        detector = input_hz / divide
        if not _DETECTOR_HZ[0] <= detector <= _DETECTOR_HZ[1]:
            continue
        for eighths in range(_EIGHTHS[0], _EIGHTHS[1] + 1):
            oscillator = detector * eighths / 8
            if not _OSCILLATOR_HZ[0] <= oscillator <= _OSCILLATOR_HZ[1]:
                continue
            output = max(_OUTPUT_EIGHTHS[0], min(_OUTPUT_EIGHTHS[1],
                                                 round(8 * oscillator / output_hz)))
            # An output divider between 1 and 2 does not exist.
            output = output if output == 8 or output >= 16 else 16
            made = oscillator * 8 / output
            rank = (abs(made - output_hz), -oscillator)
            if best is None or rank < best:
                best = rank
                chosen = MmcmSettings(divide, eighths / 8, output / 8, made)
    if chosen is None or abs(chosen.output_hz - output_hz) > _TOLERANCE * output_hz:
        raise InputError(f"clock: {output_hz / 1e6:g} MHz cannot be made from "
                         f"{input_hz / 1e6:g} MHz on a 7-series part")
    return chosen
