"""Renders chat templates in a process of their own, which is ended when it takes too long."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from sterna.errors import InputError

PATIENCE = 60.0 if hasattr(signal, "setitimer") else 1.0
"""Seconds by the clock on the wall; where nothing counts processor time they are the limit."""
TOO_LONG = "takes more than 1 s"


class Renderer:
    """The process, begun when something is to be rendered and again after it was ended.

    May be used by several threads, and closed twice.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def render(self, template: str, variables: Mapping[str, Any]) -> str:
        """The text. Raises `InputError` for a template that cannot be used, or that takes more time
        or memory, or makes more text, than a template may."""
        line = json.dumps({"template": template, "variables": dict(variables)})
        with self._lock:
            answer = self._ask(line)
        if not answer:
            raise InputError(f"the model's chat template: {TOO_LONG}")
        found = json.loads(answer)
        if "error" in found:
            words = " ".join(str(found["error"]).split())
            raise InputError(f"the model's chat template: {words}")
        return found["text"]

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, line: str) -> str:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        timer = threading.Timer(PATIENCE, process.kill)
        timer.start()
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        finally:
            timer.cancel()
        if not answer:
            self.close()
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            if importlib.util.find_spec("jinja2") is None:
                raise ModuleNotFoundError("no module jinja2", name="jinja2")
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sterna.chat.renderer"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
            assert self._process.stdout is not None
            self._process.stdout.readline()  # it is ready
        return self._process
