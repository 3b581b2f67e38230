"""The text of an answer as it may be shown: up to a stop string, of which nothing is shown."""

from __future__ import annotations

from collections.abc import Sequence


class StoppedText:
    """Holds back what may be the beginning of a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """What of the text so far may be shown now; nothing more after a stop string."""
        if self.stopped:
            return ""
        held = self._held + text
        places = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        if places:
            self.stopped, self._held = True, ""
            return held[:min(places)]
        keep = max((size for stop in self._stops for size in range(1, len(stop))
                    if held.endswith(stop[:size])), default=0)
        self._held = held[len(held) - keep:]
        return held[:len(held) - keep]

    def finish(self) -> str:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        return held
