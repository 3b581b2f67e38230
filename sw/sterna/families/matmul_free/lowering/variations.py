"""Number formats beside those of a model, to see what each costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sterna.families.matmul_free.lowering.formats import Formats


def variations(base: Formats) -> Iterator[tuple[str, Formats]]:
    """The default formats, and steps away from them one format at a time."""
    yield f"{base.word_bits} bits, defaults", base
    for fraction in range(base.residual_fraction - 4, base.residual_fraction + 3, 2):
        if fraction != base.residual_fraction:
            yield f"residual {fraction}", replace(base, residual_fraction=fraction)
    for step in (-2, -1, 1):
        fraction = base.activation_fraction + step
        # The linear half gives or takes what keeps the shifts multiples of four.
        yield (
            f"activation, state and swish {fraction}",
            replace(
                base,
                activation_fraction=fraction,
                state_fraction=fraction,
                swish_fraction=fraction,
                up_fraction=base.up_fraction - step,
            ),
        )
    for step in (-4, -2, 2):
        up, product = base.up_fraction + step, base.product_fraction + step
        yield (
            f"up {up}, product {product}",
            replace(base, up_fraction=up, product_fraction=product),
        )
    for step in (-4, 4):
        shift = base.output_shift + step
        yield f"output shift {shift}", replace(base, output_shift=shift)
    yield f"gain bits {base.gain_bits - 2}", replace(base, gain_bits=base.gain_bits - 2)
