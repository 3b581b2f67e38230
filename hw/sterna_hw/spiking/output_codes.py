"""What neurons hand on becomes codes and results."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value
from sterna.program.neuron import Output
from sterna.program.spiking_configuration import SpikingConfiguration

from sterna_hw.spiking.arithmetic import Shifted, saturate
from sterna_hw.spiking.pipeline import Pipeline, Word


def signed_output(output: Value) -> Value:
    """An output as a signed value: counts get a sign bit."""
    return output if output.shape().signed else Cat(output, Const(0, 1)).as_signed()


def to_code(pipeline: Pipeline, name: str, unit_output: Output, shift: Shifted,
            configuration: SpikingConfiguration) -> Word:
    """``clamp(R(output, output_shift))`` of step 9, in the width of a code.

    Counts that are not shifted pass as they are; the compiler knows that they fit.
    """
    word, bits = shift.word, configuration.code_bits
    if unit_output is Output.SPIKE and shift.shift == 0:
        return word
    rounded = pipeline.compute(
        f"{name}_rounded", lambda value: shift.plus(value, Const(0, 1)), word)
    return pipeline.compute(f"{name}_code", lambda value: saturate(value, bits), rounded)
