"""How true the truths are, to the level: `python cases/_render/proof.py`.

Reads the stored files of the rendered cases, and proof.json, in which a render leaves what only it
knows; writes the table of cases/README.md; fails where a bound is broken. Needs no Blender.

Differences of pictures are absolute ones of display levels, 0 to 255, over the three channels:
mean and 99th percentile in the band of 3 pixels to each side of the contour, and where alpha is in
between (see layers.py).

- noise: the rms error of alpha (0 to 1) where it is 0.3 to 0.7; half the rms difference of the two
  renders whose mean it is (see passes.py).
- again: image.jpg made again from the stored layers, grain and JPEG or phone included, against the
  stored one.
- shown: the alpha that image.jpg itself shows between the stored foreground and plate, less the
  stored alpha, on average where that is 0.2 to 0.8 and the two colours are 40 levels or more apart.
  It knows nothing of how the picture was made; noise of the camera averages out.
- storage: the composite of the stored layers, which the picture is made of, against that of the
  layers before JPEG.
- linear: the composite, against the same layers joined in linear light and then developed.
- render: the composite, against the scene rendered and developed at once, with the noise, the grain
  and the JPEG of that; what no straight composite can show is in it (a blurred background is not
  the same behind a blurred edge, glass bends what is behind it).
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
NOISE, MEAN, HIGH, SHOWN = 0.010, 0.6, 2.0, 0.01
"""The bounds: of the noise of alpha, of mean and 99th percentile of `again`, of `shown`."""
HEAD = (
    "| scene | noise of alpha | made again: band | in between | alpha shown − stored "
    "| layers as JPEG: band | rendered at once: band | in between |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def difference(a: np.ndarray, b: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """Mean and 99th percentile of |a - b|, all three channels, over a region; 0 if it is empty."""
    if not region.any():
        return 0.0, 0.0
    off = np.abs(a[region].astype(np.float64) - b[region])
    return float(off.mean()), float(np.percentile(off, 99))


def shown(stored: Layers, picture: np.ndarray) -> float:
    """The alpha that a picture shows between foreground and plate, less the stored, on average."""
    soft = (stored.alpha > 0.2) & (stored.alpha < 0.8)
    truth, plate = stored.alpha[soft], stored.plate[soft]
    apart = stored.foreground[soft] - plate
    far = (apart**2).sum(-1)
    alpha = (apart * (picture[soft] - plate)).sum(-1) / np.maximum(far, 1)
    off = (alpha - truth)[far > 40**2]
    return float(off.mean()) if off.size else 0.0


def record(name: str, known: dict[str, float], others: dict[str, np.ndarray]) -> None:
    """Put a case's row into proof.json: what is `known` of it, and by how much the composite of
    its stored layers is off each of `others`."""
    stored = Layers.stored(CASES / name)
    composite, rows = stored.composite(), records()
    row: dict[str, object] = {**rows.get(name, {}), **known}
    for key, other in others.items():
        row[key] = {
            region: [round(v, 2) for v in difference(composite, other, where)]
            for region, where in stored.regions().items()
        }
    rows[name] = row
    RECORDS.write_text(json.dumps(dict(sorted(rows.items())), indent=1) + "\n", "utf-8")
    print(f"{name}: {json.dumps(row)}", flush=True)


def records() -> dict[str, dict]:
    """proof.json: a row by the case's name."""
    return json.loads(RECORDS.read_text("utf-8")) if RECORDS.exists() else {}


def measured(name: str, row: dict) -> dict[str, object]:
    """What the stored files of a case show: `again` by region, and `shown`."""
    folder = CASES / name
    stored, kept = Layers.stored(folder), np.asarray(Image.open(folder / layers.PICTURE))
    other = layers.again(stored, folder.name, row["seed"], row["grain"])
    again = {region: difference(other, kept, where) for region, where in stored.regions().items()}
    return {"again": again, "shown": shown(stored, kept.astype(np.float64))}


def broken(name: str, row: dict, found: dict) -> list[str]:
    """The bounds that a case breaks, in words."""
    said = []
    if row["noise"] > NOISE:
        said.append(f"{name}: alpha has noise of {row['noise']:.4f} rms, more than {NOISE}")
    if abs(found["shown"]) > SHOWN:
        said.append(f"{name}: image.jpg shows another alpha, by {found['shown']:+.3f} on average")
    for region, (mean, high) in found["again"].items():
        if mean > MEAN or high > HIGH:
            said.append(
                f"{name}: image.jpg is not what its layers make; {region} is off by {mean:.2f}, "
                f"99th percentile {high:.1f}"
            )
    return said


def line(name: str, row: dict, found: dict) -> str:
    """A row of README's table."""

    def levels(pair: tuple[float, float] | None) -> str:
        return f"{pair[0]:.1f} / {pair[1]:.0f}" if pair else "not measured"

    at_once = row.get("render", row.get("linear", {}))
    seen = f"{found['shown']:+.3f}".replace("-0.000", "+0.000")
    pairs = [found["again"]["band"], found["again"]["in_between"], row["storage"]["band"],
             at_once.get("band"), at_once.get("in_between")]  # fmt: skip
    cells = [name, f"{row['noise']:.4f}", *map(levels, pairs)]
    cells.insert(4, seen)
    return "| " + " | ".join(cells) + " |\n"


def main() -> None:
    """Write the table into cases/README.md and print it; fail where a bound is broken."""
    table, problems = HEAD, []
    for name, row in records().items():
        found = measured(name, row)
        table += line(name, row, found)
        problems += broken(name, row, found)
    print(table)
    readme = CASES / "README.md"
    text = readme.read_text("utf-8")
    text = re.sub(r"\| scene \|.*?\n(?!\|)", lambda _: table, text, flags=re.DOTALL)
    readme.write_text(text, "utf-8")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
