"""The compiler: models become programs, programs become memory images."""
