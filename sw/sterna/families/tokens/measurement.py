"""Runs of a board, timed, and what the golden says of their results."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sterna.host.counted import Traffic

if TYPE_CHECKING:
    from sterna.host.counted import CountedTransport
    from sterna.host.counters import Counters
    from sterna.host.device import Device, StepResult
    from sterna.program.definition import Program
    from sterna.progress import Progress


@dataclass
class Measurement:
    """Counters of runs: of all token streams ``together``, of one ``alone``, of a ``prompt``.

    ``alone`` is None where there is only one stream; ``prompt`` are the runs in which one stream
    read its prompt, the others free. ``tokens`` were computed in ``seconds``.
    """

    together: list[Counters] = field(default_factory=list)
    alone: Counters | None = None
    prompt: list[Counters] = field(default_factory=list)
    tokens: int = 0
    seconds: float = 0.0
    traffic: Traffic = field(default_factory=Traffic)
    """Of the runs together, where it is counted."""
    results: list[tuple[list[int], StepResult]] = field(default_factory=list)
    """Every result with the text that ends with its token."""

    def differences(self, program: Program, top_k: int, report: Progress) -> int:
        """How many results differ from those of the golden."""
        from sterna.families.tokens.golden_device import GoldenDevice

        wanted: dict[tuple[int, ...], StepResult] = {}
        first = GoldenDevice(program, top_k)
        differences = 0
        longest_first = sorted(self.results, key=lambda entry: -len(entry[0]))
        for done, (text, result) in enumerate(longest_first):
            report("comparing with the golden", done, len(self.results))
            key = tuple(text)
            if key not in wanted:
                golden = first.beside()
                for position, token in enumerate(text):
                    wanted[key[:position + 1]] = golden.step(token)
            differences += result.candidates() != wanted[key].candidates()
        return differences


def measure(machine: Device, texts: list[list[int]], prompt: list[int],
            report: Progress, link: CountedTransport | None = None) -> Measurement:
    """Compute a text in each stream of the machine, all together.

    ``texts`` are as many as there are streams, and equally long. Where there are several, a token
    of one alone is computed before, and one reads the ``prompt`` while the others are free.
    ``link`` is what the machine is reached through, where that is counted.
    """
    measured = Measurement()

    def run(texts: dict[int, list[int]], done: int) -> tuple[Counters, int]:
        """Feed what follows the first ``done`` tokens; returns how many stream 0 has then read."""
        start = time.monotonic()
        steps = machine.run({stream: text[done:] for stream, text in texts.items()})
        measured.seconds += time.monotonic() - start
        measured.tokens += sum(len(step.places) for step in steps.values())
        measured.results += [(texts[stream][:done + len(step.places)], step.result)
                             for stream, step in steps.items()]
        return steps[0].result.counters, done + len(steps[0].places)

    if len(texts) > 1:
        report("computing one stream alone", 0, 1)
        measured.alone, _ = run({0: texts[0][:1]}, 0)
        machine.reset()
        done = 0
        while done < len(prompt):
            report("reading the prompt", done, len(prompt))
            counters, done = run({0: prompt}, done)
            measured.prompt.append(counters)
    begin(machine, texts)
    for position in range(len(texts[0])):
        report("computing tokens", position, len(texts[0]))
        before = link.traffic if link else Traffic()
        counters, _ = run(
            {stream: text[:position + 1] for stream, text in enumerate(texts)}, position)
        measured.together.append(counters)
        measured.traffic += (link.traffic if link else Traffic()) - before
    return measured


def begin(machine: Device, texts: list[list[int]]) -> None:
    """Free the streams of all that was read before, one for each text."""
    machine.reset()
    for _ in texts[1:]:
        machine.join()


def read_on(machine: Device, texts: list[list[int]], first: int, last: int) -> None:
    """Read these tokens of the texts, all together, and nothing else; from 0 on after a reset."""
    if first == 0:
        begin(machine, texts)
    for position in range(first, last):
        machine.run({stream: [text[position]] for stream, text in enumerate(texts)})
