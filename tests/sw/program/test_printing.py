"""The listing of a program names everything that it does."""

from __future__ import annotations

from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.program.instructions import Kernel
from sterna.program.printing import format_program


def test_listing_of_a_model():
    config = ModelConfig(
        vocab_size=97, hidden_size=64, num_hidden_layers=2, intermediate_size=100
    )
    program = lower(random_model(config, 1), name="small")
    text = format_program(program)
    lines = text.splitlines()
    assert lines[0] == "program small"
    assert "words of 18 bits, input of 64 words, 97 rows in the head" in lines[1]
    assert f"matrices, {config.ternary_weight_count} trits" in lines
    assert "section layer, 2 times" in lines
    assert "section head" in lines
    stripped = {" ".join(line.split()) for line in lines}
    assert "x 64 words, fraction 9, carried" in stripped
    assert "h 64 words, fraction 12, state" in stripped
    assert "i_sigmoid = sigmoid(i) fraction 16" in stripped
    assert "g = gate_sums [squares gate_squares] fraction 0" in stripped
    assert any("* -forget_real" in line for line in lines)
    for section in program.sections:
        for index, item in enumerate(section.items):
            if isinstance(item, Kernel):
                for operation in item.body:
                    assert str(operation) in text
            else:
                assert f"{index:>3}  {item}" in text
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)
    assert not text.endswith("\n")
