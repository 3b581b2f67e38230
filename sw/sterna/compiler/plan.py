"""The schedule's form: the instructions with their loops, before they become bits.

Everything that depends on the order of execution (waits, weight and constant streams, trace,
cycles, deadlock) walks this one structure, so that it cannot disagree with the encoded program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sterna.compiler.products import ProductWords
from sterna.compiler.windows import WindowWords
from sterna.machine.units.matrix import Decay
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.ternary import Destination
from sterna.machine.units.vector import MultiplierSelect, SourceA, Wait


@dataclass(frozen=True)
class Address:
    """Address in vector memory, in groups; ``layer`` adds the offset of the repetition."""

    base: int
    layer: bool = False


@dataclass(kw_only=True, eq=False)
class VectorStep:
    """A VECTOR instruction over ``length`` groups of its vectors from group ``first`` on.

    ``item`` and ``operation`` are as in `sterna.machine.keys.ValueKey`; the program knows nothing
    of a step without ``operation``. ``elements`` is the length of the whole vector. ``constant``
    names the constant vector of the multiplier. ``sum``: words enter the register of squares
    themselves. ``rank``: the head takes the result. ``previous`` and ``state``: see
    `compiler.chains`. ``partner`` is the unit that the result is sent to, or whose words are
    operand a.
    """

    item: int
    operation: int | None
    elements: int
    first: int
    length: int
    source: SourceA = SourceA.MEMORY
    a: Address | None = None
    b: Address | None = None
    multiplier: MultiplierSelect = MultiplierSelect.ONE
    add_b: bool = False
    shift: int = 0
    scalar: int = 0
    table: int = 0
    constant: str | None = None
    result: Address | None = None
    codes: bool = False
    absmax: int | None = None
    squares: int | None = None
    sum: bool = False
    rank: bool = False
    wait: Wait = Wait.NONE
    previous: bool = False
    state: bool = False
    send: bool = False
    partner: str = ""

    def reads(self) -> tuple[Address, ...]:
        """Addresses of the groups that the instruction depends on."""
        return tuple(address for address in (self.a, self.b) if address is not None)


@dataclass(kw_only=True, eq=False)
class ScalarStep:
    """A SCALAR instruction; ``constant`` names the scalar constant it reads."""

    item: int
    operation: ScalarCode
    result: int
    a: int = 0
    b: int = 0
    constant: str | None = None


@dataclass(kw_only=True, eq=False)
class MatmulStep:
    """A MATMUL instruction: ``blocks`` blocks of ``groups`` row groups of each of the matrices.

    ``operations`` gives the matmul's index of each matrix in the item, in the order in which the
    body reads the accumulators; ``first`` is the first row group. ``planes`` and ``shift`` are
    those of each of the matrices.
    """

    item: int
    operations: tuple[int, ...]
    matrices: tuple[str, ...]
    rows: int
    columns: int
    first: int
    groups: int
    blocks: int
    tiles: int
    planes: int = 1
    shift: int = 0
    release: bool = False
    destination: Destination = Destination.VECTOR

    @property
    def words(self) -> int:
        """Weight words of the command, which is also its clocks in the engine."""
        return self.blocks * self.tiles * self.planes * self.groups * len(self.matrices)


@dataclass(kw_only=True, eq=False)
class AccumulateStep:
    """An ACCUMULATE instruction: the synapses of ``matrix``, weight words ``weights`` and up; of a
    product the weights that are named so.

    ``window`` is 1 and the word where its window begins, or 0; ``placed`` are then its words.
    """

    item: int
    matrix: str
    codes: int
    sources: int
    weights: int
    groups: int
    skip: bool
    window: int = 0
    placed: WindowWords | ProductWords | None = None


@dataclass(kw_only=True, eq=False)
class NeuronStep:
    """A NEURON instruction: ``kind`` of the neurons, None where codes come from the input.

    ``name`` is that of the population, whose neurons have so many ``states`` each.

    ``codes`` is the word that codes are stored at, None if they are not. ``current``: sums are
    words of the vector unit; ``give``: codes go there. ``weights`` is the weight word from which on
    outputs are written, None if they are not. ``words`` are those of its parameters.
    """

    item: int
    elements: int
    groups: int
    name: str = ""
    states: int = 0
    kind: int | None = None
    codes: int | None = None
    result: bool = False
    current: bool = False
    give: bool = False
    weights: int | None = None
    words: int = 0


@dataclass(kw_only=True, eq=False)
class StateStep:
    """A STATE instruction; fields that are not named here are its own.

    ``words`` are those of the state. ``operands`` are the groups of words of each operand that the
    unit is built for, in their order; ``gives`` are groups of results.
    """

    item: int
    heads: int
    rows: int
    columns: int
    heads_groups: int
    rows_groups: int
    columns_groups: int
    offset: int
    advance: int
    decay: Decay
    products: int
    read: bool
    by_columns: bool
    store: bool
    words: int
    operands: tuple[int, ...]
    gives: int

    @property
    def takes(self) -> int:
        """Groups of all operands."""
        return sum(self.operands)


Step = Any
"""A step of some unit, see `sterna.compiler.unit.UnitCompiler.steps`; it has an ``item``."""


@dataclass(kw_only=True)
class BlockLoop:
    """Inner loop: ``body`` runs ``count`` times, addresses move by ``step`` groups each time."""

    count: int
    step: int
    body: tuple[VectorStep, ...]


Node = Any
"""A step, or a `BlockLoop`."""


@dataclass(kw_only=True)
class SectionPlan:
    """Instructions of a section; ``step`` is the address distance of its repetitions."""

    name: str
    repeat: int
    step: int
    nodes: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[tuple[Step, int]]:
        """One repetition in dynamic order: each step with its inner offset."""
        for node in self.nodes:
            if isinstance(node, BlockLoop):
                for count in range(node.count):
                    for step in node.body:
                        yield step, count * node.step
            else:
                yield node, 0

    def steps(self) -> Iterator[Step]:
        """Every instruction once, as encoded (REPEAT not included)."""
        for node in self.nodes:
            if isinstance(node, BlockLoop):
                yield from node.body
            else:
                yield node


@dataclass(kw_only=True)
class Plan:
    """A whole schedule: sections in order, and the ranges of vector memory that a reset zeroes.

    ``chained``: tokens of a text may run side by side, see `sterna.compiler.chains`.
    """

    sections: list[SectionPlan]
    persistent_groups: int
    vector_groups: int
    tables: tuple[str, ...]
    chained: bool = False
