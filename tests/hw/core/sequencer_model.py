"""A plain-Python interpreter of the instruction encoding, written from its definition."""

from __future__ import annotations

from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.encoding import Kind, decode


def execute(configuration: HardwareConfiguration, memory: list[int],
            entry: int = 0) -> list[tuple[Kind, dict[str, int]]]:
    """What is executed in order, END included; addresses of VECTOR resolved, layer bits 0."""
    executed = []
    offset, left, step, start = [0, 0], [0, 0], [0, 0], [0, 0]
    address = entry
    while True:
        kind, fields = decode(configuration, memory[address])
        address += 1
        if kind == Kind.VECTOR:
            for name in ("a", "b", "result"):
                resolved = fields[f"{name}_address"] + offset[0]
                if fields[f"{name}_layer"]:
                    resolved += offset[1]
                fields[f"{name}_address"] = resolved % (1 << configuration.address_bits)
                fields[f"{name}_layer"] = 0
        ends = fields.pop("ends")
        del fields["kind"]
        executed.append((kind, fields))
        if kind == Kind.END:
            return executed
        if kind == Kind.REPEAT:
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
