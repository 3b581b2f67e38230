"""The golden executor: a program in exact integers, written from the definitions."""
