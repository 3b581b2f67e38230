"""Names and shapes of the tensors of models of delta rules."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.fla.delta_configuration import DeltaConfig
from sterna.families.fla.layout import HEAD_NORM, OUTPUT, Shapes, all_tensors
from sterna.families.layers.convolution import TAPS

CONVOLVED = {"query": "q", "key": "k", "value": "v"}
"""Their letters in the names of tensors."""
RATES, FORGETS, GATE = "att.b_proj", "att.a_proj", "att.g_proj"
LOG_SPEED, SPEED_BIAS = "att.A_log", "att.dt_bias"


def step_name(kind: str, step: int) -> str:
    """What a step's keys or values are called in the program."""
    return f"{kind}{step}"


def convolved(config: DeltaConfig) -> dict[str, tuple[str, int]]:
    """By the name in the program: the kind, and the step."""
    return {"query": ("query", 0)} | {
        step_name(kind, step): (kind, step)
        for step in range(config.steps) for kind in ("key", "value")}


def maps(config: DeltaConfig) -> tuple[str, ...]:
    """Matrices of attention in the program that take what the norm gives."""
    return (*convolved(config), "rate", *(("forget",) if config.forgets else ()),
            *(("gate",) if config.gated else ()))


def tensors(config: DeltaConfig) -> Shapes:
    """Key and shape of every tensor, in the order of use."""
    hidden, heads = config.hidden_size, config.num_heads
    keys, values = heads * config.key_size, heads * config.value_size
    rows = {"query": keys, "key": config.steps * keys, "value": config.steps * values}

    def layer(index: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        del index
        for kind, letter in CONVOLVED.items():
            yield f"att.{letter}_proj.weight", (rows[kind], hidden)
            yield f"att.{letter}_conv1d.weight", (rows[kind], 1, TAPS)
        yield f"{RATES}.weight", (config.steps * heads, hidden)
        if config.forgets:
            yield f"{FORGETS}.weight", (heads, hidden)
            yield LOG_SPEED, (heads,)
            yield SPEED_BIAS, (heads,)
        if config.gated:
            yield f"{GATE}.weight", (values, hidden)
        yield HEAD_NORM, (config.value_size,)
        yield f"{OUTPUT}.weight", (hidden, values)

    return all_tensors(config, layer)
