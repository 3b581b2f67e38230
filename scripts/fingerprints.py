"""Print what this tree makes of the shipped models, as digests by name: one JSON object.

    python scripts/fingerprints.py [PART…]

Verilog (with protocol version and machine digests read as 0, since both stand in it as
constants), memory images, listings, golden values and estimates. Each revision brings its own copy
of this script, so the names are what two revisions are compared by: see scripts/same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sterna.compiler.compile import compile_program
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import fit_machine
from sterna.compiler.schedule import schedule
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.lowering import lower as lower_network
from sterna.families.spiking.quantise import quantise
from sterna.golden.executor import GoldenExecutor
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS, STEP_MACHINE, token_machine
from sterna.program.printing import format_program
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.model import estimate

MODELS = ("demo", "demo-tiny")
TEXTS = ("demo", "demo-spiking")
"""Language models whose golden values are compared."""
NETWORKS = ("l2mu", "delays")
TOKENS, STEPS = 64, 200
TABLES = token_machine(rows=16, columns=96, vector_lanes=8, lane="tables", code_depth=576)
SHAPES = {
    "adders": PRESETS["standard"],
    "tables": TABLES,
    "streams": PRESETS["small"].having(streams=2),
    "axi": PRESETS["small"].having(memory=Axi(ports=2)),
    "sdram": PRESETS["small"].having(memory=Sdram(part="16m16", hz=round(75_000_000))),
}
"""A shape for each way to make lanes, to share weights and to keep them."""
BOARDS = {"ulx3s-85f": "demo", "ulx3s-12f": "demo-tiny", "tang-nano-20k": "demo-tiny"}
NETWORK_BOARDS = ("ulx3s-85f", "icebreaker")
PARTS = ("listing", "golden", "image", "estimate", "verilog")

Found = Iterator[tuple[str, str | Callable[[], str]]]


def sha256(*parts: bytes) -> str:
    """Of the parts one after the other."""
    return hashlib.sha256(b"".join(parts)).hexdigest()


class Values:
    """A digest of every golden value, in the order in which they come, by name."""

    def __init__(self) -> None:
        self._digests: dict[str, hashlib._Hash] = {}

    def add(self, name: str, value: NDArray[np.integer] | int) -> None:
        """Little-endian 64-bit integers of the value."""
        digest = self._digests.setdefault(name, hashlib.sha256())
        digest.update(np.ascontiguousarray(value, "<i8").tobytes())

    def named(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Name and digest."""
        return ((f"{prefix} {name}", digest.hexdigest())
                for name, digest in sorted(self._digests.items()))


def golden_tokens(name: str, tokens: int = TOKENS) -> Iterator[tuple[str, str]]:
    """Digests of every value of a language model over random tokens."""
    program = lower(load_model(name), name=name)
    executor, values = GoldenExecutor(program), Values()
    for token in np.random.default_rng(0).integers(0, program.rows, tokens).tolist():
        result = executor.step(token, observe=lambda key, value_name, value: values.add(
            f"{key.section} {key.item:02} {key.operation:+} {value_name}", np.asarray(value)))
        values.add("logits", result.all_accumulators)
        values.add("scale", np.array([result.mantissa, result.exponent]))
    return values.named(f"golden {name}")


def golden_steps(name: str, steps: int = STEPS) -> Iterator[tuple[str, str]]:
    """Digests of every sum, output and state of a spiking network over random codes."""
    network = quantise(EXAMPLES[name]())
    golden, values = GoldenNetwork(network), Values()
    for codes in np.random.default_rng(0).integers(0, 2, (steps, network.inputs)):
        golden.step(codes[None])
        for population, kinds in golden.values.items():
            for kind, value in kinds.items():
                values.add(f"{population} {kind}", value)
    return values.named(f"golden {name}")


def images() -> Iterator[tuple[str, Callable[[], MemoryImage]]]:
    """Every model at every shape, and the networks."""
    for name in MODELS:
        program = lower(load_model(name), name=name)
        for shape, base in SHAPES.items():
            yield f"{name} {shape}", lambda program=program, base=base: compile_program(
                program, fit_machine(program, base))
    for name in NETWORKS:
        program = lower_network(quantise(EXAMPLES[name]()))
        yield name, lambda program=program: compile_program(
            program, fit_machine(program, STEP_MACHINE))


def found(parts: tuple[str, ...]) -> Found:
    """Name and digest, or how to make it, of all that the parts ask for."""
    for name in MODELS:
        if "listing" in parts:
            yield f"listing {name}", sha256(
                format_program(lower(load_model(name), name=name)).encode())
    if "golden" in parts:
        for name in TEXTS:
            yield from golden_tokens(name)
        for name in NETWORKS:
            yield from golden_steps(name)
    for name, image in images():
        if "image" in parts:
            for space in image().parts:
                part = image().parts[space]
                yield f"image {name} {space}", sha256(part.array().tobytes())
        if "verilog" in parts:
            yield f"verilog {name}", lambda image=image: sha256(
                verilog(image().machine).encode())
    if "estimate" in parts:
        yield from _estimates()


def _estimates() -> Iterator[tuple[str, str]]:
    for name in MODELS:
        program = lower(load_model(name), name=name)
        for shape, base in SHAPES.items():
            machine = fit_machine(program, base)
            cycles = estimate_cycles(schedule(program, machine), machine)
            yield f"estimate {name} {shape} cycles", str(cycles.cycles)
    for board, name in BOARDS.items():
        text = estimate(find_board(board), lower(load_model(name), name=name)).to_json()
        yield f"estimate {name} {board}", _settled(text)
    for board in NETWORK_BOARDS:
        text = estimate(find_board(board), lower_network(quantise(EXAMPLES["l2mu"]()))).to_json()
        yield f"estimate l2mu {board}", _settled(text)


def _settled(text: str) -> str:
    """The figures of an estimate; its machine is compared where it acts, in the Verilog.

    Of networks those that earlier revisions give too.
    """
    values = json.loads(text)
    del values["configuration"]
    if "cycles_per_step" in values:
        for name in ("expected_mhz", "lanes", "luts_per_lane"):
            del values[name]
    return sha256(json.dumps(values, sort_keys=True).encode())


def verilog(machine: Machine) -> str:
    """The Verilog text without protocol version and digest of the machine."""
    from sterna_hw.link import info
    from sterna_hw.verilog import to_verilog

    with (patch.object(info, "VERSION", 0),
          patch.object(type(machine), "digest", lambda self: 0)):
        return to_verilog(machine)


def main() -> None:
    """Print the digests; progress goes to standard error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    chosen = tuple(parser.parse_args().parts) or PARTS
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(PARTS)}")
    result = {}
    for name, value in found(chosen):
        print(f"  {name}", file=sys.stderr, flush=True)
        result[name] = value if isinstance(value, str) else value()
    print(json.dumps(result, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
