"""Configuration of a Mamba language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.fla.configuration import NormedConfig
from sterna.families.rwkv.configuration import MOST


@dataclass(frozen=True)
class MambaConfig(NormedConfig):
    """See `NormedConfig`; ``intermediate_size`` channels have ``state_size`` cells each.

    ``step_rank`` is that of the map that gives time steps; 0 is replaced by a sixteenth of the
    hidden size.
    """

    model_type: str = "mamba"
    vocab_size: int = 50280
    norm_eps: float = 1e-5
    state_size: int = 16
    step_rank: int = 0

    title: ClassVar[str] = "a Mamba"
    most: ClassVar[dict[str, int]] = MOST | {"state_size": 64, "step_rank": 1 << 14}

    def __post_init__(self) -> None:
        if self.step_rank == 0 and isinstance(self.hidden_size, int):
            object.__setattr__(self, "step_rank", -(-self.hidden_size // 16))
        super().__post_init__()

    def usual_intermediate(self) -> int:
        return 2 * self.hidden_size

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        inner = 3 * self.hidden_size + 2 * self.step_rank + 2 * self.state_size
        return (self.num_hidden_layers * inner * self.intermediate_size
                + self.vocab_size * self.hidden_size)
