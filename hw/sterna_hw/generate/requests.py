"""Carries out what frames of GENERATE and STOP ask for."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from sterna.machine.generation import TOLD_BYTES
from sterna.machine.machine import Machine
from sterna.machine.units.generate import MOST_ENDS

from sterna_hw.generate.assembler import WORD_BITS
from sterna_hw.generate.choice import Choice
from sterna_hw.generate.frame_bytes import FrameBytes
from sterna_hw.generate.id_store import IdStore
from sterna_hw.generate.loop import Loop
from sterna_hw.generate.processor import Processor
from sterna_hw.generate.program import CONDITIONS, INPUTS, OUTPUTS, program
from sterna_hw.generate.slots import Slots
from sterna_hw.generate.texts import Texts


class Requests:
    """A frame at a time, in the module that makes texts: the ports of a `Processor`.

    START and STOP hold the loop, TAKE does while it grants more. START saves the state of its
    stream, PART and START then wait until their ids are read, TAKE until there are ids enough.

    Latency: some 200 clocks until a frame is judged and another 200 until it is answered; 32 for an
    id to read, beside what `Slots` and the RUNs take.

    Args:
        ports: members that `generation_members` has, as who answers sees them.
    """

    def __init__(self, m: Module, machine: Machine, ports: Any, texts: Texts, loop: Loop,
                 frame: FrameBytes, ids: IdStore, slots: Slots, choice: Choice) -> None:
        m.submodules.processor = self._processor = processor = Processor(
            program(machine), machine.streams, len(CONDITIONS))
        self.holds = Signal(name="requests_hold")
        self._ports, self._texts, self._loop = ports, texts, loop
        self._stream = Signal(texts.stream_bits, name="request_stream")
        self._reading = Signal(name="prompt_is_read")
        m.d.comb += [
            processor.stream.eq(self._stream), processor.byte.eq(frame.byte),
            frame.step.eq(processor.take_byte), frame.go.eq(self._port("place")),
            frame.place.eq(processor.accumulator),
        ]
        self._answer_questions(m, frame, ids, choice)
        self._keep(m, slots)
        self._take_fields(m, ids)
        self._give_ids(m)
        self._tell(m, ids, choice)
        text = texts.text(self._stream)
        flags = {"ask": ports.ask, "stops": ports.stops, "broken": loop.broken.any(),
                 "active": text.active, "ended": text.ended, "pending": text.pending}
        m.d.comb += [
            processor.conditions.eq(Cat(flags[name] for name in CONDITIONS[len(Processor.OWN):])),
            processor.waits.eq((self.holds & ~loop.held) | ~slots.idle | ports.told.valid
                               | self._reading),
        ]

    def _port(self, name: str) -> Value:
        """Whether a port takes the accumulator."""
        return self._processor.out & (self._processor.number == OUTPUTS.index(name))

    def _answer_questions(self, m: Module, frame: FrameBytes, ids: IdStore, choice: Choice
                          ) -> None:
        processor = self._processor
        # From memories, whose addresses are written two instructions before.
        there, word = Signal.like(ids.id, name="id_there"), Signal.like(choice.word, name="word")
        m.d.sync += [there.eq(ids.id), word.eq(choice.word)]
        values = {"count": frame.count, "end": self._texts.text(self._stream).end, "id": there,
                  "word": word, "broken": self._loop.broken}
        with m.Switch(processor.number):
            for number, name in enumerate(INPUTS):
                with m.Case(number):
                    m.d.comb += processor.value.eq(values[name])

    def _keep(self, m: Module, slots: Slots) -> None:
        """Have the loop and the units, and copy states."""
        accumulator = self._processor.accumulator
        slot = Signal(name="slot")
        with m.If(self._port("stream")):
            m.d.sync += self._stream.eq(accumulator)
        with m.If(self._port("hold")):
            m.d.sync += self.holds.eq(1)
        with m.If(self._port("release")):
            m.d.sync += self.holds.eq(0)
        with m.If(self._port("slot")):
            m.d.sync += slot.eq(accumulator)
        m.d.comb += [
            slots.stream.eq(self._stream), slots.slot.eq(slot), slots.save.eq(self._port("save")),
            slots.restore.eq(self._port("restore")),
        ]

    def _take_fields(self, m: Module, ids: IdStore) -> None:
        """What START says."""
        texts, accumulator = self._texts, self._processor.accumulator
        text, choice = texts.text(self._stream), texts.choice(self._stream)
        with m.If(self._port("begin")):
            m.d.sync += [text.active.eq(1), text.ended.eq(0), text.pending.eq(0), text.more.eq(0)]
        with m.If(self._port("finish")):
            m.d.sync += text.ended.eq(1)
        seed_low, seed_high = choice.seed[:WORD_BITS], choice.seed[WORD_BITS:]
        for name, register in (
            ("end", text.end), ("more", text.more), ("last", text.last), ("entry", texts.entry),
            ("row_words", texts.row_words), ("rows", texts.rows),
            ("mantissa", choice.sharpness.mantissa), ("exponent", choice.sharpness.exponent),
            ("count", choice.count), ("share", choice.share), ("seed_low", seed_low),
            ("seed_high", seed_high), ("text", choice.text), ("ends", choice.ends),
        ):
            with m.If(self._port(name)):
                m.d.sync += register.eq(accumulator)
        with m.If(self._port("candidates")):
            m.d.sync += choice.candidates.eq(accumulator.any())
        place = Signal(range(MOST_ENDS), name="end_place", reset_less=True)
        with m.If(self._port("end_place")):
            m.d.sync += place.eq(accumulator)
        m.d.comb += ids.new_end.eq(accumulator)
        with m.If(self._port("end_id")):
            m.d.comb += [
                ids.end_write.eq(1), ids.end.eq(place), ids.end_stream.eq(self._stream)]

    def _give_ids(self, m: Module) -> None:
        """Ids that the loop reads; the accumulator has one meanwhile."""
        loop = self._loop
        m.d.comb += [
            loop.prompt.valid.eq(self._reading), loop.prompt_stream.eq(self._stream),
            loop.prompt.payload.eq(self._processor.accumulator),
        ]
        with m.If(self._port("prompt")):
            m.d.sync += self._reading.eq(1)
        with m.If(loop.prompt.ready | loop.broken.any()):
            m.d.sync += self._reading.eq(0)

    def _tell(self, m: Module, ids: IdStore, choice: Choice) -> None:
        """Decide on a frame, and send the bytes of the answer."""
        ports, accumulator = self._ports, self._processor.accumulator
        m.d.comb += [ports.decided.eq(self._port("decide")), ports.refused.eq(accumulator)]
        length = Signal(16, name="told_length", reset_less=True)
        shift = Signal(WORD_BITS, name="told_bytes", reset_less=True)
        left = Signal(range(TOLD_BYTES), name="told_left")
        place = Signal.like(ids.read_position, name="told_place", reset_less=True)
        index = Signal.like(choice.index, name="told_index", reset_less=True)
        for name, register in (("length", length), ("ring", place), ("index", index)):
            with m.If(self._port(name)):
                m.d.sync += register.eq(accumulator)
        m.d.comb += [
            ports.length.eq(length), ports.told.payload.eq(shift[:8]),
            ports.told.valid.eq(left != 0), ids.read_stream.eq(self._stream),
            ids.read_position.eq(place), choice.index.eq(index),
        ]
        # Not before: until it is held, the loop may choose for another stream.
        with m.If(self.holds & self._loop.held):
            m.d.comb += choice.stream.eq(self._stream)
        with m.If(ports.told.valid & ports.told.ready):
            m.d.sync += [shift.eq(shift >> 8), left.eq(left - 1)]
        for count in (1, 3, 4):
            with m.If(self._port(f"send{count}")):
                m.d.sync += [shift.eq(accumulator), left.eq(count)]
