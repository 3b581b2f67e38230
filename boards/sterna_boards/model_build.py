"""A model on a board: bitstream, memory image and report in one folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sterna.compiler.fit import Embedding
from sterna.files.folder import replace_folder
from sterna.files.manifest import Format, write_manifest
from sterna.machine.host_side import HostSide
from sterna.machine.image import MemoryImage
from sterna.program.definition import Program
from sterna.progress import Progress

from sterna_boards.board import Board
from sterna_boards.estimate.speed import Speed
from sterna_boards.estimate.work import own_machine, work_on
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
    embedding: str | None
    """Where embedding rows are; None without a vocabulary."""

    @property
    def image_bytes(self) -> int:
        """What the memories hold before the first RUN, loaded or baked."""
        return sum(part.words * part.size for part in self.image.parts.values())

    @property
    def weights(self) -> str:
        """How weights come there: "baked", "sdram", or "link"."""
        if self.baked:
            return "baked"
        return self.image.machine.memory.filled_by

    def to_json(self) -> str:
        """Report and speed as one JSON object, with the configuration."""
        rows = {} if self.embedding is None else {"embedding": self.embedding}
        return json.dumps({
            **json.loads(self.report.to_json()),
            **self.speed.named(),
            "model": self.image.model,
            **rows,
            "image_bytes": self.image_bytes,
            "baud": self.image.machine.link.baud,
            "weights": self.weights,
            "configuration": json.loads(self.image.machine.to_json()),
        })


def build_model(board: Board, program: Program, configuration: Any = None,
                embedding: Embedding = "auto", clock_hz: float | None = None,
                seeds: Sequence[int] = (1,), progress: Progress | None = None,
                baked: bool = False, until_met: bool = False,
                host: HostSide | None = None, workers: int | None = 1,
                on: str | None = None) -> ModelBuild:
    """Build the accelerator for a program; arguments as in `sterna_boards.estimate.model.estimate`.

    ``host`` goes into the image file, so that the model is not needed to run it; networks bring
    their own.
    ``baked`` puts the memory image into the bitstream, so that the driver need not load it.
    ``seeds``, ``until_met``, ``workers`` and ``on`` are those of
    `sterna_boards.flows.open.build.build`. Whether timing is met is in the report, as from that,
    whose errors are raised here too. Raises `InputError` for what the board has no room for.
    """
    work = work_on(board, program, board.with_rate(configuration or own_machine(board, program)),
                   embedding)
    work.require_fit(board, program)
    machine, image = work.machine, work.image
    if host is not None:
        image = replace(image, host=host)
    design = accelerator(board, machine, clock_hz, image if baked else None)
    report = build(board, design, seeds, progress, until_met, workers, on)
    rates = work.speed(board, report.clock_mhz * 1e6)
    return ModelBuild(report=report, image=image, speed=rates, baked=baked,
                      embedding=work.embedding)


def write_build(built: ModelBuild, target: Path, sources: Iterable[Path] = ()) -> Path:
    """Write bitstream, image, configuration, layout, logs and a manifest; returns the bitstream.

    The folder appears whole or not at all, and replaces that of an earlier build; `sources` is what
    was read for it. Raises `InputError` as `sterna.files.folder.replace_folder` does.
    """
    report = built.report
    with replace_folder(target, FORMAT, sources) as folder:
        shutil.copyfile(report.bitstream, folder / report.bitstream.name)
        built.image.save(folder / IMAGE)
        (folder / CONFIGURATION).write_text(built.image.machine.to_json() + "\n")
        shutil.copyfile(report.layout, folder / report.layout.name)
        (folder / LOGS).mkdir()
        for log in report.logs:
            shutil.copyfile(log, folder / LOGS / log.name)
        write_manifest(folder, FORMAT, _facts(built))
    return target / report.bitstream.name


def _facts(built: ModelBuild) -> dict[str, object]:
    report = json.loads(built.to_json())
    for place in ("bitstream", "logs"):  # files of the folder, which its manifest lists
        del report[place]
    return {
        "configuration_digest": f"{built.image.machine.digest():016x}",
        "model_digest": built.image.model_digest(),
        **report,
    }
