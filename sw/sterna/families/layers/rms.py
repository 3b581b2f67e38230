"""Norms by the root of the mean square: ``x / sqrt(mean(x**2) + eps)``, of a vector or of heads.

Error: 2e-4 of the result (table of the root, scalars of 17 bits), and one and a half of its units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sterna.families.layers.enters import Enters
from sterna.families.layers.heads import Heads
from sterna.families.layers.norm import GAIN_FRACTION
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import WORD_BITS
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import Constant, Element, Kernel, Scalar, ScalarOperation, Unit
from sterna.program.items import Item

_CONSTANTS = ("part", "least")


@dataclass(frozen=True)
class _Root:
    """What words are multiplied by: ``1 / sqrt(squares / over + eps)``, in units of the result."""

    name: str
    fraction: int
    result_fraction: int
    eps: float
    over: float

    def _scalar(self, result: str, operation: str, *operands: str) -> ScalarOperation:
        return ScalarOperation(
            result=f"{self.name}_{result}", operation=operation,  # type: ignore[arg-type]
            operands=tuple(f"{self.name}_{operand}" for operand in operands))

    def constants(self) -> tuple[Item, ...]:
        """Of the section."""
        return tuple(self._scalar(name, "constant", name) for name in _CONSTANTS)

    def root(self) -> tuple[Item, ...]:
        """From the reduction ``<name>_squares`` to the scalar ``<name>_root``."""
        return (
            self._scalar("power", "squares", "squares"),
            self._scalar("mean", "multiply", "power", "part"),
            self._scalar("safe", "add", "mean", "least"),
            self._scalar("root", "rsqrt", "safe"),
        )

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constants."""
        unit = 4.0**-self.result_fraction
        values = (unit / self.over, self.eps * 4.0**self.fraction * unit)
        return {f"{self.name}_{name}": scalar_constant(value, WORD_BITS)
                for name, value in zip(_CONSTANTS, values, strict=True)}


@dataclass(frozen=True)
class RmsNorm:
    """An RMSNorm of ``length`` words of ``fraction`` bits to words of ``result_fraction``.

    ``name`` begins the names of its scalar constants, those of `scalars`, and of the constant
    vector ``<name>_gain`` of ``gain_fraction`` bits. The words enter the squares
    ``<name>_squares`` where they are made.
    """

    name: str
    length: int
    fraction: int
    result_fraction: int
    eps: float
    gain_fraction: int = GAIN_FRACTION
    padding: int = 0
    """Elements that are none."""

    @property
    def enters(self) -> Enters:
        """The reduction that the words enter."""
        return {"squares": f"{self.name}_squares"}

    @property
    def _root(self) -> _Root:
        return _Root(self.name, self.fraction, self.result_fraction, self.eps,
                     self.length - self.padding)

    def items(self, a: str, result: str, absmax: str | None = None) -> tuple[Item, ...]:
        """The norm of the vector ``a``, whose words enter a reduction where one is named."""
        return (*self._root.constants(), *self._root.root(),
                Kernel(name=self.name, length=self.length, body=(
                    Element(result=result, a=a, multiplier=Scalar(f"{self.name}_root")),
                    Element(result=result, a=result, multiplier=Constant(f"{self.name}_gain"),
                            shift=self.gain_fraction, absmax=absmax))))

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constants."""
        return self._root.scalars()


@dataclass(frozen=True)
class HeadRms:
    """Each head divided by the root of its squares' sum over ``over`` and of eps, in place.

    ``over`` is the size of heads for an RMSNorm, which has no gain here, and 1 for an L2 norm.
    ``name`` begins the names of its scalars.
    """

    name: str
    heads: Heads
    fraction: int
    result_fraction: int
    eps: float
    over: int

    @property
    def _root(self) -> _Root:
        return _Root(self.name, self.fraction, self.result_fraction, self.eps, self.over)

    def items(self, a: str) -> tuple[Item, ...]:
        """Each head of the vector ``a``."""
        name, part = self.name, self.heads.part
        return (*self._root.constants(), *(item for head in range(self.heads.count) for item in (
            part(f"{name}_length", head, Element(
                result=None, a=a, multiplier=Unit(1), squares=f"{name}_squares")),
            *self._root.root(),
            part(f"{name}_scale", head, Element(
                result=a, a=a, multiplier=Scalar(f"{name}_root"))))))

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constants."""
        return self._root.scalars()
