"""The integers: what every operation means to the last rounding, shared by golden and RTL."""
