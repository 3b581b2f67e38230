"""A pass over a matrix state as an operation: decay, outer products, reading.

The law is `sterna.law.matrix_state`. A state is kept from RUN to RUN, one for each repetition of
the section that has it; several operations may pass over it, in the order written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sterna.program.items import Item


@dataclass(frozen=True, kw_only=True)
class StateFormat:
    """``heads`` matrices [rows, columns] of words with ``fraction`` bits, None if scaled.

    The others are the shifts of the law: fraction bits of a decay, and how far the sums of products
    and of what is read are shifted.
    """

    heads: int
    rows: int
    columns: int
    fraction: int | None = None
    decay_fraction: int = 17
    product_shift: int = 0
    read_shift: int = 0

    @property
    def cells(self) -> int:
        """Numbers of the state."""
        return self.heads * self.rows * self.columns

    def __str__(self) -> str:
        return f"{self.heads} x [{self.rows}, {self.columns}]"


@dataclass(frozen=True, kw_only=True)
class MatrixState(Item):
    """A pass over ``state``: ``S = S - S * decay + sum of a b``, then ``result = read . S``.

    Vectors have an element for each row of each head, the heads one after the other, or ``b`` of
    ``products`` one for each column; ``decay`` may have one for each head. ``read`` has one for
    each row and ``result`` for each column, or the other way round if it is read by ``columns``.
    If it is not to ``store`` cells the state stays as it was.
    """

    state: str
    format: StateFormat
    decay: str | None = None
    products: tuple[tuple[str, str], ...] = ()
    read: str | None = None
    by: Literal["rows", "columns"] = "rows"
    result: str | None = None
    store: bool = True

    def __str__(self) -> str:
        text = f"{self.state}, {self.format}: {self.state}"
        if self.decay is not None:
            text += f" - {self.state} * {self.decay} >> {self.format.decay_fraction}"
        if self.products:
            products = " + ".join(f"{a} x {b}" for a, b in self.products)
            text += f" + ({products}) >> {self.format.product_shift}"
        lines = [text if self.store else f"{text}, not stored"]
        if self.read is not None:
            lines.append(f"{self.result} = {self.read} . {self.state} >> {self.format.read_shift} "
                         f"by {self.by}")
        return "\n".join(lines)

    @property
    def title(self) -> str:
        return self.state

    def vectors_read(self) -> tuple[str, ...]:
        names = (self.decay, *(name for product in self.products for name in product), self.read)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def vectors_written(self) -> tuple[str, ...]:
        return () if self.result is None else (self.result,)

    @property
    def row_elements(self) -> int:
        """Rows of all heads."""
        return self.format.heads * self.format.rows

    @property
    def column_elements(self) -> int:
        """Columns of all heads."""
        return self.format.heads * self.format.columns

    def read_lengths(self) -> tuple[int, int]:
        """Elements of what it reads with, and of the result."""
        rows, columns = self.row_elements, self.column_elements
        return (rows, columns) if self.by == "rows" else (columns, rows)
