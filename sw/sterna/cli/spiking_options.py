"""Options of spiking networks: how a NIR graph is read, and what shapes the accelerator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.compiler.spiking.fit import SpikingShape
    from sterna.families.spiking.nir.options import NirChoices
    from sterna.machine.spiking_configuration import SpikingConfiguration
    from sterna.program.definition import Program

SPIKE_LANES = typer.Option(
    None, "--lanes", help="Spiking networks: synapses accumulated a clock (16)."
)
NEURON_LANES = typer.Option(
    None, "--neuron-lanes", help="Spiking networks: neurons updated a clock (4)."
)
CODE_BITS = typer.Option(
    None, "--code-bits",
    help="Spiking networks: width of codes; 2 for spikes, 8 for counts and real inputs.",
)

PRODUCER = typer.Option(
    None, help="NIR: framework that wrote the graph: snntorch, spikingjelly, norse, sinabs, "
               "rockpool, spyx, lava or nir; else it is recognised."
)
DT = typer.Option(None, help="NIR: time step in seconds.")
RESET = typer.Option(
    None, metavar="[NODE=]KIND",
    help="NIR: none, hard, soft, soft_once, soft_late, zero_late or clear_late; snnTorch's "
         "subtract, zero, and with reset_delay=False subtract_now, zero_now; again for a node.",
)
CURRENT = typer.Option(
    None, help="NIR: current that the membrane takes, new or old; jump: inputs are unscaled."
)
COMPARE = typer.Option(None, help="NIR: a spike at > or >= the threshold.")
NEURON = typer.Option(
    None, metavar="[NODE.]NAME=VALUE",
    help="NIR: sets max_count (spikes a step), refractory (steps), refractory_hold, increment and "
         "adaptation_factor (adaptive threshold), floor, v_reset, decay, gain, start, count.",
)


def nir_choices(
    producer: str | None, dt: float | None, reset: list[str] | None, current: str | None,
    compare: str | None, neuron: list[str] | None,
) -> NirChoices:
    """The options of a command that say how a NIR graph is read."""
    from sterna.families.spiking.nir.options import NirChoices

    return NirChoices(producer, dt, current, compare, tuple(reset or ()), tuple(neuron or ()))


def refuse_nir_options(text: str, choices: NirChoices | None) -> None:
    """Raise `InputError` for options of a NIR graph's reading that are given for something else."""
    from sterna.families.spiking.nir.options import NirChoices

    if choices not in (None, NirChoices()):
        raise InputError(f"{text}: --producer, --dt, --reset, --current, --compare and --neuron "
                         "are for NIR graphs (.nir)")


def refuse_language_options(**options: object) -> None:
    """Raise `InputError` for an option that is given but has no meaning for spiking networks."""
    for name, value in options.items():
        if value is not None:
            raise InputError(f"--{name.replace('_', '-')}: is for language models; a spiking "
                             "network takes --lanes, --neuron-lanes and --code-bits")


@dataclass(frozen=True)
class SpikingOptions:
    """The options of a command; what is not given follows from the network."""

    lanes: int | None = None
    neuron_lanes: int | None = None
    code_bits: int | None = None
    config: str | None = None
    timeout: float | None = None

    def refuse(self) -> None:
        """Raise `InputError` if a shape is given, which a language model does not have."""
        for name in ("lanes", "neuron_lanes", "code_bits"):
            if getattr(self, name) is not None:
                raise InputError(f"--{name.replace('_', '-')}: is for spiking networks")

    def shape(self, lanes: int | None = None, neuron_lanes: int | None = None) -> SpikingShape:
        """The shape; the arguments stand for what was not given. Raises `InputError`."""
        from sterna.compiler.spiking.fit import (
            DEFAULT_LANES,
            DEFAULT_NEURON_LANES,
            SpikingShape,
        )

        chosen = {
            "lanes": (self.lanes, lanes or DEFAULT_LANES),
            "neuron_lanes": (self.neuron_lanes, neuron_lanes or DEFAULT_NEURON_LANES),
        }
        values = {name: usual if given is None else given
                  for name, (given, usual) in chosen.items()}
        if self.code_bits is not None and self.code_bits < 1:
            raise InputError(f"code_bits is {self.code_bits}; it must be 2 to 8")
        return SpikingShape(**values, code_bits=self.code_bits)

    def fitted(self, program: Program) -> SpikingConfiguration:
        """The accelerator for the network, or that of a configuration file."""
        from sterna.compiler.spiking.fit import fit_spiking

        if self.config is None:
            return fit_spiking(program, self.shape())
        if (self.lanes, self.neuron_lanes, self.code_bits) != (None, None, None):
            raise InputError("--config names the shape; leave --lanes, --neuron-lanes and "
                             "--code-bits out")
        return _from_file(self.config)


def _from_file(name: str) -> SpikingConfiguration:
    from sterna.machine.spiking_configuration import SpikingConfiguration, read_configuration

    try:
        configuration = read_configuration(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"config {name!r}: no such file; give the configuration.json of a build") from None
    if not isinstance(configuration, SpikingConfiguration):
        raise InputError(f"config {name!r}: is that of a language model's accelerator")
    return configuration
