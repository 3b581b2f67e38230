"""Boards: one file each, with platform, clock, pins, memories and link."""
