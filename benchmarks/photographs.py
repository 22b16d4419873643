"""Photographs whose subjects people outlined, as a case set: `python benchmarks/photographs.py
PEOPLE HORSES CASES`.

PEOPLE is the folder of Clothing Co-Parsing (Yang, Luo, Lin, "Clothing Co-Parsing by Joint Image
Segmentation and Labeling", CVPR 2014), with its `photos` and `annotations`; HORSES that of the
Weizmann Horse Database (Borenstein, Ullman, "Class-Specific, Top-Down Segmentation", ECCV 2002),
with `horse` and `mask`. CASES gets those that `benchmarks/photographs.csv` was made of: 260 of the
1,004 people, drawn with a seed, and every horse whose picture is at least 300 px wide and high.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import loadmat

PEOPLE, LEAST = 260, 300
"""Photographs of people; pixels that a horse's picture is wide and high."""

Found = Iterator[tuple[str, Path, NDArray[np.bool_]]]


def people(folder: Path) -> Found:
    """Case, picture and the subject: whatever is labelled as clothes, hair or skin."""
    labels = sorted((folder / "annotations" / "pixel-level").glob("*.mat"))
    for path in sorted(random.Random(0).sample(labels, PEOPLE)):
        labelled = loadmat(str(path))["groundtruth"] > 0
        yield path.stem, folder / "photos" / f"{path.stem}.jpg", labelled


def horses(folder: Path) -> Found:
    """Case, picture and the subject."""
    for path in sorted((folder / "horse").iterdir()):
        with Image.open(folder / "mask" / f"{path.stem}.png") as mask:
            shape = np.asarray(mask.convert("L")) > 0
        if min(shape.shape) >= LEAST:
            yield path.stem, path, shape


def main() -> None:
    """Write both."""
    cases = Path(sys.argv[3])
    for category, found in (
        ("people", people(Path(sys.argv[1]))),
        ("horses", horses(Path(sys.argv[2]))),
    ):
        for name, picture, shape in found:
            folder = cases / category / name
            folder.mkdir(parents=True)
            shutil.copy(picture, folder / "image.jpg")
            Image.fromarray(shape.astype(np.uint8) * np.uint8(255)).save(folder / "alpha.png")


if __name__ == "__main__":
    main()
