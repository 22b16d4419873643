"""A picture out of its layers: alpha, foreground and plate, as they are stored.
The picture is `alpha · foreground + (1 - alpha) · plate` in display values (sRGB, 0 to 255), which
is how browsers, editors and every matting benchmark join layers, and then what a camera adds: grain
and JPEG, or the sensor, processing and JPEG of a phone. The layers are taken from the stored files,
JPEG losses included, so that one alpha and one foreground explain the picture by construction.

Needs numpy, scipy and Pillow, and no Blender.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import phone_camera
from PIL import Image
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter, median_filter

ALPHA, FOREGROUND, PLATE, PICTURE = "alpha.png", "foreground.jpg", "plate.jpg", "image.jpg"
BAND = 3
"""Pixels to each side of the contour (alpha 0.5) that make up the edge band."""
IN_BETWEEN = (5, 250)
"""Stored alpha, lowest and highest, of what is neither subject nor background."""


@dataclass(frozen=True)
class Layers:
    """`alpha` `(H, W)` in [0, 1], `foreground` and `plate` `(H, W, 3)` in display levels, 0 to 255;
    all float64."""

    alpha: np.ndarray
    foreground: np.ndarray
    plate: np.ndarray

    @classmethod
    def stored(cls, folder: Path) -> Layers:
        """The layers of a case's folder."""
        alpha, foreground, plate = (
            np.asarray(Image.open(folder / name), np.float64) for name in (ALPHA, FOREGROUND, PLATE)
        )
        return cls(alpha / 255, foreground, plate)

    def store(self, folder: Path) -> None:
        """Write the three files: alpha without loss, colours as JPEG of quality 94."""
        Image.fromarray(np.rint(255 * self.alpha).astype(np.uint8)).save(
            folder / ALPHA, optimize=True
        )
        for name, levels in ((FOREGROUND, self.foreground), (PLATE, self.plate)):
            shown = Image.fromarray(np.rint(np.clip(levels, 0, 255)).astype(np.uint8))
            shown.save(folder / name, quality=94, subsampling=0, optimize=True)

    def composite(self) -> np.ndarray:
        """`(H, W, 3) float64` display levels, 0 to 255, not rounded."""
        share = self.alpha[..., None]
        return share * self.foreground + (1 - share) * self.plate

    def regions(self) -> dict[str, np.ndarray]:
        """`band` and `in_between`, each `(H, W) bool`."""
        inside = self.alpha >= 0.5
        contour = inside & binary_dilation(~inside) | ~inside & binary_dilation(inside)
        low, high = (level / 255 for level in IN_BETWEEN)
        near = np.hypot(*np.mgrid[1 - BAND : BAND, 1 - BAND : BAND]) < BAND
        return {
            "band": binary_dilation(contour, near),
            "in_between": (self.alpha >= low) & (self.alpha <= high),
        }


def rounded(alpha: np.ndarray) -> np.ndarray:
    """Alpha as 8 bits store it, in [0, 1]."""
    return np.rint(255 * np.asarray(alpha, np.float64)) / 255


def photograph(composite: np.ndarray, id: str, seed: int, grain: float) -> Image.Image:
    """The picture that a camera takes of a composite: `id`'s phone where there is one, else film.

    `grain` is the standard deviation of the film's grain, in levels at mid-grey.
    """
    if id in phone_camera.PHONES:
        return phone_camera.PHONES[id].sensor(composite)
    rng = np.random.default_rng([seed, 2])
    noise = rng.normal(0, grain, (*composite.shape[:2], 1))
    noise = noise + rng.normal(0, 0.4 * grain, composite.shape)
    grained = composite + noise * np.sin(np.pi * np.clip(composite, 8, 247) / 255)
    return Image.fromarray(np.rint(np.clip(grained, 0, 255)).astype(np.uint8))


def save(picture: Image.Image, id: str, path: Path | io.BytesIO) -> None:
    """Store a picture as its camera does."""
    if id in phone_camera.PHONES:
        phone_camera.PHONES[id].save(picture, path)
    else:
        picture.save(path, "JPEG", quality=93, subsampling=0, optimize=True)


def again(stored: Layers, id: str, seed: int, grain: float) -> np.ndarray:
    """`(H, W, 3) uint8`: the image.jpg of the case `id`, made again from its stored layers."""
    file = io.BytesIO()
    save(photograph(stored.composite(), id, seed, grain), id, file)
    return np.asarray(Image.open(file))


def straight(light: np.ndarray, share: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """`(H, W, 3)` scene-linear foreground colours, not times alpha, everywhere.

    `light` `(H, W, 3)` is denoised colour times the `(H, W)` coverage `share` of its own few
    samples, `alpha` the quiet coverage. Where alpha is high the colour is light / alpha. As it
    falls, noise would be divided by little: colours are drawn towards the mean of their
    neighbourhood, weighted by coverage, and become that where nothing of the subject is left.
    Farther out they continue as the nearest colour does, so that JPEG has no edge to ring at.
    """
    near = np.zeros_like(light)
    sure = np.zeros(alpha.shape)
    for sigma in (2, 6, 18):  # the closest neighbourhood that has enough of the subject
        mass = gaussian_filter(share, sigma)
        mean = gaussian_filter(light, (sigma, sigma, 0)) / np.maximum(mass, 1e-6)[..., None]
        weight = np.clip((mass - 0.02) / 0.08, 0, 1) * (1 - sure)
        near += weight[..., None] * mean
        sure += weight
    reached = sure > 0.02
    near = near / np.maximum(sure, 0.02)[..., None]
    y, x = distance_transform_edt(~reached, return_distances=False, return_indices=True)
    near = near[y, x]
    soft = gaussian_filter(near, (6, 6, 0))
    out = np.clip(distance_transform_edt(~reached) / 6, 0, 1)[..., None]
    near = near * (1 - out) + soft * out
    pull = (0.06 * (1 - alpha) + 1e-4)[..., None]
    own = (light + pull * near) / (alpha[..., None] + pull)
    bound = np.where(alpha > 0.9, 100.0, 2.5)[..., None]
    return np.clip(own, near / bound, near * bound + 1e-3)


def outwards(levels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """`(H, W, 3)` colours that are right where alpha is high, drawn towards those as it falls,
    without specks, and continued outwards."""
    share = alpha**3
    drawn = straight(levels * share[..., None], share, share)
    edge = binary_dilation(alpha < 1, iterations=2) & (alpha > 0)
    return np.where(edge[..., None], calm(drawn), drawn)


def calm(levels: np.ndarray) -> np.ndarray:
    """`(H, W, 3)` colours without specks."""
    return np.stack([median_filter(levels[..., k], 5) for k in range(3)], -1)


def shining(layers: Layers, render: np.ndarray, glass: np.ndarray) -> Layers:
    """The layers with what only glass does put into them: it shines, and bends what is behind it.

    A reflection is light added, a bend moves the background; no foreground in [0, 255] shows
    either at the glass's low coverage. There alpha becomes the smallest with which one does, and
    the foreground that which makes up the picture `render` `(H, W, 3)` (display levels). `glass`
    `(H, W)` in [0, 1] is where.
    """
    apart = render - layers.plate
    apart = np.sign(apart) * np.maximum(np.abs(apart) - 3, 0)  # what noise alone may do
    need = np.where(
        apart > 0,
        apart / np.maximum(252 - layers.plate, 1),
        -apart / np.maximum(layers.plate - 2, 1),
    ).max(-1)
    need = gaussian_filter(np.clip(need, 0, 1), 0.7)
    alpha = rounded(np.maximum(layers.alpha, glass * need))
    share = alpha[..., None]
    solved = (render - (1 - share) * layers.plate) / np.maximum(share, 1 / 255)
    solved = np.clip(solved, 0, 255)
    weight = glass * np.clip(alpha / 0.04, 0, 1)
    foreground = layers.foreground + weight[..., None] * (solved - layers.foreground)
    return Layers(alpha, foreground, layers.plate)
