"""RWKV-4: a recurrent language model whose weights are integers of several ternary planes."""
