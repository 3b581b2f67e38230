"""What a board will do with a model, without synthesis."""
