"""Planes and digits of every matrix, chosen by what they cost a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sterna.errors import InputError
from sterna.families.layers.codes import MOST_DIGITS
from sterna.families.precision import Choice, Chosen, Level, Measured, choose
from sterna.families.rwkv.calibration import random_ids
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.formats import DEFAULT_PLANES, Formats
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.tokens.precision import RANDOM_TOKENS, Measure, most_tokens
from sterna.families.tokens.reference import Reference
from sterna.machine.units.ternary import MOST_PLANES, TRITS_PER_BYTE
from sterna.program.definition import Program
from sterna.progress import Report

MOST_PRODUCTS = 1e12
"""Trits times tokens that all measurements together may take, if they are of `LEAST_TOKENS`."""
LEAST_TOKENS, MEASUREMENTS = 64, 32
F = TypeVar("F", bound=Formats)


@dataclass(frozen=True)
class ChosenPlanes(Generic[F]):
    """The formats, and what there is to tell of them."""

    formats: F
    lines: list[str]


def choose_planes(model: RwkvModel, formats: F, reference: Reference, ids: Sequence[int],
                  data: str, text: bool, target: float | None, report: Report) -> ChosenPlanes[F]:
    """The formats with the planes that keep the target on ``ids``, the tokens of a text or random
    ones, which ``data`` names; all else stays."""
    sizes = _sizes(model.version.lower(model, formats=formats))
    usual = DEFAULT_PLANES * sum(sizes.values())
    tokens = max(LEAST_TOKENS, int(MOST_PRODUCTS / MEASUREMENTS / usual))
    ids = ids[:min(tokens, most_tokens(model.config.vocab_size, text)) + 1]
    measure = Measure(reference, [*ids], model.config.bos_token_id, text)

    def measured(choice: Choice) -> Measured:
        return measure(model.version.lower(model, formats=_with(formats, choice)))

    chosen = choose(_starts(formats, sizes), sizes, measured,
                    measure.usual_target if target is None else target, report)
    return ChosenPlanes(_with(formats, chosen.choice), [*_told(
        chosen, sizes, measure, f"{measure.tokens} {data}")])


def random_data(config: Configuration) -> tuple[list[int], str, bool]:
    """Ids where there is no text, what they are, and that they are none."""
    return random_ids(config, RANDOM_TOKENS + 1), "random ids", False


def _starts(formats: Formats, names: Iterable[str]) -> list[Choice]:
    """What every matrix may have at first: the usual byte a weight, more planes, more digits."""
    finest = {name: Level(MOST_PLANES, MOST_DIGITS if _takes_digits(formats, name) else 1)
              for name in names}
    return [dict.fromkeys(finest, Level(DEFAULT_PLANES)),
            dict.fromkeys(finest, Level(MOST_PLANES)), finest]


def _takes_digits(formats: Formats, name: str) -> bool:
    try:
        replace(formats, digits={name: MOST_DIGITS})
    except InputError:  # its codes are those of another matrix, too
        return False
    return True


def _with(formats: F, choice: Choice) -> F:
    return replace(
        formats,
        planes=formats.planes | {name: level.planes for name, level in choice.items()},
        digits=formats.digits | {name: level.digits for name, level in choice.items()})


def _sizes(program: Program) -> dict[str, int]:
    """Weights by matrix, of all layers that have it."""
    repeats = {section.name: section.repeat for section in program.sections}
    sizes: dict[str, int] = {}
    for section, name in program.matrices:
        size = repeats.get(section, 1) * program.matrix(section, name).weights
        sizes[name] = sizes.get(name, 0) + size
    return sizes


def _told(chosen: Chosen, sizes: dict[str, int], measure: Measure, data: str) -> Iterator[str]:
    """What was chosen, and what each matrix costs."""
    def passes(choice: Choice, name: str) -> int:
        return sizes[name] * choice[name].planes * choice[name].digits

    usual = DEFAULT_PLANES * sum(sizes.values())
    every = sum(passes(chosen.choice, name) for name in sizes)
    told = measure.told
    yield (f"planes: {measure.what} {told(chosen.measured.figure)} on {data}, at most "
           f"{told(chosen.target)} wanted; {told(chosen.before.figure)} with "
           f"{next(iter(chosen.start.values())).told()} of every matrix; "
           f"{chosen.measurements} measurements")
    yield from chosen.warnings
    for name, level in chosen.choice.items():
        yield (f"  {name}: {level.told()}, {_bytes(sizes[name] * level.planes):,} bytes, "
               f"{passes(chosen.choice, name) / every:.1%} of what a token multiplies")
    stored = sum(sizes[name] * level.planes for name, level in chosen.choice.items())
    yield (f"  all: {_bytes(stored):,} bytes of weights, {_bytes(usual):,} at {DEFAULT_PLANES} "
           f"planes; a token multiplies {every / usual:.1%} of the trits that it does then")


def _bytes(trits: int) -> int:
    return -(-trits // TRITS_PER_BYTE)
