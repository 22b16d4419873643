"""How true the truths are, to the level: `python cases/_render/proof.py`.

Reads the stored files of every rendered case and proof.json, in which a render leaves what only it
knows; writes the table of cases/README.md; fails where a bound is broken. Needs no Blender.

All differences are absolute ones of display levels, 0 to 255, over the three channels, in the band
of 3 pixels to each side of the contour and where alpha is in between (layers.py): mean and 99th
percentile.

- noise: the rms error of alpha (0 to 1) where it is 0.3 to 0.7; half the rms difference of the two
  renders whose mean it is (passes.py).
- storage: the composite of the stored layers, against that of the layers before JPEG.
- again: image.jpg made again from the stored layers, against the stored one.
- linear: the composite, against the same layers joined in linear light and then developed.
- render: the composite, against what Cycles renders at once: its noise, and all that no straight
  composite can show (a blurred background is not the same behind a blurred edge; glass bends).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import layers
import numpy as np
from layers import Layers
from PIL import Image

CASES = Path(__file__).resolve().parent.parent
RECORDS = Path(__file__).with_name("proof.json")
NOISE, MEAN, HIGH = 0.010, 0.6, 2.0
"""The bounds: of the noise of alpha, and of mean and 99th percentile of what `again` is off."""
HEAD = (
    "| case | noise of alpha | picture made again, band | in between "
    "| layers stored, band | off linear light, band | in between | off the render, band |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def difference(a: np.ndarray, b: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """Mean and 99th percentile of |a - b|, all three channels, over a region; 0 if it is empty."""
    if not region.any():
        return 0.0, 0.0
    off = np.abs(np.asarray(a, np.float64) - b)[region]
    return float(off.mean()), float(np.percentile(off, 99))


def record(
    name: str, known: dict[str, float], others: dict[str, np.ndarray], seconds: float
) -> None:
    """Put a case's row into proof.json: what is `known` of it, and by how much the composite of
    its stored layers is off each of `others`."""
    stored = Layers.stored(CASES / name)
    composite = stored.composite()
    row: dict[str, object] = {**known, "seconds": round(seconds)}
    for key, other in others.items():
        row[key] = {
            region: [round(v, 2) for v in difference(composite, other, where)]
            for region, where in stored.regions().items()
        }
    rows = records() | {name: row}
    RECORDS.write_text(json.dumps(dict(sorted(rows.items())), indent=1) + "\n", "utf-8")
    print(f"{name}: {json.dumps(row)}", flush=True)


def records() -> dict[str, dict]:
    """proof.json: a row by the case's name."""
    return json.loads(RECORDS.read_text("utf-8")) if RECORDS.exists() else {}


def made_again(name: str, row: dict) -> dict[str, tuple[float, float]]:
    """By how much a case's image.jpg is off when made again from the stored layers, by region."""
    folder = CASES / name
    kept = np.asarray(Image.open(folder / layers.PICTURE))
    other = layers.again(folder, row["seed"], row["grain"])
    return {
        region: difference(other, kept, where)
        for region, where in Layers.stored(folder).regions().items()
    }


def main() -> None:
    """Write the table into cases/README.md and print it; fail where a bound is broken."""
    table, broken = HEAD, []
    for name, row in records().items():
        off = made_again(name, row)
        if row["noise"] > NOISE:
            broken.append(f"{name}: alpha has noise of {row['noise']:.4f}, more than {NOISE}")
        for region, (mean, high) in off.items():
            if mean > MEAN or high > HIGH:
                broken.append(f"{name}: its layers do not make up image.jpg, {region}: "
                              f"{mean:.2f} / {high:.1f} levels")  # fmt: skip
        cells = [off["band"], off["in_between"], row["storage"]["band"], row["linear"]["band"],
                 row["linear"]["in_between"], row["render"]["band"]]  # fmt: skip
        shown = " | ".join(f"{mean:.1f} / {high:.0f}" for mean, high in cells)
        table += f"| `{name}` | {row['noise']:.4f} | {shown} |\n"
    print(table)
    readme = CASES / "README.md"
    text = readme.read_text("utf-8")
    text = re.sub(r"\| case \| noise of alpha.*?\n(?!\|)", lambda _: table, text, flags=re.DOTALL)
    readme.write_text(text, "utf-8")
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
