"""GENERATE and STOP: the board feeds itself with the tokens that it chooses."""
