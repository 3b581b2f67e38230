"""A machine as values of JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sterna.errors import InputError
from sterna.machine.memory import read_memory
from sterna.machine.registry import unit_types
from sterna.machine.row_memory import read_row_memory
from sterna.machine.unit import Unit, require_fields, require_list

if TYPE_CHECKING:
    from sterna.machine.machine import Link, Machine

FORMAT = "sterna-machine"
FORMAT_VERSION = 2
ROWS_ON_CHIP_VERSION = 1
"""Of machines that have their rows on the chip, which say nothing of them."""


def values_of(machine: Machine) -> dict[str, Any]:
    """Everything that a machine says of itself."""
    rows = machine.row_memory
    return {
        "machine": FORMAT,
        "version": FORMAT_VERSION if rows.outside else ROWS_ON_CHIP_VERSION,
        "units": [{"unit": unit.name, **unit.to_dict()} for unit in machine.units],
        "memory": {"memory": machine.memory.kind, **machine.memory.to_dict()},
        **({"row_memory": {"row_memory": rows.kind, **rows.to_dict()}} if rows.outside else {}),
        "link": machine.link.to_dict(),
        **{name: getattr(machine, name) for name in machine.OWN
           if name != "shared" or machine.shared},
    }


def read_values(kind: type[Machine], link: type[Link], values: Any) -> Machine:
    """The machine of such values. Raises `InputError` for others, naming what they are."""
    if not isinstance(values, dict) or values.get("machine") != FORMAT:
        raise InputError('machine: not readable: there is no "machine": "sterna-machine"')
    version = values.get("version")
    if version not in (ROWS_ON_CHIP_VERSION, FORMAT_VERSION):
        raise InputError(
            f"machine: has version {version!r}; this Sterna reads {ROWS_ON_CHIP_VERSION} and "
            f"{FORMAT_VERSION}: make it again with sterna rtl")
    values = {"shared": False, **values}  # which machines of other kinds do not say
    rows = () if version == ROWS_ON_CHIP_VERSION else ("row_memory",)
    require_fields("the file", values, ("machine", "version", "units", "memory", *rows, "link",
                                        *kind.OWN))
    try:
        return kind(
            units=tuple(_read_unit(item) for item in require_list("units", values["units"])),
            memory=read_memory(values["memory"]),
            **({"row_memory": read_row_memory(values["row_memory"])} if rows else {}),
            link=link.from_dict(values["link"]),
            **{name: values[name] for name in kind.OWN})
    except KeyError as error:
        raise InputError(f"machine: {error.args[0]} is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"machine: not readable: {error}") from None


def _read_unit(values: Mapping[str, Any]) -> Unit:
    name = values["unit"]
    known = unit_types()
    if name not in known:
        raise InputError(f"machine: has a unit {name}, which is not installed; there are "
                         f"{', '.join(known)}")
    return known[name].from_dict({key: value for key, value in values.items() if key != "unit"})
