"""Builds a simulator, a shared library, from the Verilog of an accelerator."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from fractions import Fraction
from importlib import resources
from pathlib import Path

from sterna.cache import cached_folder, digest, package_sources
from sterna.machine.machine import Machine
from sterna.machine.traces import trace_ports
from sterna.progress import Progress
from sterna_hw.verilog import elsewhere, separate_modules
from sterna_hw.versions import versions

from sterna_sim.tool_runner import ToolRunner
from sterna_sim.toolchain import Toolchain, find_toolchain
from sterna_sim.wave_files import NO_WAVES, Recorder, Recording, check_waves

LIBRARY = "simulator.so"
VERILOG, TOP = "accelerator.v", "sterna"
SHARED_LANES = 4096
"""Lanes from which the rows of an engine are written, translated and compiled once for all."""
PREFIX = "Vaccelerator"
GENERATED, TOP_MODULE = "generated", "top"
HARNESS, SERIAL_HARNESS = "harness.cpp", "serial_harness.cpp"
HEADERS = "byte_queue.h", "axi_memory.h", "axi_rules.h", "sdram_memory.h", "waves.h"

VERILATOR_FLAGS = (
    "--cc", "--no-timing", "-O3", "--x-assign", "fast", "--x-initial", "fast",
    "--output-split", "12000", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--no-assert",
)
COMPILER_FLAGS = (
    "-std=c++17", "-fPIC", "-fvisibility=hidden", "-O1", "-fno-plt", "-DVL_IGNORE_UNKNOWN_ARCH",
)
"""With -O2 the compiler takes three times as long, minutes for a long function, and simulators are
no faster (scripts/measure_speed.py)."""
GCC_FLAGS = "--param=sccvn-max-alias-queries-per-access=50",
"""Half of GCC's time goes into the stores of a long function that a load might see."""
COLD = "-O0"
"""Of what runs once."""
SMALL, LARGE = 300_000, 1_500_000
"""Bytes of C++ up to which the compiler is called once for all, and that it is called for at once;
a larger file is compiled alone."""
RUNTIME = ("verilated.cpp", "verilated_dpi.cpp", "verilated_threads.cpp")


def build_simulator(machine: Machine, progress: Progress | None = None,
                    waves: Recorder | None = None,
                    line: Fraction | int | None = None) -> Path:
    """The shared library that simulates this machine; built unless it is in the cache.

    Trace ports are there when the machine says so; with ``waves`` it can write such files. Bytes
    may go over a serial ``line``, of so many clocks a bit, in a machine without trace ports.
    Raises `InputError` when a tool is missing or fails.
    """
    tell = progress or (lambda step, done, parts: None)
    toolchain = find_toolchain()
    verilog = verilog_file(machine, tell, line)
    traces = [top.name for top in trace_ports(machine)] if machine.trace else []
    return build_library(verilog.read_text(), traces, toolchain, tell,
                         axi_ports=machine.memory.axi_ports,
                         sdram=machine.driven is not None, waves=waves, line=line is not None)


def build_serial_simulator(
    machine: Machine,
    divisor: Fraction | int,
    frame_timeout: int,
    progress: Progress | None = None,
) -> Path:
    """The shared library that simulates `to_serial_verilog`; otherwise as `build_simulator`."""

    def generate() -> str:
        from sterna_hw.verilog import to_serial_verilog

        return to_serial_verilog(machine, divisor, frame_timeout)

    tell = progress or (lambda step, done, parts: None)
    toolchain = find_toolchain()
    key = f"serial {divisor} {frame_timeout} {machine.to_json()}"
    verilog = _cached_verilog(key, generate, tell)
    return build_library(verilog.read_text(), [], toolchain, tell, SERIAL_HARNESS)


def verilog_file(machine: Machine, tell: Progress,
                 line: Fraction | int | None = None) -> Path:
    """The generated Verilog, from the cache unless the generator has changed."""

    share = max(unit.weights_a_clock for unit in machine.units) >= SHARED_LANES

    def generate() -> str:
        from sterna_hw.memory.storage import VerilogText
        from sterna_hw.verilog import to_verilog

        return to_verilog(machine, platform=VerilogText(share), line=line)

    key = f"{share} {machine.to_json()}"
    return _cached_verilog(key if line is None else f"line {line} {key}", generate, tell)


def _cached_verilog(key: str, generate: Callable[[], str], tell: Progress) -> Path:
    def make(folder: Path) -> None:
        tell("generating Verilog", 0, 1)
        (folder / VERILOG).write_text(generate())

    return cached_folder("verilog", digest([key, *_generator_sources()]), make,
                         tell) / VERILOG


def build_library(
    verilog: str, traces: Sequence[str], toolchain: Toolchain, tell: Progress,
    harness: str = HARNESS, axi_ports: int = 0, sdram: bool = False,
    waves: Recorder | None = None, line: bool = False,
) -> Path:
    """Compile Verilog with the ports of an accelerator; `traces` names its trace ports.

    `harness` is the C++ file around it: `HARNESS` for byte streams, `SERIAL_HARNESS` for a UART.
    `axi_ports` says how many AXI4 masters the accelerator has, `sdram` whether it has the pins of
    an SDRAM, `line` whether bytes may go over a line; with `waves` it can write waves. Of the
    Verilog the `separate_modules` are translated and compiled once, not as part of each place where
    they are used.
    """
    package = resources.files("sterna_sim")
    sources = {name: package.joinpath(name).read_text() for name in (harness, *HEADERS)}
    compiler_flags = flags_for(toolchain)
    if traces:
        calls = "".join(f"TRACE({number},{name})" for number, name in enumerate(traces))
        compiler_flags.append(f"-DSTERNA_TRACE={calls}")
    if axi_ports:
        calls = "".join(f"PORT({port})" for port in range(axi_ports))
        compiler_flags.append(f"-DSTERNA_AXI_PORTS={calls}")

    if sdram:
        compiler_flags.append("-DSTERNA_SDRAM")
    if line:
        compiler_flags.append("-DSTERNA_LINE")
    recording: Recording = NO_WAVES
    if waves is not None:
        recording = check_waves(waves, toolchain)
        compiler_flags += recording.compiler_flags

    def make(folder: Path) -> None:
        (folder / VERILOG).write_text(verilog)
        for name, text in sources.items():
            (folder / name).write_text(text)
        modules = [] if recording.whole else separate_modules(verilog)
        _verilate(folder, toolchain, tell, modules, recording)
        _compile(folder, toolchain, compiler_flags, tell, recording)

    parts = [verilog, *sources.values(), toolchain.version, *VERILATOR_FLAGS, *compiler_flags,
             *recording.verilator_flags, COLD]
    return cached_folder("simulator", digest(parts), make, tell) / LIBRARY


def _generator_sources() -> list[str | bytes]:
    """What Verilog is made from, beside a machine."""
    return [*map(str, versions().items()), *package_sources(
        "sterna_hw", "sterna.law", "sterna.machine", "sterna.program")]


def _verilate(folder: Path, toolchain: Toolchain, tell: Progress, modules: list[str],
              recording: Recording) -> None:
    """Translate to C++, in folders below `GENERATED`; each module to a library of its own.

    What comes after a module calls it, through a wrapper in Verilog.
    """
    tell("translating Verilog to C++", 0, 1)
    command = [str(toolchain.verilator), *VERILATOR_FLAGS]
    wrappers: list[str] = []
    with ToolRunner(folder, toolchain) as tools:
        (folder / GENERATED).mkdir()
        for module in modules:
            part = f"{GENERATED}/{module}"
            tools.run([*command, "--prefix", f"V{module}", "--Mdir", part, "--lib-create", module,
                       "--top-module", module, *wrappers, VERILOG])
            command.append(f"-D{elsewhere(module)}")
            wrappers.append(f"{part}/{module}.sv")
        top = ["--top-module", TOP] if modules else []
        tools.run([*command, *recording.verilator_flags, "--prefix", PREFIX,
                   "--Mdir", f"{GENERATED}/{TOP_MODULE}", *top, *wrappers, VERILOG])


def _compile(folder: Path, toolchain: Toolchain, flags: list[str], tell: Progress,
             recording: Recording) -> None:
    generated = folder / GENERATED
    flags = [*flags, f"-I{folder}", *(f"-I{part}" for part in sorted(generated.iterdir()))]
    sources = [*generated.glob("*/*.cpp"), *folder.glob("*.cpp")]
    units = _translation_units(sources, generated)
    objects = _compile_all(units, generated, toolchain, flags, tell)
    for part in filter(None, (RUNTIME, recording.runtime)):
        objects += sorted(_runtime(toolchain, tell, part).glob("*.o"))
    with ToolRunner(folder, toolchain) as tools:
        link = ["-shared", "-o", LIBRARY, *map(str, objects), "-lpthread", *recording.libraries]
        tools.run([toolchain.compiler, *flags, *link])
    shutil.rmtree(generated)


def flags_for(toolchain: Toolchain) -> list[str]:
    """What every call of the compiler is given."""
    return [*COMPILER_FLAGS, *(() if toolchain.is_clang else GCC_FLAGS)]


def _runtime(toolchain: Toolchain, tell: Progress, names: Sequence[str]) -> Path:
    """Object files of parts of Verilator's own code, shared by all simulators."""
    flags = flags_for(toolchain)

    def make(folder: Path) -> None:
        sources = [toolchain.verilator_root / "include" / name for name in names]
        _compile_all([(source, []) for source in sources], folder, toolchain, flags, tell,
                     "compiling Verilator's own part")

    return cached_folder("runtime", digest([toolchain.version, *flags, *names]), make, tell)


def _compile_all(
    units: list[tuple[Path, list[str]]], folder: Path, toolchain: Toolchain, flags: list[str],
    tell: Progress, step: str = "compiling the simulator",
) -> list[Path]:
    """Compile C++ files, each with flags of its own, to objects in the folder; returns those."""
    include = toolchain.verilator_root / "include"
    command = [toolchain.compiler, *flags, f"-I{include}", f"-I{include / 'vltstd'}"]
    objects = [folder / f"{source.stem}.o" for source, _ in units]
    jobs = [
        [*command, *effort, "-c", str(source), "-o", str(target)]
        for (source, effort), target in zip(units, objects, strict=True)
    ]
    with ToolRunner(folder, toolchain) as tools:
        for done, _ in enumerate(tools.run_all(jobs)):
            tell(step, done + 1, len(jobs))
    return objects


def _translation_units(sources: list[Path], folder: Path) -> list[tuple[Path, list[str]]]:
    """What the compiler is called for, and its flags: small files of equal flags go together.

    Half of the time of a small design goes into Verilator's headers, once a call, so the harness
    goes with it, too.
    """
    together: list[tuple[list[Path], int, str, list[str]]] = []
    small = sum(source.stat().st_size for source in sources) <= SMALL
    # Large files first, so that no processor is left alone with one at the end.
    for source in sorted(sources, key=lambda path: (-path.stat().st_size, path.name)):
        size, module = source.stat().st_size, source.parent.name
        if source.parent == folder.parent:
            module = TOP_MODULE
        effort = [COLD] if source.stem.endswith("__Slow") and not small else []
        for number, (files, taken, *of) in enumerate(together):
            if of == [module, effort] and taken + size <= LARGE:
                together[number] = ([*files, source], taken + size, module, effort)
                break
        else:
            together.append(([source], size, module, effort))
    units = []
    for number, (files, *_, effort) in enumerate(together):
        unit = folder / f"unit_{number}.cpp"
        unit.write_text("".join(f'#include "{file.resolve()}"\n' for file in files))
        units.append((unit, effort))
    return units
