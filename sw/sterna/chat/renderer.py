"""The process that renders chat templates: a line of JSON in, a line of JSON out.

A template is a program of whoever made the model. It runs in jinja2's immutable sandbox, in a
process that has no file of ours open and ends by the system's hand when it takes more than
`MOST_SECONDS` of processor time, and gets no more memory than `MOST_MEMORY`.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_SECONDS = 1.0
MOST_BYTES = 1 << 20
"""Of the text that is made."""
MOST_MEMORY = 1 << 29


class Refused(Exception):
    """The template says by itself that the messages do not fit it."""


class GenerationBlock(Extension):
    """``{% generation %}`` of templates that mark what a model has said, which changes nothing."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """What is between the tags."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise(message: object) -> NoReturn:
    raise Refused(str(message))


def _json(value: object, indent: int | None = None, **more: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, **more)


@lru_cache(maxsize=4)
def _template(source: str) -> Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols", GenerationBlock])
    environment.filters["tojson"] = _json
    environment.globals |= {"raise_exception": _raise,
                            "strftime_now": lambda form: datetime.now().strftime(form)}
    return environment.from_string(source)


def render(source: str, variables: dict[str, Any]) -> dict[str, str]:
    """The text, or what is wrong."""
    try:
        parts, size = [], 0
        for part in _template(source).generate(**variables):
            size += len(part.encode("utf-8", "surrogatepass"))
            if size > MOST_BYTES:
                return {"error": f"makes a text of more than {MOST_BYTES >> 20} MB"}
            parts.append(part)
        return {"text": "".join(parts)}
    except MemoryError:
        return {"error": f"wants more than {MOST_MEMORY >> 20} MB of memory"}
    except Refused as error:
        return {"error": f"says: {error}"}
    except TemplateError as error:
        return {"error": f"cannot be used ({type(error).__name__}: {error.message})"}
    except Exception as error:
        return {"error": f"cannot be used ({type(error).__name__}: {error})"}


def main() -> None:
    """Render what comes on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    timed = hasattr(signal, "setitimer")
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        if timed:
            signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)  # its signal ends the process
        found = render(wanted["template"], wanted["variables"])
        if timed:
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
