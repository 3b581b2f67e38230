"""What transformers calls the authors' tensors."""

from __future__ import annotations

_NAMES = {"emb.weight": "rwkv.embeddings.weight", "head.weight": "head.weight"}
_PARTS = {".att.time_mix_k": ".attention.time_mix_key",
          ".att.time_mix_v": ".attention.time_mix_value",
          ".att.time_mix_r": ".attention.time_mix_receptance",
          ".ffn.time_mix_k": ".feed_forward.time_mix_key",
          ".ffn.time_mix_r": ".feed_forward.time_mix_receptance",
          ".att.": ".attention.", ".ffn.": ".feed_forward.", ".ln0.": ".pre_ln."}


def theirs(key: str) -> str:
    """The same tensor in a folder of transformers."""
    if key in _NAMES:
        return _NAMES[key]
    for ours, name in _PARTS.items():
        if ours in key:
            return "rwkv." + key.replace(ours, name)
    return "rwkv." + key
