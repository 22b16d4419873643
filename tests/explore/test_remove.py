"""One picture through one model: the same bytes as `rmbg-eval cutout`, and names that are names."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest
from fakes import FakeModel, disc, save_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rmbg_eval import Picture
from rmbg_eval.core.images import quantise
from rmbg_eval.errors import ImageError, ModelError
from rmbg_eval.explore import remove_background
from rmbg_eval.explore.remove import cutout_name
from rmbg_eval.predictions.cutouts import make_cutouts


def test_is_what_cutout_writes_byte_for_byte(tmp_path: Path) -> None:
    image = save_picture(tmp_path / "rex.png", 1)
    ((_, written),) = make_cutouts(FakeModel(), [image], tmp_path / "out")
    result = remove_background(FakeModel(), image)
    assert result.png == Path(written).read_bytes()
    assert result.name == "rex-cutout.png"
    assert list(result.seconds) == ["decode", "preprocess", "infer", "postprocess", "encode"]


def test_keeps_colours_and_graded_alpha(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rgb, _ = disc(3)
    stages: list[str] = []
    result = remove_background(FakeModel(), Picture("a", rgb), stages.append)
    assert np.array_equal(result.cutout.rgb, rgb)
    assert np.array_equal(quantise(result.cutout.alpha), rgb[..., 0])
    assert stages == list(result.seconds) == ["preprocess", "infer", "postprocess", "encode"]
    assert all(0 <= spent < 60 for spent in result.seconds.values())
    monkeypatch.chdir(tmp_path)
    for path, where in ((tmp_path / "x" / "a.png", "x/a.png"), (None, "a-cutout.png")):
        result.save(path)
        assert (tmp_path / where).read_bytes() == result.png


def test_takes_specs_functions_arrays_and_pillow() -> None:
    rgb, _ = disc(3)
    own = remove_background(lambda rgb: rgb[..., 0] / 255, rgb)
    assert np.array_equal(quantise(own.cutout.alpha), rgb[..., 0])
    assert own.name == "picture-cutout.png"
    assert remove_background("grabcut", Image.fromarray(rgb)).cutout.alpha.shape == rgb.shape[:2]
    with pytest.raises(ImageError, match="RGB must be"):
        remove_background("grabcut", rgb[..., 0])


def test_a_file_that_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no")
    with pytest.raises(ImageError, match=r"a\.jpg"):
        remove_background(FakeModel(), tmp_path / "a.jpg")


def test_a_model_that_breaks_its_contract_is_told_apart_from_the_picture() -> None:
    class Wild(FakeModel):
        def alpha(self, picture: Picture) -> np.ndarray:
            return super().alpha(picture) * 2

    class Twice(FakeModel):
        def infer(self, inputs: list[Picture]) -> list[np.ndarray]:
            return super().infer(inputs * 2)

    with pytest.raises(ModelError, match="fake returned 2 outputs for 1 inputs"):
        remove_background(Twice(), Picture("a", disc()[0]))
    with pytest.raises(ModelError, match=r"fake: Alpha must lie in \[0, 1\]"):
        remove_background(Wild(), Picture("a", np.full((40, 40, 3), 200, np.uint8)))


@settings(max_examples=200)
@given(st.text(max_size=120))
def test_a_name_is_one_file_on_any_system(name: str) -> None:
    made = cutout_name(name)
    assert made.endswith("-cutout.png")
    assert len(made) <= 100
    assert PurePosixPath(made).name == PureWindowsPath(made).name == made
    assert not set(made) & set('<>:"/\\|?*\0\n')
    assert not made.startswith((".", "-", " "))
