"""Which framework wrote a NIR graph: surely, as a guess, or none that is known."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.families.spiking.nir.marks import Facts, fits, signs
from sterna.families.spiking.nir.producers import PRESETS


@dataclass(frozen=True)
class Recognition:
    """The framework that a graph is read as; others that it may be from make it a guess."""

    producer: str
    how: str
    rivals: tuple[str, ...] = ()
    doubts: str = ""

    @property
    def readings(self) -> tuple[str, ...]:
        """The producers to choose from, when it is a guess."""
        return (self.producer, *self.rivals) if self.rivals else ()


def recognise(facts: Facts) -> Recognition:
    """The framework whose forms all neurons have, and with which the most signs agree.

    One with which no sign agrees is out. It is sure when no sign disagrees with it and some sign
    disagrees with every other framework of the same forms.
    """
    found = {name: signs(name, facts) for name in PRESETS if name != "nir" and fits(name, facts)}
    found = {name: marks for name, marks in found.items() if any(marks.values())}
    if not found:
        known = any(True for _ in facts.neurons())
        return Recognition("nir", "no framework's forms" if known else "it has no neurons")
    against = {name: sum(not agrees for agrees in found[name].values()) for name in found}
    order = sorted(found, key=lambda name: against[name])
    best = order[0]
    if not against[best] and all(against[name] for name in order[1:]):
        return Recognition(best, "by its forms")
    others = tuple(order[1:]) or ("nir",)
    texts = [_doubt(name, found[name]) for name in order]
    return Recognition(best, "a guess", others, "; ".join(texts))


def _doubt(name: str, found: dict[str, bool]) -> str:
    against = [text for text, agrees in found.items() if not agrees]
    return f"its numbers are as {name} writes them" + (
        f", but not {' and '.join(against)}" if against else "")
