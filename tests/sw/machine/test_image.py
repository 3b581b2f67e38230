"""The image file: what was saved is loaded, and damage is noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.compiler import compile_program, fit_machine
from sterna.errors import InputError
from sterna.machine.container import FORMAT_VERSION, MAGIC, read_container, write_container
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
from sterna.machine.protocol import Space, word_chunks
from sterna.machine.words import pack_row

from tests.sw.compiler.programs import simple_program

BASE = token_machine(rows=4, columns=8, vector_lanes=2)


@pytest.fixture(params=["host", "chip"])
def image(request):
    program = simple_program()
    return compile_program(program, fit_machine(program, BASE, request.param), request.param)


def test_round_trip(image, tmp_path):
    path = tmp_path / "model.image"
    image.save(path)
    loaded = MemoryImage.load(path)
    assert loaded.machine == image.machine
    for name in ("model", "entries", "rows", "placement", "row_groups"):
        assert getattr(loaded, name) == getattr(image, name)
    for space in image.parts:
        before, after = image.parts[space], loaded.parts[space]
        assert np.array_equal(before.array(), after.array())
        assert after.words == before.words == len(after.array())
        assert after.size == 4 * word_chunks(image.machine, space)
    assert loaded.model_digest() == image.model_digest()
    assert list(tmp_path.iterdir()) == [path]


def test_digest_depends_on_the_weights():
    program = simple_program()
    machine = fit_machine(program, BASE)
    other = replace(program, parameters=replace(program.parameters, seed=4))
    assert compile_program(program, machine).model_digest() != compile_program(
        other, machine).model_digest()


def test_every_damage_is_noticed(image, tmp_path):
    path = tmp_path / "model.image"
    image.save(path)
    good = path.read_bytes()
    for cut in (0, 5, 60, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:cut])
        with pytest.raises(InputError, match=r"model\.image: truncated or damaged"):
            MemoryImage.load(path)
    for position in (13, len(good) // 2, len(good) - 60, len(good) - 45, len(good) - 1):
        damaged = bytearray(good)
        damaged[position] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="truncated or damaged"):
            MemoryImage.load(path)
    path.write_bytes(good + b"\0")
    with pytest.raises(InputError, match="truncated or damaged"):
        MemoryImage.load(path)


def test_other_files(tmp_path):
    path = tmp_path / "model.image"
    with pytest.raises(InputError, match="file not found"):
        MemoryImage.load(path)
    path.write_bytes(b"x" * 100)
    with pytest.raises(InputError, match="not a Sterna image"):
        MemoryImage.load(path)
    path.write_bytes(MAGIC + (FORMAT_VERSION + 1).to_bytes(4, "little") + bytes(100))
    with pytest.raises(InputError, match=f"image format {FORMAT_VERSION + 1}"):
        MemoryImage.load(path)


def test_manifest_names_every_part(image, tmp_path):
    image.save(tmp_path / "model.image")
    _, manifest = read_container(tmp_path / "model.image")
    assert set(manifest["words"]) == {item.name for item in image.machine.memories}
    assert Machine.from_json(manifest["machine"]) == image.machine
    assert manifest["machine_digest"] == f"{image.machine.digest():016x}"


def test_image_of_another_configuration_format(image, tmp_path):
    path = tmp_path / "model.image"
    image.save(path)
    parts, manifest = read_container(path)
    manifest["machine_digest"] = "0" * 16
    write_container(path, {name: [part] for name, part in parts.items()}, manifest)
    with pytest.raises(InputError, match="made by another version"):
        MemoryImage.load(path)


@pytest.mark.parametrize("change", [
    lambda manifest: manifest.pop("chained"),
    lambda manifest: manifest.update(machine='{"rows": 3, "gears": 9}'),
    lambda manifest: manifest.update(machine="5"),
])
def test_image_with_other_fields(image, tmp_path, change):
    """Such as one that an older version wrote: the file is whole, but its manifest another."""
    path = tmp_path / "model.image"
    image.save(path)
    parts, manifest = read_container(path)
    change(manifest)
    write_container(path, {name: [part] for name, part in parts.items()}, manifest)
    with pytest.raises(InputError, match=r"model\.image: made by another version"):
        MemoryImage.load(path)


def test_the_contents_decide_whose_image_it_is(image):
    """Not the name, nor the shape: one weight is another model."""
    program = simple_program()

    def check(other, machine=image.machine):
        image.check_same(lambda: compile_program(other, machine, image.placement),
                         other.name, "a.image")

    check(program)
    check(replace(program, name="elsewhere/model"))
    for section, name in program.matrices:
        other = replace(program, parameters=OneWeightElse(program.parameters, section, name))
        digest = compile_program(other, image.machine, image.placement).model_digest()
        with pytest.raises(InputError, match=rf"^a\.image: .*contents {image.model_digest()[:16]}, "
                           rf"not that of .* with {digest[:16]}; .*make the image of .* again$"):
            check(other)
    small = simple_program(hidden=40)
    with pytest.raises(InputError, match=r"^a\.image: is the image of \w+, not of \w+ \(.*give"):
        check(small)


@pytest.mark.parametrize("change", [{"rows": 49}, {"entries": {"reset": 1}}, {"row_groups": 3}])
def test_an_image_that_says_other_things_of_the_same_contents(image, change):
    with pytest.raises(InputError, match=r"^a\.image: made by another version of Sterna"):
        replace(image, **change).check_same(lambda: image, "model", "a.image")


class OneWeightElse:
    """Parameters of which the last weight of one matrix is another."""

    def __init__(self, parameters, section, name):
        self._parameters, self._changed = parameters, (section, name)

    def __getattr__(self, name):
        return getattr(self._parameters, name)

    def planes(self, section, repetition, name):
        trits = self._parameters.planes(section, repetition, name)
        if (section, name) == self._changed and repetition == 0:
            trits[-1, -1, -1] = -1 if trits[-1, -1, -1] == 1 else 1
        return trits


def test_nothing_is_left_of_a_failed_save(image, tmp_path):
    def pieces():
        yield np.zeros(4, np.uint8)
        raise InputError("parameter missing")

    path = tmp_path / "model.image"
    with pytest.raises(InputError, match="parameter missing"):
        write_container(path, {"weights": pieces()}, {})
    with pytest.raises(InputError, match="cannot be written"):
        image.save(tmp_path / "missing" / "model.image")
    assert list(tmp_path.iterdir()) == []


def test_rows(image):
    if image.placement == "chip":
        assert image.input_word(7) == 7 * image.row_groups
        part = image.parts[Space.INPUT].array()
        values = simple_program().parameters.embedding(7)
        first = image.input_word(7)
        row = pack_row(image.machine, values)
        assert np.array_equal(part[first:first + image.row_groups], row)
    else:
        assert image.input_word(7) == 0 and image.parts[Space.INPUT].words == 0
        values = simple_program().parameters.embedding(7)
        assert np.array_equal(image.embedding(7), pack_row(image.machine, values))
    with pytest.raises(InputError, match="token 50 is outside the vocabulary of 50"):
        image.input_word(50)
