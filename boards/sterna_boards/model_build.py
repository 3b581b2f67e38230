"""A model on a board: bitstream, memory image and report in one folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sterna.compiler.compile import compile_program
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import Embedding, fit_configuration
from sterna.compiler.schedule import schedule
from sterna.files.folder import replace_folder
from sterna.files.manifest import Format, write_manifest
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.host_side import HostSide
from sterna.machine.image import MemoryImage
from sterna.machine.protocol import Space
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_boards.board import Board
from sterna_boards.estimate.speed import Speed, link_bytes, speed
from sterna_boards.flows.open.build import build
from sterna_boards.flows.open.designs import accelerator
from sterna_boards.flows.open.report import BuildReport

FORMAT = Format("build", 1, "build again: sterna build")
IMAGE, CONFIGURATION, LOGS = "image.sterna", "configuration.json", "logs"


@dataclass(frozen=True, kw_only=True)
class ModelBuild:
    """A bitstream, the memory image for it, and what both give.

    ``speed`` counts the cycles that the compiler expects.
    """

    report: BuildReport
    image: MemoryImage
    speed: Speed
    baked: bool
    """Whether the bitstream holds the image."""

    @property
    def image_bytes(self) -> int:
        """What the memories hold before the first token, loaded or baked."""
        return sum(part.words * part.size for part in self.image.parts.values())

    @property
    def sdram(self) -> HardwareConfiguration | None:
        """The configuration when it has its weights in an SDRAM."""
        configuration = self.image.configuration
        if not isinstance(configuration, HardwareConfiguration):
            return None
        return configuration if configuration.weight_source == "sdram" else None

    def to_json(self) -> str:
        """Report and speed as one JSON object, with the configuration."""
        return json.dumps({
            **json.loads(self.report.to_json()),
            **vars(self.speed),
            "model": self.image.model,
            "embedding": self.image.placement,
            "image_bytes": self.image_bytes,
            "baud": self.image.configuration.baud,
            "weights": "baked" if self.baked else "sdram" if self.sdram else "link",
            "configuration": json.loads(self.image.configuration.to_json()),
        })


def build_model(board: Board, program: Program, configuration: HardwareConfiguration | None = None,
                embedding: Embedding = "auto", clock_hz: float | None = None,
                seeds: Sequence[int] = (1,), progress: Progress | None = None,
                baked: bool = False, until_met: bool = False,
                host: HostSide | None = None) -> ModelBuild:
    """Build the accelerator for a program; arguments as in `sterna_boards.estimate.model.estimate`.

    ``host`` goes into the image file, so that the model is not needed to run it.
    ``baked`` puts the memory image into the bitstream, so that the driver need not load it.
    ``seeds`` and ``until_met`` are those of `sterna_boards.flows.open.build.build`. Whether timing
    is met is in the report, as from that, whose errors are raised here too.
    """
    base = board.with_rate(configuration or board.shape.configuration())
    fitted = fit_configuration(program, base, embedding)
    plan = schedule(program, fitted)
    image = replace(compile_program(program, fitted, embedding, plan), host=host)
    design = accelerator(board, fitted, clock_hz, image if baked else None)
    report = build(board, design, seeds, progress, until_met)
    line = link_bytes(fitted, image.placement, image.row_groups)
    cycles = estimate_cycles(plan, fitted).cycles
    size = image.parts[Space.WEIGHTS].words * fitted.weight_bytes
    cycles = max(cycles, board.memory_cycles(fitted.weight_source, size, report.clock_mhz * 1e6))
    return ModelBuild(report=report, image=image, baked=baked,
                      speed=speed(cycles, report.clock_mhz * 1e6, line, fitted.baud))


class Built(Protocol):
    """What a folder is written of."""

    @property
    def report(self) -> BuildReport: ...

    @property
    def image(self) -> MemoryImage: ...

    def to_json(self) -> str: ...


def write_build(built: Built, target: Path, sources: Iterable[Path] = ()) -> Path:
    """Write bitstream, image, configuration, logs and a manifest; returns the bitstream.

    The folder appears whole or not at all, and replaces that of an earlier build; `sources` is what
    was read for it. Raises `InputError` as `sterna.files.folder.replace_folder` does.
    """
    report = built.report
    with replace_folder(target, FORMAT, sources) as folder:
        shutil.copyfile(report.bitstream, folder / report.bitstream.name)
        built.image.save(folder / IMAGE)
        (folder / CONFIGURATION).write_text(built.image.configuration.to_json() + "\n")
        (folder / LOGS).mkdir()
        for log in report.logs:
            shutil.copyfile(log, folder / LOGS / log.name)
        write_manifest(folder, FORMAT, _facts(built))
    return target / report.bitstream.name


def _facts(built: Built) -> dict[str, object]:
    report = json.loads(built.to_json())
    for place in ("bitstream", "logs"):  # files of the folder, which its manifest lists
        del report[place]
    return {
        "configuration_digest": f"{built.image.configuration.digest():016x}",
        "model_digest": built.image.model_digest(),
        **report,
    }
