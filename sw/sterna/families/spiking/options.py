"""Options of spiking networks alone: how a graph is read, and how integers are made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from sterna.errors import InputError
from sterna.families.planes import AUTO, is_auto
from sterna.law.codes import LEAST_FRACTION, MOST_FRACTION
from sterna.options import option

if TYPE_CHECKING:
    from sterna.families.spiking.nir.options import NirChoices

NIR_GRAPHS = "NIR graphs (.nir)"


@dataclass(frozen=True)
class Nir:
    """What the user chooses of a NIR graph's reading."""

    owner: ClassVar[str] = NIR_GRAPHS
    producer: str | None = option(
        None, "framework that wrote the graph: snntorch, spikingjelly, norse, sinabs, "
        "rockpool, spyx, lava or nir; else it is recognised.", metavar="NAME",
        choices=("snntorch", "spikingjelly", "norse", "sinabs", "rockpool", "spyx", "lava", "nir"))
    dt: float | None = option(None, "time step in seconds.", least=0, above=True, most=1e6)
    reset: list[str] | None = option(
        None, "none, hard, soft, soft_once, soft_late, zero_late or clear_late; snnTorch's "
        "subtract, zero, and with reset_delay=False subtract_now, zero_now; again for a node.",
        metavar="[NODE=]KIND")
    current: str | None = option(
        None, "current that the membrane takes, new or old; jump: inputs are unscaled.",
        choices=("new", "old", "jump"))
    compare: str | None = option(None, "a spike at > or >= the threshold.")
    neuron: list[str] | None = option(
        None, "Sets max_count (spikes a step), refractory (steps), refractory_hold, increment "
        "and adaptation_factor (adaptive threshold), floor, v_reset, decay, gain, start, count.",
        metavar="[NODE.]NAME=VALUE")

    def choices(self) -> NirChoices:
        """The options as the reader takes them."""
        from sterna.families.spiking.nir.options import NirChoices

        return NirChoices(self.producer, self.dt, self.current, self.compare,
                          tuple(self.reset or ()), tuple(self.neuron or ()))


@dataclass(frozen=True)
class Formats:
    """How integers are made of real numbers."""

    planes: int | str | None = option(
        None, "ternary planes a weight; 1 is ternary, 5, the usual, int8; auto chooses those of "
        "all that leads to a population.", least=1, most=8, words=(AUTO,),
        project="formats.planes")
    planes_target: float | None = option(
        None, "With --planes auto: the share of samples of --calibrate whose class may change "
        "(0.01), or without labels of neuron steps that may differ (0.005).", least=0, above=True,
        most=1, project="formats.planes-target")
    calibrate: Path | None = option(
        None, "With --planes auto: inputs to choose by, best with labels as of `eval --data`; else "
        "random ones.", metavar="FILE", reads=True, or_folder=True)
    fraction: int | None = option(
        None, "fraction bits of the membrane; usually 16.", least=0, most=24,
        project="formats.fraction")
    input_fraction: int | None = option(
        None, "fraction bits of real-valued inputs; usually 0.", least=LEAST_FRACTION,
        most=MOST_FRACTION, project="formats.input-fraction")

    @property
    def auto(self) -> bool:
        """Whether planes are to be chosen. Raises `InputError` for what only that reads."""
        auto = is_auto(self.planes, self.planes_target)
        if self.calibrate is not None and not auto:
            raise InputError("--calibrate: is what --planes auto chooses by; give both")
        return auto


@dataclass(frozen=True)
class InputShape:
    """The shape of an input of a torch module."""

    input_shape: str | None = option(
        None, "Shape of one input of a torch module, such as 1,28,28; else the first Linear tells.",
        metavar="SIZES")


@dataclass(frozen=True)
class Against:
    """A torch module that a graph is held against."""

    owner: ClassVar[str] = NIR_GRAPHS
    against: str | None = option(
        None, "refuse unless the module that this makes fires as what was read.",
        metavar="NET.PY:MAKE_NET")
