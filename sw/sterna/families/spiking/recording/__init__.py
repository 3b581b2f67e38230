"""Recordings of events with their times, by format, and how they become steps."""
