"""Settings of phase-locked loops."""

from __future__ import annotations

import pytest
from sterna.errors import InputError
from sterna_hw.board.clock import USB_HZ, USB_TOLERANCE
from sterna_hw.board.pll import LIMITS, TOLERANCE, find_settings

WANTED = [
    ("ecp5", 25e6, 100e6), ("ecp5", 48e6, 100e6), ("ecp5", 100e6, 80e6), ("ecp5", 25e6, 112.5e6),
    ("ice40", 12e6, 24e6), ("ice40", 12e6, 21e6), ("ice40", 12e6, 48e6),
    ("gw1n", 27e6, 54e6), ("gw1n", 27e6, 60e6), ("gw2a", 27e6, 81e6), ("gw2a", 27e6, 94.5e6),
]


DATA_SHEETS = {
    "ecp5": ((10e6, 400e6), (400e6, 800e6)),  # FPGA-DS-02012, sysCLOCK PLL timing
    "ice40": ((10e6, 133e6), (533e6, 1066e6)),  # FPGA-DS-02008, sysCLOCK PLL timing
    "gw1n": ((3e6, 400e6), (400e6, 1200e6)),  # DS117, PLL switching characteristics, C6/I5
    "gw2a": ((3e6, 500e6), (500e6, 1250e6)),  # DS226, PLL switching characteristics, C8/I7
}
"""Ranges of phase detector and oscillator."""


def _from_parameters(family: str, input_hz: float, values: dict[str, int]) -> tuple[float, ...]:
    """Phase detector, oscillator and output as the data sheets define them."""
    if family == "ecp5":
        detector = input_hz / values["CLKI_DIV"]
        oscillator = detector * values["CLKFB_DIV"] * values["CLKOP_DIV"]
        return detector, oscillator, oscillator / values["CLKOS_DIV"]
    if family == "ice40":
        detector = input_hz / (values["DIVR"] + 1)
        oscillator = detector * (values["DIVF"] + 1)
        return detector, oscillator, oscillator / 2 ** values["DIVQ"]
    detector = input_hz / (values["IDIV_SEL"] + 1)
    output = detector * (values["FBDIV_SEL"] + 1)
    return detector, output * values["ODIV_SEL"], output


@pytest.mark.parametrize("family, input_hz, output_hz", WANTED)
def test_settings_make_the_clock_within_limits(family: str, input_hz: float,
                                               output_hz: float) -> None:
    settings = find_settings(family, input_hz, output_hz)
    detector, oscillator, output = _from_parameters(family, input_hz, settings.parameters)
    assert output == pytest.approx(output_hz, rel=TOLERANCE)
    assert settings.output_hz == pytest.approx(output)
    assert settings.oscillator_hz == pytest.approx(oscillator)
    (least, most), (slowest, fastest) = DATA_SHEETS[family]
    assert least <= detector <= most and slowest <= oscillator <= fastest
    if family == "ecp5":
        assert oscillator / settings.parameters["CLKOP_DIV"] <= 400e6


def test_limits_are_those_of_the_data_sheets() -> None:
    assert {family: (limits.detector, limits.oscillator)
            for family, limits in LIMITS.items()} == DATA_SHEETS


def test_unreachable_clock_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"107 MHz cannot be made from 25 MHz on ecp5; .* 107.143"):
        find_settings("ecp5", 25e6, 107e6)


def test_hopeless_clock_is_refused() -> None:
    with pytest.raises(InputError, match="2000 MHz cannot be made"):
        find_settings("ice40", 12e6, 2e9)


@pytest.mark.parametrize("pin_hz, off", [(25e6, 0.0017), (48e6, 0.0)])
def test_the_clock_of_usb_is_as_exact_as_a_device_must_be(pin_hz: float, off: float) -> None:
    """0.25 % (USB 2.0, 7.1.11), oscillator of the board included; a quarter of it is the bit's."""
    found = find_settings("ecp5", pin_hz, USB_HZ, USB_TOLERANCE)
    assert abs(found.output_hz / USB_HZ - 1) <= off < 0.0025 - 1e-4
    assert 4 * found.parameters["CLKOS_DIV"] <= 128
    _, oscillator, output = _from_parameters("ecp5", pin_hz, found.parameters)
    assert output == pytest.approx(found.output_hz) and oscillator <= 800e6
