"""RWKV-6: a recurrent language model of matrix states, whose decay every token decides anew."""
