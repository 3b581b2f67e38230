"""Queues: what would block is refused, and schedules keep the queues from blocking."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler.flow import check_flow
from sterna.compiler.plan import Address, MatmulStep, SectionPlan, VectorStep
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.machine.presets import token_machine
from sterna.machine.units.ternary import MATMUL_QUEUE
from sterna.machine.units.vector import SourceA
from sterna.program.definition import VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Matmul,
    Quantise,
    ScalarOperation,
    Unit,
)

from tests.sw.compiler.programs import simple_program, to_codes
from tests.sw.compiler.test_equality import compare

SHAPE = token_machine(rows=2, columns=8, vector_lanes=2, block_groups=4)


def codes(item):
    return VectorStep(item=item, operation=0, elements=8, first=0, length=4, a=Address(0),
                      codes=True)


def matmul(item, release=True, blocks=2):
    return MatmulStep(item=item, operations=(0,), matrices=("m",), rows=8, columns=8, first=0,
                      groups=2, blocks=blocks, tiles=1, release=release)


def consumer(item, length=4):
    return VectorStep(item=item, operation=0, elements=8, first=0, length=length,
                      source=SourceA.ACCUMULATORS, result=Address(0))


def flow(*nodes):
    check_flow(SectionPlan(name="s", repeat=1, step=0, nodes=list(nodes)), SHAPE)


def test_orderly_use():
    flow(codes(0), matmul(2), codes(1), matmul(3), consumer(2), consumer(3))


def test_third_codes_while_both_banks_wait():
    """Three banks' results fit the result queue only if somebody takes them."""
    large = [codes(0), matmul(3, blocks=5), codes(1), matmul(4, blocks=5), codes(2),
             matmul(5, blocks=5)]
    with pytest.raises(InputError, match="section s: execution would block at item 2"):
        flow(*large, consumer(3, 10), consumer(4, 10), consumer(5, 10))
    flow(*large[:4], consumer(3, 10), *large[4:], consumer(4, 10), consumer(5, 10))


def test_accumulators_that_nobody_makes_and_nobody_takes():
    with pytest.raises(InputError, match="block at item 7"):
        flow(codes(0), matmul(1), consumer(1), consumer(7))
    with pytest.raises(InputError, match="section s: leaves codes or accumulators behind"):
        flow(codes(0), matmul(1))
    with pytest.raises(InputError, match="leaves"):
        flow(codes(0), matmul(1, release=False), consumer(1))


def test_more_commands_than_the_queue_holds_block_their_consumers():
    many = [matmul(index, release=index == 20, blocks=5) for index in range(1, 21)]
    with pytest.raises(InputError, match="block"):
        flow(codes(0), *many, *(consumer(index, 10) for index in range(1, 21)))


def shared_codes_program(kernels):
    """A layer in which many matrices use the same codes."""
    program = simple_program()
    base = program.section("layer").items
    items = list(base[:3])
    shapes = {key: value for key, value in program.matrices.items() if key[1] != "gate"}
    vectors = dict(program.vectors)
    for index in range(kernels):
        shapes["layer", f"m{index}"] = (36, 20)
        vectors[f"v{index}"] = VectorFormat(length=36, fraction=0)
        before = f"v{index - 1}" if index else None
        items.append(Kernel(name=f"k{index}", length=36, body=(
            Element(result=f"v{index}", a="sums", multiplier=Unit(1), addend=before),),
            matmuls=(Matmul(result="sums", codes="first", matrix=f"m{index}"),)))
    items.append(Kernel(name="gain", length=36, body=(
        Element(result="product", a=f"v{kernels - 1}", multiplier=Constant("gain"), shift=12,
                absmax="second"),)))
    items += to_codes("second", "product", 36)
    items += [ScalarOperation(result="mix", operation="constant", operands=("mix",)), base[-1]]
    sections = list(program.sections)
    sections[1] = replace(sections[1], items=tuple(items))
    program = replace(program, sections=tuple(sections), matrices=shapes, vectors=vectors)
    program.parameters.shapes.update(shapes)
    return program


@pytest.mark.parametrize("kernels", [5, 12])
def test_schedule_never_fills_the_queue(kernels):
    program = shared_codes_program(kernels)
    plan = schedule(program, SHAPE)
    queued, deepest = {}, 0
    for step, _ in plan.sections[1].walk():
        if isinstance(step, MatmulStep):
            queued[step.item] = queued.get(step.item, 0) + 1
        elif isinstance(step, VectorStep) and step.source is SourceA.ACCUMULATORS:
            queued.pop(step.item, None)
        deepest = max(deepest, sum(queued.values()))
    assert deepest == min(MATMUL_QUEUE, deepest) >= 5
    compare(program, (2, 8, 2), (1, 2), block_groups=4)


def test_program_that_no_hardware_can_run():
    program = simple_program()
    layer = list(program.section("layer").items)
    quantises = [item for item in layer if isinstance(item, Quantise)]
    pair = next(item for item in layer if isinstance(item, Kernel) and item.name == "pair")
    mixed = replace(pair, matmuls=(pair.matmuls[0], replace(pair.matmuls[1], codes="second")))
    layer[layer.index(pair)] = mixed
    sections = (program.sections[0], replace(program.sections[1], items=tuple(layer)),
                program.sections[2])
    assert len(quantises) == 2
    with pytest.raises(InputError):
        schedule(replace(program, sections=sections), SHAPE)
