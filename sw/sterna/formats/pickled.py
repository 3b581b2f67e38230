"""The pickle of a `.pth` file, read without running anything.

Pickle is a program that builds objects. Of its instructions only those are carried out that
dictionaries of tensors need, on values that are data here; of what it may call by name a short list
is known, and stands for what it says. Anything else ends the reading with its name.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sterna.errors import InputError

ELEMENTS = {"FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16"}
"""Storages of PyTorch of weights, and what they hold."""
_OTHERS = {"DoubleStorage": "float64", "LongStorage": "int64", "IntStorage": "int32",
           "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8",
           "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
           "ComplexDoubleStorage": "complex128"}
"""Those of tensors that are no weights."""
MOST_STEPS = 1 << 20
"""Instructions of the longest pickle; a tensor has some thirty."""


@dataclass(frozen=True)
class Storage:
    """Elements of a file in the archive."""

    elements: str
    name: str
    count: int


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as the pickle declares it."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class _Global:
    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


_MARK = object()


def read_pickle(data: bytes, name: str) -> Any:
    """What the pickle stands for: dictionaries, tuples, numbers, text and `StoredTensor`; the
    arguments of a command, which training scripts save beside their tensors, are one of the first.

    Raises `InputError`, with the name in front, for anything else.
    """
    machine = _Machine()
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if number > MOST_STEPS:
                raise _Refused(f"its pickle has more than {MOST_STEPS} instructions")
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, argument)
    except _Refused as refused:
        raise InputError(f"{name}: {refused}") from None
    except (ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:
        words = " ".join(str(error).split())[:80]
        raise InputError(f"{name}: its pickle is damaged ({words})") from None
    raise InputError(f"{name}: its pickle does not end")


class _Refused(Exception):
    """What is not carried out."""


class _Machine:
    """The stack and the memory of a pickle."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """One instruction."""
        if name in _NOTHING:
            return
        if name in _VALUES:
            self.push(argument)
        elif name in _CONSTANTS:
            self.push(_CONSTANTS[name]())
        elif name in _TUPLES:
            self.push(self._last(_TUPLES[name]))
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self._memory[argument] = self._stack[-1]
        elif name == "MEMOIZE":
            self._memory[len(self._memory)] = self._stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self.push(self._memory[argument])
        elif (method := getattr(self, f"_do_{name.lower()}", None)) is not None:
            method(argument)
        else:
            raise _Refused(f"its pickle has the instruction {name}, which no file of tensors needs")

    def push(self, value: Any) -> None:
        """A value on top."""
        self._stack.append(value)

    def pop(self) -> Any:
        """The last value."""
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("nothing behind a mark")
        return value

    def _last(self, count: int) -> tuple[Any, ...]:
        return tuple([self.pop() for _ in range(count)][::-1])

    def _since_mark(self) -> list[Any]:
        values = []
        while (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def _do_mark(self, argument: Any) -> None:
        self.push(_MARK)

    def _do_tuple(self, argument: Any) -> None:
        self.push(tuple(self._since_mark()))

    def _do_setitem(self, argument: Any) -> None:
        key, value = self._last(2)
        _dictionary(self._stack[-1])[_key(key)] = value

    def _do_setitems(self, argument: Any) -> None:
        values = self._since_mark()
        pairs = zip(values[::2], values[1::2], strict=True)
        _dictionary(self._stack[-1]).update((_key(key), value) for key, value in pairs)

    def _do_append(self, argument: Any) -> None:
        value = self.pop()
        _list(self._stack[-1]).append(value)

    def _do_appends(self, argument: Any) -> None:
        values = self._since_mark()
        _list(self._stack[-1]).extend(values)

    def _do_global(self, argument: Any) -> None:
        self.push(_known(*_text(argument).split(" ")))

    def _do_stack_global(self, argument: Any) -> None:
        module, name = self._last(2)
        self.push(_known(_text(module), _text(name)))

    def _do_reduce(self, argument: Any) -> None:
        function, arguments = self._last(2)
        if not isinstance(function, _Global):  # whose text may be without end
            raise ValueError("a call of what is no function")
        if str(function) not in _CALLS:
            raise _Refused(f"its pickle calls {function}, which is no function of tensors")
        self.push(_CALLS[str(function)](*arguments))

    def _do_newobj(self, argument: Any) -> None:
        kind, _ = self._last(2)
        if not isinstance(kind, _Global):
            raise ValueError("an object of what is no class")
        if str(kind) not in _OBJECTS:
            raise _Refused(f"its pickle makes a {kind}, which no file of tensors needs")
        self.push({})

    def _do_build(self, argument: Any) -> None:
        """Versions of modules, which a state dict has beside its tensors; fields of an object."""
        self.pop()
        _dictionary(self._stack[-1])

    def _do_binpersid(self, argument: Any) -> None:
        kind, storage, name, _, count = self.pop()
        if kind != "storage" or not isinstance(storage, _Global):
            raise _Refused("its pickle names something that is no storage")
        self.push(Storage(_STORAGES[storage.name], _text(name), _count(count)))


def _known(module: str, name: str) -> _Global:
    found = _Global(module, name)
    if str(found) not in {*_CALLS, *_OBJECTS} and not (module == "torch" and name in _STORAGES):
        raise _Refused(f"its pickle names {found}, which is not on the list of what may be in a "
                       "file of tensors; if the file is yours, save its tensors alone")
    return found


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *others: Any) -> StoredTensor:
    del others
    if not isinstance(storage, Storage) or len(shape) != len(strides):
        raise ValueError("a tensor without a storage")
    return StoredTensor(storage, _count(offset), tuple(map(_count, shape)),
                        tuple(map(_count, strides)))


def _parameter(tensor: Any, *others: Any) -> Any:
    del others
    return tensor


_NOTHING = frozenset({"PROTO", "FRAME"})
_VALUES = frozenset({"BINUNICODE", "SHORT_BINUNICODE", "UNICODE", "BININT", "BININT1", "BININT2",
                     "INT", "LONG1", "LONG", "BINFLOAT"})
_CONSTANTS: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_DICT": dict,
    "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_CALLS: Mapping[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor_v2": _tensor, "torch._utils._rebuild_parameter": _parameter,
    "collections.OrderedDict": dict}
_OBJECTS = frozenset({"argparse.Namespace"})
_STORAGES = ELEMENTS | _OTHERS


def _dictionary(value: Any) -> dict[str | int, Any]:
    if not isinstance(value, dict):
        raise ValueError("no dictionary")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a name that is no text")
    return value


def _key(value: Any) -> str | int:
    if not isinstance(value, str | int):
        raise ValueError("a key that is neither text nor a number")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a number that is no count")
    return value
