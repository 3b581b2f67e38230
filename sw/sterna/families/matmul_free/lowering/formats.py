"""Number formats of a lowered MatMul-free LM."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from sterna.errors import InputError
from sterna.law.arithmetic import MAX_SHIFT, SHIFT_STEP
from sterna.reading import parse_json

OWN_GAIN_BITS = ("state_gain_bits", "output_gain_bits", "down_gain_bits")


@dataclass(frozen=True, kw_only=True)
class Formats:
    """Fraction bits of every value whose format is fixed, and the shifts between them.

    A value with fraction F in words of W bits saturates at ``2**(W - 1 - F)``. The defaults suit a
    trained model whose embeddings are near one; other models need formats of their own
    (`sterna.families.matmul_free.lowering.calibration`): a source of codes of a few units makes
    other codes.
    """

    word_bits: int = 18
    residual_fraction: int = 9
    """Residual stream and embedding rows."""
    activation_fraction: int = 12
    """Inputs of the sigmoid: candidate, forget gate and gated unit."""
    gate_fraction: int = 16
    """Results of the sigmoid."""
    state_fraction: int = 12
    """Recurrent state and candidate; a second table is needed if it is not the activations'."""
    share_fraction: int = 16
    """One minus the forget gate: the share of the candidate that enters the state."""
    swish_fraction: int = 12
    """Swish of the state and of the gated unit."""
    up_fraction: int = 7
    """The linear half of the gated unit."""
    product_fraction: int = 7
    """The gated unit's result."""
    gain_bits: int = 16
    """Magnitude bits of the greatest gain of a constant vector."""
    state_gain_bits: int | None = None
    """Of the gains of the swished state; None: `gain_bits`, less in wide layers."""
    output_gain_bits: int | None = None
    """Of the gains in front of the output projection; None: one more than `gain_bits`."""
    down_gain_bits: int | None = None
    """Of the gains in front of the down projection; None: `gain_bits`."""
    gain_shift: int = 16
    """Right shift after a multiplication by a gain."""
    output_shift: int = 12
    """Right shift of gate accumulators times swished state."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InputError(
                    f"formats: {field.name} must be a whole number, not {value!r}"
                )
        if not 12 <= self.word_bits <= 18:
            raise InputError(f"formats: word_bits is {self.word_bits}, not between 12 and 18")
        for field in fields(self):
            value = getattr(self, field.name) or 0
            if value > 2 * self.word_bits:
                raise InputError(f"formats: {field.name} is {value}; it must be at most "
                                 f"{2 * self.word_bits}, twice the bits of a word")
        for name in ("gate_fraction", "gain_bits", *OWN_GAIN_BITS):
            if (getattr(self, name) or 0) > self.word_bits - 1:
                raise InputError(
                    f"formats: {name} is {getattr(self, name)}; a word of {self.word_bits} bits "
                    f"holds at most {self.word_bits - 1}"
                )
        shifts = {
            "activation_fraction + gate_fraction - state_fraction": self.candidate_shift,
            "state_fraction + gate_fraction - swish_fraction": self.state_swish_shift,
            "activation_fraction + gate_fraction - swish_fraction": self.gate_swish_shift,
            "swish_fraction + up_fraction - product_fraction": self.product_shift,
            "share_fraction": self.share_fraction,
            "gain_shift": self.gain_shift,
            "output_shift": self.output_shift,
        }
        for name, shift in shifts.items():
            if shift % SHIFT_STEP or not 0 <= shift <= MAX_SHIFT:
                raise InputError(
                    f"formats: {name} is {shift}; it is a shift, so it must be a multiple of "
                    f"{SHIFT_STEP} from 0 to {MAX_SHIFT}"
                )

    @property
    def candidate_shift(self) -> int:
        """Shift of the candidate's activation times its sigmoid."""
        return self.activation_fraction + self.gate_fraction - self.state_fraction

    @property
    def state_swish_shift(self) -> int:
        """Shift of the state times its sigmoid."""
        return self.state_fraction + self.gate_fraction - self.swish_fraction

    @property
    def gate_swish_shift(self) -> int:
        """Shift of the gated unit's activation times its sigmoid."""
        return self.activation_fraction + self.gate_fraction - self.swish_fraction

    @property
    def product_shift(self) -> int:
        """Shift of the two halves of the gated unit."""
        return self.swish_fraction + self.up_fraction - self.product_fraction

    @property
    def word_limit(self) -> int:
        """Largest magnitude of a word."""
        return (1 << (self.word_bits - 1)) - 1

    def summary(self) -> str:
        """The formats that a model's values decide, in words."""
        names = ("residual", "activation", "state", "swish", "up", "product")
        fractions = ", ".join(f"{name} {getattr(self, f'{name}_fraction')}" for name in names)
        gains = [f"gains {self.gain_bits}"]
        for name in OWN_GAIN_BITS:
            if (bits := getattr(self, name)) is not None:
                gains.append(f"{name.removesuffix('_gain_bits')} {bits}")
        return (
            f"words of {self.word_bits} bits, of fraction: {fractions}; {', '.join(gains)} bits, "
            f"shifted by {self.gain_shift}; output shift {self.output_shift}"
        )

    def to_json(self) -> str:
        """The formats as a JSON object with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Formats:
        """Read what `to_json` wrote; raises `InputError` when it is not that."""
        try:
            return cls(**parse_json(text, "formats"))
        except TypeError as error:
            raise InputError(f"formats: not readable: {error}") from None

    @classmethod
    def default(cls, word_bits: int = 18) -> Formats:
        """The defaults for words of 18 or of 16 bits; raises `InputError` for other widths."""
        if word_bits == 18:
            return cls()
        if word_bits == 16:
            return cls(
                word_bits=16,
                residual_fraction=7,
                activation_fraction=10,
                gate_fraction=12,
                state_fraction=10,
                share_fraction=12,
                swish_fraction=10,
                up_fraction=7,
                product_fraction=5,
                gain_bits=12,
                gain_shift=12,
                output_shift=12,
            )
        raise InputError(
            f"formats: there are defaults for words of 16 and 18 bits, not of {word_bits}; give "
            "every format"
        )
