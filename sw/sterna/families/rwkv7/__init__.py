"""RWKV-7: a recurrent language model of matrix states, which learn by the delta rule."""
