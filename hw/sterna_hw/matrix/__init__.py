"""Matrix states: cells in a memory, and the lanes that change and read them."""
