"""The files beside it, as iniVation's own library writes them.

    python tests/sw/formats/aedat4/make_files.py FOLDER

with dv-processing==2.0.4, in an environment of its own. Events are those of `test_aedat4.events`;
between their packets lie triggers, of another stream.
"""

from __future__ import annotations

import sys

import dv_processing as dv

BEGIN = 1_700_000_000_000_000

for name, compression in (("plain", dv.CompressionType.NONE), ("lz4", dv.CompressionType.LZ4),
                          ("zstd", dv.CompressionType.ZSTD)):
    config = dv.io.MonoCameraWriter.Config("cam", compression)
    config.addEventStream((16, 12))
    config.addTriggerStream()
    writer = dv.io.MonoCameraWriter(f"{sys.argv[1]}/{name}.aedat4", config)
    for first in range(0, 60, 20):
        store = dv.EventStore()
        for k in range(first, first + 20):
            store.push_back(BEGIN + 137 * k, 7 * k % 16, 5 * k % 12, k % 3 == 0)
        writer.writeEvents(store)
        writer.writeTrigger(dv.Trigger(
            BEGIN + 137 * first, dv.TriggerType.EXTERNAL_SIGNAL_RISING_EDGE))
    del writer  # which ends the file
