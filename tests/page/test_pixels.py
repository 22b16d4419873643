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
    page = folder / "page.html"
    files = f'<template id="files">{images}</template>' if stored else ""
    page.write_text(PAGE.format(files=files, script=script("sources")), encoding="utf-8")
    return page.as_uri()


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


CASE = """<article><noscript>
<figure class=tile data-kind=original data-full=original.webp><a href="#view"><img></a></figure>
<figure class=tile data-kind=result data-alpha=alpha.webp><a href="#view"><img></a></figure>
<figure class=tile data-kind=result data-full=result.png data-alpha=truth.webp><img></figure>
<figure class=tile data-kind=result><a href=result.png><img></a></figure>
<figure class=tile data-kind=result><a href="#view"><img></a></figure>
<figure class=tile data-kind=result>no cut-out</figure><figure class=tile data-kind=x><img></figure>
<figure class=tile data-kind=truth data-full=truth.webp><img></figure></noscript></article>"""


def test_a_picture_at_full_size_is_made_of_what_the_case_has_of_it(
    page: Page, tmp_path: Path, pictures: object
) -> None:
    page.goto(written(tmp_path, True))
    kinds, wrong = page.evaluate(
        """async (html) => {
        document.body.innerHTML = html;
        const all = $sources.sourcesOf(document.querySelector("article"));
        for (const { image } of all) image.src = $files.file("alpha.webp");  // a small one
        const [original, alpha, truth, result] = await Promise.all(
            ["original.webp", "alpha.webp", "truth.webp", "result.png"].map($files.load));
        const data = (drawn) => drawn && String($pixels.pixelsOf(drawn).data);
        const wrong = [];
        for (const [number, parts] of [
            [1, { original, alpha, truth }], [2, { alpha: truth, result, truth }],
            [3, { result, truth }], [4, { result: alpha, truth }],
        ]) for (const kind of ["result", "alpha", "error"]) {
            const made = await $sources.whole(all, all[number], kind);
            if (data(made) !== data($pixels.picture(kind, parts))) wrong.push([number, kind]);
        }
        for (const [number, own] of [[0, original], [5, truth]]) {
            const made = await $sources.whole(all, all[number], "alpha");
            if (data(made) !== data(own)) wrong.push(number);
        }
        const none = await $sources.whole(all.slice(0, 5), all[1], "error");
        return [all.map(({ kind }) => kind), [...wrong, ...(none ? ["error of nothing"] : [])]];
        }""",
        CASE,
    )
    assert kinds == ["original", *["result"] * 4, "truth"]
    assert wrong == []


def test_one_picture_is_shown_in_two_layers_in_place_of_the_small_ones(page: Page) -> None:
    page.set_content("<div><img></div><div><canvas></canvas><svg></svg></div>")
    page.add_script_tag(content=script("sources"))  # type: ignore[arg-type]
    layers = page.evaluate(
        """() => {
        const full = Object.assign(document.createElement("canvas"), { width: 3, height: 2 });
        const layers = [...document.querySelectorAll("div")];
        for (const layer of layers) $sources.showFull(layer, full, '"<i>');
        return layers.map((layer) => [layer.dataset.loaded, layer.firstChild.ariaLabel,
            ...[...layer.children].map((each) => each.localName)]);
        }"""
    )
    assert layers == [["3×2", '"<i>', "canvas"], ["3×2", '"<i>', "canvas", "svg"]]


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
