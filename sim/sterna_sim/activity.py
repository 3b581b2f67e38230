"""How often the signals of a simulation change, unit by unit: where a machine spends its energy.

The counts are Verilator's, in a file of Switching Activity Interchange Format (SAIF 2.0, IEEE 1801
annex I). Such a file has a signal once in every module that it reaches: here it counts where it is
driven. Words that rest in memories do not count, and a signal that is 1 when counting begins counts
one change more, since Verilator's files begin at 0: only ratios of many clocks mean something.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sterna.host.open_board import Opened
from sterna.machine.image import MemoryImage
from sterna.progress import Progress

from sterna_sim.board import MemoryBehaviour, SimulatedBoard
from sterna_sim.build import TOP, verilog_file

_MODULE = re.compile(r"module (?P<name>\\\S+|\w+)")
_INPUT = re.compile(r"  input (?:signed )?(?:\[[^]]*\] )?(?P<name>\S+) ?;")
_OUTPUT = re.compile(r"  output (?:signed )?(?:\[[^]]*\] )?(?P<name>\S+) ?;")
_PART = re.compile(r"  (?P<module>\\\S+|\w+) +(?P<name>\\\S+|\w+) +\(")
_CONNECTION = re.compile(r"    \.(?P<port>\\\S+|\w+) ?\((?P<nets>.*)\),?")
_NET = re.compile(r"\\\S+|[A-Za-z_]\w*")
_SCOPE = re.compile(r"\(INSTANCE (?P<name>\S+)")
_TOGGLES = re.compile(r"\((?P<name>\S+) \(T0 .*\(TC (?P<count>\d+)\)\)")
_NEVER = 1 << 62


@dataclass
class _Module:
    """What stands in a module of the Verilog, by its name there."""

    inputs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)
    parts: dict[str, str] = field(default_factory=dict)
    connections: list[tuple[str, str, str]] = field(default_factory=list)
    """Module of a part, its port, and what that is connected to."""


def count_toggles(kind: type[Opened], image: MemoryImage, memory: MemoryBehaviour | None,
                  warm: Callable[[Opened], object], run: Callable[[Opened], object],
                  progress: Progress | None = None) -> Counter[str]:
    """Changes of all signals during ``run``, after ``warm``, by unit, the busiest first.

    The machine of the image is simulated once more, which takes several times as long as without
    counting. Units are the parts of the accelerator and, where it has data paths, of those.
    Raises `InputError` when the simulator cannot be built.
    """
    board = SimulatedBoard(image.machine, progress=progress, memory=memory, waves="saif")
    device = kind(board, "sim", board.loaders())
    with tempfile.TemporaryDirectory(prefix="sterna-") as folder:
        file = Path(folder, "activity.saif")
        try:
            device.load(image, progress)
            warm(device)
            board.record(file, board.cycles, _NEVER)
            run(device)
        finally:
            device.close()  # and with it the file
        modules = read_modules(verilog_file(image.machine, progress or _silent).read_text())
        return by_unit(file, modules)


def by_unit(file: Path, modules: dict[str, _Module]) -> Counter[str]:
    """Toggles of the driven signals of a SAIF file, by unit, the most first."""
    found: Counter[str] = Counter()
    driven = {name: _not_driven(module, modules) for name, module in modules.items()}
    for place, net, count in _read(file):
        module = _module_at(place, modules)
        if module is not None and net not in driven[module]:
            found[_unit(place)] += count
    return Counter(dict(found.most_common()))


def read_modules(verilog: str) -> dict[str, _Module]:
    """The modules of Verilog that Sterna wrote."""
    modules: dict[str, _Module] = {}
    module, part = _Module(), ""
    for line in verilog.splitlines():
        if found := _MODULE.match(line):
            module = modules.setdefault(_plain(found["name"]), _Module())
        elif found := _INPUT.match(line):
            module.inputs.add(_plain(found["name"]))
        elif found := _OUTPUT.match(line):
            module.outputs.add(_plain(found["name"]))
        elif found := _CONNECTION.match(line):
            module.connections.append((part, _plain(found["port"]), found["nets"]))
        elif found := _PART.match(line):
            part = _plain(found["module"])
            module.parts[_plain(found["name"])] = part
    return modules


def _not_driven(module: _Module, modules: dict[str, _Module]) -> set[str]:
    """Names of the module that something outside it drives, or a part of it, where they count."""
    names = set(module.inputs)
    for part, port, nets in module.connections:
        if part in modules and port in modules[part].outputs:
            names |= {_plain(net) for net in _NET.findall(nets)}
    return names


def _module_at(place: tuple[str, ...], modules: dict[str, _Module]) -> str | None:
    name = TOP
    for part in place:
        found = modules[name].parts.get(part)
        if found is None:
            return None
        name = found
    return name


def _unit(place: tuple[str, ...]) -> str:
    depth = 2 if place and place[0].startswith("path") else 1
    return ".".join(place[:depth]) or "top"


def _read(file: Path) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Place below the accelerator, signal, and changes of each of its bits."""
    place: list[str] = []
    opened: list[bool] = []
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            line = line.strip()
            if found := _TOGGLES.match(line):
                if place[:2] == ["TOP", TOP]:
                    net = re.sub(r"\\\[\d+\\\]$", "", found["name"])
                    yield tuple(place[2:]), _plain(net), int(found["count"])
            elif line == ")":
                if opened and opened.pop():
                    place.pop()
            elif line.startswith("("):
                found = _SCOPE.match(line)
                if line.count("(") > line.count(")"):
                    opened.append(found is not None)
                    if found is not None:
                        place.append(_plain(found["name"]))


def _plain(name: str) -> str:
    return name.replace("\\", "")


def _silent(step: str, done: int, parts: int) -> None:
    """Nobody looks."""
