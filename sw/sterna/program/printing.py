"""A program as readable text: its declarations, then every section in the order of execution."""

from __future__ import annotations

from sterna.program.definition import CodeFormat, Program, VectorFormat
from sterna.program.instructions import Kernel, Section
from sterna.program.items import Item

_INDENT = "  "
_COLUMN = 66


def format_program(program: Program) -> str:
    """The listing of a program; it ends without a line feed.

    Behind every operation stands the format of its result: the fraction bits of the word, or
    ``scaled`` where a factor is left over that cancels later.
    """
    parts = [_header(program), _matrices(program), _vectors(program), _codes(program)]
    parts += [_section(program, section) for section in program.sections]
    return "\n\n".join(part for part in parts if part)


def _header(program: Program) -> str:
    kind = "codes" if program.takes_codes else "words"
    facts = [f"input of {program.input_length} {kind}"]
    if program.vectors or not program.takes_codes:
        facts.insert(0, f"words of {program.word_bits} bits")
    if program.rows:
        facts.append(f"{program.rows} rows in the head")
    if program.results:
        facts.append(f"results {', '.join(program.results)}")
    lines = [f"program {program.name}", f"{_INDENT}{', '.join(facts)}"]
    if program.tables:
        lines.append(f"{_INDENT}tables: {', '.join(program.tables)}")
    return "\n".join(lines)


def _matrices(program: Program) -> str:
    repeats = {section.name: section.repeat for section in program.sections}
    lines = []
    for section, name in program.matrices:
        matrix = program.matrix(section, name)
        repeat = repeats.get(section, 1)
        times = f" x {repeat}" if repeat > 1 else ""
        if matrix.planes > 1:
            times += f", {matrix.planes} planes"
        if matrix.delay:
            times += f", delays to {matrix.delay}"
        if matrix.window:
            times += f", {matrix.window}"
        lines.append(f"{_INDENT}{section}.{name:<{16 - len(section)}} "
                     f"{matrix.rows} x {matrix.columns}{times}")
    return "\n".join([f"matrices, {program.trits()} trits", *lines]) if lines else ""


def _vectors(program: Program) -> str:
    kept = {name: v for name, v in program.vectors.items() if v.lifetime != "local"}
    if not kept:
        return ""
    lines = [
        f"{_INDENT}{name:<17} {vector.length} words, {_format(vector)}, {vector.lifetime}"
        for name, vector in kept.items()
    ]
    return "\n".join(["vectors that outlive a repetition", *lines])


def _codes(program: Program) -> str:
    lines = [f"{_INDENT}{name:<17} {_declared(codes)}" for name, codes in program.codes.items()]
    return "\n".join(["codes", *lines]) if lines else ""


def _declared(codes: CodeFormat) -> str:
    text = f"{codes.length} of at most {codes.limit}, {_fraction(codes.fraction)}, {codes.lifetime}"
    return text + (f", history {codes.history}" if codes.history else "")


def _fraction(fraction: int | None) -> str:
    return "scaled" if fraction is None else f"fraction {fraction}"


def _format(vector: VectorFormat | None) -> str:
    return _fraction(None if vector is None else vector.fraction)


def _section(program: Program, section: Section) -> str:
    title = f"section {section.name}"
    if section.repeat > 1:
        title += f", {section.repeat} times"
    lines = [title]
    for index, item in enumerate(section.items):
        lines += _item(program, index, item)
    return "\n".join(lines)


def _item(program: Program, index: int, item: Item) -> list[str]:
    number = f"{_INDENT}{index:>3}  "
    if not isinstance(item, Kernel):
        first, *others = str(item).splitlines()
        return [f"{number}{first}", *(f"{' ' * len(number)}{_INDENT}{line}" for line in others)]
    lines = [f"{number}kernel {item.name}, {item.length} elements"]
    if item.first is not None:
        lines[0] += f" from {item.first} on"
    if item.matmuls:
        lines[0] += f": {'; '.join(str(matmul) for matmul in item.matmuls)}"
    for operation in item.body:
        text = f"{' ' * len(number)}{_INDENT}{operation}"
        if operation.result is not None:
            result = program.vectors.get(operation.result)
            text = f"{text:<{_COLUMN}}  {_format(result)}"
        lines.append(text)
    return lines
