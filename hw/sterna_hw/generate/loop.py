"""The loop: reads the next token of every text that may go on, and chooses the one behind it."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, FAILURE_BITS
from sterna.machine.units.generate import MOST_ENDS
from sterna.machine.units.head import BEST_WORDS

from sterna_hw.generate.choice import Choice
from sterna_hw.generate.id_store import IdStore
from sterna_hw.generate.texts import ID_BITS, Texts
from sterna_hw.link.frames import run_request


class Loop:
    """Asks for RUNs as the link does, in the module that makes texts.

    Between two steps of it whoever ``hold``s has the units and the registers of texts for himself,
    from ``held`` on. All texts that may read something do it in the same RUN.

    Throughput: a token takes the clocks of its RUN, two for each word of RESULT that is wanted,
    those of `Choice` for each text, and about 10 more: of end tokens of a text and bits of the
    words of a row the larger number.

    Attributes:
        hold, held: as above. runs: stream of `run_request`, steady until the last word of
            ``result``, a stream of unsigned(32), is taken.
        prompt: stream of ids that ``prompt_stream`` reads; one is taken when it has been read.
        best_alone: of this RUN only the best words of heads are wanted.
        failure, failure_taken: as in `AxiFailures`. broken: a code that was there after a RUN,
            until ``forget``; nothing is made then.
    """

    def __init__(self, m: Module, machine: Machine, texts: Texts, choice: Choice,
                 ids: IdStore) -> None:
        self._machine, self._texts, self._choice, self._ids = machine, texts, choice, ids
        self.hold = Signal(name="hold_loop")
        self.held = Signal(name="loop_held")
        self.runs = stream.Signature(run_request(machine)).create(path=("loop_runs",))
        self.result = stream.Signature(CHUNK_BITS).create(path=("loop_result",))
        self.prompt = stream.Signature(ID_BITS).create(path=("prompt",))
        self.prompt_stream = Signal(texts.stream_bits, name="prompt_stream")
        self.failure = Signal(FAILURE_BITS, name="loop_failure")
        self.failure_taken = Signal(name="loop_failure_taken")
        self.broken = Signal(FAILURE_BITS, name="broken")
        self.forget = Signal(name="forget_broken")
        self.best_alone = Signal(name="best_alone")
        self._stream = Signal(texts.stream_bits, name="loop_stream")
        self._loaded = Signal(name="prompt_loaded")
        self._chosen = Signal(name="chosen")
        self._active = Signal(machine.streams, name="loop_active")
        self._rest = Signal(machine.streams, name="loop_rest")
        self._build(m)

    def _build(self, m: Module) -> None:
        texts, machine, choice = self._texts, self._machine, self._choice
        may_choose = Signal(machine.streams, name="may_choose")
        may_read = Signal(machine.streams, name="may_read")
        wants_more = Signal(machine.streams, name="wants_more")
        for number in range(machine.streams):
            text = texts.texts[number]
            on = text.active & ~text.ended & text.more.any() & ~self.broken.any()
            m.d.comb += [
                may_choose[number].eq(on & ~text.pending),
                wants_more[number].eq(
                    (texts.choices[number].count != 1) | texts.choices[number].candidates),
                may_read[number].eq((on & text.pending)
                                    | (self._loaded & (self.prompt_stream == number))),
            ]
        request = self.runs.payload
        m.d.comb += [
            request.entry.eq(texts.entry), request.row_limit.eq(texts.rows),
            *(request[f"input_word_{number}"].eq(texts.texts[number].word)
              for number in range(machine.streams)),
            choice.stream.eq(self._stream), choice.choice.eq(texts.choice(self._stream)),
            choice.position.eq(texts.text(self._stream).end),
            choice.data.eq(self.result.payload),
        ]
        if machine.streams > 1:
            m.d.comb += request.active.eq(self._active)
        token = Signal(ID_BITS, name="token", reset_less=True)
        with m.FSM(name="loop"):
            with m.State("look"):
                m.d.comb += self.held.eq(self.hold)
                m.d.sync += [self._active.eq(may_read), self._chosen.eq(0)]
                with m.If(~self.hold):
                    with m.If(may_choose.any()):
                        m.d.sync += [self._stream.eq(lowest(may_choose)), self._chosen.eq(1)]
                        m.next = "choose"
                    with m.Elif(self.prompt.valid & ~self._loaded):
                        m.d.sync += [
                            self._stream.eq(self.prompt_stream), token.eq(self.prompt.payload)]
                        m.next = "place"
                    with m.Elif(may_read.any()):
                        m.next = "run"
            with m.State("choose"):
                m.d.comb += choice.start.eq(1)
                m.next = "choosing"
            with m.State("choosing"):
                m.d.comb += choice.ids.ready.eq(1)
                m.d.sync += token.eq(choice.ids.payload)
                with m.If(choice.ids.valid):
                    m.next = "place"
            with m.State("place"):
                self._place(m, token)
            with m.State("run"):
                m.d.comb += self.runs.valid.eq(1)
                m.d.sync += [self._rest.eq(self._active & (self._active - 1)),
                             self._stream.eq(lowest(self._active)),
                             self.best_alone.eq(~(self._active & wants_more).any())]
                with m.If(self.runs.ready):
                    m.next = "head"
            self._take_result(m)
        with m.If(self.forget):
            m.d.sync += self.broken.eq(0)

    def _place(self, m: Module, token: Value) -> None:
        """Where the row of a token is; of one that was chosen, whether it is the last."""
        texts, ids = self._texts, self._ids
        text, ends = texts.text(self._stream), texts.choice(self._stream).ends
        bits = len(texts.row_words)
        step = Signal(range(max(bits, MOST_ENDS) + 2), name="place_step")
        word = Signal(bits, name="row_word", reset_less=True)
        digits = Signal(bits, name="row_digits", reset_less=True)
        addend = Signal(bits, name="row_addend", reset_less=True)
        is_end = Signal(name="is_end", reset_less=True)
        m.d.comb += [ids.end.eq(step), ids.end_stream.eq(self._stream)]
        m.d.sync += [
            step.eq(step + 1),
            word.eq(word + Mux(digits[0], addend, 0)),
            digits.eq(digits >> 1), addend.eq(addend << 1),
        ]
        with m.If(step == 0):
            m.d.sync += [
                word.eq(0), digits.eq(texts.row_words), addend.eq(token), is_end.eq(0)]
        with m.Elif((step <= ends) & (ids.end_id == token)):
            m.d.sync += is_end.eq(1)
        with m.If((step > ends) & (step != 0) & ~digits.any()):
            m.d.sync += [step.eq(0), text.word.eq(word)]
            m.next = "look"
            with m.If(self._chosen):
                m.d.comb += [
                    ids.write.eq(1), ids.new.eq(token), ids.stream.eq(self._stream),
                    ids.position.eq(text.end),
                ]
                m.d.sync += [
                    text.end.eq(text.end + 1), text.more.eq(text.more - 1),
                    text.pending.eq(1), text.ended.eq(is_end | (text.last & (text.more == 1))),
                ]
            with m.Else():
                m.d.sync += self._loaded.eq(1)

    def _take_result(self, m: Module) -> None:
        """Take the words of the head of each stream that ran, and what follows."""
        machine, texts, choice = self._machine, self._texts, self._choice
        head = machine.head.result_words(machine)
        before = after = rest = 0  # words of units of a stream beside the head, and of others
        for place, unit in enumerate(machine.units):
            words = unit.result_words(machine)
            if not unit.per_stream:
                rest += words
            elif place < machine.units.index(machine.head):
                before += words
            elif unit is not machine.head:
                after += words
        own = before + head + after
        index = Signal(range(max(own, rest, 2)), name="result_index")
        taken = self.result.valid
        with m.State("head"):
            m.d.comb += [
                self.result.ready.eq(1), choice.place.eq(index - before),
                choice.write.eq(taken & (index < before + head)),
            ]
            if before:
                with m.If(index < before):
                    m.d.comb += choice.write.eq(0)
            with m.If(taken):
                m.d.sync += index.eq(index + 1)
                with m.If(index == Mux(self.best_alone, own - head + BEST_WORDS, own) - 1):
                    m.d.sync += [index.eq(0), self._stream.eq(lowest(self._rest)),
                                 self._rest.eq(self._rest & (self._rest - 1))]
                    with m.If(~self._rest.any()):
                        m.next = "others" if rest else "read"
        if rest:
            with m.State("others"):
                m.d.comb += self.result.ready.eq(1)
                with m.If(taken):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == rest - 1):
                        m.d.sync += index.eq(0)
                        m.next = "read"
        with m.State("read"):
            for number in range(machine.streams):
                text = texts.texts[number]
                with m.If(self._active[number]):
                    m.d.sync += text.pending.eq(0)
            m.d.comb += [self.prompt.ready.eq(self._loaded), self.failure_taken.eq(1)]
            m.d.sync += self._loaded.eq(0)
            with m.If(self.failure.any()):
                m.d.sync += self.broken.eq(self.failure)
            m.next = "look"


def lowest(mask: Value) -> Value:
    """The number of the lowest bit that is set."""
    found: Value = Const(len(mask) - 1)
    for number in reversed(range(len(mask) - 1)):
        found = Mux(mask[number], number, found)
    return found
