"""One file a board: pins, clock, capacities and link, and what tools load it."""
