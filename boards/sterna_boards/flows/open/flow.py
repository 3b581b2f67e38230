"""The steps from a design to a bitstream: Amaranth's plan, run with our tools, logs and seeds."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sterna.cache import cache_folder
from sterna.errors import CheckError
from sterna.unfinished import write_whole
from sterna_hw.collection import seldom_collected

from sterna_boards.board import Board
from sterna_boards.flows.open.designs import Design
from sterna_boards.flows.open.large_designs import (
    LANES,
    PLACED,
    ROUTED_FOR,
    check_promise,
    check_turns,
    part_placement,
    set_router,
)
from sterna_boards.flows.open.layout import keep_layout
from sterna_boards.flows.open.report import LAYOUT
from sterna_boards.flows.open.rtlil import corrected
from sterna_boards.flows.open.tools import Tool
from sterna_boards.parts.ecp5_floorplan import place_memories
from sterna_boards.parts.ecp5_netlist import improve
from sterna_boards.parts.gowin_segments import segmentless_data_base

NAME = "sterna"
REPORT = "report.json"
_DATA_BASE = "chipdb.bin"
_COMMANDS = f"build_{NAME}.json"
_SEED = "--seed 0"
_LOOK_EVERY = 5
"""Seconds from one look at the router's log to the next."""
_BITSTREAMS = {"ecp5": ".bit", "ice40": ".bin", "gw1n": ".fs", "gw2a": ".fs"}
_NETLISTS = {"ecp5": ".json", "ice40": ".json", "gw1n": ".syn.json", "gw2a": ".syn.json"}
_SYNTHESIS = {
    "ecp5": "-nowidelut",  # a third less control logic; a wide multiplexer takes its LUTs anyway
    "ice40": "-dsp",  # without it the multipliers of an UP5K stay idle; the others infer them
}


@dataclass(frozen=True)
class Flow:
    """The commands of a family on a board, by step, with the tools that run them."""

    board: Board
    tools: dict[str, Tool]

    @property
    def bitstream(self) -> str:
        """File name of the bitstream."""
        return NAME + _BITSTREAMS[self.board.family]

    @property
    def netlist(self) -> str:
        """File name of the netlist after synthesis."""
        return NAME + _NETLISTS[self.board.family]

    def routed_for(self, design: Design) -> float:
        """How many times its clock the design is routed for."""
        return ROUTED_FOR if self._has_two_calls(design) else 1.0

    def _has_two_calls(self, design: Design) -> bool:
        return self.board.family == "ecp5" and design.lanes >= LANES

    def elaborate(self, design: Design, folder: Path) -> None:
        """Write the sources, constraints and commands of the design."""
        options = f"--timing-allow-fail --report {REPORT} --freq {design.clock_hz / 1e6} {_SEED}"
        with seldom_collected():
            plan = self.board.tools().platform().prepare(
                design.top(), NAME, nextpnr_opts=options,
                synth_opts=_SYNTHESIS.get(self.board.family, ""))
        source = f"{NAME}.il"
        plan.files[source] = corrected(plan.files[source])
        plan.extract(str(folder))
        if self._has_two_calls(design):
            part_placement(folder / f"{NAME}.lpf", folder / _COMMANDS)

    def synthesise(self, design: Design, folder: Path) -> None:
        """Make the netlist."""
        self._run(folder, folder, 0, "synthesise")
        if self.board.family == "ecp5":
            improve(folder / self.netlist, lambda netlist: place_memories(
                netlist, self.board.device, design.rows, design.block_rams))

    def place_and_route(self, netlist: Path, folder: Path, seed: int,
                        least_hz: float = 0) -> None:
        """Place and route in ``folder`` what lies in ``netlist``; writes report and layout.

        Raises `Unpromising` for a placement of a large design that promises less than ``least_hz``,
        and `NotRouted` for one that the router finds no way for.
        """
        # Copies, since tools in WebAssembly cannot follow a link out of their folder.
        copies = [folder / file.name for file in netlist.iterdir()
                  if file.suffix in (".lpf", ".pcf", ".cst") or file.name == self.netlist]
        for copy in copies:
            shutil.copyfile(netlist / copy.name, copy)
        options = []
        data_base = self._data_base()
        if data_base is not None:
            copies.append(folder / _DATA_BASE)
            copies[-1].write_bytes(data_base)
            options = ["--chipdb", _DATA_BASE]
        log, placed, steps = folder / f"{NAME}.tim", self._placed(folder), self._steps(netlist)
        for index, step in enumerate(steps, 1):
            check = None
            if index == len(steps):
                options.append("--detailed-timing-report")
                if len(steps) == 1 and placed.name == PLACED:
                    options += ["--write", PLACED]
            if index > 1:
                check_promise(log, seed, least_hz)
                set_router(folder / PLACED)
                log.unlink(missing_ok=True)
                check = partial(check_turns, log, seed)
            self._run(netlist, folder, index, step, seed, options, check)
        for copy in copies:
            copy.unlink()
        keep_layout(placed, folder / REPORT, self.board.device, folder / LAYOUT)
        (folder / PLACED).unlink(missing_ok=True)

    def pack(self, netlist: Path, folder: Path) -> None:
        """Make the bitstream."""
        self._run(netlist, folder, -1, "pack")
        for file in folder.iterdir():
            if file.suffix in (".config", ".asc", ".svf") or file.name.endswith(".pnr.json"):
                file.unlink()

    def _steps(self, netlist: Path) -> list[str]:
        """The commands between synthesis and packing, by the names of their logs."""
        between = json.loads((netlist / _COMMANDS).read_text())["commands"][1:-1]
        return ["place", "route"] if len(between) == 2 else ["route"]

    def _placed(self, folder: Path) -> Path:
        """Where nextpnr writes the design with its places."""
        return folder / (f"{NAME}.pnr.json" if self.board.family.startswith("gw") else PLACED)

    def _data_base(self) -> bytes | None:
        """What nextpnr is to use instead of its own data base of the part."""
        if not self.board.family.startswith("gw"):
            return None
        return segmentless_data_base(self.tools["nextpnr-himbaechel-gowin"],
                                     self.board.tools().platform().chip)

    def _run(self, plan: Path, folder: Path, index: int, step: str, seed: int = 0,
             options: Sequence[str] = (), check: Callable[[], None] | None = None) -> None:
        """Run a command of the plan; its output is kept as ``step``.log.

        ``check`` is called now and then; what it raises stops the tool. Raises `CheckError` with
        the tool's last complaint and the place of a copy of the log.
        """
        commands = json.loads((plan / _COMMANDS).read_text())["commands"]
        command = list(commands[index])
        if "--seed" in command:
            command[command.index("--seed") + 1] = str(seed)
        tool = command[0]
        log = folder / f"{step}.log"
        with open(log, "w") as file, subprocess.Popen(
                [self.tools[tool].executable, *command[1:], *options], cwd=folder,
                stdin=subprocess.DEVNULL, stdout=file, stderr=file) as process:
            try:
                _wait(process, check)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            said = folder / f"{NAME}.rpt"  # yosys, which is silent, writes its errors there
            if step == "synthesise" and said.is_file():
                log = said
            kept = cache_folder() / "failed" / f"{self.board.name}-{step}.log"
            write_whole(kept, log.read_text(errors="replace"))
            stopped = process.returncode < 0
            complaint = f"stopped by signal {-process.returncode}" if stopped else _complaint(log)
            raise CheckError(f"{self.board.name}: {tool} failed: {complaint} (log: {kept})")


def _wait(process: subprocess.Popen[bytes], check: Callable[[], None] | None) -> None:
    while check is not None:
        try:
            process.wait(_LOOK_EVERY)
            return
        except subprocess.TimeoutExpired:
            check()
    process.wait()


def _complaint(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line]
    return (errors or lines or ["no output"])[-1]
