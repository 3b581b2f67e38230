"""LayerNorm: ``(x - mean) / sqrt(variance + eps) * gain + bias``, and without the last two.

The mean is a sum of words, a scalar with a sign; the variance is that of the words less the mean,
so that nothing cancels. Error: half a centred word and the last of 16 bits of the mean, as large as
the spread makes them; 2e-4 of the result (table of the root, scalars of 17 bits); one and a half of
its units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sterna.families.layers.enters import Enters
from sterna.families.layers.ones import add_constant, add_scalar
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import ONE, WORD_BITS
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import Constant, Element, Kernel, Scalar, ScalarOperation
from sterna.program.items import Item

GAIN_FRACTION = 12
"""Of gains, -32 to 32, unless a model needs others: a multiple of 4."""


@dataclass(frozen=True)
class _Spread:
    """What every LayerNorm of ``length`` words of ``fraction`` bits begins with.

    ``name`` begins the names of what it needs: scalar constants, those of `scalars`. The words
    enter the sum ``<name>_mean`` where they are made. ``centred`` is a local vector.
    """

    name: str
    length: int
    fraction: int
    result_fraction: int
    eps: float = 1e-5

    @property
    def mean(self) -> str:
        """The sum that the words enter."""
        return f"{self.name}_mean"

    @property
    def enters(self) -> Enters:
        """The reduction that the words enter."""
        return {"sum": self.mean}

    def centre(self, a: str) -> tuple[Item, ...]:
        """``centred`` is the vector ``a`` less its mean, ``<name>_root`` what it is multiplied by.
        """
        name = self.name

        def scalar(result: str, operation: str, *operands: str) -> ScalarOperation:
            return ScalarOperation(
                result=f"{name}_{result}", operation=operation,  # type: ignore[arg-type]
                operands=tuple(f"{name}_{operand}" for operand in operands))

        return (
            scalar("sum", "sum", "mean"), scalar("share", "constant", "share"),
            scalar("middle", "multiply", "sum", "share"),
            Kernel(name=f"{name}_centre", length=self.length, body=(
                add_scalar("centred", a, f"{name}_middle", negative=True,
                           squares=f"{name}_squares"),)),
            scalar("power", "squares", "squares"), scalar("part", "constant", "part"),
            scalar("variance", "multiply", "power", "part"),
            scalar("least", "constant", "least"), scalar("safe", "add", "variance", "least"),
            scalar("root", "rsqrt", "safe"),
        )

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constants: a share of ones for the mean; of the variance, in units of the
        result, a part of the sum of squares, and the least."""
        unit = 4.0**-self.result_fraction
        return {
            f"{self.name}_{name}": scalar_constant(value, WORD_BITS) for name, value in {
                "share": 1 / (self.length * ONE),
                "part": unit / self.length,
                "least": self.eps * 4.0**self.fraction * unit,
            }.items()}


@dataclass(frozen=True)
class LayerNorm(_Spread):
    """A LayerNorm of ``length`` words of ``fraction`` bits to words of ``result_fraction``.

    Beside what `_Spread` needs there are constant vectors, ``<name>_gain`` of ``gain_fraction``
    bits and ``<name>_bias`` of the result's.
    """

    gain_fraction: int = GAIN_FRACTION

    def items(self, a: str, result: str, absmax: str | None = None) -> tuple[Item, ...]:
        """The norm of the vector ``a``, whose words enter a reduction where one is named."""
        name = self.name
        return (*self.centre(a), Kernel(name=name, length=self.length, body=(
            Element(result="centred", a="centred", multiplier=Scalar(f"{name}_root")),
            Element(result="centred", a="centred", multiplier=Constant(f"{name}_gain"),
                    shift=self.gain_fraction),
            add_constant(result, "centred", f"{name}_bias", absmax))))


@dataclass(frozen=True)
class BareNorm(_Spread):
    """A LayerNorm without gain and bias."""

    def items(self, a: str, result: str, absmax: str | None = None, addend: str | None = None,
              enters: Enters | None = None) -> tuple[Item, ...]:
        """The norm of the vector ``a``, added to another one if told, whose words enter what is
        named."""
        return (*self.centre(a), Kernel(name=self.name, length=self.length, body=(
            Element(result=result, a="centred", multiplier=Scalar(f"{self.name}_root"),
                    addend=addend, absmax=absmax, **(enters or Enters())),)))
