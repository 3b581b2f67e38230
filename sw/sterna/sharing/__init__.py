"""Many texts on the token streams of one device: admitted in order, by turns, states kept."""
