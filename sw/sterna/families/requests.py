"""What tasks ask of a family's model; their fields are options that every family reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from sterna.errors import InputError
from sterna.options import Options, declared, option, seed
from sterna.work.address import check_cluster

MODEL_HELP = (
    "Name of a shipped model (`sterna models`), a model folder, or another form that a family reads"
)
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
                        re.IGNORECASE)
JSON_HELP = "One JSON object, and nothing else, on standard output."
MOST_SEEDS = 4
BUILDS = Path("build")
"""Where the folder of a build is, by the name of its board, unless another is given."""


def cluster(help: str) -> str | None:
    """A field that names a cluster, see `sterna.work.address`."""
    return option(None, f"{help}: ray, the Ray cluster of this machine (RAY_ADDRESS, or a new one "
                  "of its cores), or ray://HOST:PORT.", metavar="CLUSTER")


def model_argument(help: str = MODEL_HELP) -> str | None:
    """The MODEL argument, which an option of a family may stand for."""
    return option(None, help, metavar="MODEL", position=True, project="model")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a task is asked for."""

    command: ClassVar[str]
    """What it is called on the command line, and in `Family.options`."""
    example: ClassVar[str] = ""
    """A command line of it."""
    model: str | None = model_argument()
    options: Options = field(default_factory=Options)
    """Options of the family, the machine and the board, by name."""
    json: bool = option(False, JSON_HELP)

    def check(self) -> None:
        """Raise `InputError` for values that no family could take."""
        for item in declared(type(self)):
            item.check(getattr(self, item.name))
        check_cluster(getattr(self, "on", None))


@dataclass(frozen=True, kw_only=True)
class RunRequest(Request):
    """Run a model: continue texts, or take steps of inputs; on the golden, a simulation, a board.

    A text comes as it is made. With several token streams as many prompts are continued at once,
    and read in chunks; the texts are printed one after the other, and are the same.
    """

    command = "run"
    example = 'sterna run demo --device emulator --prompt "The king" --max-tokens 12'
    model: str | None = model_argument(f"{MODEL_HELP}. With --image it may be left out")
    device: str = option(
        "golden", "golden (usual), emulator, sim, serial:///dev/ttyUSB0 or tcp://host:port; the "
        "rate is that of --config or --image, or ?baud=N behind the port.", project="link.device",
        choices=("golden", "emulator", "sim"), metavar="DEVICE")

    def check(self) -> None:
        from sterna.host.address import check_device

        super().check()
        check_device(self.device)


@dataclass(frozen=True, kw_only=True)
class LoadRequest(RunRequest):
    """Open a model on a device, to be used again and again."""

    command = "load"
    model: str | None = option(None, MODEL_HELP, metavar="MODEL", position=True,
                               needed=True, project="model")


@dataclass(frozen=True, kw_only=True)
class ChatRequest(LoadRequest):
    """Talk with a language model, whose device stays open: a line is a turn.

    /reset begins anew, /save FILE and /load FILE keep a conversation and go on with it, /stats
    tells what the last answer took, /quit or the end of the input ends; Ctrl-C stops an answer. A
    model without a chat template goes on where the text ends. With --json an answer is one object,
    in a line.
    """

    command = "chat"
    example = "sterna chat demo --device emulator"


@dataclass(frozen=True, kw_only=True)
class ServeRequest(LoadRequest):
    """Serve a language model over HTTP to clients of OpenAI's interface, until Ctrl-C.

    Prints the address that clients take as their base URL. Its paths are /v1/models,
    /v1/completions, /v1/chat/completions, /health and /metrics. Clients share the token streams of
    the device by turns; what one gets does not depend on the others.
    """

    command = "serve"
    example = "sterna serve demo --device emulator --streams 4"
    host: str = option("127.0.0.1", "Address to listen at; 127.0.0.1, which only this machine "
                       "reaches, unless another is given.", metavar="ADDRESS")
    port: int = option(8000, "Port to listen at (8000); 0 takes any that is free.", least=0,
                       most=65535)
    api_key: str | None = option(None, "Key that clients must have.", metavar="KEY")
    allow_host: list[str] | None = option(
        None, "Name by which clients may call this machine, beside localhost and its addresses; "
        "again for another.", metavar="NAME")
    queue: int = option(256, "Texts that may wait for a token stream (256).", least=0, most=10**6)
    deadline: float = option(600.0, "Most time from a request to its last token (600).",
                             metavar="SECONDS", least=0, above=True, most=1e6)
    most_prompt: int = option(8192, "Most tokens before an answer (8192).", least=1, most=10**9)
    most_tokens: int = option(4096, "Most tokens of an answer (4096).", least=0, most=10**9)

    def check(self) -> None:
        super().check()
        if not self.host.strip():
            raise InputError("--host: is empty; leave it out, or give an address of this machine")
        if self.api_key is not None and not (self.api_key.isprintable() and self.api_key.strip()
                                             == self.api_key != ""):
            raise InputError("--api-key: is what no client can send: an empty text, or one with "
                             "control characters, or with spaces at its ends; give another")
        for name in self.allow_host or ():
            if not _HOST_NAME.fullmatch(name):
                raise InputError(f"--allow-host: {name!r} is no name of a host, such as "
                                 "board.example; give it without scheme, port and path")


@dataclass(frozen=True, kw_only=True)
class VerifyRequest(Request):
    """Compare every value of random inputs with the generated Verilog; exit 1 if one differs.

    Vectors, scalars and accumulators, or sums, outputs and state words, and what the accelerator
    sends back. With several token streams, texts join and leave at random. Several models are
    compared at once, and all of them whatever differs; what has passed is kept in the cache.
    """

    command = "verify"
    example = "sterna verify demo --tokens 4"
    more: list[str] | None = option(
        None, "Further models, with the same options.", metavar="MODEL", position=True)
    seed: int = seed("Seed of the inputs, and of the pauses.")
    device: str = option(
        "sim", "sim (usual), the Verilog of the whole board, or emulator, its memory image alone.",
        choices=("sim", "emulator"))
    stalls: int = option(
        0, "Pauses of the link, in a thousandth of the cycles (0).", least=0, most=999)
    waves: Path | None = option(
        None, "File for the waves (.vcd or .fst) of 400 clocks before the first difference and 100 "
        "after it, or of the last ones if nothing differs.", metavar="FILE")
    output: Path | None = option(
        None, "Folder for a page with the first differences and the values around them, and the "
        "numbers as JSON.", "-o", "--output", metavar="DIR")
    workers: int | None = option(
        None, "With several models: processes at most (as many as there are cores).", least=1,
        most=1 << 12)
    on: str | None = cluster("With several models: compare them on a cluster")

    def check(self) -> None:
        from sterna.host.address import EMULATOR, check_shows_values

        super().check()
        check_shows_values(self.device)
        if self.waves is not None and self.device == EMULATOR:
            raise InputError("--waves: is for --device sim; the emulator has no signals")
        for flag, value in (("--waves", self.waves), ("--output", self.output)):
            if self.more and value is not None:
                raise InputError(f"{flag}: is of one model; leave the others out")
        if not self.more and self.on is not None:
            raise InputError("--on: shares out several models; give more than one")


@dataclass(frozen=True, kw_only=True)
class BenchRequest(Request):
    """Measure cycles per token or time step, and compare every result with the golden.

    With --board the machine is that board's, its memory outside is simulated, and bytes and round
    trips of its link are counted: what comes at the user's end, and for how many look-up tables.
    """

    command = "bench"
    example = "sterna bench demo --tokens 4 --json"
    board: str | None = option(None, "Simulate the machine of a board.", metavar="NAME",
                               project="board")
    device: str = option("sim", "sim (usual), or the address of a board.")
    seed: int = seed("Seed of the inputs.")
    clock_hz: float | None = option(
        None, "Clock for which speed is told; without a memory 100 MHz.", least=0, above=True,
        most=1e10)
    activity: bool = option(
        False, "Also simulate how often signals change, unit by unit: energy, as ratios.")

    def check(self) -> None:
        from sterna.host.address import check_clock

        super().check()
        check_clock(self.device)
        if self.board is not None and (self.device != "sim" or self.clock_hz is not None):
            raise InputError("--board: is simulated, at its own clock or that of --clock-mhz; "
                             "leave --device and --clock-hz out")
        if self.activity and self.device != "sim":
            raise InputError("--activity: is counted in a simulation; leave --device out")


@dataclass(frozen=True, kw_only=True)
class EstimateRequest(Request):
    """Say, without synthesis, whether a model fits a board, where things go, and how fast it is."""

    command = "estimate"
    example = "sterna estimate demo-tiny --board tang-nano-20k"
    board: str | None = option(None, "A board of `sterna boards`.", metavar="NAME",
                               project="board")


@dataclass(frozen=True, kw_only=True)
class ReportRequest(Request):
    """Write a page with pictures: what a model takes of a board, how fast it is there, and why.

    One HTML file that needs no network, and its numbers as JSON: rates, clocks, room; of a build
    the floor plan and the slowest paths; ranges of all values and accuracy by formats.
    """

    command = "report"
    example = "sterna report demo --board ulx3s-85f -o report"
    model: str | None = option(None, MODEL_HELP, metavar="MODEL", position=True, needed=True,
                               project="model")
    board: str = option("", "A board of `sterna boards`, or a Python file that makes one.",
                        metavar="NAME", needed=True, project="board")
    output: Path = option(Path(), "Folder to write.", "-o", "--output", metavar="DIR", needed=True)
    build: Path | None = option(
        None, "Folder of `sterna build` whose floor plan and slowest paths are shown; build/NAME "
        "if it is of this model.", metavar="DIR")


@dataclass(frozen=True, kw_only=True)
class SweepRequest(Request):
    """Try many configurations, and tell those that nothing beats: shapes, boards, clocks, planes.

    Each is estimated first; what does not fit, or does not reach its clock, is left out before
    anything is scored or built. What was found is kept, and the same sweep goes on from there when
    it was interrupted. The first trial is the board's own configuration.
    """

    command = "sweep"
    example = "sterna sweep demo-tiny --board ulx3s-12f --trials 40 --objective user,luts"
    model: str | None = option(None, MODEL_HELP, metavar="MODEL", position=True, needed=True,
                               project="model")
    board: str = option("", "A board of `sterna boards`, or a Python file that makes one.",
                        metavar="NAME", needed=True, project="board")
    objective: str = option(
        "user,luts", "What is looked for (user,luts): user and engine (a second, of all streams), "
        "luts, rams, dsps, with --build fmax, with --text perplexity.", metavar="NAME,NAME")
    vary: list[str] | None = option(
        None, "An option below and its values, such as rows=4,8,16 or planes=3,4,5; also "
        "board=NAME,NAME, and with --build seed=1,2,3; again for another. When not given: the "
        "shape.", metavar="NAME=VALUES")
    trials: int = option(100, "Most configurations to try (100).", least=1, most=10**6)
    minutes: float | None = option(None, "Begin nothing after so many minutes.", least=0,
                                   above=True, most=1e6)
    grid: bool = option(False, "Try all combinations in order; few are tried so anyway. Else "
                        "optuna proposes them.")
    build: bool = option(False, "Place and route what fits, and take area and clock from that.")
    text: Path | None = option(None, "UTF-8 text whose perplexity is an objective.", reads=True,
                               metavar="FILE")
    tokens: int = option(2000, "Tokens of it that are scored (2000).", least=1, most=10**9)
    seed: int = seed("Seed of the search.")
    workers: int | None = option(
        None, "Processes at most (as many as there are cores); 1 works in this one.", least=1,
        most=1 << 12)
    on: str | None = cluster("Work on a cluster, not in processes of this machine")
    study: Path | None = option(None, "Keep what is found in this file, not in the cache.",
                                metavar="FILE")
    output: Path | None = option(None, "Folder for a page with the front, and all numbers as JSON.",
                                 "-o", "--output", metavar="DIR")


@dataclass(frozen=True, kw_only=True)
class BuildRequest(Request):
    """Build a bitstream for a board; what was built before is kept.

    The last line is the command that runs the model on the board.

    Ends with 1 and names the slowest path when timing is not met; no folder is written then.
    """

    command = "build"
    example = "sterna build demo-tiny --board ulx3s-12f --seeds 3 --program"
    model: str | None = option(None, MODEL_HELP, metavar="MODEL", position=True,
                               needed=True, project="model")
    board: str = option("", "A board of `sterna boards`, or a Python file that makes one.",
                        metavar="NAME", needed=True, project="board")
    output: Path | None = option(
        None, "Folder to write; build/NAME if not given.", "-o", "--output", metavar="DIR")
    seeds: int | None = option(
        None, "Placements to make, of which the fastest is kept. When not given: as many as it "
        f"takes to meet the clock, at most {MOST_SEEDS}.", least=1, most=10_000)
    workers: int | None = option(
        None, "With --seeds: processes at most that place them at once (as many as there are "
        "cores).", least=1, most=1 << 12)
    on: str | None = cluster("With --seeds: place them on a cluster")
    program: bool = option(False, "Load the bitstream into the board.")
    flash: bool = option(
        False, "With --program: write it into the flash, over what is there.")

    @property
    def placements(self) -> range:
        """Seeds of the placements to make, at most."""
        return range(1, (self.seeds or MOST_SEEDS) + 1)

    @property
    def until_met(self) -> bool:
        """Whether the first placement that meets the clock is the last."""
        return self.seeds is None

    def check(self) -> None:
        super().check()
        if self.flash and not self.program:
            raise InputError("--flash says where --program puts the bitstream; give both")
        if self.on is not None and self.until_met:
            raise InputError("--on: one placement comes after the other until the clock is met; "
                             "give --seeds N, which places all at once")


@dataclass(frozen=True, kw_only=True)
class ExportRequest(Request):
    """Write Verilog, configuration and, for a model, its memory image, with a manifest.

    The last line is the command that runs the model on the board.

    Without a model the preset of --config is written as it is; with one its memories get the
    depths that the model needs. With --board there are constraints and a script that makes the
    bitstream with the vendor's tool.
    """

    command = "rtl"
    example = "sterna rtl demo -o build/rtl --force"
    output: Path = option(Path(), "Folder to write.", "-o", "--output", metavar="DIR", needed=True)
    force: bool = option(False, "Replace what an earlier run wrote there.")
    board: str | None = option(
        None, "Write the project of a board whose vendor's tool makes the bitstream.",
        metavar="NAME")
    wrapper: str | None = option(
        None, "Put the accelerator behind a bus: axi4-lite (registers) or axi4-stream.",
        choices=("axi4-lite", "axi4-stream"))
    raw: bool = option(
        False, "Write the contents of memories as raw files too: a binary for each port outside, "
        "hexadecimal words for each memory on the chip.")


@dataclass(frozen=True, kw_only=True)
class EvaluateRequest(Request):
    """Golden integers against the float reference.

    Bits per byte and perplexity of a language model on a text; spikes that differ, and accuracy
    where there is a task, of a spiking network. With --ids the logits of a language model on token
    ids, to hold against those of another implementation; it needs no tokenizer.
    """

    command = "eval"
    example = "sterna eval demo --text FILE --tokens 20000 --json"
    model: str | None = option(None, MODEL_HELP, metavar="MODEL", position=True,
                               needed=True, project="model")


@dataclass(frozen=True, kw_only=True)
class SimulateRequest(Request):
    """Simulate a board with its UART at a serial port until Ctrl-C; prints its address.

    The board is shaped for the model and empty: `sterna run MODEL --device ADDRESS` loads it.
    """

    command = "simulate"
    example = "sterna simulate demo-tiny"
    model: str | None = option(None, MODEL_HELP, metavar="MODEL", position=True,
                               needed=True, project="model")


@dataclass(frozen=True, kw_only=True)
class ProgramRequest(Request):
    """Print the program of a model."""

    command = "program"
    example = "sterna program demo"
    model: str | None = option(None, MODEL_HELP, metavar="MODEL", position=True,
                               needed=True, project="model")


@dataclass(frozen=True, kw_only=True)
class ImportRequest(Request):
    """Import what a family reads, and write a model folder of Sterna's."""

    command = "import"
    example = "sterna import CHECKPOINT -o MODEL"
    model: str | None = option(
        None, "Folder of a released checkpoint, a NIR graph (.nir), net.py:make_net, which is "
        "executed and makes a torch module of a spiking network, what another family imports, or "
        "hub:OWNER/NAME@REVISION, which is fetched.",
        metavar="SRC", position=True, needed=True)
    output: Path = option(Path(), "Folder to write.", "-o", "--output", metavar="DIR", needed=True)
