"""Random programs whose waits are just strong enough for the hazards they have."""

from __future__ import annotations

import random

from sterna.machine.machine import Machine
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import MultiplierSelect, SourceA, Wait, vector_latency

from tests.hw.vector.bench import Workload, random_group, random_tables

SOURCES = (SourceA.MEMORY, SourceA.ACCUMULATORS, SourceA.INPUT)
"""Operands of a machine without other units that give words."""


class ProgramWriter:
    """Writes commands at random and remembers who wrote what in the vector memory."""

    def __init__(self, machine: Machine, seed: int) -> None:
        self.machine = machine
        self.rng = random.Random(seed)
        self.work = Workload(machine, tables=random_tables(self.rng, machine))
        self._writers: dict[int, tuple[int, int, int]] = {}  # address: issued, group, length
        self._issued = 0
        self._previous: dict[str, int] = {"length": 1, "result_address": 0}
        self._normal = set(range(16))  # scalar registers fit for scalar operations
        self._signed: set[int] = set()  # those that may be negative

    def fill(self) -> None:
        """Random words from the input stream in the whole memory."""
        depth = self.machine.vector.depth
        self.work.inputs += [random_group(self.rng, self.machine) for _ in range(depth)]
        self._append({"length": depth, "a_source": SourceA.INPUT, "write": 1,
                      "multiplier": MultiplierSelect.ONE, "result_address": 0})

    def vector(self) -> None:
        """One random vector command without a hazard inside it."""
        while not self._try_vector():
            pass

    def scalar(self) -> None:
        """One random scalar operation."""
        rng = self.rng
        kind = rng.choice(list(ScalarCode))
        fields = {"operation": kind, "result": rng.randrange(16)}
        if kind == ScalarCode.ABSMAX:
            fields["a"] = rng.randrange(4)
        elif kind == ScalarCode.SQUARES:
            fields["a"] = rng.randrange(2)
            fields["b"] = fields["a"] & self.machine.vector.sums  # sums are in register 1
        elif kind == ScalarCode.CONSTANT:
            self.work.constants += self._constant_scalar()
        else:
            fit = self._normal - (set() if kind == ScalarCode.MULTIPLY else self._signed)
            fields["a"] = rng.choice(sorted(fit))
            fields["b"] = rng.choice(sorted(fit))
        taken = {fields.get("a"), fields.get("b")}
        signed = (fields.get("b") == 1 if kind == ScalarCode.SQUARES
                  else kind == ScalarCode.MULTIPLY and bool(taken & self._signed))
        if signed:
            fields["result"] |= 4  # as below; the scale of a head has no sign
        if kind == ScalarCode.CODE_SCALE:
            fields["result"] |= 8  # so that some registers stay fit
            self._normal.discard(fields["result"])
        else:
            self._normal.add(fields["result"])
        self._signed.discard(fields["result"])
        if signed:
            self._signed.add(fields["result"])
        self.work.scalar(**fields)

    def _constant_scalar(self) -> list[list[int]]:
        """The groups of a scalar: mantissa and exponent in one, or one each."""
        rng, bits = self.rng, self.machine.vector.word_bits
        mantissa = rng.choice([2**16, 2**17 - 1, rng.randrange(2**16, 2**17)])
        extreme = rng.random() < 0.2
        exponent = rng.choice([-512, -511, 511, 510]) if extreme else rng.randint(-44, 6)
        if rng.random() < 0.1:
            mantissa = exponent = 0
        words = mantissa >> (18 - bits), exponent
        if self.machine.vector.scalar_groups == 2:
            return [[word] for word in words]
        return [[*words, *random_group(rng, self.machine)[2:]]]

    def _try_vector(self) -> bool:
        rng, machine = self.rng, self.machine
        depth = machine.vector.depth
        length = rng.choice([1, 1, 1, 2, 3, 4, 7, 8, 9, 12, rng.randint(1, 40)])
        if rng.random() < 0.4:
            length = self._previous["length"]
        select = rng.choice(list(MultiplierSelect))
        fields = {
            "length": length,
            "a_source": rng.choice([SourceA.MEMORY, *SOURCES]),
            "a_address": rng.randrange(depth), "b_address": rng.randrange(depth),
            "result_address": rng.randrange(depth),
            "multiplier": select, "add_b": rng.randrange(2), "shift": rng.randrange(9),
            "scalar": rng.randrange(16), "table": rng.randrange(machine.vector.tables),
            "write": rng.randrange(2), "codes": int(rng.random() < 0.3),
            "absmax": rng.randrange(2), "absmax_register": rng.randrange(4),
            "squares": rng.randrange(2), "squares_register": rng.randrange(2),
        }
        if machine.head.gains:
            fields["rank"] = rng.randrange(2)
        if machine.vector.sums:
            fields["sum"] = fields["squares_register"]
        for operand in ("a_address", "b_address"):
            if rng.random() < 0.5:
                fields[operand] = self._previous["result_address"]
        wait = self._least_wait(fields)
        if wait is None:
            return False
        fields["wait"] = rng.choice([wait, wait, wait, max(wait, Wait.CHAIN), Wait.DRAIN])
        streams = {SourceA.ACCUMULATORS: self.work.accumulators, SourceA.INPUT: self.work.inputs}
        if fields["a_source"] in streams:
            streams[fields["a_source"]] += [random_group(rng, machine)
                                            for _ in range(length)]
        if select == MultiplierSelect.CONSTANT:
            self.work.constants += [random_group(rng, machine) for _ in range(length)]
        self._append(fields)
        return True

    def _least_wait(self, fields: dict[str, int]) -> Wait | None:
        """The weakest wait that is safe, None for a hazard within the command."""
        depth, latency = self.machine.vector.depth, vector_latency(self.machine)
        length, wait = fields["length"], Wait.NONE
        for group in range(length):
            for operand in ("a_address", "b_address"):
                address = (fields[operand] + group) % depth
                own = (address - fields["result_address"]) % depth
                if fields["write"] and own < group and group - own < latency:
                    return None
                issued, writer, writer_length = self._writers.get(address, (-latency, 0, 0))
                if self._issued + group - issued >= latency:
                    continue
                if writer == group and writer_length >= length:
                    wait = max(wait, Wait.CHAIN)
                else:
                    wait = Wait.DRAIN
        return wait

    def _append(self, fields: dict[str, int]) -> None:
        self.work.vector(**fields)
        self._previous = fields
        for group in range(fields["length"]):
            if fields["write"]:
                address = (fields["result_address"] + group) % self.machine.vector.depth
                self._writers[address] = (self._issued, group, fields["length"])
            self._issued += 1
