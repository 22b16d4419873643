"""README's pictures of the report: `PYTHONPATH=tests python benchmarks/pictures.py [RUN]`.

RUN (reports/latest) is a finished run of the reference cases. Another one, of the same pictures
without their truths and points, is made beside it; both pages are opened in Chromium, and what
README shows of them goes into docs/: the first screen, the viewer, and pictures without truth.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

from browser import chromium
from PIL import Image

from rmbg_eval import Run, Settings, evaluate, load_cases
from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.report.notebooks import render

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH, SCALE = 1320, 0.8
"""Of the window in CSS pixels, and of the stored picture to it."""


def main(run: Path) -> None:
    """Write docs/report.webp, docs/viewer.webp and docs/own.webp."""
    settings = Run.load(run).settings
    ear = f"#view={case_anchor('pet', 'shiba')}&point=ear-tip&a=result:{settings.models[0]}"
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        own = _without_truth(settings, Path(scratch))
        for name, folder, place, height in (
            ("report", run, "", 740),
            ("viewer", run, ear, 800),
            ("own", own, "", 740),
        ):
            page = browser.new_page(viewport={"width": WIDTH, "height": height})
            page.goto(f"{(folder / 'index.html').resolve().as_uri()}{place}")
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(3000)  # pictures are decoded, and the viewer has drawn
            image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            size = round(WIDTH * SCALE), round(height * SCALE)
            small = image.resize(size, Image.Resampling.LANCZOS)
            small.save(DOCS / f"{name}.webp", quality=82, method=6)
            page.close()


def _without_truth(settings: Settings, scratch: Path) -> Path:
    """The folder of a run over the same pictures as somebody's own: nothing else is known."""
    for case in load_cases(settings.cases_folder).cases:
        if case.image.exists():  # one that scikit-image has is no file
            path = scratch / "cases" / case.category / f"{case.id}{case.image.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(case.image, path)
    update = {"cases": "cases", "out": "reports/shop", "categories": []}
    changed = settings.model_copy(update=update)
    with chdir(scratch):  # the page names its folder
        evaluate(changed)
        render(changed)
    return scratch / changed.out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path, default=Path("reports/latest"))
    main(parser.parse_args().run)
