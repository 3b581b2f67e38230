"""From a design to a bitstream that meets timing, with a report; what was built is kept."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sterna.cache import cache_folder, cached_folder, digest, package_sources
from sterna.errors import CheckError, InputError
from sterna.extras import install_with
from sterna.progress import Progress
from sterna.unfinished import write_whole
from sterna_hw.versions import versions

from sterna_boards.board import Board
from sterna_boards.flows.open.designs import Design
from sterna_boards.flows.open.flow import NAME, REPORT, Flow
from sterna_boards.flows.open.large_designs import NotRouted, Unpromising
from sterna_boards.flows.open.report import BuildReport, Routed, read_report
from sterna_boards.flows.open.seeds import place_all, tools_of
from sterna_boards.flows.open.tools import FLOW_TOOLS, PACKAGES, Tool, find_tools
from sterna_boards.flows.open.units import ffs_by_unit, luts_by_unit

_PLACED = "bitstream"
"""Placements, in the cache."""


def build(board: Board, design: Design, seeds: Sequence[int] = (1,),
          progress: Progress | None = None, until_met: bool = False,
          workers: int | None = 1, on: str | None = None) -> BuildReport:
    """Build the design for the board; the bitstream is that of the fastest seed.

    Steps: elaborate, synthesise, place and route (once a seed), pack. Results stay in the cache
    under a digest of design, sources and tool versions; another seed does not synthesise again.
    ``until_met`` leaves out the seeds behind the first that meets timing, and takes those whose
    placement promises less last. Seeds for which no way is found are not in the report. Where
    all are wanted, so many ``workers``, ``on`` a cluster if that is given, place them at once
    (`sterna.work.choice.workers`).

    The report says whether timing is met, nothing is raised when it is not: see `check_timing`.
    Raises `InputError` when a tool is missing and `CheckError` when one fails, such as when the
    design does not fit, or no seed is routed.
    """
    if not seeds:
        raise InputError("seeds: give at least one")
    if importlib.util.find_spec("amaranth_boards") is None:
        raise InputError(f"amaranth-boards is not installed: {install_with('boards')}")
    tell = progress or (lambda step, done, parts: None)
    flow = _flow(board)
    netlist = _synthesised(flow, design, tell)
    cells = json.loads((netlist / flow.netlist).read_text())
    placed: dict[int, Path] = {}
    routed: dict[int, Routed] = {}
    missed: list[str] = []
    if (workers != 1 or on is not None) and not until_met:
        names = {seed: _named(flow, netlist, seed) for seed in seeds}
        lost = place_all(board, netlist, {
            seed: f"{_PLACED}/{name}" for seed, name in names.items()
            if not (cache_folder() / _PLACED / name).is_dir()}, workers, on,
            tools_of([board]), tell)
        missed, seeds = list(lost.values()), [seed for seed in seeds if seed not in lost]
    waiting = [(seed, design.clock_hz if until_met else 0) for seed in seeds]
    for done, (seed, least_hz) in enumerate(waiting):
        tell(f"place and route, seed {seed}", done, len(waiting))
        try:
            placed[seed] = _placed(flow, netlist, seed, least_hz, tell)
        except Unpromising as reason:
            tell(str(reason), done, len(waiting))
            waiting.append((seed, 0))  # when nothing better was found
            continue
        except NotRouted as reason:
            tell(str(reason), done, len(waiting))
            missed.append(str(reason))
            continue
        routed[seed] = read_report(placed[seed] / REPORT, design.clock_hz, cells,
                                   flow.routed_for(design))
        if until_met and routed[seed].timing_met:
            break
    if not routed:
        raise CheckError(f"{board.name}: {'; '.join(missed)}; ask for a slower clock or more seeds")
    best = max(routed, key=lambda seed: (routed[seed].timing_met, routed[seed].fmax_mhz))
    logs = (netlist / f"{NAME}.rpt", placed[best] / f"{NAME}.tim")
    fmax = {seed: result.fmax_mhz for seed, result in routed.items()}
    report = _report(flow, design, routed[best], fmax, placed[best] / flow.bitstream, logs)
    return replace(report, units=luts_by_unit(cells), unit_ffs=ffs_by_unit(cells))


def check_timing(report: BuildReport) -> None:
    """Raise `CheckError` that names the slowest path when the bitstream is too slow."""
    if not report.timing_met:
        raise CheckError(
            f"{report.board}: {report.fmax_mhz:.1f} MHz instead of {report.clock_mhz:.1f} MHz; "
            f"slowest is {report.critical_path}; ask for a slower clock or more seeds")


def _synthesised(flow: Flow, design: Design, tell: Progress) -> Path:
    """Folder with the netlist and everything it was made from."""

    def make(folder: Path) -> None:
        tell("elaborate", 0, 1)
        flow.elaborate(design, folder)
        tell("synthesise", 0, 1)
        flow.synthesise(design, folder)

    parts = [flow.board.name, design.key, flow.tools["yosys"].version, *_sources(),
             *_board_sources(flow.board)]
    return cached_folder("netlist", digest(parts), make, tell)


def place_seed(board: str, by_usb: bool, netlist: str, seed: int) -> str | None:
    """A task for a worker: keep the placement of a seed; returns why there is none."""
    from sterna_boards.catalogue import find_board

    found = find_board(board)
    try:
        _placed(_flow(found.over_usb() if by_usb else found), Path(netlist), seed, 0,
                lambda step, done, parts: None)
    except NotRouted as reason:
        return str(reason)
    return None


def _flow(board: Board) -> Flow:
    """With the tools. Raises `InputError` when one is missing."""
    return Flow(board, find_tools(list(FLOW_TOOLS[board.family])))


def _named(flow: Flow, netlist: Path, seed: int) -> str:
    """A digest of all that a placement depends on."""
    return digest([netlist.name, str(seed), *(tool.version for tool in flow.tools.values())])


def _placed(flow: Flow, netlist: Path, seed: int, least_hz: float, tell: Progress) -> Path:
    """Folder with timing report and bitstream of one seed; that one promises less is kept too."""
    name = _named(flow, netlist, seed)
    unpromising = cache_folder() / _PLACED / f"{name}.unpromising"

    def make(folder: Path) -> None:
        if least_hz and unpromising.is_file():
            raise Unpromising(unpromising.read_text())
        try:
            flow.place_and_route(netlist, folder, seed, least_hz)
        except Unpromising as reason:
            write_whole(unpromising, str(reason))
            raise
        tell("pack", 0, 1)
        flow.pack(netlist, folder)

    return cached_folder(_PLACED, name, make, tell)


def _sources() -> list[str | bytes]:
    """Versions and files that the netlist is made from."""
    return [*map(str, versions("amaranth-boards").items()), *package_sources(
        "sterna_hw", "sterna.law", "sterna.machine", "sterna.program", "sterna_boards")]


def _board_sources(board: Board) -> list[str | bytes]:
    """The files of its platform and top level, which may be of another package or of the user.

    Raises `InputError` when one is not there.
    """
    tools = board.tools()
    modules = (sys.modules.get(getattr(part, "__module__", None) or "")
               for part in (tools.platform, tools.top))
    made = (getattr(module, "__file__", None) for module in modules)
    try:
        return [Path(file).read_bytes() for file in (*filter(None, made), *tools.sources)]
    except OSError as error:
        raise InputError(f"{board.name}: {error.filename}: cannot be read ({error.strerror})"
                         ) from None


def _report(flow: Flow, design: Design, routed: Routed, seeds: dict[int, float], bitstream: Path,
            logs: tuple[Path, ...]) -> BuildReport:
    area = routed.area
    return BuildReport(
        board=flow.board.name,
        device=flow.board.device,
        design=design.name,
        bitstream=bitstream,
        clock_mhz=design.clock_hz / 1e6,
        fmax_mhz=routed.fmax_mhz,
        timing_met=routed.timing_met,
        seeds=seeds,
        lanes=design.lanes,
        luts=area.luts,
        luts_per_lane=area.luts / design.lanes if design.lanes else None,
        ffs=area.ffs,
        block_rams=area.block_rams,
        dsps=area.dsps,
        single_port_rams=area.single_port_rams,
        critical_path=str(routed.critical_path),
        logs=logs,
        tools=_versions(flow.tools),
    )


def _versions(tools: dict[str, Tool]) -> dict[str, str]:
    return {name: tools[name].version for name in PACKAGES if name in tools}
