"""Settings of the phase-locked loops of three FPGA families, found by search.

Limits are those of the data sheets: ECP5 and iCE40 UltraPlus family data sheets (sysCLOCK PLL
timing), GW1NR and GW2AR data sheets (PLL switching characteristics).
Frequencies are in hertz.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from sterna.errors import InputError

TOLERANCE = 1e-3
"""Largest relative difference between the clock that is asked for and the one that is made."""


@dataclass(frozen=True)
class PllSettings:
    """Divider values with their names in the primitive, and the frequencies that follow."""

    parameters: dict[str, int]
    output_hz: float
    oscillator_hz: float


@dataclass(frozen=True)
class PllLimits:
    """Ranges in hertz: phase detector and oscillator."""

    detector: tuple[float, float]
    oscillator: tuple[float, float]


LIMITS = {
    "ecp5": PllLimits((10e6, 400e6), (400e6, 800e6)),
    "ice40": PllLimits((10e6, 133e6), (533e6, 1066e6)),
    "gw1n": PllLimits((3e6, 400e6), (400e6, 1200e6)),
    "gw2a": PllLimits((3e6, 500e6), (500e6, 1250e6)),
}
_GOWIN_OUTPUT_DIVIDERS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)


def find_settings(family: str, input_hz: float, output_hz: float,
                  tolerance: float = TOLERANCE) -> PllSettings:
    """The settings closest to ``output_hz``; of equals the one with the fastest oscillator.

    ``family`` is a key of `LIMITS`. Raises `InputError` when nothing within ``tolerance`` exists.
    """
    limits = LIMITS[family]
    best: tuple[float, float] | None = None
    chosen: PllSettings | None = None
    for settings, detector in _candidates(family, input_hz, output_hz):
        if not (_within(detector, limits.detector)
                and _within(settings.oscillator_hz, limits.oscillator)):
            continue
        rank = (abs(settings.output_hz - output_hz), -settings.oscillator_hz)
        if best is None or rank < best:
            best, chosen = rank, settings
    if chosen is None or abs(chosen.output_hz - output_hz) > tolerance * output_hz:
        nearest = f"; the nearest is {chosen.output_hz / 1e6:.3f} MHz" if chosen else ""
        raise InputError(
            f"clock: {output_hz / 1e6:g} MHz cannot be made from {input_hz / 1e6:g} MHz on "
            f"{family}{nearest}"
        )
    return chosen


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _candidates(family: str, input_hz: float,
                output_hz: float) -> Iterator[tuple[PllSettings, float]]:
    """Every setting near the wanted output, with the frequency at the phase detector."""
    if family == "ecp5":
        # CLKOP only closes the loop, CLKOS is the output: one more divider to choose.
        for reference in range(1, 41):
            detector = input_hz / reference
            for feedback, loop in product(range(1, 81), (2, 4, 8)):
                oscillator = detector * feedback * loop
                divider = max(1, min(128, round(oscillator / output_hz)))
                parameters = {"CLKI_DIV": reference, "CLKFB_DIV": feedback, "CLKOP_DIV": loop,
                              "CLKOS_DIV": divider}
                yield PllSettings(parameters, oscillator / divider, oscillator), detector
    elif family == "ice40":
        for reference in range(16):
            detector = input_hz / (reference + 1)
            for power in range(1, 7):
                feedback = max(0, min(127, round(output_hz * 2**power / detector) - 1))
                oscillator = detector * (feedback + 1)
                parameters = {"DIVR": reference, "DIVF": feedback, "DIVQ": power}
                yield PllSettings(parameters, oscillator / 2**power, oscillator), detector
    else:
        for reference in range(64):
            detector = input_hz / (reference + 1)
            feedback = max(0, min(63, round(output_hz / detector) - 1))
            made = detector * (feedback + 1)
            for divider in _GOWIN_OUTPUT_DIVIDERS:
                parameters = {"IDIV_SEL": reference, "FBDIV_SEL": feedback, "ODIV_SEL": divider}
                yield PllSettings(parameters, made, made * divider), detector
