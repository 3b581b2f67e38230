"""Lowering of the MatMul-free LM: its token as a program.

Every ternary layer norms its input by itself, so scales that are positive and the same for a
whole token cancel in its codes: codes come straight from the vector times its gain, and the
norm's reciprocal square root enters the factor of the accumulators, ``absmax * rsqrt(squares) *
constant``. The kernel that ends a layer also computes the source of the next layer's first codes
(the head's, after the last). Everything else that a layer needs of the residual stream is computed
while the first matrix is at work, and gains are multiplied where no result waits for them, because
the operations between the last accumulator of a matrix and the next codes keep the engine idle.

Source: "Scalable MatMul-free Language Modeling" (arXiv 2406.02528), as the released code computes
it: the norm is on the gate, the swish on the state.
"""

from __future__ import annotations

from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.parameters import MatMulFreeParameters, share_shift
from sterna.families.matmul_free.lowering.recipes import (
    code_items,
    epsilon_items,
    factor_items,
    gained,
    matmul_kernel,
    rsqrt_items,
)
from sterna.families.matmul_free.lowering.stored import naming_the_file, stored_formats
from sterna.families.matmul_free.lowering.unit import unit_of
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.law.tables import Table, sigmoid_table
from sterna.program.definition import Program, VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Item,
    Kernel,
    Lookup,
    Matmul,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Unit,
    Vector,
)
from sterna.program.validate import validate_program

_SIGMOID, _STATE_SIGMOID = "sigmoid", "state_sigmoid"


def lower(model: MatMulFreeModel, formats: Formats | None = None, name: str = "") -> Program:
    """Lower a model; the program is validated.

    `formats` default to those in the model's folder, and to `Formats()` where it has none. Raises
    `InputError` when formats cannot be used, naming the file if they are the stored ones.
    """
    if formats is not None:
        return _lower(model, formats, name)
    stored = stored_formats(model)
    if stored is None:
        return _lower(model, Formats(), name)
    with naming_the_file(model):
        return _lower(model, stored, name)


def _lower(model: MatMulFreeModel, formats: Formats, name: str) -> Program:
    lowering = _Lowering(model, formats)
    config = model.config
    hidden = config.hidden_size
    shapes = {
        ("layer", "candidate"): (hidden, hidden),
        ("layer", "forget"): (hidden, hidden),
        ("layer", "gate"): (hidden, hidden),
        ("layer", "output"): (hidden, hidden),
        **{("layer", name): shape for name, shape in lowering.unit.shapes().items()},
        ("head", "head"): (config.vocab_size, hidden),
    }
    program = Program(
        name=name or f"MatMul-free LM {hidden}x{config.num_hidden_layers}",
        word_bits=formats.word_bits,
        input_length=hidden,
        rows=config.vocab_size,
        sections=lowering.sections(),
        vectors=lowering.vectors(),
        matrices=shapes,
        tables=lowering.tables(),
        codes=lowering.unit.codes(),
        parameters=MatMulFreeParameters(model, formats),
    )
    validate_program(program)
    return program


class _Lowering:
    """The parts of the program of one model."""

    def __init__(self, model: MatMulFreeModel, formats: Formats) -> None:
        self._config, self._formats = model.config, formats
        self.unit = unit_of(model.config, formats)
        same = formats.state_fraction == formats.activation_fraction
        self._state_table = _SIGMOID if same else _STATE_SIGMOID

    def sections(self) -> tuple[Section, ...]:
        embed = Kernel(
            name="embed",
            length=self._config.hidden_size,
            body=(Element(result="x", a="input", multiplier=Unit(1)), self._next_codes()),
        )
        return (
            Section(name="embed", items=(embed,)),
            Section(
                name="layer",
                items=(*self._token_mixer(), *self.unit.items(self._next_codes())),
                repeat=self._config.num_hidden_layers,
            ),
            Section(name="head", items=tuple(self._head())),
        )

    def tables(self) -> dict[str, Table]:
        formats = self._formats
        fractions = {
            _SIGMOID: formats.activation_fraction,
            self._state_table: formats.state_fraction,
        }
        return {
            name: sigmoid_table(name, formats.word_bits, fraction, formats.gate_fraction)
            for name, fraction in fractions.items()
        }

    def vectors(self) -> dict[str, VectorFormat]:
        formats = self._formats
        activation, gate = formats.activation_fraction, formats.gate_fraction
        state, swish = formats.state_fraction, formats.swish_fraction
        hidden: dict[str, int | None] = {
            "i": activation, "i_sigmoid": gate, "i_swish": state, "delta": state,
            "f_negative": activation, "f_sigmoid": gate, "share": formats.share_fraction,
            "step": state,
            "forget_source": None, "gate_source": None,
            "h_sigmoid": gate, "h_swish": swish, "h_gained": None, "h_output": None, "g": 0,
            "output_source": None, "unit_source": None,
        }  # fmt: skip
        width = self._config.hidden_size
        vectors = {
            "x": VectorFormat(
                length=width, fraction=formats.residual_fraction, lifetime="carried"
            ),
            "candidate_source": VectorFormat(length=width, fraction=None, lifetime="carried"),
        }
        vectors["h"] = VectorFormat(length=width, fraction=state, lifetime="state")
        for name, fraction in hidden.items():
            vectors[name] = VectorFormat(length=width, fraction=fraction)
        return vectors | self.unit.vectors()

    def _gained(self, result: str | None, a: str, gain: str, **reduction: str) -> Element:
        return gained(self._formats.gain_shift, result, a, gain, **reduction)

    def _next_codes(self) -> Element:
        """The source of the first codes of the next layer, or of the head."""
        return self._gained("candidate_source", "x", "next_candidate", absmax="candidate")

    def _norm_kernel(self) -> Kernel:
        """The sum of squares of the block norm."""
        body = (self._gained(None, "x", "norm", squares="norm"),)
        return Kernel(name="norm", length=self._config.hidden_size, body=body)

    def _source_kernel(self, name: str) -> Kernel:
        """The source of further codes of the residual stream."""
        body = (self._gained(f"{name}_source", "x", name, absmax=name),)
        return Kernel(name=f"{name}_source", length=self._config.hidden_size, body=body)

    def _token_mixer(self) -> list[Item]:
        width = self._config.hidden_size
        return [
            # Both code banks are filled first; the factors are needed only when results arrive.
            *code_items("candidate", width),
            self._source_kernel("forget"),
            *code_items("forget", width),
            self._norm_kernel(),
            *rsqrt_items("norm"),
            *factor_items(
                "candidate_real", "candidate_absmax", "norm_rsqrt", "candidate_factor"
            ),
            *factor_items("forget_real", "forget_absmax", "norm_rsqrt", "forget_factor"),
            matmul_kernel("candidate", width, self._candidate(), "candidate"),
            self._source_kernel("gate"),
            *code_items("gate", width),
            matmul_kernel("forget", width, self._forget(), "forget"),
            matmul_kernel("gate", width, self._gate(), "gate"),
            *code_items("output", width),
            ScalarOperation(result="gate_sum", operation="squares", operands=("gate_squares",)),
            *epsilon_items("gated", "output_epsilon", "gate_sum"),
            *factor_items("output_real", "output_absmax", "gated_rsqrt", "output_factor"),
            matmul_kernel("output", width, self._output(), "output"),
        ]

    def _candidate(self) -> list[Element | Lookup]:
        return [
            Element(result="i", a="candidate_sums", multiplier=Scalar("candidate_real")),
            Lookup(result="i_sigmoid", a="i", table=_SIGMOID),
            Element(
                result="i_swish",
                a="i",
                multiplier=Vector("i_sigmoid"),
                shift=self._formats.candidate_shift,
            ),
        ]

    def _forget(self) -> list[Element | Lookup]:
        formats = self._formats
        negative = Scalar("forget_real", negative=True)
        return [
            Element(result="f_negative", a="forget_sums", multiplier=negative),
            Lookup(result="f_sigmoid", a="f_negative", table=_SIGMOID),
            Element(
                result="share",
                a="f_sigmoid",
                multiplier=Constant("share"),
                shift=share_shift(formats),
            ),
            # Only here is the old state read, so that tokens of a prompt can follow each other.
            Element(result="delta", a="h", multiplier=Unit(-1), addend="i_swish"),
            Element(
                result="step",
                a="delta",
                multiplier=Vector("share"),
                shift=formats.share_fraction,
            ),
            Element(result="h", a="step", multiplier=Unit(1), addend="h"),
            Lookup(result="h_sigmoid", a="h", table=self._state_table),
            Element(
                result="h_swish",
                a="h",
                multiplier=Vector("h_sigmoid"),
                shift=formats.state_swish_shift,
            ),
            self._gained("h_gained", "h_swish", "state"),
            self._gained("h_output", "h_gained", "output"),
        ]

    def _gate(self) -> list[Element | Lookup]:
        return [
            Element(result="g", a="gate_sums", multiplier=Unit(1), squares="gate_squares"),
            Element(
                result="output_source",
                a="g",
                multiplier=Vector("h_output"),
                shift=self._formats.output_shift,
                absmax="output",
            ),
            Element(
                result=None,
                a="g",
                multiplier=Vector("h_gained"),
                shift=self._formats.output_shift,
                squares="gated",
            ),
        ]

    def _output(self) -> list[Element | Lookup]:
        return [
            Element(result="x", a="output_sums", multiplier=Scalar("output_real"), addend="x"),
            self._gained("unit_source", "x", "unit", absmax="unit"),
            self._gained(None, "x", "unit_norm", squares="unit_norm"),
        ]

    def _head(self) -> list[Item]:
        """The last layer left the head's source where a layer's candidate has its own."""
        hidden, rows = self._config.hidden_size, self._config.vocab_size
        matmul = Matmul(result="logits", codes="candidate", matrix="head")
        return [
            *code_items("candidate", hidden),
            self._norm_kernel(),
            *rsqrt_items("norm"),
            *factor_items("head_real", "candidate_absmax", "norm_rsqrt", "head_factor"),
            TopK(matmul=matmul, rows=rows, scale="head_real"),
        ]
