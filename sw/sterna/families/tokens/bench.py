"""Cycles, utilisation and speed of a token, and whether every result is the golden's."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sterna.compiler.compile import compile_program
from sterna.errors import InputError
from sterna.families.activity import activity_rows, activity_values
from sterna.families.at_user import AtUser, rows
from sterna.families.common import Timeout
from sterna.families.opening import open_program
from sterna.families.requests import BenchRequest
from sterna.families.tokens.closed_loop import closed_loop
from sterna.families.tokens.measurement import measure, read_on
from sterna.families.tokens.options import BenchTokens, LongPrompt
from sterna.families.tokens.random_tokens import random_tokens
from sterna.host.counters import Counters
from sterna.host.token_board import TokenBoard
from sterna.machine.memory import memory_bytes
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna_boards.board import Board
    from sterna_boards.estimate.work import Work
    from sterna_sim.board import SimulatedBoard
    from sterna_sim.memory.presets import MemoryPreset
    from sterna_sim.memory.sdram_presets import SdramPreset

    from sterna.compiler.rows import Embedding
    from sterna.families.tokens.model import TokenModel
    from sterna.host.counted import CountedTransport
    from sterna.host.device import Device
    from sterna.machine.image import MemoryImage
    from sterna.machine.machine import Machine
    from sterna.program.definition import Program

IDEAL_BYTES = 0.2
"""Bytes of a weight at five trits a byte, padding aside."""
CLOCK_HZ = 100e6
LOOP_TOKENS = 256
"""Of the text that a board makes by itself."""


@dataclass(frozen=True, repr=False)
class TokenBench(Shown):
    """What was measured, by its name in ``--json``; ``results`` were compared with the golden."""

    values: dict[str, Any]
    results: int

    @property
    def failure(self) -> str | None:
        """How many results differ from the golden's."""
        differences = self.values["differences"]
        return (f"{differences} of {self.results} results differ from the golden"
                if differences else None)

    def to_dict(self) -> dict[str, object]:
        return self.values

    def text(self) -> list[str | tuple[str, object]]:
        found = self.values
        return [
            ("model", f"{found['model']}, {found['weights_per_token']} ternary weights a token"),
            ("device", f"{found['device']}, {found['lanes']} lanes, {found['streams']} streams"),
            ("cycles per token", f"{found['cycles_per_token']:.1f}, "
                                 f"{found['roofline_cycles_per_token']:.1f} at full use"),
            ("engine busy", f"{found['utilisation']:.2%} of the cycles"),
            ("engine waiting", f"{found['waiting_for_codes']:.2%} for codes, "
                               f"{found['waiting_for_weights']:.2%} for weights"),
            ("at the clock", f"{found['tokens_per_second_at_clock']:.1f} tokens/s at "
                             f"{found['clock_hz'] / 1e6:g} MHz"),
            *_stream_rows(found),
            *_memory_rows(found),
            *rows(found, "token"),
            *_loop_rows(found),
            *activity_rows(found, "token"),
            ("here", f"{found['wall_tokens_per_second']:.2f} tokens/s"),
            ("results unlike golden", found["differences"]),
        ]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A machine that is ready to be measured."""

    machine: Device
    configuration: Machine
    clock_hz: float
    place: Embedding
    memory: MemoryPreset | SdramPreset | None = None
    link: CountedTransport | None = None
    simulated: SimulatedBoard | None = None
    """What makes texts by itself at the end of a line."""
    board: Board | None = None
    work: Work | None = None

    def image(self, program: Program) -> MemoryImage:
        """What the machine has in its memories."""
        return self.work.image if self.work else compile_program(
            program, self.configuration, self.place)


def bench(model: TokenModel, request: BenchRequest, report: Report) -> TokenBench:
    """Compute random tokens in every stream, and the golden's."""
    options, device = request.options, request.device
    tokens, prompt = options.take(BenchTokens).tokens, options.take(LongPrompt).prompt
    program = model.lowered
    setup = _on_board(model, request, report) if request.board else _shaped(model, request, report)
    configuration, clock_hz = setup.configuration, setup.clock_hz
    texts = [random_tokens(model, tokens, request.seed + stream)
             for stream in range(configuration.streams)]
    read = random_tokens(model, prompt, request.seed + len(texts), "prompt")
    loop = None
    try:
        measured = measure(setup.machine, texts, read, report, setup.link)
        if setup.simulated is not None and isinstance(setup.machine, TokenBoard):
            loop = closed_loop(program, setup.machine, setup.simulated, clock_hz,
                               [text[0] for text in texts], LOOP_TOKENS, report)
    finally:
        setup.machine.close()
    differences = measured.differences(program, configuration.head.top_k, report)
    total, weights = Counters.total(measured.together), program.trits()
    cycles = total.cycles / tokens
    values: dict[str, Any] = {
        "model": model.name,
        "device": device,
        "lanes": configuration.ternary.lanes,
        "streams": configuration.streams,
        "tokens": tokens,
        "cycles_per_token": cycles,
        "weights_per_token": weights,
        "roofline_cycles_per_token": weights / configuration.ternary.lanes,
        "utilisation": total.utilisation,
        "waiting_for_weights": total.waiting_weights / total.cycles,
        "waiting_for_codes": total.waiting_codes / total.cycles,
        "clock_hz": clock_hz,
        "tokens_per_second_at_clock": clock_hz / cycles,
        "wall_tokens_per_second": measured.tokens / measured.seconds,
        "aggregate_tokens_per_second": configuration.streams * clock_hz / cycles,
        "differences": differences,
    }
    if measured.alone is not None:
        values["single_tokens_per_second"] = clock_hz / measured.alone.cycles
        values["aggregate_speedup"] = configuration.streams * measured.alone.cycles / cycles
        reading = sum(run.cycles for run in measured.prompt)
        values["prompt_tokens"] = prompt
        values["prompt_tokens_per_second"] = prompt * clock_hz / reading
        values["prompt_speedup"] = prompt * measured.alone.cycles / reading
    if setup.memory is not None:
        values |= _memory_values(setup.memory, configuration, weights, clock_hz / cycles)
    if setup.board is not None and setup.work is not None:
        values |= AtUser(
            board=setup.board, work=setup.work, clock_hz=clock_hz, cycles=total.cycles,
            traffic=measured.traffic, runs=tokens, operations=weights).values()
        values.setdefault("roofline_utilisation", values["roofline_cycles_per_token"] / cycles)
    if loop is not None:
        values |= loop.values(values)
        values["differences"] += loop.differences
    if request.activity:
        texts = [[*text, text[0]] for text in texts]
        values |= activity_values(
            TokenBoard, setup.image(program), setup.memory and setup.memory.timing(),
            lambda device, first, last: read_on(device, texts, first, last), tokens, "token",
            report)
    return TokenBench(values, len(measured.results))


def _shaped(model: TokenModel, request: BenchRequest, report: Report) -> Setup:
    """What the options say without a board."""
    options, device, shape = request.options, request.device, model.shape(request.options)
    outside, program = shape.outside, model.lowered
    clock_hz = request.clock_hz or (outside.clock_hz if outside else CLOCK_HZ)
    if outside and (device != "sim" or clock_hz != outside.clock_hz):
        raise InputError(
            f"memory {outside.name}: is simulated, at {outside.clock_hz / 1e6:g} MHz; leave "
            "--device and --clock-hz out")
    configuration = shape.fitted(program)
    if outside is None:
        machine = open_program(TokenBoard, device, program, configuration, shape.place, report,
                               options.take(Timeout).timeout)
    else:
        from sterna_sim.memory.device import open_with_memory

        machine = open_with_memory(program, configuration, shape.place, outside.timing(), report)
    return Setup(machine=machine, configuration=configuration, clock_hz=clock_hz,
                 place=shape.place, memory=outside)


def _on_board(model: TokenModel, request: BenchRequest, report: Report) -> Setup:
    """The machine that `sterna build` or `sterna rtl` makes for a board, at its clock."""
    from sterna_boards.catalogue import find_board
    from sterna_boards.estimate.work import work_on
    from sterna_sim.memory.device import open_simulated
    from sterna_sim.memory.presets import memory_of

    options = request.options.take(model.board_options)
    board = options.linked(find_board(request.board or ""))
    program = model.lowered
    work = work_on(board, program, options.machine(board, program), options.place)
    work.require_fit(board, program)
    clock_hz = options.clock_on(board, work.machine) or board.clock_of(work.machine)
    memory = memory_of(work.machine, board.outside.model if board.outside else "", clock_hz)
    makes = work.machine.generates is not None and work.image.placement != "host"
    line = Fraction(round(clock_hz), work.machine.link.baud or board.baud) if makes else None
    machine, link, simulated = open_simulated(
        TokenBoard, work.image, memory and memory.timing(), report, line)
    return Setup(machine=machine, configuration=work.machine, clock_hz=clock_hz,
                 place=options.place, memory=memory, link=link, board=board, work=work,
                 simulated=simulated if makes else None)


def _memory_values(
    memory: MemoryPreset | SdramPreset, configuration: Machine, weights: int,
    speed: float,
) -> dict[str, object]:
    """The memory and how much of it is used; the roofline reads 1.6 bits a weight and no padding.

    ``memory_gb_s`` is what the memory gives a reader that never pauses, refresh taken off;
    ``memory_peak_gb_s`` is the data sheet's.
    """
    roofline = memory.gb_s * 1e9 / (weights * IDEAL_BYTES)
    peak = memory.peak_gb_s * 1e9 / (weights * IDEAL_BYTES)
    return {
        "memory": memory.name,
        "memory_ports": configuration.outside.ports,
        "memory_port_bits": configuration.outside.bits,
        "prefetch_bytes": configuration.outside.prefetch * configuration.outside.ports
        * configuration.outside.bits // 8,
        "vector_lanes": configuration.vector.lanes,
        "memory_gb_s": memory.gb_s,
        "memory_peak_gb_s": memory.peak_gb_s,
        "bytes_per_token": memory_bytes(configuration) if configuration.memory.outside else 0,
        "constant_source": "axi" if configuration.memory.holds_constants else "chip",
        "resident_share": configuration.memory.resident / configuration.weight_words,
        "roofline_tokens_per_second": roofline,
        "roofline_utilisation": speed / roofline,
        "peak_utilisation": speed / peak,
    }


def _stream_rows(values: dict[str, Any]) -> list[tuple[str, object]]:
    if "aggregate_speedup" not in values:
        return []
    return [
        ("all streams", f"{values['aggregate_tokens_per_second']:.1f} tokens/s, "
                        f"{values['aggregate_speedup']:.2f} times one stream alone"),
        ("reading a prompt", f"{values['prompt_tokens_per_second']:.1f} tokens/s, "
                             f"{values['prompt_speedup']:.2f} times token by token"),
    ]


def _loop_rows(values: dict[str, Any]) -> list[tuple[str, object]]:
    if "closed_loop_tokens" not in values:
        return []
    return [("by itself", f"{values['closed_loop_tokens_per_second']:.1f} tokens/s at the end of "
                          f"the line, {values['closed_loop_share']:.1%} of the clock's, over "
                          f"{values['closed_loop_tokens']} tokens bit by bit")]


def _memory_rows(values: dict[str, Any]) -> list[tuple[str, object]]:
    if "memory" not in values:
        return []
    return [
        ("memory", f"{values['memory']}, {values['memory_gb_s']:.4g} GB/s beside refresh, "
                   f"{values['bytes_per_token'] / 1e6:.1f} MB a token"),
        ("of its roofline", f"{values['roofline_utilisation']:.2%} of "
                            f"{values['roofline_tokens_per_second']:.1f} tokens/s"),
    ]
