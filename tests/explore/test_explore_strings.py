"""Every word of the page: there in both languages, used, and refusals translated."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from rmbg_eval.core import images
from rmbg_eval.errors import Failure, ImageError
from rmbg_eval.explore import server
from rmbg_eval.explore.pictures import MOST_UPLOAD, Pictures
from rmbg_eval.explore.strings import STRINGS, both
from rmbg_eval.web import script

ASKED = {
    key
    for pattern in (
        r"""\b(?:t|button|field|card|tool|radios)\("([a-z_.]+)\"""",  # t("key")
        r"""\.label\("[a-z0-9]+", "([a-z_.]+)\"""",
        r"""\.say\([\w.]+, "([a-z_]+)\"""",
    )
    for key in re.findall(pattern, script("served"))
}
MADE = ("category.", "foreground.", "backdrop.", "view.", "stage.", "doing.", "item.")


@pytest.mark.parametrize("key", STRINGS)
def test_both_languages_say_the_same_things(key: str) -> None:
    english, chinese = STRINGS[key]
    assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", chinese))
    assert chinese.strip()
    if key not in ("other_language", "and"):
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert not re.search(r"[\u4e00-\u9fff]", english)


def test_the_page_asks_for_keys_that_exist() -> None:
    assert len(ASKED) > 40
    assert {key for key in ASKED if key not in STRINGS} <= {"aria-label", "title"}


def test_no_string_is_left_over() -> None:
    everything = script("served") + Path(server.__file__).read_text("utf-8")
    unused = [k for k in STRINGS if not k.startswith(MADE) and f'"{k}"' not in everything]
    assert unused == []


def test_keys_that_are_made_have_their_string() -> None:
    for name, prefix in (
        ("FOREGROUNDS", "foreground"),
        ("BACKDROPS", "backdrop"),
    ):
        (listed,) = re.findall(rf"const {name} = \[(.*?)\]", script("served"), re.DOTALL)
        for value in re.findall(r'"([\w-]+)"', listed):
            assert f"{prefix}.{value}" in STRINGS
    for stage in ("waiting", "weights", "loading", "warming"):
        assert f"stage.{stage}" in STRINGS
    for stage in ("preprocess", "infer", "postprocess", "encode"):
        assert f"doing.{stage}" in STRINGS


def picture(size: tuple[int, int] = (64, 64), mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, options.pop("format", "PNG"), **options)
    return buffer.getvalue()


def bomb() -> bytes:
    data = bytearray(picture())
    data[16:24] = (60000).to_bytes(4, "big") * 2
    return bytes(data)


REFUSED = {
    "empty": lambda: Pictures().begin("a", "a.png", 0),
    "too large": lambda: Pictures().begin("a", "a.png", MOST_UPLOAD + 1),
    "no picture": lambda: images.decode(b"no", "a.png"),
    "half": lambda: images.decode(picture()[:60], "a.png"),
    "bomb": lambda: images.decode(bomb(), "a.png"),
    "many pixels": lambda: images.decode(picture((9500, 9500), "1"), "a.png"),
    "small": lambda: images.decode(picture((20, 64)), "a.png"),
    "long": lambda: images.decode(picture((64, 2000)), "a.png"),
    "film": lambda: images.decode(
        picture(format="GIF", save_all=True, append_images=[Image.new("RGB", (64, 64), "red")]), "a"
    ),
    "transparent": lambda: images.decode(picture(mode="RGBA"), "a.png"),
    "float": lambda: images.decode(picture(mode="F", format="TIFF"), "a.tif"),
    "not whole": lambda: _begun().picture("a"),
    "gone": lambda: Pictures().picture("a"),
}


def _begun() -> Pictures:
    pictures = Pictures()
    pictures.begin("a", "a.png", 10)
    return pictures


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_said_in_chinese_too(case: str) -> None:
    with pytest.raises(ImageError) as raised:
        REFUSED[case]()
    said = both(raised.value.problem, raised.value.remedy)
    assert said["problem"]["en"] == f"{raised.value.problem}."
    assert re.search(r"[\u4e00-\u9fff]", said["problem"]["zh"])
    assert re.search(r"[\u4e00-\u9fff]", said["remedy"]["zh"])


def test_short_memory_is_said_in_chinese_too() -> None:
    failure = Failure.of(MemoryError())
    assert "内存不足" in both(failure.problem, failure.remedy)["problem"]["zh"]


def test_unknown_errors_stay_as_they_are() -> None:
    assert both("Odd", "Do.")["problem"] == {"en": "Odd.", "zh": "Odd."}


def test_nothing_of_a_name_is_lost() -> None:
    assert both("a (2).png is empty (0 bytes)", "")["problem"]["zh"].startswith("a (2).png ")
