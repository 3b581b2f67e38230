"""The commands that are tasks: parsed into a request, and its result rendered."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sterna.cli.chat import chat
from sterna.cli.serve import serve
from sterna.cli.terminal import ProgressReport, print_json, print_text
from sterna.errors import CheckError
from sterna.families.family import Result
from sterna.families.requests import (
    BenchRequest,
    BuildRequest,
    ChatRequest,
    EstimateRequest,
    EvaluateRequest,
    ExportRequest,
    ImportRequest,
    ProgramRequest,
    ReportRequest,
    Request,
    RunRequest,
    ServeRequest,
    SimulateRequest,
    SweepRequest,
    VerifyRequest,
)
from sterna.tasks import build as build_task
from sterna.tasks.bench import bench
from sterna.tasks.estimate import estimate
from sterna.tasks.evaluate import evaluate
from sterna.tasks.export import export
from sterna.tasks.import_model import import_model
from sterna.tasks.program import program
from sterna.tasks.report import report
from sterna.tasks.run import run
from sterna.tasks.simulate import simulate
from sterna.tasks.sweep import sweep
from sterna.tasks.verify import verify


def rendered(task: Callable[..., Result]) -> Callable[[Request], None]:
    """A command that prints what a task finds: one JSON object, or text and a table."""

    def perform(request: Request) -> None:
        with ProgressReport(writes=not request.json) as report:
            result = task(request, report)
        render(result, request.json)

    return perform


def render(result: Result, json: bool) -> None:
    """Print a result. Raises `CheckError` afterwards for a check that failed."""
    if json:
        print_json(result.to_dict())
    else:
        print_text(result.text())
    if result.failure is not None:
        raise CheckError(result.failure)


def build(request: BuildRequest) -> None:
    """Build, tell of it, and then load the board."""
    with ProgressReport() as report:
        result = build_task.build(request, report)
        report.end()
        if request.json:
            print_json(result.to_dict())
        else:
            print_text(result.table())
        build_task.load(request, result, report)
    if not request.json:
        print(result.command)


def serve_serial(request: SimulateRequest) -> None:
    """Simulate until Ctrl-C."""
    with ProgressReport() as report, simulate(request, report) as board:
        report.end()
        if request.json:
            print_json({"address": board.address})
            sys.stdout.flush()
        else:
            print(board.address, flush=True)
        print("Ctrl-C ends the simulation", file=sys.stderr, flush=True)
        board.wait()


COMMANDS: tuple[tuple[type[Request], Callable[..., None]], ...] = (
    (RunRequest, rendered(run)),
    (ChatRequest, chat),
    (ServeRequest, serve),
    (SimulateRequest, serve_serial),
    (VerifyRequest, rendered(verify)),
    (BenchRequest, rendered(bench)),
    (EvaluateRequest, rendered(evaluate)),
    (ImportRequest, rendered(import_model)),
    (ProgramRequest, rendered(program)),
    (ExportRequest, rendered(export)),
    (BuildRequest, build),
    (EstimateRequest, rendered(estimate)),
    (ReportRequest, rendered(report)),
    (SweepRequest, rendered(sweep)),
)
