"""What the float references of versions whose states are matrices have in common."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from sterna.families.rwkv.headed import HEAD_EPSILON, HeadedConfig
from sterna.families.rwkv.reference import Block
from sterna.families.rwkv.watch import Watch


class HeadedAttention(nn.Module):
    """Token mixing by heads, whose results are normed each by itself."""

    def __init__(self, config: HeadedConfig) -> None:
        super().__init__()
        self.heads, self.watch = config.heads, Watch()
        self.ln_x = nn.GroupNorm(config.heads.count, config.hidden_size, HEAD_EPSILON)

    def normed(self, read: Tensor) -> Tensor:
        """What is read of the states [time * batch, hidden], behind the norm."""
        self.watch.see("headed", functional.group_norm(read, self.heads.count, eps=HEAD_EPSILON))
        found: Tensor = self.ln_x(read)
        self.watch.see("headed", found)
        return found


class HeadedBlock(Block):
    """A layer whose state is what entered attention and channels, and the cells of all heads."""

    att: HeadedAttention

    def __init__(self, config: HeadedConfig, first: bool) -> None:
        hidden, heads = config.hidden_size, config.heads
        super().__init__(hidden, first)
        self.sizes = (hidden, hidden, hidden * heads.size)
        self.shape = (heads.count, heads.size, heads.size)

    def state_size(self) -> int:
        return sum(self.sizes)

    def parts(self, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What entered attention, what entered channels, and cells [batch, *shape]."""
        entered, channels, cells = state.split(self.sizes, -1)
        return entered, channels, cells.unflatten(-1, self.shape)
