"""The page's script without a kernel: what it computes is what Python computes; drop and paste."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
from pictures import error_map
from PIL import Image
from playwright.sync_api import Browser, Page

from rmbg_eval.explore.server import shell
from rmbg_eval.measure.places import band_width, profile
from rmbg_eval.web import script

MAP = """async ([source, line]) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const map = new $alpha.AlphaMap(image);
  const values = map.profile(line);
  return [values.map((v) => v.alpha), $alpha.softBand(values), [...map.histogram()]];
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def png(alpha: np.ndarray) -> str:
    rgba = np.dstack([np.full((*alpha.shape, 3), 200, np.uint8), alpha])
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def test_profile_band_and_histogram_are_those_of_the_measures(page: Page) -> None:
    page.set_content("<p>")
    page.add_script_tag(content=script("served"))
    random = np.random.default_rng(7)
    noise = random.integers(0, 256, (40, 60), np.uint8)
    ramp = np.clip(np.arange(60) * 12 - 200, 0, 255)[::-1]
    soft = np.clip(ramp + random.integers(-20, 20, (40, 60)), 0, 255).astype(np.uint8)
    for alpha in (noise, soft, np.full((40, 60), 128, np.uint8)):
        for line in ((2, 5, 57, 33), (57, 33, 2, 5), (0, 20, 60, 20), (10, 10, 10.4, 10)):
            x1, y1, x2, y2 = line
            seen, band, histogram = page.evaluate(MAP, [png(alpha), list(line)])
            distances, values = profile(alpha.astype(np.float32) / 255, ((x1, y1), (x2, y2)))
            assert np.allclose(seen, values, atol=1e-6)
            assert histogram == np.bincount(alpha.ravel(), minlength=256).tolist()
            if values[0] < values[-1]:  # drawn from outside to inside
                distances, values = distances[-1] - distances[::-1], values[::-1]
            expected = band_width(distances, values)
            assert band == (None if np.isinf(expected) else pytest.approx(expected, abs=1e-5))


AGAINST = """async (sources) => {
  const maps = [];
  for (const source of sources) {
    const image = new Image();
    image.src = source;
    await image.decode();
    maps.push(new $alpha.AlphaMap(image));
  }
  const canvas = document.createElement("canvas");
  maps[0].paintAgainst(canvas, maps[1]);
  const { width, height } = canvas;
  return [...canvas.getContext("2d").getImageData(0, 0, width, height).data];
}"""


def test_two_models_differ_in_the_colours_of_an_error_map(page: Page) -> None:
    page.set_content("<p>")
    page.add_script_tag(content=script("served"))
    one, other = np.random.default_rng(3).integers(0, 256, (2, 20, 30), np.uint8)
    seen = np.array(page.evaluate(AGAINST, [png(one), png(other)])).reshape(20, 30, 4)
    expected = np.rint(error_map(one / 255, other / 255))
    assert np.abs(seen[..., :3] - np.asarray(expected, int)).max() <= 1
    assert (seen[..., 3] == 255).all()


def test_two_fingers_zoom_and_move_all_panels(browser: Browser) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 700, "height": 400})
    page = context.new_page()
    page.set_content(
        "<style>.stage { position: relative; width: 300px; height: 300px; float: left; overflow:"
        " hidden; touch-action: pan-x pan-y } img { position: absolute; top: 0; left: 0;"
        " transform-origin: 0 0 } body { margin: 0; height: 3000px }</style>"
        "<div class=stage><img></div><div class=stage><img></div>"
    )
    page.add_script_tag(content=script("served"))
    page.evaluate(
        """const zoom = new $zoom.Zoom({ changed: () => {}, scrolls: true });
        for (const box of document.querySelectorAll(".stage")) {
          zoom.panels.push({ box, layer: box.firstChild });
          zoom.listen(box);
        }
        zoom.size = [600, 600];
        zoom.place();"""
    )
    hand = context.new_cdp_session(page)

    def touch(kind: str, *fingers: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def seen() -> list[str]:
        return page.evaluate(
            "[...document.querySelectorAll('img')].map(image => image.style.transform)"
        )

    assert seen() == ["translate(0px, 0px) scale(0.5)"] * 2
    touch("touchStart", (100, 150))
    touch("touchStart", (100, 150), (200, 150))
    touch("touchMove", (50, 150), (250, 150))  # twice as far apart, about the middle
    assert seen() == ["translate(-150px, -150px) scale(1)"] * 2
    touch("touchMove", (60, 130), (260, 130))  # as far, elsewhere
    assert seen() == ["translate(-140px, -170px) scale(1)"] * 2
    touch("touchEnd")
    touch("touchStart", (100, 150))
    touch("touchMove", (130, 150))
    touch("touchMove", (150, 150))
    touch("touchEnd")
    assert seen() == ["translate(-90px, -170px) scale(1)"] * 2
    assert page.evaluate("[scrollY, visualViewport.scale]") == [0, 1]
    context.close()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_dropped_and_pasted_pictures_are_shown_before_there_is_a_kernel(
    page: Page, way: str
) -> None:
    page.set_content(shell())
    page.evaluate(
        """async ([way, source]) => {
        const blob = await (await fetch(source)).blob();
        const data = new DataTransfer();
        data.items.add(new File([blob], "杯子.png", { type: "image/png" }));
        const given = way === "drop" ? { dataTransfer: data } : { clipboardData: data };
        const kind = way === "drop" ? DragEvent : ClipboardEvent;
        document.querySelector(".rx-main").dispatchEvent(
          new kind(way, { ...given, bubbles: true, cancelable: true }));
        }""",
        [way, png(np.full((30, 50), 255, np.uint8))],
    )
    page.wait_for_function("document.querySelector('.rx-stage img')?.naturalWidth == 50")
    assert page.inner_text(".rx-chosen").startswith("Chosen: 杯子.png (1 KB)")
    assert page.is_enabled(".rx-go")


def test_too_many_visitors_are_told(page: Page) -> None:
    page.set_content(shell(full=True))
    assert page.inner_text(".rx-status").startswith("There are as many visitors")
