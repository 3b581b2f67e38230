"""What belongs to a family of chips: cells, memories, passes over netlists, places."""
