"""Random models of odd shapes, and one machine that fits several programs."""

from __future__ import annotations

from dataclasses import asdict

from sterna.compiler.fit import Embedding, fit_configuration
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
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
    fits = [asdict(fit_configuration(program, base, where)) for program, where in programs]
    return token_machine(**{key: max(fit[key] for fit in fits) for key in fits[0]})
