"""The MatMul-free language model: ternary weights, a gated recurrence, no attention."""
