"""What holds the units together: sequencer, top-k, counters and the top level."""
