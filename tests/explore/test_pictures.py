"""A visitor's pictures: in parts, in memory, bounded."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from fakes import disc, save_picture
from PIL import Image

from rmbg_eval import Picture
from rmbg_eval.cases.case import Case
from rmbg_eval.errors import ImageError
from rmbg_eval.explore.pictures import MOST_UPLOAD, Pictures, preview


def png(seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(disc(seed)[0]).save(buffer, "PNG")
    return buffer.getvalue()


def given(pictures: Pictures, id: str, data: bytes, part: int = 1000) -> None:
    pictures.begin(id, f"{id}.png", len(data))
    done = [pictures.add(id, at, data[at : at + part]) for at in range(0, len(data), part)]
    assert done == [False] * (len(done) - 1) + [True]


def test_a_picture_in_parts_is_the_picture() -> None:
    pictures = Pictures()
    given(pictures, "a", png(1))
    assert np.array_equal(pictures.picture("a").rgb, disc(1)[0])
    assert pictures.picture("a") is pictures.picture("a")
    assert pictures.encoded("a") == ("a.png", png(1))


def test_a_picture_keeps_its_name_which_is_escaped_only_to_be_shown() -> None:
    """A cut-out is saved under it: a joiner of emoji or of Persian is no "u200d"."""
    pictures = Pictures()
    pictures.begin("a", "👩\u200d💻.png", len(png()))
    pictures.add("a", 0, png())
    assert pictures.picture("a").name == "👩\u200d💻.png"


@pytest.mark.parametrize(("offset", "length"), [(5, 10), (0, 101)], ids=["a gap", "too much"])
def test_parts_that_do_not_follow_are_refused(offset: int, length: int) -> None:
    pictures = Pictures()
    pictures.begin("a", "a.png", 100)
    with pytest.raises(ImageError, match=r"a\.png did not arrive whole"):
        pictures.add("a", offset, bytes(length))


def test_half_a_picture_is_not_decoded() -> None:
    pictures = Pictures()
    pictures.begin("a", "a.png", 100)
    pictures.add("a", 0, bytes(50))
    with pytest.raises(ImageError, match="did not arrive whole"):
        pictures.picture("a")


@pytest.mark.parametrize(
    ("size", "message"), [(0, "is empty"), (MOST_UPLOAD + 1, "are allowed"), (1 << 62, "allowed")]
)
def test_absurd_sizes_are_refused_before_anything_arrives(size: int, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        Pictures().begin("a", "a\n.png", size)


def test_what_was_not_used_for_longest_goes_first() -> None:
    data = png()
    pictures = Pictures(most=2 * len(data) + 10)
    given(pictures, "a", data)
    given(pictures, "b", data)
    pictures.picture("a")
    given(pictures, "c", data)
    assert pictures.picture("a")
    assert pictures.picture("c")
    with pytest.raises(ImageError, match="no longer kept"):
        pictures.picture("b")


def test_what_is_forgotten_is_gone() -> None:
    pictures = Pictures()
    given(pictures, "a", png())
    pictures.picture("a")
    pictures.forget("a")
    pictures.forget("never there")
    with pytest.raises(ImageError):
        pictures.picture("a")


def test_a_case_is_taken_as_its_file_is(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "rex.png", 2)
    pictures = Pictures()
    assert pictures.put("a", Case("pet", "rex", path)) == "rex.png"
    assert np.array_equal(pictures.picture("a").rgb, disc(2)[0])


def test_preview_is_small_and_of_the_same_shape() -> None:
    shown = Image.open(io.BytesIO(preview(Picture("a", np.zeros((100, 5000, 3), np.uint8)))))
    assert shown.format == "JPEG"
    assert shown.size == (2048, 41)
