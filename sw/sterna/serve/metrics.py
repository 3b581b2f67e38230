"""Counters in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sterna.serve.worker import Worker

Metric = tuple[str, str, str, float | Mapping[str, float]]
"""Name, kind and help; a number, or several by their labels."""


def metrics(worker: Worker, statuses: Counter[int]) -> str:
    """Everything that is counted, since the server began."""
    lines = []
    for name, kind, help, value in _all(worker, statuses):
        lines += [f"# HELP sterna_{name} {help}", f"# TYPE sterna_{name} {kind}"]
        several = value if isinstance(value, Mapping) else {"": value}
        lines += [f"sterna_{name}{labels} {number}" for labels, number in several.items()]
    return "\n".join(lines) + "\n"


def _all(worker: Worker, statuses: Counter[int]) -> Iterator[Metric]:
    sharing = worker.sharing
    counted, device, waits = sharing.counted, sharing.device, sharing.counted.waits
    total = "counter"
    yield "tokens_made_total", total, "Tokens that were made.", counted.made
    yield "tokens_read_total", total, "Tokens before them that the device read.", counted.read
    yield "read_seconds_total", total, "Time for that.", counted.read_seconds
    yield "tokens_kept_total", total, "Tokens that a stream still had.", counted.kept
    yield ("tokens_restored_total", total, "Tokens whose state was restored, and not read.",
           counted.restored)
    yield "restore_seconds_total", total, "Time for that.", counted.restore_seconds
    yield "save_seconds_total", total, "Time in which states were read out.", counted.save_seconds
    yield "busy_seconds_total", total, "Time in which the device worked.", counted.busy_seconds
    yield "turns_total", total, "Texts that left their stream for another's turn.", counted.turns
    yield "turn_wait_seconds_sum", total, "Waits for a stream, together.", waits.seconds
    yield "turn_wait_seconds_count", total, "How many there were.", waits.count
    yield "turn_wait_seconds_longest", "gauge", "The longest of them.", waits.longest
    yield ("turn_wait_shares_longest", "gauge", "The longest of them, in shares of those before.",
           counted.longest_shares)
    for name, kind, help in (("sum", total, "Waits for first tokens, together, by where the "
                              "state of the beginning was: nowhere, in a slot, on the host."),
                             ("count", total, "Texts that had their first token."),
                             ("longest", "gauge", "The longest wait for one.")):
        yield f"first_token_seconds_{name}", kind, help, {
            f'{{state="{found}"}}': {"sum": of.seconds, "count": of.count,
                                     "longest": of.longest}[name]
            for found, of in worker.waits.items()}
    yield "streams", "gauge", "Token streams of the device.", device.streams
    yield "texts_running", "gauge", "Texts in streams.", sharing.running
    yield "texts_waiting", "gauge", "Texts that wait for their turn.", sharing.waiting
    yield "states_kept", "gauge", "States of conversations that are kept.", len(sharing.states)
    yield "states_kept_bytes", "gauge", "What they take.", sharing.states.bytes
    yield "link_bytes_total", total, "Bytes over the link, both ways.", device.traffic.bytes
    yield ("link_round_trips_total", total, "Answers of the board that were waited for.",
           device.traffic.round_trips)
    yield "recoveries_total", total, "Times that the device was loaded again.", device.recoveries
    yield "requests_total", total, "Answers by their status.", {
        f'{{status="{status}"}}': count for status, count in sorted(statuses.items())}
