"""RWKV-5: a recurrent language model of matrix states, each row of which has a decay of its own."""
