"""Sterna: MatMul-free, ternary and spiking models on FPGAs, proven bit for bit."""

__version__ = "0.1.0"
