"""A plain-Python interpreter of the instruction encoding, written from its definition."""

from __future__ import annotations

from sterna.machine.encoding import decode
from sterna.machine.machine import Machine


def execute(machine: Machine, memory: list[int],
            entry: int = 0) -> list[tuple[str, dict[str, int]]]:
    """What is executed in order, END included; addresses of VECTOR resolved, layer bits 0."""
    executed = []
    offset, left, step, start = [0, 0], [0, 0], [0, 0], [0, 0]
    address = entry
    while True:
        kind, fields = decode(machine, memory[address])
        address += 1
        if kind == "VECTOR":
            for name in ("a", "b", "result"):
                resolved = fields[f"{name}_address"] + offset[0]
                if fields[f"{name}_layer"]:
                    resolved += offset[1]
                fields[f"{name}_address"] = resolved % (1 << machine.vector.address_bits)
                fields[f"{name}_layer"] = 0
        ends = fields.pop("ends")
        del fields["kind"]
        executed.append((kind, fields))
        if kind == "END":
            return executed
        if kind == "REPEAT":
            level = fields["level"]
            left[level], step[level], start[level] = fields["count"], fields["step"], address
            continue
        for level in (0, 1):
            if not ends >> level & 1:
                continue
            left[level] -= 1
            if left[level]:
                offset[level] += step[level]
                address = start[level]
                break
            offset[level] = 0
