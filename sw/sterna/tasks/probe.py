"""Boards that are plugged in: found by their USB ids, opened, and asked who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sterna.errors import InputError, SternaError
from sterna.families.requests import BUILDS
from sterna.host.probe import UsbPort, hello, usb_ports
from sterna.host.run_command import run_command
from sterna.host.transport import DEFAULT_BAUD
from sterna.machine.image import MemoryImage
from sterna.progress import Report
from sterna.shown import Lines, Shown

IMAGES = "*/image.sterna"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A port, and what is behind it."""

    address: str
    usb: str | None = None
    """Ids, product and serial number."""
    boards: tuple[str, ...] = ()
    """Which have such a port; when a build is known that answers so, only the one it is for."""
    rate: int | None = None
    machine: str | None = None
    """Digest of the machine."""
    contents: str | None = None
    """Digest of the model in the bitstream, None where it is loaded over the link."""
    model: str | None = None
    """Of the build that is known."""
    command: str | None = None
    """What runs it."""
    silent: str | None = None
    """Why nothing is known."""


@dataclass(frozen=True, repr=False)
class Probed(Shown):
    """All ports that may be boards."""

    answers: tuple[Answer, ...]

    @property
    def failure(self) -> str | None:
        """That there is none."""
        if any(item.machine for item in self.answers):
            return None
        return ("no board of Sterna's answers; is it plugged in, and does it have its bitstream? "
                "(sterna build MODEL --board NAME --program)")

    def to_dict(self) -> dict[str, object]:
        return {"ports": [asdict(item) for item in self.answers]}

    def text(self) -> Lines:
        lines: list[str | tuple[str, object]] = []
        for item in self.answers:
            lines.append(item.address)
            lines += [(f"  {name}", ", ".join(value) if isinstance(value, tuple) else value)
                      for name, value in asdict(item).items()
                      if name != "address" and value not in (None, ())]
        return lines


def probe(addresses: Sequence[str] = (), folder: Path = BUILDS, report: Report | None = None
          ) -> Probed:
    """Ask the ports whose USB ids a board has, or those of the addresses alone.

    ``folder`` holds builds, of which one is known again. Raises `InputError` for an address that
    is none.
    """
    from sterna_boards.catalogue import all_boards
    from sterna_hw.link.usb_serial import PRODUCT, VENDOR

    report, boards = report or Report(), all_boards()
    builds = [found for path in sorted(folder.glob(IMAGES))
              if (found := _image(path)) is not None]
    ports: dict[str, UsbPort | None] = {f"serial://{port.device}": port for port in usb_ports()}
    if addresses:
        ports = {address: ports.get(address.partition("?")[0]) for address in addresses}
    answers = []
    for number, (address, port) in enumerate(ports.items()):
        report("asking the ports", number, len(ports))
        names = tuple(name for name, board in boards.items() if port is not None and (
            port.usb_id == board.usb_id or (port.usb_id == (VENDOR, PRODUCT) and board.usb)))
        if names or addresses:
            rates = sorted({*(boards[name].baud for name in names), DEFAULT_BAUD}, reverse=True)
            answers.append(_asked(address, port, names, rates, builds, bool(addresses)))
    return Probed(tuple(answers))


def _asked(address: str, port: UsbPort | None, names: tuple[str, ...], rates: list[int],
           builds: list[tuple[Path, MemoryImage]], strict: bool) -> Answer:
    usb = None if port is None else " ".join(
        filter(None, [port.ids, port.product, port.serial]))
    try:
        info, rate = hello(address, rates)
    except SternaError as error:
        if strict and isinstance(error, InputError):
            raise
        return Answer(address=address, usb=usb, boards=names, silent=str(error))
    known = next(((path, image) for path, image in builds
                  if image.machine.digest() == info.machine
                  and info.contents in (0, image.contents)), None)
    found = Answer(address=address, usb=usb, boards=names, rate=rate,
                   machine=f"{info.machine:016x}",
                   contents=f"{info.contents:016x}" if info.contents else None)
    if known is None:
        return found
    path, image = known
    return Answer(**{**asdict(found), "boards": (path.parent.name,), "model": image.model,
                     "command": run_command(address, path)})


def _image(path: Path) -> tuple[Path, MemoryImage] | None:
    try:
        return path, MemoryImage.load(path)
    except InputError:
        return None
