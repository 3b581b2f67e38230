"""A machine without a clock: runs the words of its memories, unit by unit, in NumPy.

It is written from the encoding and the laws, as the gateware is, and shares no meaning with the
golden executor. What depends on time alone (queues, waits, latencies) it does not have.
"""
