"""The page of `rmbg-eval serve`, in Chromium: how soon it is seen, how soon a result is.

    .venv/bin/python benchmarks/explore.py [ROUNDS]

First paint is the browser's own figure, from navigation on, beside that of an empty page served by
Python's http.server: what is left is the page's. A result counts from the click to the frame after
the cut-out is decoded, beside bare inference of the same picture in the same minute: the seconds
that the server reports for it. Needs Chromium; use a quiet machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "explore")]

from browser import chromium  # noqa: E402
from served import served  # noqa: E402

from rmbg_eval.core.paths import cache_folder, packaged_picture  # noqa: E402

SIZE = (1632, 1224)
"""2 megapixels."""

PAINT = """new Promise((found) => {
  const look = () => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    paint ? found(paint.startTime) : setTimeout(look, 10);
  };
  look();
})"""

CLICK = """new Promise((found) => {
  const clicked = performance.now();
  const stage = document.querySelectorAll(".rx-stage")[1];
  const seen = new MutationObserver(async () => {
    const image = stage.querySelector("img");
    if (!image) return;
    seen.disconnect();
    await image.decode();
    requestAnimationFrame(() => setTimeout(() => found(performance.now() - clicked)));
  });
  seen.observe(stage, { childList: true, subtree: true });
  document.querySelector(".rx-go").click();
})"""


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(rounds: int) -> None:
    """Measure and print."""
    paints: dict[str, list[float]] = {"empty page": [], "our page": []}
    whole, bare = [], []
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        (Path(scratch) / "index.html").write_text("<!doctype html><p>nothing")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=scratch))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        picture = packaged_picture("coffee")
        assert picture
        large = Path(scratch) / "coffee.jpg"
        Image.open(picture).convert("RGB").resize(SIZE).save(large, quality=92)
        with served(cache_folder(), "--model", "isnet") as address:
            page = browser.new_context(viewport={"width": 1300, "height": 900}).new_page()
            page.set_default_timeout(120_000)
            page.goto(address)
            page.wait_for_selector("[data-ready=true]")
            for _ in range(rounds):
                empty = f"http://127.0.0.1:{server.server_port}/"
                for name, url in (("empty page", empty), ("our page", address)):
                    context = browser.new_context()
                    fresh = context.new_page()
                    fresh.goto(url, wait_until="commit")
                    paints[name].append(fresh.evaluate(PAINT))
                    fresh.wait_for_load_state()  # the kernel's start is not for the next one
                    context.close()
            for _ in range(rounds):
                page.set_input_files(".rx-file", [])
                page.set_input_files(".rx-file", large)
                page.wait_for_function("document.querySelector('.rx-about').textContent")
                page.wait_for_timeout(1500)
                seconds = page.evaluate(CLICK) / 1000
                stages = page.locator(".rx-has .rx-about").get_attribute("title") or ""
                whole.append(seconds)
                bare.append(float(stages.partition("infer ")[2].split()[0]))
        server.shutdown()
    for name, values in paints.items():
        spread = f"{min(values):.0f} … {max(values):.0f}"
        print(
            f"first contentful paint, {name}: median {statistics.median(values):.0f} ms ({spread})"
        )
    more = [a - b for a, b in zip(whole, bare, strict=True)]
    print(f"{SIZE[0]}×{SIZE[1]}, click to pixels: median {statistics.median(whole):.2f} s")
    print(f"bare inference of the same: median {statistics.median(bare):.2f} s")
    print(f"difference, pairwise: median {statistics.median(more):.2f} s, most {max(more):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
