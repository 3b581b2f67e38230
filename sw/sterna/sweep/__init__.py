"""Many configurations of a model on boards: which are tried, what is kept of them, what is best."""
