"""Time steps a second, of the accelerator alone and with the link to the host."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.compiler.spiking.plan import groups_of
from sterna.machine.protocol import Space, result_words, word_chunks
from sterna.machine.spiking_configuration import SpikingConfiguration
from sterna.program.definition import Program

_FRAME_BYTES, _LOAD_BYTES, _RUN_BYTES = 7, 5, 10
"""START, type, sequence, length and CRC; the arguments of LOAD and RUN (`program.protocol`)."""
_BITS_PER_BYTE = 10


@dataclass(frozen=True, kw_only=True)
class StepSpeed:
    """Rates at a clock and a bit rate, if no source is silent.

    ``steps_per_second`` is the accelerator's, as if input and output took no time;
    ``steps_per_second_over_link`` lets each step wait for them on the serial line. What the host
    and its USB bridge add is not counted.
    """

    cycles_per_step: int
    steps_per_second: float
    link_bytes_per_step: int
    steps_per_second_over_link: float


def step_speed(configuration: SpikingConfiguration, program: Program, cycles: int,
               clock_hz: float, baud: int, pause: float = 0.0) -> StepSpeed:
    """The rates of a network whose steps take so many cycles.

    ``pause`` are the seconds that a bridge adds to an answer.
    """
    words = groups_of(program.input_length, configuration.neuron_lanes)
    line = (4 * _FRAME_BYTES + _LOAD_BYTES + _RUN_BYTES + 4 * result_words(configuration)
            + 4 * words * word_chunks(configuration, Space.INPUT))
    seconds = cycles / clock_hz
    return StepSpeed(
        cycles_per_step=cycles,
        steps_per_second=1 / seconds,
        link_bytes_per_step=line,
        steps_per_second_over_link=1 / (seconds + line * _BITS_PER_BYTE / baud + pause),
    )
