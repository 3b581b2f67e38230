"""The exact integer neuron: one step of a spiking population, to the last rounding.

Golden and RTL share only this text. All values are two's complement integers; every state lies in
the symmetric range ``-(2**(bits-1) - 1) .. 2**(bits-1) - 1`` and saturates, nothing wraps. The
membrane, the current, the adaptation, the threshold, leak, reset, bias and floor share one binary
point, which the arithmetic never needs to know. Factors have ``factor_fraction`` fraction bits
(1.0 is ``1 << factor_fraction``).

``R(p, s)`` shifts ``p`` right by ``s`` with the declared `Rounding`. ``sat_m``, ``sat_i`` and
``sat_a`` saturate to membrane, current and adaptation bits. ``over(a, b)`` is ``a > b`` if
``strict`` else ``a >= b``. State before the first step is 0. One step of a neuron whose inputs
summed to the exact integer ``x``, in this order (names on the right are those before the line):

1. **Pending reset**, only for the late resets and ``SOFT_ONCE``: ``r = over(v, threshold)``.
2. **Input**: ``y = sat_m(R(x * gain, gain_shift) + bias)``.
3. **Current**: ``NONE``: ``drive = y``. ``NEW``: ``i = sat_i(R(i * current_factor) + y)``,
   ``drive = i``. ``OLD``: ``drive`` is the i before that line. ``JUMP``: ``drive = sat_i(i + y)``,
   then ``i = sat_i(R(drive * current_factor))``. ``ALPHA``: as `NEW` for ``i``, beside it
   ``a = sat_a(R(a * adaptation_factor) - y)``, and ``drive = i + a``.
4. **Membrane**, exact until one saturation: ``u = sat_m(base + drive - take)`` where
   ``v0 = reset if r and ZERO_LATE else v``, ``t = v0 - leak``, and ``base`` is
   ``NONE``: ``v0``; ``MULTIPLY``: ``leak + R(t * factor)``; ``EULER``: ``v0 - R(t * factor)``;
   ``SHIFT``: ``v0 - R(t, decay_shift)``; with ``scale_drive`` (Euler and shift only) the drive goes
   inside, ``base = v0 + R((drive - t) * factor)`` or ``v0 + R(drive - t, decay_shift)``, and is not
   added again.
   For current ``ALPHA`` the membrane has no memory: ``u = sat_m(R(drive * factor) - take)``.
   ``take`` is ``threshold`` if ``r`` and the reset is `SOFT_LATE` or `SOFT_ONCE`, else 0; for
   ``ALPHA`` it is ``-a`` (the ``a`` before the step). `CLEAR_LATE`: ``u = reset`` if ``r``. For
   ``ALPHA`` a pending `SOFT_LATE` also makes ``i = sat_i(i - threshold)`` and ``a = 0``, a pending
   `CLEAR_LATE` makes ``i = a = 0``, both after ``u`` is computed.
5. **Threshold**: ``h = threshold + a`` if ``adaptive``, else ``threshold`` (exact, not saturated).
   ``first`` is the lowest level: ``h`` (`COUNT_FLOOR`), or ``h >> 1`` (`COUNT_ROUND`).
6. **Fire**: ``c`` is the number of ``k`` in ``1 .. max_count`` with ``over(u, first + (k-1) * h)``;
   0 while the refractory counter is above 0. Then, and only then, the counter falls by one; and
   with ``refractory_hold`` ``u`` becomes the v before the step. A spike sets the counter to
   ``refractory``.
7. **Reset** when ``c > 0``: ``HARD``: ``v = reset``. ``SOFT``: ``v = u - c * h``. ``SOFT_ONCE``:
   ``v = u - (c - r) * threshold``, also when ``c`` is 0. Otherwise ``v = u``. Then
   ``v = max(sat_m(v), floor)`` if ``clamped``, else ``v = sat_m(v)``.
8. **Adaptation** if ``adaptive``: ``a = sat_a(R(a * adaptation_factor) + c * increment)``.
9. **Output**: ``SPIKE``: ``c`` (0 .. max_count). ``VALUE``: ``u`` if ``c > 0`` else 0.
   ``MEMBRANE``: ``v``. An output that feeds the ternary engine is
   ``clamp(R(output, output_shift), -127, 127)``; a read-out is not clamped.

A step has at most four multiplies (gain, current, membrane, adaptation), each by a parameter; none
depends on another neuron, so that a pipeline takes one neuron a clock.

Framework neurons as flags (rounding does not matter where the framework is exact):

| neuron | current | decay | strict | reset |
|--|--|--|--|--|
| snnTorch Leaky, L2MU | NONE | MULTIPLY | yes | SOFT_LATE, ZERO_LATE, NO_RESET (1) |
| snnTorch RLeaky | NONE | MULTIPLY | yes | SOFT_LATE, CLEAR_LATE, NO_RESET (1) |
| snnTorch Synaptic, RSynaptic | NEW | MULTIPLY | yes | SOFT_LATE, CLEAR_LATE, NO_RESET (1) |
| snnTorch Alpha (2) | ALPHA | MULTIPLY | yes | SOFT_LATE, CLEAR_LATE, NO_RESET |
| SpikingJelly IF | NONE | NONE | no | HARD, SOFT |
| SpikingJelly LIF, ParametricLIF (3) | NONE | EULER | no | HARD, SOFT |
| SpikingJelly ILIF, Sinabs, Rockpool (4) | NONE | MULTIPLY | no | SOFT |
| Norse LIFBox | NONE | EULER, scale_drive | yes | HARD, SOFT |
| Norse LIF, LIFRefrac (8); LI | JUMP | EULER, scale_drive | yes | HARD; NO_RESET |
| Norse LSNN (9) | OLD | EULER, scale_drive, adaptive | yes | HARD |
| Norse IAF | NONE | NONE | yes | HARD |
| NIR LIF; LI (5) | NONE | EULER, scale_drive | yes | HARD, SOFT, SOFT_LATE; NO_RESET |
| NIR CubaLIF (6) | NEW, OLD | EULER, scale_drive | yes | HARD, SOFT, SOFT_LATE |
| NIR IF; I (7) | NONE | NONE | yes | HARD, SOFT, SOFT_LATE; NO_RESET |
| NIR Threshold | NONE | MULTIPLY, factor 0 | yes | NO_RESET |
| ALIF | NONE | MULTIPLY, adaptive | no | HARD, SOFT |
| Loihi LIF | NEW | MULTIPLY, rounding ZERO | yes | HARD |
| DCLS (SNN-delays) | NONE | MULTIPLY | no | HARD |

1: subtract, zero, none; with ``reset_delay=False`` subtract is SOFT_ONCE and zero is HARD.
2: current_factor is alpha, adaptation_factor beta, factor tau_alpha. 3: scale_drive is decay_input;
the leak is v_reset, or 0 for soft. 4: max_count above 1; COUNT_ROUND for ILIF, else COUNT_FLOOR.
5: gain is r; LI has output MEMBRANE. 6: gain is dt / tau_syn * w_in * r. 7: gain is r * dt.
8: LIFRefrac has refractory_hold. 9: its threshold decays before it is met, so that the increment is
beta times the adaptation factor.

Source: spec/systems.md sections 3.3, 5.2 and 7.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from sterna.errors import InputError
from sterna.law.arithmetic import CODE_LIMIT


class Rounding(Enum):
    """What a right shift does with the bits it drops."""

    FLOOR = "floor"
    """Towards minus infinity, the plain arithmetic shift."""
    HALF_UP = "half_up"
    """``(p + (1 << (s-1))) >> s``, as in `sterna.law.arithmetic`."""
    HALF_EVEN = "half_even"
    """``torch.round``, numpy, IEEE."""
    ZERO = "zero"
    """Towards zero, as C and Loihi."""


class Current(Enum):
    """Synaptic current between input and membrane (step 3)."""

    NONE = "none"
    NEW = "new"
    OLD = "old"
    JUMP = "jump"
    ALPHA = "alpha"


class Decay(Enum):
    """Form of the membrane's decay (step 4)."""

    NONE = "none"
    MULTIPLY = "multiply"
    EULER = "euler"
    SHIFT = "shift"


class Reset(Enum):
    """What a spike does to the membrane (steps 4 and 7)."""

    NO_RESET = "none"
    HARD = "hard"
    SOFT = "soft"
    SOFT_ONCE = "soft_once"
    SOFT_LATE = "soft_late"
    ZERO_LATE = "zero_late"
    CLEAR_LATE = "clear_late"

    @property
    def pending(self) -> bool:
        """Whether the stored membrane says that a reset is still to come."""
        return self in (Reset.SOFT_ONCE, Reset.SOFT_LATE, Reset.ZERO_LATE, Reset.CLEAR_LATE)


class Count(Enum):
    """Where the lowest of several thresholds lies (step 5)."""

    COUNT_FLOOR = "floor"
    COUNT_ROUND = "round"


class Output(Enum):
    """What a population hands on (step 9)."""

    SPIKE = "spike"
    VALUE = "value"
    MEMBRANE = "membrane"


MAX_BITS = 32
MAX_FACTOR_BITS = 24
"""Widest state and widest factor: every product fits 64 bits."""
MAX_COUNT = CODE_LIMIT
MAX_REFRACTORY = 255

_ENUMS = {"rounding": Rounding, "current": Current, "decay": Decay, "reset": Reset,
          "count": Count, "output": Output}


@dataclass(frozen=True, kw_only=True)
class NeuronDefinition:
    """Flags and widths of a population; the numbers are in `NeuronParameters`.

    ``sum_bits`` is the width of ``x``. Raises `InputError` when a width is out of range or flags
    exclude each other.
    """

    sum_bits: int = 24
    membrane_bits: int = 24
    current_bits: int = 24
    adaptation_bits: int = 24
    factor_bits: int = 18
    """Width of signed factors and gains."""
    factor_fraction: int = 16
    gain_shift: int = 0
    decay_shift: int = 1
    output_shift: int = 0
    rounding: Rounding = Rounding.HALF_UP
    current: Current = Current.NONE
    decay: Decay = Decay.MULTIPLY
    scale_drive: bool = False
    strict: bool = True
    reset: Reset = Reset.SOFT
    adaptive: bool = False
    refractory: int = 0
    refractory_hold: bool = False
    clamped: bool = False
    max_count: int = 1
    count: Count = Count.COUNT_FLOOR
    output: Output = Output.SPIKE

    def __post_init__(self) -> None:
        for name, kind in _ENUMS.items():
            if not isinstance(getattr(self, name), kind):
                raise InputError(f"neuron: {name} must be one of {_names(kind)}")
        limits = {
            "sum_bits": (2, MAX_BITS), "membrane_bits": (2, MAX_BITS),
            "current_bits": (2, MAX_BITS), "adaptation_bits": (2, MAX_BITS),
            "factor_bits": (2, MAX_FACTOR_BITS), "factor_fraction": (0, MAX_FACTOR_BITS - 2),
            "gain_shift": (0, MAX_BITS - 1), "decay_shift": (1, MAX_BITS - 1),
            "output_shift": (0, MAX_BITS - 1), "refractory": (0, MAX_REFRACTORY),
            "max_count": (1, MAX_COUNT),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"neuron: {name} is {value}; it must be {low} to {high}")
        self._check_flags()

    def _check_flags(self) -> None:
        alpha = self.current is Current.ALPHA
        problems = {
            "scale_drive needs decay euler or shift":
                self.scale_drive and self.decay not in (Decay.EULER, Decay.SHIFT),
            "current alpha uses the adaptation state, so it cannot be adaptive":
                alpha and self.adaptive,
            "current alpha needs decay multiply, and reset soft_late, clear_late or none":
                alpha and (self.decay is not Decay.MULTIPLY or self.reset not in (
                    Reset.SOFT_LATE, Reset.CLEAR_LATE, Reset.NO_RESET)),
            f"reset {self.reset.value} looks at the stored membrane, so it cannot be combined "
            "with adaptive, refractory or max_count above 1":
                self.reset.pending and (
                    self.adaptive or self.refractory > 0 or self.max_count > 1),
            "refractory_hold needs refractory above 0":
                self.refractory_hold and self.refractory == 0,
        }
        for text, wrong in problems.items():
            if wrong:
                raise InputError(f"neuron: {text}")

    @property
    def states(self) -> tuple[str, ...]:
        """The state words a neuron keeps: ``v``, ``i``, ``a``, ``refractory`` as needed."""
        alpha = self.current is Current.ALPHA
        return tuple(
            name
            for name, kept in (
                ("v", True),
                ("i", self.current is not Current.NONE),
                ("a", self.adaptive or alpha),
                ("refractory", self.refractory > 0),
            )
            if kept
        )

    def state_bits(self, name: str) -> int:
        """Width of a state word."""
        return {
            "v": self.membrane_bits,
            "i": self.current_bits,
            "a": self.adaptation_bits,
            "refractory": self.refractory.bit_length(),
        }[name]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            name: value.value if isinstance(value, Enum) else value
            for name, value in asdict(self).items()
        }

    @staticmethod
    def from_dict(values: dict[str, Any]) -> NeuronDefinition:
        """The reverse of `to_dict`; raises `InputError` for what it does not know."""
        known = dict(values)
        for name, value in values.items():
            usual = getattr(NeuronDefinition, name, None)
            if type(usual) in (bool, int) and type(value) is not type(usual):
                raise InputError(f"neuron: {name} is {value!r}; it must be "
                                 + ("true or false" if type(usual) is bool else "a whole number"))
        for name, kind in _ENUMS.items():
            if name in known:
                try:
                    known[name] = kind(known[name])
                except ValueError:
                    raise InputError(
                        f"neuron: {name} is {known[name]!r}; it must be one of {_names(kind)}"
                    ) from None
        unknown = set(known) - set(NeuronDefinition.__dataclass_fields__)
        if unknown:
            raise InputError(f"neuron: unknown setting {', '.join(sorted(unknown))}")
        return NeuronDefinition(**known)


def _names(kind: type[Enum]) -> str:
    return ", ".join(str(member.value) for member in kind)
