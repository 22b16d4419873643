"""Pictures as a notebook has them: small, opaque, and of the run's own folder alone."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from fakes import disc
from PIL import Image

from rmbg_eval.report.plain import Plain, side_of
from rmbg_eval.report.views import ImageView


def tag_of(folder: Path, src: str, side: int = 72) -> str:
    return str(Plain(folder, "en")._picture(ImageView(src, 1, 1, "<i>what"), side))


def test_a_picture_is_small_and_lies_on_a_checkerboard_where_it_is_transparent(
    tmp_path: Path,
) -> None:
    rgb, alpha = disc(0, (200, 100))
    Image.fromarray(np.dstack([rgb, alpha])).save(tmp_path / "a b.webp", lossless=True)
    tag = tag_of(tmp_path, "a%20b.webp")
    found = re.fullmatch(
        r'<img src="data:image/webp;base64,(\S+)" width="72" height="36" alt="&lt;i&gt;what">', tag
    )
    assert found is not None
    shown = Image.open(io.BytesIO(base64.b64decode(found[1])))
    assert shown.mode == "RGB"
    assert shown.size == (72, 36)
    pixels = np.asarray(shown).astype(int)
    light, dark = pixels[2:6, 10:14], pixels[2:6, 2:6]  # the first square is the darker one
    assert np.abs(light - 255).max() < 12
    assert np.abs(dark - 225).max() < 12
    assert pixels[18, 36, 0] > 200  # the disc itself


@pytest.mark.parametrize("src", ["../a.png", "/etc/hostname", "gone.png", "bad.png", "a.gif"])
def test_what_is_not_there_or_not_the_folders_is_told_in_words(tmp_path: Path, src: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for path in (tmp_path / "a.png", folder / "a.gif"):
        Image.new("RGB", (8, 8)).save(path)
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n")
    assert tag_of(folder, src) == "[&lt;i&gt;what]"


def test_many_beside_each_other_are_smaller() -> None:
    assert [side_of(n) for n in (0, 1, 4, 5, 8, 40)] == [176, 176, 176, 160, 100, 72]
