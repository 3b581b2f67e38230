"""SDR SDRAM parts: what their data sheets ask for, in nanoseconds and in clocks."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from sterna.errors import InputError

BURST_BEATS = 8
"""Beats of a burst, as the mode register says."""
POSTPONED_REFRESHES = 8
"""Most refreshes that are put off, to be made in one go."""
INITIAL_REFRESHES = 8
"""Refreshes before the first use; data sheets ask for two to eight."""
MODE_CLOCKS = 2
"""Clocks after the command that sets the mode register (tMRD)."""
RECOVERY_CLOCKS = 2
"""Least write recovery (tWR, tRDL, tDPL): most data sheets give clocks, not a time."""


@dataclass(frozen=True, kw_only=True)
class SdramClocks:
    """The times of a part in clocks of one frequency; names as in data sheets."""

    cas_latency: int
    t_rcd: int
    t_rp: int
    t_ras: int
    t_rfc: int
    t_wr: int
    refresh_interval: int
    """From refresh to refresh, so that those put off still come within the retention time."""
    power_up: int

    @property
    def refresh_share(self) -> float:
        """Part of the time that refreshes take, made `POSTPONED_REFRESHES` at a time."""
        pause = POSTPONED_REFRESHES * self.t_rfc + self.t_rp + self.t_rcd
        return pause / (POSTPONED_REFRESHES * self.refresh_interval)


@dataclass(frozen=True, kw_only=True)
class SdramPart:
    """Organisation and times of a part; times in nanoseconds, `t_` names as in data sheets.

    A beat lies at bank ``beat >> column_bits & (banks - 1)``, row ``beat >> column_bits >>
    bank_bits`` and the column in its low bits, so that a sequential reader goes from bank to bank.
    """

    name: str
    title: str
    bits: int
    row_bits: int
    column_bits: int
    cas_latency: int
    least_period: float
    """Shortest clock period with that CAS latency."""
    t_rcd: float
    t_rp: float
    t_ras: float
    t_ras_most: float
    """Longest time that a row may stay open."""
    t_rc: float
    t_rrd: float
    t_rfc: float
    t_wr: float
    """Time from the last data in to a precharge, which is never below `RECOVERY_CLOCKS`."""
    t_ac: float
    """Longest time from the clock to data out. The next three are the least."""
    t_oh: float
    t_is: float
    t_ih: float
    refreshes: int
    """Refresh commands that are due within ``retention``."""
    retention: float
    power_up: float
    sheets: tuple[str, ...]
    """The data sheets that the times are the slowest of, with the page of the table."""
    bank_bits: int = 2

    @property
    def beats(self) -> int:
        """Words of ``bits`` bits."""
        return 1 << self.row_bits + self.column_bits + self.bank_bits

    @property
    def bytes(self) -> int:
        """Capacity."""
        return self.beats * self.bits // 8

    def clocks(self, clock_hz: float) -> SdramClocks:
        """The times at a clock, rounded to the safe side.

        Raises `InputError` when the part is slower than the clock, or the clock too slow for its
        refresh.
        """
        if clock_hz * self.least_period > 1e9 * (1 + 1e-6):
            raise InputError(
                f"SDRAM {self.name}: runs at up to {1e3 / self.least_period:.0f} MHz with CAS "
                f"latency {self.cas_latency}, not at {clock_hz / 1e6:g} MHz")

        def least(nanoseconds: float) -> int:
            return max(1, ceil(nanoseconds * clock_hz / 1e9 - 1e-6))

        due = self.retention / (self.refreshes + 2 * POSTPONED_REFRESHES)
        clocks = SdramClocks(
            cas_latency=self.cas_latency, t_rcd=least(self.t_rcd), t_rp=least(self.t_rp),
            t_ras=least(self.t_ras), t_rfc=least(self.t_rfc),
            t_wr=max(RECOVERY_CLOCKS, least(self.t_wr)),
            refresh_interval=floor(due * clock_hz / 1e9), power_up=least(self.power_up),
        )
        if clocks.refresh_interval < 4 * BURST_BEATS or clocks.refresh_share > 0.5:
            raise InputError(
                f"SDRAM {self.name}: {clock_hz / 1e6:g} MHz is too slow for its refresh")
        return clocks


PARTS = {part.name: part for part in (
    # ULX3S, by the table of board versions in its manual (emard/ulx3s, doc/MANUAL.md): v2.0 to
    # v3.0.3 MT48LC16M16A2TG-6A, or M12L2561616A-6T from October 2019; v3.0.7 AS4C32M16SB-7, of
    # which half is used; v3.0.8 to v3.1.8 IS42S16160G-7.
    SdramPart(
        name="16m16", title="256 Mbit, 16 bits, 4 banks of 8192 rows of 512 columns",
        bits=16, row_bits=13, column_bits=9, cas_latency=3, least_period=7.5,
        t_rcd=21, t_rp=21, t_ras=45, t_ras_most=100_000, t_rc=66, t_rrd=15, t_rfc=66, t_wr=15,
        t_ac=5.4, t_oh=2.5, t_is=1.5, t_ih=1.0,
        refreshes=8192, retention=64e6, power_up=200_000,
        sheets=("Micron MT48LC16M16A2, 256Mb SDRAM, -6A to -75, table 12, page 27",
                "Alliance AS4C32M16SB-7, table 16, page 21",
                "Winbond W9825G6JH, revision A04, -6 to -75, page 15"),
    ),
    # Colorlight i9 v7.2: M12L64322A-6B on the module (its maker also bought EM638325BK-6). The die
    # in the package of the Tang Nano 20K's GW2AR-18 has no data sheet of its own.
    SdramPart(
        name="2m32", title="64 Mbit, 32 bits, 4 banks of 2048 rows of 256 columns",
        bits=32, row_bits=11, column_bits=8, cas_latency=3, least_period=6,
        t_rcd=18, t_rp=18, t_ras=42, t_ras_most=100_000, t_rc=60, t_rrd=12, t_rfc=60, t_wr=12,
        t_ac=5.5, t_oh=2.0, t_is=2.0, t_ih=1.0,
        refreshes=4096, retention=64e6, power_up=200_000,
        sheets=("ESMT M12L64322A (2S), revision 1.0, -6, pages 6 and 7",
                "Etron EM638325BK, revision 1.7, -6, page 18"),
    ),
)}
"""Parts by name."""


def find_part(name: str) -> SdramPart:
    """The part of that name. Raises `InputError` when there is none."""
    if name not in PARTS:
        raise InputError(f"SDRAM {name!r}: no such part; there are {', '.join(PARTS)}")
    return PARTS[name]


class InPart:
    """Of what lies in an SDRAM, by the name of its part."""

    part: str

    @property
    def organisation(self) -> SdramPart:
        """The part's organisation and times. Raises `InputError` for an unknown one."""
        return find_part(self.part)

    @property
    def driven(self) -> SdramPart:
        """The same: a controller of ours drives it."""
        return self.organisation

    @property
    def bits(self) -> int:
        """Width of a beat."""
        return self.organisation.bits
