"""What `sterna bench` does with a spiking network, or with one layer of a size."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.cli.spiking import EVALUATION_RATE, OpenSpiking
from sterna.cli.spiking_options import SpikingOptions
from sterna.cli.terminal import ProgressReport, print_json, print_table
from sterna.errors import CheckError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sterna.families.spiking.integers import SpikingNetwork
    from sterna.machine.spiking_configuration import SpikingConfiguration
    from sterna.program.definition import Program

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


def layer_network(text: str, seed: int) -> OpenSpiking:
    """A layer of LIF neurons with random weights of 8 bits, from a size such as ``1024x1024``.

    Raises `InputError` for another text.
    """
    from sterna.families.spiking.examples import layer
    from sterna.families.spiking.quantise import quantise

    inputs, cross, neurons = text.partition("x")
    if not cross or not inputs.isdecimal() or not neurons.isdecimal():
        raise InputError(f"layer is {text!r}; give inputs and neurons, such as 1024x1024")
    if not int(inputs) or not int(neurons):
        raise InputError(f"layer is {text!r}; both sizes must be at least 1")
    real = layer(int(inputs), int(neurons), seed)
    return OpenSpiking(text, quantise(real), real)


def bench_spiking(
    opened: OpenSpiking, device: str, steps: int, silent: float | None, options: SpikingOptions,
    clock_hz: float | None, seed: int, json: bool,
) -> None:
    """Measure steps of random spikes with and without skipping, and compare the outputs."""
    from sterna.families.spiking.codes import input_codes, random_inputs
    from sterna.tasks.transports import check_clock

    check_clock(device)
    clock = CLOCK_HZ if clock_hz is None else clock_hz
    if not clock > 0:
        raise InputError(f"clock-hz is {clock}; it must be above 0")
    if silent is not None and not 0 <= silent <= 1:
        raise InputError(f"silent is {silent}; it must be between 0 and 1")
    rate = EVALUATION_RATE if silent is None else 1 - silent
    network = opened.network
    codes = input_codes(network, random_inputs(network, steps, 1, rate, seed))[:, 0]
    program = opened.program
    configuration = options.fitted(program)
    with ProgressReport() as report:
        skipping = _measure(program, configuration, device, codes, True, report,
                             options.timeout)
        whole = _measure(program, configuration, device, codes, False, report,
                          options.timeout)
    if (whole.events, whole.sources) != (skipping.sources, skipping.sources):
        raise CheckError(f"{opened.name}: the counters of events contradict each other")
    cycles = skipping.cycles / steps
    operations = _operations(network, codes)
    values: dict[str, object] = {
        "model": opened.name,
        "device": device,
        "lanes": configuration.lanes,
        "neuron_lanes": configuration.neuron_lanes,
        "steps": steps,
        "cycles_per_step": cycles,
        "cycles_per_step_without_skipping": whole.cycles / steps,
        "accumulate_busy": skipping.busy / skipping.cycles,
        "synapses": sum(item.planes[0].size for item in network.connections),
        "synaptic_operations_per_step": operations / steps,
        "synaptic_operations_per_second": operations / skipping.cycles * clock,
        "share_of_zero_inputs_skipped": 1 - skipping.events / skipping.sources,
        "state_memory_bits": configuration.state_memory_bits,
        "clock_hz": clock,
        "steps_per_second_at_clock": clock / cycles,
        "wall_steps_per_second": steps / skipping.seconds,
        "differences": skipping.differences + whole.differences,
    }
    if json:
        print_json(values)
    else:
        print_table([
            ("network", f"{opened.name}, {values['synapses']} synapses"),
            ("device", f"{device}, {configuration.lanes} lanes, {configuration.neuron_lanes} "
                       "neuron lanes"),
            ("cycles per step", f"{cycles:.1f}; {whole.cycles / steps:.1f} without skipping"),
            ("sources skipped", f"{values['share_of_zero_inputs_skipped']:.2%}"),
            ("at the clock", f"{clock / cycles:.1f} steps/s, "
                             f"{operations / skipping.cycles * clock / 1e6:.1f} million synaptic "
                             f"operations/s at {clock / 1e6:g} MHz"),
            ("state memory", f"{configuration.state_memory_bits} bits"),
            ("here", f"{steps / skipping.seconds:.1f} steps/s"),
            ("outputs unlike golden", values["differences"]),
        ])
    if values["differences"]:
        raise CheckError(f"{values['differences']} outputs differ from the golden")


def _measure(
    program: Program, configuration: SpikingConfiguration, device: str,
    codes: NDArray[np.int64], skip: bool, report: ProgressReport, timeout: float | None,
) -> Measured:
    from sterna.tasks.golden_spiking_device import GoldenSpikingDevice
    from sterna.tasks.open_spiking import open_spiking_device

    golden = GoldenSpikingDevice(program)
    machine = open_spiking_device(device, program, configuration, report, skip=skip,
                                  timeout=timeout)
    counters, differences, seconds = [], 0, 0.0
    try:
        for done, row in enumerate(codes):
            report("running with skipping" if skip else "running without", done, len(codes))
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
    return Measured(cycles, busy, events, sources, differences, seconds)


def _operations(network: SpikingNetwork, codes: NDArray[np.int64]) -> int:
    """Weights that a code other than 0 meets, in all steps; each is an addition that must be."""
    import numpy as np

    from sterna.families.spiking.golden import GoldenNetwork
    from sterna.golden.neuron import shift_right
    from sterna.program.instructions import INPUT

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
        spikes, targets = np.array(loud[item.source]), item.planes.shape[1]
        late = np.full((targets, spikes.shape[1]), 0) if item.delays is None else item.delays
        late = late.astype(np.int64) + item.previous
        for delay in np.unique(late):
            if delay < len(spikes):
                fired = spikes[:len(spikes) - delay].sum(0)
                total += int((fired * (late == delay).sum(0)).sum())
    return total
