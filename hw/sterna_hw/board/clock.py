"""Clock and reset of a board: pin, phase-locked loop, reset synchroniser or clock gate."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, Const, Elaboratable, Instance, Module, Signal
from amaranth.lib import io
from amaranth.lib.cdc import FFSynchronizer, ResetSynchronizer
from sterna.errors import InputError

from sterna_hw.board.pll import PllSettings, find_settings

USB_HZ = 48e6
"""Four samples of a bit at full speed."""
USB_TOLERANCE = 2e-3
"""Of 0.25 % that a device may be off (USB 2.0, 7.1.11), the rest is the oscillator's."""
_SIXTEENTHS = 16
"""Steps of the phase of a Gowin loop, which are those of its output (UG286, rPLL, PSDA_SEL)."""
ICE40_RESET_SECONDS = 15e-6
"""Length of the reset: iCE40 block RAM reads zeros for some microseconds after machine."""


def generated_hz(family: str, pin_hz: float, clock_hz: float) -> float:
    """The frequency that `ClockGenerator` makes when ``clock_hz`` is asked for.

    Raises `InputError` when it cannot be made.
    """
    return pin_hz if clock_hz == pin_hz else find_settings(family, pin_hz, clock_hz).output_hz


class ClockGenerator(Elaboratable):
    """Drives the domain ``sync``, which the parent defines, from a clock pin.

    Without a frequency, or with that of the pin, the pin drives the domain; otherwise a
    phase-locked loop does (EHXPLLL, SB_PLL40_PAD or rPLL). The reset is that of the board, if it
    has one, or the loop not being locked; it ends in step with the clock. On iCE40 it lasts
    another 15 microseconds.

    On ECP5 there is no reset, whose routing would be the slowest of a large design: registers
    start with their initial values from machine, and a clock buffer with enable (DCCA) lets
    the first edge through when the loop has locked. ``sync`` is to be ``reset_less`` there, and a
    reset button of the board does nothing.

    With a ``lead`` it also drives the domain ``memory``, which the parent defines too: the same
    clock, earlier by a whole number of the oscillator's periods on ECP5, of sixteenths of its own
    on Gowin parts. With ``usb`` a second loop drives the domains ``usb_io``, 48 MHz, and ``usb``,
    a quarter of it, both of which the parent defines, and resets ``usb`` until it has locked: on
    ECP5 alone.

    Attributes:
        clock_hz: frequency that is made. resets: whether ``sync`` gets a reset.

    Args:
        family: "ecp5", "ice40", "gw1n" or "gw2a".
        pin_hz: frequency at the pin ``platform.default_clk``.
        clock_hz: frequency of ``sync``.
        lead: seconds by which ``memory`` leads, with the least and the most of them that will do.
        usb: whether there are pins of USB without a PHY.

    Raises:
        InputError: a loop cannot make the frequency or the lead.
    """

    def __init__(self, family: str, pin_hz: float, clock_hz: float,
                 lead: tuple[float, float, float] | None = None, usb: bool = False) -> None:
        self._family = family
        self._pin_hz = pin_hz
        self._settings = None
        if clock_hz != pin_hz or lead is not None:
            self._settings = find_settings(family, pin_hz, clock_hz)
        self._second = None if lead is None else self._memory_output(lead)
        self._usb = find_settings(family, pin_hz, USB_HZ, USB_TOLERANCE) if usb else None
        self.resets = family != "ecp5"
        self.clock_hz = generated_hz(family, pin_hz, clock_hz)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        pin = platform.request(platform.default_clk, dir="-")
        clock = Signal()
        reset: Any = Const(0)
        if self.resets and platform.default_rst is not None:
            button = platform.request(platform.default_rst, dir="-")
            m.submodules.reset_pin = buffer = io.Buffer(io.Direction.Input, button)
            reset = buffer.i
        reference: Any = None
        if self._settings is None:
            m.submodules.clock_pin = buffer = io.Buffer(io.Direction.Input, pin)
            reference = buffer.i
            m.d.comb += clock.eq(reference)
        else:
            locked = Signal()
            early = Signal()
            # The pad of an iCE40 loop has no input buffer of its own.
            if self._family == "ice40":
                reference = pin.io
            else:
                m.submodules.clock_pin = buffer = io.Buffer(io.Direction.Input, pin)
                reference = buffer.i
            m.submodules.pll = _loop(self._family, self._settings, platform, reference,
                                     self._pin_hz, clock, locked, early, self._second)
            reset = reset | ~locked
            if self._second is not None:
                m.d.comb += ClockSignal("memory").eq(early)
        if self._usb is not None:
            self._usb_loop(m, self._usb, platform, reference)
        if not self.resets:
            self._gated(m, clock, ~reset)
            return m
        m.d.comb += ClockSignal("sync").eq(clock)
        if self._family == "ice40":
            reset = self._stretched(m, reset)
        m.submodules.reset = ResetSynchronizer(reset, domain="sync")
        return m

    def _gated(self, m: Module, clock: Signal, ready: Any) -> None:
        """Drive ``sync`` with ``clock`` from two clocks after ``ready`` on.

        The synchroniser leaves machine together with all other registers, so that even
        without a loop no edge comes before these are released.
        """
        m.domains.startup = ClockDomain(reset_less=True, local=True)
        m.d.comb += ClockSignal("startup").eq(clock)
        enable = Signal()
        m.submodules.start = FFSynchronizer(ready, enable, o_domain="startup")
        m.submodules.gate = Instance("DCCA", i_CLKI=clock, i_CE=enable,
                                     o_CLKO=ClockSignal("sync"))

    def _usb_loop(self, m: Module, settings: PllSettings, platform: Any, reference: Any) -> None:
        bit = Signal()
        sample = Signal()
        locked = Signal()
        quarter = 4 * settings.parameters["CLKOS_DIV"]
        m.submodules.usb_pll = _loop(self._family, settings, platform, reference, self._pin_hz,
                                     sample, locked, bit, _ecp5_output(quarter, quarter - 1))
        m.d.comb += [ClockSignal("usb").eq(bit), ClockSignal("usb_io").eq(sample)]
        m.submodules.usb_reset = ResetSynchronizer(~locked, domain="usb")

    def _memory_output(self, lead: tuple[float, float, float]) -> dict[str, Any]:
        """Parameters of the loop's output for ``memory``."""
        assert self._settings is not None
        settings = self._settings
        steps = settings.parameters.get(
            "CLKOS_DIV", _SIXTEENTHS if self._family.startswith("gw") else 0)
        within = {count: seconds for count in range(1, steps)
                  if lead[1] <= (seconds := count / (steps * settings.output_hz)) <= lead[2]}
        if not within:
            raise InputError(
                f"clock: no clock {lead[0] * 1e9:g} ns earlier at {settings.output_hz / 1e6:g} MHz "
                f"on {self._family}; ask for another frequency")
        earlier = min(within, key=lambda count: abs(within[count] - lead[0]))
        if self._family == "ecp5":
            return _ecp5_output(steps, 2 * steps - 1 - earlier)
        return {"p_PSDA_SEL": f"{steps - earlier:04b}"}

    def _stretched(self, m: Module, reset: Any) -> Signal:
        m.domains.startup = ClockDomain(reset_less=True, local=True)
        m.d.comb += ClockSignal("startup").eq(ClockSignal("sync"))
        clocks = int(ICE40_RESET_SECONDS * self.clock_hz) + 1
        waited = Signal(range(clocks + 1))
        held = Signal(init=1)
        m.submodules.hold = FFSynchronizer(reset, held, o_domain="startup", init=1)
        with m.If(held):
            m.d.startup += waited.eq(0)
        with m.Elif(waited != clocks):
            m.d.startup += waited.eq(waited + 1)
        short = Signal()
        m.d.comb += short.eq(waited != clocks)
        return short


def _ecp5_output(divider: int, phase: int) -> dict[str, Any]:
    """A second output of that divider, and that phase in periods of the oscillator."""
    return {"p_CLKOS2_ENABLE": "ENABLED", "p_CLKOS2_DIV": divider, "p_CLKOS2_FPHASE": 0,
            "p_CLKOS2_CPHASE": phase}


def _loop(family: str, settings: PllSettings, platform: Any, reference: Any, pin_hz: float,
          clock: Signal, locked: Signal, other: Signal,
          second: dict[str, Any] | None) -> Instance:
    """``other`` is an output with the parameters ``second``, if there are some."""
    parameters: dict[str, Any] = {f"p_{name}": value
                                  for name, value in settings.parameters.items()}
    if second is not None:
        parameters |= second | {"o_CLKOS2" if family == "ecp5" else "o_CLKOUTP": other}
    if family == "ecp5":
        feedback = Signal()
        return Instance(
            "EHXPLLL", **parameters,
            p_FEEDBK_PATH="CLKOP", p_CLKOP_ENABLE="ENABLED", p_CLKOS_ENABLE="ENABLED",
            p_CLKOP_CPHASE=settings.parameters["CLKOP_DIV"] - 1,
            p_CLKOS_CPHASE=settings.parameters["CLKOS_DIV"] - 1,
            a_ICP_CURRENT="12", a_LPF_RESISTOR="8", a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            i_CLKI=reference, i_CLKFB=feedback, o_CLKOP=feedback, o_CLKOS=clock,
            i_RST=Const(0), i_STDBY=Const(0), i_PHASESEL0=Const(0), i_PHASESEL1=Const(0),
            i_PHASEDIR=Const(0), i_PHASESTEP=Const(0), i_PHASELOADREG=Const(0),
            i_PLLWAKESYNC=Const(0), i_ENCLKOP=Const(0), i_ENCLKOS=Const(0), o_LOCK=locked,
        )
    if family == "ice40":
        detector = pin_hz / (settings.parameters["DIVR"] + 1)
        return Instance(
            "SB_PLL40_PAD", **parameters,
            p_FEEDBACK_PATH="SIMPLE", p_FILTER_RANGE=_ice40_filter(detector),
            i_PACKAGEPIN=reference, i_RESETB=Const(1), i_BYPASS=Const(0),
            o_PLLOUTGLOBAL=clock, o_LOCK=locked,
        )
    parameters.setdefault("p_PSDA_SEL", "0000")
    return Instance(
        "rPLL", **parameters,
        p_DEVICE=platform.family, p_FCLKIN=f"{pin_hz / 1e6:g}",
        p_DYN_IDIV_SEL="false", p_DYN_FBDIV_SEL="false", p_DYN_ODIV_SEL="false",
        p_CLKFB_SEL="internal", p_CLKOUT_BYPASS="false", p_CLKOUTP_BYPASS="false",
        p_CLKOUTD_BYPASS="false", p_DUTYDA_SEL="1000", p_DYN_DA_EN="false",
        i_CLKIN=reference, i_CLKFB=Const(0), i_RESET=Const(0), i_RESET_P=Const(0),
        i_FBDSEL=Const(0, 6), i_IDSEL=Const(0, 6), i_ODSEL=Const(0, 6), i_PSDA=Const(0, 4),
        i_DUTYDA=Const(0, 4), i_FDLY=Const(0, 4), o_CLKOUT=clock, o_LOCK=locked,
    )


def _ice40_filter(detector_hz: float) -> int:
    """FILTER_RANGE for a frequency at the phase detector, as the vendor's tool sets it."""
    borders = (17e6, 26e6, 44e6, 66e6, 101e6)
    return 1 + sum(detector_hz >= border for border in borders)
