"""Files of waves: what Verilator and the compiler need to write them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from sterna.errors import InputError

from sterna_sim.toolchain import Toolchain

WaveFormat = Literal["vcd", "fst"]
Recorder = WaveFormat | Literal["saif"]
"""What a simulator writes: waves, or how often each signal changed."""
BEFORE, AFTER = 400, 100
"""Clocks that are written before and after the clock of interest: a few MB of VCD."""
WIDEST = "4096"
"""Bits of the widest signal that is written."""


@dataclass(frozen=True)
class Recording:
    """What is added to a build. ``whole``: no module is compiled apart, where nothing is seen."""

    verilator_flags: Sequence[str] = ()
    compiler_flags: Sequence[str] = ()
    runtime: Sequence[str] = ()
    libraries: Sequence[str] = ()
    whole: bool = False


NO_WAVES = Recording()
_FLAGS = ("--trace-max-width", WIDEST)
_FORMATS: dict[Recorder, Recording] = {
    "vcd": Recording(("--trace-vcd", *_FLAGS),
                     ("-DSTERNA_WAVES=VerilatedVcdC", '-DSTERNA_WAVES_HEADER="verilated_vcd_c.h"'),
                     ("verilated_vcd_c.cpp",)),
    "fst": Recording(("--trace-fst", *_FLAGS),
                     ("-DSTERNA_WAVES=VerilatedFstC", '-DSTERNA_WAVES_HEADER="verilated_fst_c.h"'),
                     ("verilated_fst_c.cpp",), ("-lz", "-llz4")),
    "saif": Recording(("--trace-saif", "--trace-max-width", "1048576"),
                      ("-DSTERNA_WAVES=VerilatedSaifC",
                       '-DSTERNA_WAVES_HEADER="verilated_saif_c.h"'),
                      ("verilated_saif_c.cpp",), whole=True),
}
_HEADERS = "#include <lz4.h>\n#include <zlib.h>\n"
"""What the writer of FST includes and Verilator 5.048 does not bring along."""


def wave_format(path: Path) -> WaveFormat:
    """By the ending of a file. Raises `InputError` for another one."""
    for known in get_args(WaveFormat):
        if path.suffix.lower() == f".{known}":
            return known
    raise InputError(f"--waves: {path} must end with .vcd or .fst, which says what is written")


def check_waves(waves: Recorder, toolchain: Toolchain) -> Recording:
    """What such files need. Raises `InputError` when the compiler lacks a header for them."""
    if waves == "fst":
        try:
            done = subprocess.run(
                [toolchain.compiler, "-x", "c++", "-E", "-"], input=_HEADERS, text=True,
                capture_output=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"{toolchain.compiler}: cannot be run ({error})") from None
        if done.returncode:
            raise InputError("FST needs lz4.h and zlib.h: apt-get install liblz4-dev zlib1g-dev, "
                             "or give a file that ends with .vcd")
    return _FORMATS[waves]
