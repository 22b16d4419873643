"""What the page's script makes of pictures, pixel by pixel, in a real browser."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from pictures import error_map
from PIL import Image
from playwright.sync_api import Page

from rmbg_eval.web import script

WIDTH, HEIGHT = 320, 200
PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>pixels</title>
<style>html, body {{ margin: 0; background: #fff; }} :is(img, canvas) {{ display: block; }}</style>
{files}<script>{script}</script>"""
SHOW = """async ([kind, paths]) => {
  const parts = {};
  for (const [name, path] of Object.entries(paths)) parts[name] = await $files.load(path);
  document.body.replaceChildren($pixels.picture(kind, parts));
}"""


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, np.ndarray]:
    """An original, two alphas and a cut-out as a run keeps them, decoded again."""
    rng = np.random.default_rng(7)
    noise = Image.fromarray(rng.integers(0, 256, (20, 32, 3), np.uint8))
    noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(
        tmp_path / "original.webp", quality=88
    )
    ramp = np.tile(np.arange(WIDTH) * 255 // (WIDTH - 1), (HEIGHT, 1)).astype(np.uint8)
    other = np.roll(ramp[:, ::-1], 40, axis=1)
    other[:60] = ramp[:60]  # no error here
    other[60:80] = np.clip(ramp[60:80].astype(int) + 9, 0, 255)
    Image.fromarray(ramp).save(tmp_path / "alpha.webp", lossless=True)
    Image.fromarray(other).save(tmp_path / "truth.webp", lossless=True)
    original = np.asarray(Image.open(tmp_path / "original.webp").convert("RGB"))
    cutout = Image.fromarray(np.dstack([original, ramp]))
    cutout.save(tmp_path / "result.png")
    return {"original": original, "alpha": ramp, "truth": other, "cutout": np.asarray(cutout)}


def written(folder: Path, stored: bool) -> str:
    """A page with the pictures in it, or beside it."""
    images = "".join(
        f'<img data-file="{path.name}" src="data:image/{path.suffix[1:]};base64,'
        f'{base64.b64encode(path.read_bytes()).decode()}">'
        for path in folder.iterdir()
    )
    source = script("pixels") + script("files").replace('"use strict";\n', "")
    source = _once(source)
    page = folder / "page.html"
    files = f'<template id="files">{images}</template>' if stored else ""
    page.write_text(PAGE.format(files=files, script=source), encoding="utf-8")
    return page.as_uri()


def _once(source: str) -> str:
    """Modules that two entries have in common are joined once."""
    parts = source.split("const $")
    return parts[0] + "".join(f"const ${part}" for part in dict.fromkeys(parts[1:]))


def seen(page: Page, address: str, kind: str, **paths: str) -> np.ndarray:
    """The pixels on the screen, one for each of the picture's."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(address)
    page.evaluate(SHOW, [kind, paths])
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))


def test_original_and_alpha_in_one_file_are_the_cutout_to_half_a_level(
    page: Page, tmp_path: Path, pictures: dict[str, np.ndarray]
) -> None:
    drawn = seen(
        page, written(tmp_path, True), "result", original="original.webp", alpha="alpha.webp"
    )
    alpha = pictures["alpha"][..., None] / 255
    exact = alpha * pictures["original"] + (1 - alpha) * 255
    assert np.abs(drawn - exact).max() <= 1.5  # half a level twice rounded


@pytest.mark.parametrize("stored", [True, False])
def test_errors_have_the_colours_of_the_error_map(
    page: Page, tmp_path: Path, pictures: dict[str, np.ndarray], stored: bool
) -> None:
    alpha, truth = (pictures[name].astype(np.float32) / 255 for name in ("alpha", "truth"))
    exact = error_map(alpha, truth)
    address = written(tmp_path, stored)
    for source in ({"alpha": "alpha.webp"}, {"result": "result.png"}):
        drawn = seen(page, address, "error", truth="truth.webp", **source)
        assert np.abs(drawn - exact).max() <= 2
    assert np.ptp(exact, axis=2).max() > 200


@pytest.mark.parametrize("stored", [True, False])
def test_alpha_of_a_cutout_is_seen_as_grey(
    page: Page, tmp_path: Path, pictures: dict[str, np.ndarray], stored: bool
) -> None:
    drawn = seen(page, written(tmp_path, stored), "alpha", result="result.png")
    assert np.abs(drawn - pictures["alpha"][..., None].astype(int)).max() == 0


def test_of_too_little_nothing_is_made(page: Page, tmp_path: Path, pictures: object) -> None:
    page.goto(written(tmp_path, True))
    assert page.evaluate("$pixels.picture('error', {})") is None
    assert page.evaluate("$pixels.picture('result', {})") is None


def test_parts_copies_and_other_sizes_are_of_the_picture_s_own_pixels(
    page: Page, tmp_path: Path, pictures: dict[str, np.ndarray]
) -> None:
    page.goto(written(tmp_path, True))
    sizes, *found = page.evaluate(
        """async () => {
        const whole = await $files.load("truth.webp");
        whole.width = 5;  // as a page shows it
        const part = $pixels.part(whole, [60, 90, 30, 12]);
        const all = [part, $pixels.copyOf(part), $pixels.pixelled(part, [60, 24])];
        const sizes = [whole, $pixels.copyOf(whole), ...all].map($pixels.sizeOf);
        return [sizes, ...all.map((each) => [...$pixels.pixelsOf(each).data])];
        }"""
    )
    assert sizes == [[WIDTH, HEIGHT]] * 2 + [[30, 12]] * 2 + [[60, 24]]
    own = pictures["truth"][90:102, 60:90]
    for each in found[:2]:
        assert np.array_equal(np.reshape(each, (12, 30, 4))[..., 1], own)
    twice = np.reshape(found[2], (24, 60, 4))[..., 1]
    assert np.abs(twice - own.repeat(2, 0).repeat(2, 1).astype(int)).max() <= 1


def test_a_cut_out_has_the_size_of_its_alpha(page: Page, tmp_path: Path, pictures: object) -> None:
    page.goto(written(tmp_path, True))
    size = """async () => {
        const [original, alpha] = await Promise.all(["original", "alpha"].map((name) =>
            $files.load(`${name}.webp`)));
        const small = $pixels.pixelled(original, [32, 20]);
        return $pixels.sizeOf($pixels.picture("result", { original: small, alpha }));
    }"""
    assert page.evaluate(size) == [WIDTH, HEIGHT]


def test_a_png_has_every_value_as_it_was_given(page: Page) -> None:
    """Colours under a low alpha, too, which a canvas would lose."""
    page.add_script_tag(content=script("png"))  # type: ignore[arg-type]
    given = np.random.default_rng(7).integers(0, 256, (23, 37, 4), np.uint8)
    given[..., 3] %= 8
    data = page.evaluate(
        """async ([width, values]) => {
        const image = new ImageData(new Uint8ClampedArray(values), width);
        const blob = await $png.png(image);
        return [blob.type, ...new Uint8Array(await blob.arrayBuffer())];
        }""",
        [37, given.ravel().tolist()],
    )
    assert data[0] == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(bytes(data[1:])))), given)
