"""The law of sampling in gateware: random numbers, and the choice of a candidate."""
