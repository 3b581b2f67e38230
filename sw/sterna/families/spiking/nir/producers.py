"""What each framework means by the numbers of its NIR files, as of the versions named.

A NIR graph gives continuous-time neurons. It says neither the time step, nor whether a spike sets
the membrane to its reset value or takes the threshold away, nor whether the membrane takes the
current of this step or of the one before, nor how the equations are integrated. Each framework
steps its own neurons and writes numbers that its own importer turns back. Every entry was held
against runs of the framework's own modules (tests/sw/families/spiking/nir).
Source: spec/systems.md 5.1, 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from sterna.law.neuron import MAX_COUNT


@dataclass(frozen=True)
class NirOptions:
    """How the neurons of a graph are stepped; the names are those of the command's options.

    ``dt`` is the step in the file's unit of time. ``decay``: ``euler`` keeps ``1 - dt/tau`` of a
    state in a step, ``exponential`` ``exp(-dt/tau)``. ``gain`` is what a membrane gets of its
    input: ``file`` what the file's r and w_in give, ``unit`` all of it, ``normalised`` what the
    decay loses, ``decayed`` what the decay keeps. ``integration`` is the time for which I and IF
    take their input in a step, None for ``dt``. ``start`` is the membrane before the first step.
    ``current_reset`` is the reset of neurons with a current, where it is another.
    ``late``: neurons hand a spike on one step after the step that made it.
    """

    dt: float
    reset: str
    current: str
    compare: str
    decay: str = "euler"
    gain: str = "file"
    integration: float | None = None
    start: str = "leak"
    late: bool = False
    current_reset: str | None = None
    max_count: int = 1
    count: str = "floor"
    rounding: str = "half_up"
    refractory: int = 0
    refractory_hold: bool = False
    v_reset: float | None = None
    floor: float | None = None
    increment: float | None = None
    adaptation_factor: float | None = None


MOST_SPIKES = MAX_COUNT
"""Spikes that a neuron can hand on in a step; Sinabs knows no limit, Rockpool one of 65,536."""

PRESETS = {
    "snntorch": NirOptions(1e-4, "soft_late", "new", ">"),
    "spikingjelly": NirOptions(1e-4, "hard", "new", ">=", start="reset"),
    "norse": NirOptions(1e-6, "hard", "jump", ">", integration=1.0),
    "sinabs": NirOptions(
        1.0, "soft", "new", ">=", decay="exponential", gain="normalised", max_count=MOST_SPIKES),
    "rockpool": NirOptions(
        1e-3, "soft", "new", ">=", decay="exponential", gain="decayed", max_count=MOST_SPIKES),
    "spyx": NirOptions(
        1.0, "soft_late", "new", ">", gain="unit", late=True, current_reset="soft"),
    "lava": NirOptions(1e-4, "hard", "new", ">", late=True, rounding="zero"),
    "nir": NirOptions(1e-4, "hard", "old", ">"),
}
"""Defaults by the framework that wrote the graph; ``nir`` is the format's own reference.

- snntorch 1.0.0 writes ``r = tau / 1e-4``, ``w_in = tau_syn / 1e-4`` and ``v_reset = 0``.
- spikingjelly 2.0.0 writes ``r = 1``, or without ``decay_input`` and for CUBALIF what snnTorch
  writes; its neurons begin at v_reset.
- norse 1.1.0 multiplies time constants by its step of 1e-3 s, so that a step is 1e-6 s of the
  file's time; inputs jump onto the current, or onto the membrane of an IF, unscaled.
- sinabs 3.1.3 writes time constants in steps and r 1, and normalises the input of its LIF.
- rockpool 3.1.0 writes ``r = tau exp(-dt/tau) / dt`` and w_in 1.
- spyx 1.0.0 writes ``r = 1 - dt/tau`` and w_in 1, and reads r and w_in nowhere; CuBaLIF takes its
  threshold away in the step of the spike.
- lava (lava-dl 0.6.0): the converter of its networks in NIR's documentation; blocks of slayer hand
  spikes on a step late, fire above the threshold, and round their states towards 0.
"""

LEFT_OUT = {
    "snntorch": "reset_mechanism and reset_delay, taken as subtract, a step late (--reset zero, "
                "none, subtract_now or zero_now)",
    "spikingjelly": "the soft reset, which versions before 2.0 wrote as v_reset 0 (--reset soft), "
                    "and the time step of LIF with decay_input, if no other neuron tells it (--dt)",
    "norse": "v_reset, taken as 0 (--neuron v_reset=X)",
    "sinabs": "norm_input of LIF, taken as True (--neuron gain=unit), tau_syn, min_v_mem "
              "(--neuron floor=X), spike_fn and reset_fn, taken as any number of spikes and "
              "subtraction (--neuron max_count=1, --reset hard)",
    "rockpool": "recurrent weights (has_rec), the biases of neurons and the most spikes of a step "
                f"(--neuron max_count=N, here {MOST_SPIKES}): a network that has them is another",
    "spyx": "layers that its exporter does not know (ALIF, LI, ...), which it drops from the "
            "graph; spikes come a step before Spyx's, whose neurons hand them on a step late",
    "lava": "that states are rounded to 1/4096, towards 0, which the float network does not do and "
            "the integers do with --fraction 12; spikes come a step before lava-dl's, whose blocks "
            "hand them on a step late",
}
"""What a framework's files do not hold, and what is taken for it."""
