"""A family of another package: linear recurrences ``h[t] = a * h[t-1] + W x[t]``."""
