"""Simulation: helpers for unit tests, memory models and the simulated board."""
