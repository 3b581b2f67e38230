"""HGRN2: a recurrent language model of matrix states, which take as much as they lose."""
