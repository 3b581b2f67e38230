"""Cycles and speed of a time step, with and without skipping, and whether outputs are right."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.compile import compile_program
from sterna.compiler.windows import WindowWords
from sterna.errors import CheckError, InputError
from sterna.families.activity import activity_rows, activity_values
from sterna.families.at_user import AtUser, rows
from sterna.families.common import Timeout
from sterna.families.requests import BenchRequest
from sterna.families.spiking.codes import input_codes, random_inputs
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import Connection, SpikingNetwork
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.scale import with_input_fraction
from sterna.families.steps.golden_device import GoldenSpikingDevice
from sterna.families.steps.inputs import RATE, TakenOptions, wide_enough
from sterna.families.steps.open_device import open_spiking_device
from sterna.families.steps.options import Config, Silent, Steps
from sterna.families.steps.shape import StepShape
from sterna.golden.neuron import shift_right
from sterna.host.counted import CountedTransport, Traffic
from sterna.host.spiking_device import SpikingDevice
from sterna.host.step_board import StepBoard
from sterna.machine.units.neurons import state_memory_bits
from sterna.program.definition import Program
from sterna.program.instructions import INPUT
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.steps.model import StepModel

CLOCK_HZ = 100e6


@dataclass(frozen=True)
class Measured:
    """Sums over the steps of a run; ``differences`` counts outputs unlike the golden's."""

    cycles: int
    busy: int
    events: int
    sources: int
    differences: int
    seconds: float
    traffic: Traffic


@dataclass(frozen=True, repr=False)
class StepBench(Shown):
    """What was measured, by its name in ``--json``."""

    values: dict[str, Any]

    @property
    def failure(self) -> str | None:
        """How many outputs differ from the golden's."""
        differences = self.values["differences"]
        return f"{differences} outputs differ from the golden" if differences else None

    def to_dict(self) -> dict[str, object]:
        return self.values

    def text(self) -> list[str | tuple[str, object]]:
        found = self.values
        return [
            ("network", f"{found['model']}, {found['synapses']} synapses"),
            ("device", f"{found['device']}, {found['lanes']} lanes, {found['neuron_lanes']} "
                       "neuron lanes"),
            ("cycles per step", f"{found['cycles_per_step']:.1f}; "
                                f"{found['cycles_per_step_without_skipping']:.1f} without "
                                "skipping"),
            ("sources skipped", f"{found['share_of_zero_inputs_skipped']:.2%}"),
            ("at the clock", f"{found['steps_per_second_at_clock']:.1f} steps/s, "
                             f"{found['synaptic_operations_per_second'] / 1e6:.1f} million "
                             f"synaptic operations/s at {found['clock_hz'] / 1e6:g} MHz"),
            ("state memory", f"{found['state_memory_bits']} bits"),
            *rows(found, "step"),
            *activity_rows(found, "step"),
            ("here", f"{found['wall_steps_per_second']:.1f} steps/s"),
            ("outputs unlike golden", found["differences"]),
        ]


def bench(model: StepModel, request: BenchRequest, report: Report) -> StepBench:
    """Measure steps of random spikes with and without skipping, and compare the outputs."""
    options, device, clock = request.options, request.device, request.clock_hz or CLOCK_HZ
    board, work = None, None
    silent, steps = options.take(Silent).silent, options.take(Steps).steps
    inputs, network, program = options.take(TakenOptions), model.network, model.lowered
    if inputs.input is None:
        if inputs.input_fraction is not None:
            network = with_input_fraction(network, inputs.input_fraction)
            program = lower(network)
        rate = RATE if silent is None else 1 - silent
        codes = input_codes(network, random_inputs(network, steps, 1, rate, request.seed))[:, 0]
    else:
        fixed = request.board is not None or options.take(Config).config is not None
        taken = inputs.take(network, steps, request.seed, fixed, report)
        if taken.codes.shape[1] != 1:
            raise InputError(f"{inputs.input}: has {taken.codes.shape[1]} samples; give one")
        network, codes, steps = taken.network, taken.codes[:, 0].astype(np.int64), len(taken.codes)
        program = lower(network)
    if request.board is None:
        shape, timeout = options.take(StepShape), options.take(Timeout)
        if shape.config is None:
            shape = replace(shape, code_bits=wide_enough(shape.code_bits, codes, program))
        configuration = shape.fitted(program)

        def opened(skip: bool) -> tuple[SpikingDevice, CountedTransport | None]:
            return open_spiking_device(device, program, configuration, report, skip=skip,
                                       timeout=timeout.timeout), None
    else:
        from sterna_boards.catalogue import find_board
        from sterna_boards.estimate.work import work_on
        from sterna_sim.memory.device import open_simulated

        on_board = options.take(model.board_options)
        board = on_board.linked(find_board(request.board))
        work = work_on(board, program, on_board.machine(board, program), on_board.place)
        work.require_fit(board, program)
        configuration = work.machine
        clock = on_board.clock_on(board, configuration) or board.clock_of(configuration)

        def opened(skip: bool) -> tuple[SpikingDevice, CountedTransport | None]:
            image = compile_program(program, configuration, "host", skip=skip)
            return open_simulated(StepBoard, image, progress=report)[:2]
    skipping = _measure(program, *opened(True), codes, "running with skipping", report)
    whole = _measure(program, *opened(False), codes, "running without", report)
    if (whole.events, whole.sources) != (skipping.sources, skipping.sources):
        raise CheckError(f"{model.name}: the counters of events contradict each other")
    cycles = skipping.cycles / steps
    operations = _operations(network, codes)
    at_user = {} if board is None or work is None else AtUser(
        board=board, work=work, clock_hz=clock, cycles=skipping.cycles, traffic=skipping.traffic,
        runs=steps, operations=operations / steps).values()
    activity = {} if not request.activity else activity_values(
        StepBoard, compile_program(program, configuration), None,
        lambda device, first, last: _read(device, codes, first, last), steps, "step", report)
    return StepBench({
        "model": model.name,
        "device": device,
        "lanes": configuration.synapses.lanes,
        "neuron_lanes": configuration.neurons.lanes,
        "steps": steps,
        "cycles_per_step": cycles,
        "cycles_per_step_without_skipping": whole.cycles / steps,
        "accumulate_busy": skipping.busy / skipping.cycles,
        "synapses": sum(_synapses(item) for item in network.connections),
        "synaptic_operations_per_step": operations / steps,
        "synaptic_operations_per_second": operations / skipping.cycles * clock,
        "share_of_zero_inputs_skipped": 1 - skipping.events / skipping.sources,
        "state_memory_bits": state_memory_bits(configuration),
        "clock_hz": clock,
        "steps_per_second_at_clock": clock / cycles,
        "wall_steps_per_second": steps / skipping.seconds,
        "differences": skipping.differences + whole.differences,
        **at_user,
        **activity,
    })


def _measure(
    program: Program, machine: SpikingDevice, link: CountedTransport | None,
    codes: NDArray[np.int64], what: str, report: Report,
) -> Measured:
    golden = GoldenSpikingDevice(program)
    before = link.traffic if link else Traffic()
    counters, differences, seconds = [], 0, 0.0
    try:
        for done, row in enumerate(codes):
            report(what, done, len(codes))
            start = time.monotonic()
            found = machine.step(row)
            seconds += time.monotonic() - start
            counters.append(found.counters)
            differences += int((found.outputs != golden.step(row).outputs).sum())
    finally:
        machine.close()
    cycles, busy, events, sources = (
        sum(getattr(item, name) for item in counters)
        for name in ("cycles", "busy", "events", "sources"))
    return Measured(cycles, busy, events, sources, differences, seconds,
                    (link.traffic if link else Traffic()) - before)


def _read(machine: SpikingDevice, codes: NDArray[np.int64], first: int, last: int) -> None:
    for step in range(first, last):
        machine.step(codes[step % len(codes)])


def _synapses(item: Connection) -> int:
    """Those of a connection; of a window, all that share a weight."""
    if item.window is None:
        return item.planes[0].size
    return int(WindowWords(item.window, 1).asked().sum())


def _operations(network: SpikingNetwork, codes: NDArray[np.int64]) -> int:
    """Weights that a code other than 0 meets, in all steps; each is an addition that must be."""
    golden, total = GoldenNetwork(network), 0
    loud: dict[str, list[NDArray[np.bool_]]] = {}
    for row in codes:
        outputs = golden.step(row[None])
        loud.setdefault(INPUT, []).append(row != 0)
        for item in network.populations:
            codes_of = shift_right(
                outputs[item.name][0], item.definition.output_shift, item.definition.rounding)
            loud.setdefault(item.name, []).append(codes_of != 0)
    for item in network.connections:
        spikes = np.array(loud[item.source])
        if item.window is not None:
            met = WindowWords(item.window, 1).asked()
            total += int((spikes[:len(spikes) - item.previous] * met).sum())
            continue
        targets = item.planes.shape[1]
        late = np.full((targets, spikes.shape[1]), 0) if item.delays is None else item.delays
        late = late.astype(np.int64) + item.previous
        for delay in np.unique(late):
            if delay < len(spikes):
                fired = spikes[:len(spikes) - delay].sum(0)
                total += int((fired * (late == delay).sum(0)).sum())
    return total
