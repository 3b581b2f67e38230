"""`sterna chat`: lines of a user are turns, lines that begin with / are commands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from sterna.chat.file import load_conversation, save_conversation
from sterna.chat.session import Session
from sterna.cli.terminal import ProgressReport, print_json, shown
from sterna.errors import InputError, SternaError
from sterna.families.requests import ChatRequest
from sterna.suggest import did_you_mean
from sterna.tasks.chat import chat as chat_task

COMMANDS = ("/reset", "/save", "/load", "/stats", "/quit")
PROMPT = "> "


class _Again(Exception):
    """Ctrl-C where nothing is being answered."""


class Terminal:
    """The loop of a conversation."""

    def __init__(self, session: Session, model: str, json: bool = False) -> None:
        self._session, self._model, self._json = session, model, json
        self._answering = False
        self._asks = sys.stdin.isatty()

    def talk(self) -> None:
        """Until the input ends, or /quit."""
        if self._asks:
            with suppress(ImportError):
                import readline  # so that lines can be edited, and called back
                del readline
        with self._interrupts():
            while True:
                try:
                    line = self._line()
                except _Again:
                    self._tell("Ctrl-D or /quit ends")
                    continue
                if line is None or line.split() == ["/quit"]:
                    return
                try:
                    self._take(line)
                except SternaError as error:
                    self._tell(f"sterna: {' '.join(str(error).split())}")

    def _line(self) -> str | None:
        try:
            return input(PROMPT if self._asks else "")
        except EOFError:
            if self._asks:
                print()
            return None
        except UnicodeDecodeError:
            raise InputError("standard input is not UTF-8 text") from None

    def _take(self, line: str) -> None:
        if not line.strip():
            return
        if not line.startswith("/"):
            self._answer(line)
            return
        command, _, rest = line.strip().partition(" ")
        if command not in COMMANDS or (bool(rest) != (command in ("/save", "/load"))):
            hint = "" if command in COMMANDS else did_you_mean(command, COMMANDS)
            raise InputError(f"{command}: the commands are /reset, /save FILE, /load FILE, /stats "
                             f"and /quit{hint}")
        session = self._session
        if command == "/reset":
            session.reset()
        elif command == "/save":
            save_conversation(_path(rest), self._model, session.messages)
            self._tell(f"saved {len(session.messages)} messages in {rest.strip()}")
        elif command == "/load":
            session.messages = load_conversation(_path(rest))
            self._tell(f"{len(session.messages)} messages; the conversation goes on")
        else:
            self._tell(f"{session.device.name}: {session.last.told()}")

    def _answer(self, line: str) -> None:
        self._answering = True
        try:
            if self._json:
                text = "".join(self._session.say(line))
                print_json({"text": text, **asdict(self._session.last)})
                return
            for piece in self._session.say(line):
                sys.stdout.write(shown(piece))
                sys.stdout.flush()
        finally:
            self._answering = False
            if not self._json:
                sys.stdout.write("\n")
            sys.stdout.flush()
        if self._session.stats:
            self._tell(f"{self._session.device.name}: {self._session.last.told()}")

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        """Ctrl-C ends an answer, and nothing else."""

        def interrupted(number: int, frame: FrameType | None) -> None:
            del number, frame
            if not self._answering:
                raise _Again
            self._session.stop()

        before = signal.signal(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @staticmethod
    def _tell(line: str) -> None:
        print(shown(line), file=sys.stderr, flush=True)


def _path(text: str) -> Path:
    """As shells take it. Raises `InputError` for the home of nobody."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        raise InputError(f"{path}: there is no such user") from None


def chat(request: ChatRequest) -> None:
    """Open the device, and talk."""
    with ProgressReport() as report, chat_task(request, report) as session:
        report.end()
        Terminal(session, str(request.model), request.json).talk()
