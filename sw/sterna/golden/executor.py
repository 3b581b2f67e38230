"""The golden executor: runs a program in exact integers, token by token.

It knows the definition of programs and nothing of hardware. Several token streams may run side
by side ([streams, elements] arrays throughout); each gives what it would give alone.
"""

from __future__ import annotations

from copy import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.errors import InputError
from sterna.golden import arithmetic, scalars
from sterna.golden.matrices import MatrixStore, single_thread
from sterna.golden.result import GoldenResult, Observer
from sterna.golden.scalars import ScalarFloat
from sterna.golden.token import Token
from sterna.program.definition import Program
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Matmul,
    Multiplier,
    Quantise,
    Scalar,
    ScalarOperation,
    TopK,
    Unit,
)

MATRIX_BUDGET = 4 << 30
"""Bytes of trits that an executor keeps in memory unless told otherwise."""


class GoldenExecutor:
    """Executes `program` for `streams` independent token streams.

    `top_k` is how many logits a `GoldenResult` names; `matrix_budget` how many bytes of trits are
    kept, the others are fetched from the program's parameters at every token.
    """

    def __init__(
        self,
        program: Program,
        *,
        streams: int = 1,
        top_k: int = 16,
        matrix_budget: int = MATRIX_BUDGET,
    ) -> None:
        self.program, self.streams, self.top_k = program, streams, top_k
        self._word_bits = program.word_bits
        parameters = program.parameters
        self._matrices = MatrixStore(lambda key: parameters.matrix(*key), matrix_budget)
        self._constants: dict[tuple[str, int, str], Tensor] = {}
        self._scalar_constants: dict[tuple[str, int, str], ScalarFloat] = {}
        self._tables = {
            name: arithmetic.lookup_values(table, program.word_bits)
            for name, table in program.tables.items()
        }
        self._states: dict[tuple[str, int, str], Tensor] = {}

    def beside(self) -> GoldenExecutor:
        """Another executor of the program, with a text of its own; parameters are kept once."""
        other = copy(self)
        other._states = {}
        return other

    def reset(self) -> None:
        """Forget every state vector: the next token is the first of its text."""
        self._states.clear()

    def step(
        self,
        token: int | None = None,
        input_row: NDArray[np.integer] | None = None,
        observe: Observer | None = None,
    ) -> GoldenResult:
        """Compute one token, given by its number or by its input row (words).

        Needs an executor of one stream. Raises `InputError` for a token or a row that the program
        does not take.
        """
        if (token is None) == (input_row is None):
            raise InputError("golden: give either a token or an input row")
        if token is not None:
            row = self._embedding(token)
        else:
            row = torch.from_numpy(np.asarray(input_row, np.int64).copy())
        with single_thread():
            head = self._run(row.unsqueeze(0), observe)
        if head is None:
            return GoldenResult(np.zeros(0, np.int64), 0, 0, self.top_k)
        values, scale = head
        return GoldenResult(
            values[0].numpy(), int(scale.mantissa[0]), int(scale.exponent[0]), self.top_k
        )

    def step_streams(self, tokens: list[int], observe: Observer | None = None) -> Tensor:
        """Compute one token in every stream; logits float64 [streams, rows of the head].

        Raises `InputError` for a token that the program does not take, ValueError without a head.
        """
        head = self._run(torch.stack([self._embedding(token) for token in tokens]), observe)
        if head is None:
            raise ValueError("the program has no head")
        values, scale = head
        factor = torch.from_numpy(np.ldexp(scale.mantissa.astype(np.float64), scale.exponent))
        return values.double() * factor.unsqueeze(1)

    def check_token(self, token: int) -> None:
        """Raise `InputError` for an id outside the vocabulary."""
        if not 0 <= token < self.program.rows:
            raise InputError(
                f"token {token} is outside the vocabulary of {self.program.rows}"
            )

    def _embedding(self, token: int) -> Tensor:
        self.check_token(token)
        return torch.from_numpy(self.program.parameters.embedding(token).astype(np.int64))

    def _run(self, inputs: Tensor, observe: Observer | None) -> tuple[Tensor, ScalarFloat] | None:
        expected = (self.streams, self.program.input_length)
        if tuple(inputs.shape) != expected:
            raise InputError(f"golden: input of shape {list(inputs.shape)}, not {list(expected)}")
        if int(inputs.abs().max()) > arithmetic.word_limit(self._word_bits):
            raise InputError(f"golden: the input row has words beyond {self._word_bits} bits")
        token = Token(observe, self.program.sections[0])
        for section in self.program.sections:
            token.section = section
            for repetition in range(section.repeat):
                token.repetition = repetition
                token.local, token.scalars = {"input": inputs}, {}
                for token.item, item in enumerate(section.items):
                    if isinstance(item, Kernel):
                        self._kernel(token, item)
                    elif isinstance(item, Quantise):
                        self._quantise(token, item)
                    elif isinstance(item, ScalarOperation):
                        self._scalar_operation(token, item)
                    else:
                        self._top_k(token, item)
        return token.head

    def _kernel(self, token: Token, kernel: Kernel) -> None:
        for index, matmul in enumerate(kernel.matmuls):
            accumulators = self._matmul(token, matmul)
            token.produced(-1 - index, matmul.result, accumulators)
            token.local[matmul.result] = arithmetic.saturate(accumulators, self._word_bits)
        for index, operation in enumerate(kernel.body):
            a = self._read(token, operation.a)
            if isinstance(operation, Lookup):
                result = arithmetic.lookup(self._tables[operation.table], a, self._word_bits)
            else:
                multiplier, shift = self._multiplier(token, operation.multiplier, operation.shift)
                addend = operation.addend
                result = arithmetic.element(
                    a,
                    multiplier,
                    shift,
                    None if addend is None else self._read(token, addend),
                    self._word_bits,
                )
                self._reduce(token, operation, result)
            if operation.result is not None:
                self._write(token, operation.result, result)
            token.produced(index, operation.result or "_", result)

    def _matmul(self, token: Token, matmul: Matmul) -> Tensor:
        key = (token.section.name, token.repetition, matmul.matrix)
        return self._matrices.product(key, token.local[matmul.codes])

    def _reduce(self, token: Token, operation: Element, result: Tensor) -> None:
        if operation.absmax is not None:
            largest = result.abs().amax(1)
            before = token.absmax.get(operation.absmax)
            token.absmax[operation.absmax] = (
                largest if before is None else torch.maximum(largest, before)
            )
        if operation.squares is not None:
            total = (result * result).sum(1)
            before = token.squares.get(operation.squares)
            token.squares[operation.squares] = total if before is None else total + before

    def _quantise(self, token: Token, item: Quantise) -> None:
        multiplier, shift = self._scalar_multiplier(token, Scalar(item.scale))
        result = arithmetic.codes(self._read(token, item.a), multiplier, shift)
        token.local[item.result] = result
        token.produced(0, item.result, result)

    def _scalar_operation(self, token: Token, item: ScalarOperation) -> None:
        name = item.operands[0]
        if item.operation == "absmax":
            result = scalars.normalise(token.absmax.pop(name).numpy())
        elif item.operation == "squares":
            result = scalars.normalise(token.squares.pop(name).numpy())
        elif item.operation == "constant":
            result = self._scalar_constant(token, name)
        else:
            function = getattr(scalars, item.operation)
            result = function(*(token.scalars[operand] for operand in item.operands))
        token.scalars[item.result] = result
        token.produced(0, item.result, result)

    def _top_k(self, token: Token, item: TopK) -> None:
        accumulators = self._matmul(token, item.matmul)
        token.produced(-1, item.matmul.result, accumulators)
        saturated = arithmetic.saturate(accumulators, self._word_bits)
        token.head = saturated[:, : item.rows], token.scalars[item.scale]

    def _multiplier(
        self, token: Token, multiplier: Multiplier, shift: int
    ) -> tuple[Tensor | int, int | Tensor]:
        if isinstance(multiplier, Unit):
            return multiplier.value, shift
        if isinstance(multiplier, Scalar):
            return self._scalar_multiplier(token, multiplier)
        if isinstance(multiplier, Constant):
            return self._constant(token, multiplier.name), shift
        return self._read(token, multiplier.name), shift

    def _scalar_multiplier(
        self, token: Token, scalar: Scalar
    ) -> tuple[Tensor | int, int | Tensor]:
        value, shift = scalars.as_multiplier(token.scalars[scalar.name], self._word_bits)
        value = -value if scalar.negative else value
        if self.streams == 1:
            return int(value[0]), int(shift[0])
        return torch.from_numpy(value).unsqueeze(1), torch.from_numpy(shift).unsqueeze(1)

    def _state_key(self, token: Token, name: str) -> tuple[str, int, str]:
        return token.section.name, token.repetition, name

    def _read(self, token: Token, name: str) -> Tensor:
        if name in token.local:
            return token.local[name]
        if name in token.carried:
            return token.carried[name]
        declared = self.program.vectors[name]
        if declared.lifetime != "state":
            raise InputError(f"program {self.program.name}: {name} is read before it is written")
        state = self._states.get(self._state_key(token, name))
        if state is None:
            return torch.zeros(self.streams, declared.length, dtype=torch.int64)
        return state

    def _write(self, token: Token, name: str, value: Tensor) -> None:
        lifetime = self.program.vectors[name].lifetime
        if lifetime == "state":
            self._states[self._state_key(token, name)] = value
        elif lifetime == "carried":
            token.carried[name] = value
        else:
            token.local[name] = value

    def _constant(self, token: Token, name: str) -> Tensor:
        key = (token.section.name, token.repetition, name)
        if key not in self._constants:
            values = self.program.parameters.vector(*key)
            self._constants[key] = torch.from_numpy(values.astype(np.int64))
        return self._constants[key]

    def _scalar_constant(self, token: Token, name: str) -> ScalarFloat:
        key = (token.section.name, token.repetition, name)
        if key not in self._scalar_constants:
            value = self.program.parameters.scalar(*key)
            self._scalar_constants[key] = scalars.constant(
                value.mantissa, value.exponent, self.streams
            )
        return self._scalar_constants[key]
