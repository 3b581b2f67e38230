"""What neurons hand on becomes codes and results."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value
from sterna.law.neuron import NeuronDefinition, Output

from sterna_hw.spiking.arithmetic import Shifted, saturate
from sterna_hw.spiking.pipeline import Pipeline, Word


def signed_output(output: Value) -> Value:
    """An output as a signed value: counts get a sign bit."""
    return output if output.shape().signed else Cat(output, Const(0, 1)).as_signed()


def to_code(pipeline: Pipeline, definition: NeuronDefinition, output: Word, bits: int) -> Word:
    """``clamp(R(output, output_shift))`` of step 9 as a code of so many bits.

    Latency: none for counts that are not shifted, which pass as they are, for they fit; else 1
    clock, and 1 more with a shift.
    """
    if definition.output_shift:
        shifted = Shifted(output, definition.output_shift, definition.rounding)
        output = pipeline.compute(
            f"{output.name}_rounded", lambda value: shifted.plus(value, Const(0, 1)), output)
    elif definition.output is Output.SPIKE:
        return output
    return pipeline.compute(f"{output.name}_code", lambda value: saturate(value, bits), output)
