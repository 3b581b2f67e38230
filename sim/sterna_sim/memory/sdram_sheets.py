"""Times of the SDRAM chips of boards, copied from their data sheets for the simulated part alone.

The generator has a table of its own, `sterna.machine.sdram.PARTS`, so that a wrong number in
either shows: the simulated part goes by the stricter of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from sterna.machine.sdram import SdramPart


@dataclass(frozen=True, kw_only=True)
class SdramSheet:
    """Least times in nanoseconds, named as in `SdramPart`, and where they stand."""

    source: str
    least_period: float
    t_rcd: float
    t_rp: float
    t_ras: float
    t_rc: float
    t_rrd: float
    t_rfc: float
    t_wr: float
    """Zero where the sheet gives clocks; all wait for two (sim/sterna_sim/sdram_memory.h)."""


SHEETS = {
    "16m16": (
        SdramSheet(source="Micron MT48LC16M16A2-75, table 12, page 27", least_period=7.5,
                   t_rcd=20, t_rp=20, t_ras=44, t_rc=66, t_rrd=15, t_rfc=66, t_wr=15),
        SdramSheet(source="Alliance AS4C32M16SB-7, table 16, page 21", least_period=7,
                   t_rcd=21, t_rp=21, t_ras=42, t_rc=63, t_rrd=14, t_rfc=63, t_wr=14),
        SdramSheet(source="Winbond W9825G6JH-75, revision A04, page 15", least_period=7.5,
                   t_rcd=20, t_rp=20, t_ras=45, t_rc=65, t_rrd=0, t_rfc=65, t_wr=0),
    ),
    "2m32": (
        SdramSheet(source="ESMT M12L64322A-6 (2S), revision 1.0, pages 6 and 7", least_period=6,
                   t_rcd=18, t_rp=18, t_ras=42, t_rc=60, t_rrd=12, t_rfc=60, t_wr=0),
        SdramSheet(source="Etron EM638325BK-6, revision 1.7, page 18", least_period=6,
                   t_rcd=18, t_rp=18, t_ras=42, t_rc=60, t_rrd=12, t_rfc=60, t_wr=0),
    ),
}
"""By the part's name in `sterna.machine.sdram.PARTS`."""


def strictest(part: SdramPart) -> SdramPart:
    """The part with the longest of its own times and those of the chips that it stands for."""
    sheets = SHEETS.get(part.name, ())
    times = [field.name for field in fields(SdramSheet) if field.name != "source"]
    return replace(part, **{
        name: max(getattr(one, name) for one in (part, *sheets)) for name in times})
