"""What a scene says about itself, and the files of its case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class About:
    """A scene: where its case goes, what it is called, how it is rendered."""

    category: str
    id: str
    en: str
    zh: str
    size: tuple[int, int] = (1620, 1080)
    seed: int = 1
    samples: int = 16
    grain: float = 1.6
    most: int = 1280
    """Samples that each of the two renders of coverage takes of a pixel, at most."""
    shines: bool = False
    """It is of glass that shines or bends what is behind it: see `layers.shining`."""


@dataclass
class Points:
    """The observation points of a case, in pixels of its picture.

    See docs/guide/cases.md for the kinds and what each expects.
    """

    size: tuple[int, int]
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(
        self,
        id: str,
        kind: str,
        en: str,
        zh: str,
        *,
        box: Sequence[float] | None = None,
        polygon: np.ndarray | None = None,
        lines: Sequence[np.ndarray] | None = None,
        expected: float | None = None,
        tolerance: float | None = None,
    ) -> None:
        """A point with one region: `box` (x, y, width, height), `polygon` or `lines`, `(N, 2)`.

        Raises ValueError where the region is not wholly inside the picture.
        """
        given = {"box": box, "polygon": polygon, "lines": lines}
        region = {key: value for key, value in given.items() if value is not None}
        if len(region) != 1:
            raise ValueError(f"{id}: give one region, not {list(region)}")
        key, value = next(iter(region.items()))
        if key == "box":
            x, y, w, h = (round(float(v)) for v in value)
            corners = np.array([[x, y], [x + w, y + h]])
            value = [x, y, w, h]
        elif key == "polygon":
            corners = np.asarray(value)
            value = np.rint(value).astype(int).tolist()
        else:
            corners = np.concatenate([np.asarray(line) for line in value])
            value = [np.rint(line).astype(int).tolist() for line in value]
        if (corners < 0).any() or (corners > np.array(self.size)).any():
            raise ValueError(f"{id}: {corners.min(0)} to {corners.max(0)} leaves the picture")
        row: dict[str, object] = {"id": id, "kind": kind, "title": {"en": en, "zh": zh}}
        row[key] = value
        if expected is not None:
            row["expected"] = float(expected)
        if tolerance is not None:
            row["tolerance"] = float(tolerance)
        self.rows.append(row)


def toml(about: About, points: Points, blender: str, image: str, sha256: str) -> str:
    """The text of case.toml."""
    pairs = {
        "title": {"en": about.en, "zh": about.zh},
        "image": image,
        "foreground": "foreground.jpg",
        "source": f"cases/_render/scenes/{about.category.replace('-', '_')}_"
        f"{about.id.replace('-', '_')}.py, seed {about.seed}; {blender}, Cycles, "
        f"{about.samples} samples, coverage by adaptive sampling",
        "licence": "CC0-1.0",
        "author": "rmbg_eval",
        "sha256": sha256,
    }
    text = "".join(f"{key} = {_value(value)}\n" for key, value in pairs.items())
    for row in points.rows:
        text += "\n[[points]]\n" + "".join(f"{k} = {_value(v)}\n" for k, v in row.items())
    return text


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
