"""Random models of odd shapes, and one machine that fits several programs."""

from __future__ import annotations

from sterna.compiler.fit import Embedding, fit_machine
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.machine.machine import Machine
from sterna.program.definition import Program


def random_program(
    hidden: int, layers: int, intermediate: int, vocabulary: int, seed: int = 0
) -> Program:
    """The program of a random MatMul-free LM."""
    config = ModelConfig(
        vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers,
        intermediate_size=intermediate, bos_token_id=None, eos_token_id=None,
    )
    name = f"{hidden}x{layers}x{intermediate}x{vocabulary}"
    return lower(random_model(config, seed), name=name)


def common_configuration(
    base: Machine, programs: list[tuple[Program, Embedding]]
) -> Machine:
    """The smallest machine that fits all: one simulator serves every test."""
    fits = [fit_machine(program, base, where) for program, where in programs]
    values = [{"program_depth": fit.program_depth}
              | {name: value for unit in fit.units for name, value in unit.named_fields()}
              for fit in fits]
    return base.having(**{name: max(value[name] for value in values) for name in values[0]})
