"""All cases on one picture, each beside its truth: `python cases/_render/contact_sheet.py`.

Runs in the environment of rmbg_eval, whose reader it uses; needs no Blender.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rmbg_eval.cases.folder import load_cases

CASES = Path(__file__).resolve().parent.parent
OUT = Path(__file__).with_name("contact_sheet.webp")
TILE, GAP, COLUMNS, LABEL = 300, 12, 2, 26


def main() -> None:
    """Write contact_sheet.webp beside this script."""
    cases = load_cases(CASES).cases
    width = COLUMNS * 2 * TILE + (COLUMNS + 1) * GAP
    rows = -(-len(cases) // COLUMNS)
    sheet = Image.new("RGB", (width, rows * (TILE + LABEL + GAP) + GAP), "#f4f4f2")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for index, case in enumerate(cases):
        row, column = divmod(index, COLUMNS)
        x, y = GAP + column * (2 * TILE + GAP), GAP + row * (TILE + LABEL + GAP)
        truth = case.truth()
        grey = None if truth is None else Image.fromarray(np.rint(255 * truth).astype(np.uint8))
        for picture in (Image.fromarray(case.picture().rgb), grey):
            if picture:
                picture.thumbnail((TILE - 2, TILE), Image.Resampling.LANCZOS)
                sheet.paste(picture, (x + (TILE - picture.width) // 2, y))
            else:
                draw.text((x + 90, y + TILE // 2), "a photograph: no truth", "#777777", font)
            x += TILE
        draw.text((x - 2 * TILE + 2, y + TILE + 2), case.name, "#222222", font)
    sheet.save(OUT, quality=88, method=6)


if __name__ == "__main__":
    main()
