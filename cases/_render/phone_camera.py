"""A phone camera in poor light: 1200×900, soft, warm, noisy, JPEG. Deterministic.

    python cases/_render/phone_camera.py coffee cases/low-quality/coffee-phone/image.jpg

Each step is what a small sensor does, in the order in which it does it, on
linear light (sRGB decoded as IEC 61966-2-1 says):

1. framing: the centre 4:3 of the picture, resampled to 1200×900;
2. focus: a Gaussian of σ = 1.5 px, the circle of confusion of a slight misfocus;
3. light: a tungsten lamp of about 3000 K that the white balance corrects by half
   (gains 1.18, 1, 0.72), a third of a stop underexposed, cos⁴ fall-off to the corners;
4. sensor: shot noise of 900 electrons at white, read noise of 5 electrons;
5. processing: colour noise smoothed (σ = 2 px), luminance sharpened (radius 2, 60 %);
6. storage: sRGB, JPEG quality 80 with 4:2:0 colours, no metadata.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

SIZE = (1200, 900)
FOCUS_SIGMA = 1.5
LIGHT = np.float32([1.18, 1.0, 0.72]) * np.float32(2 ** (-1 / 3))
FALL_OFF_ANGLE = 0.45
ELECTRONS_AT_WHITE = 900
READ_NOISE = 5
SEED = 20260101


def photograph(rgb: np.ndarray, seed: int = SEED) -> Image.Image:
    """What the phone makes of `rgb`, `(H, W, 3) uint8` sRGB: a 1200×900 picture."""
    light = _blur(_linear(np.asarray(_frame(Image.fromarray(rgb)))), FOCUS_SIGMA)
    light = light * LIGHT * _fall_off()
    rng = np.random.default_rng(seed)
    electrons = rng.poisson(np.clip(light, 0, 1) * ELECTRONS_AT_WHITE)
    electrons = electrons + rng.normal(0, READ_NOISE, light.shape)
    developed = _process(_gamma(np.clip(electrons / ELECTRONS_AT_WHITE, 0, 1)))
    return Image.fromarray(np.rint(255 * np.clip(developed, 0, 1)).astype(np.uint8))


def save(picture: Image.Image, path: Path) -> None:
    """Store the picture as the phone does."""
    picture.save(path, "JPEG", quality=80, subsampling="4:2:0", optimize=True)


def _frame(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    if width * 3 > height * 4:
        side = (width - height * 4 / 3) / 2
        box = (side, 0, width - side, height)
    else:
        side = (height - width * 3 / 4) / 2
        box = (0, side, width, height - side)
    return picture.resize(SIZE, Image.Resampling.LANCZOS, box=box)


def _fall_off() -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : SIZE[1] * 1j, -1 : 1 : SIZE[0] * 1j]
    radius = np.sqrt((x**2 * 16 + y**2 * 9) / 25)
    return (np.cos(FALL_OFF_ANGLE * radius) ** 4)[..., None]


def _process(srgb: np.ndarray) -> np.ndarray:
    luma = srgb @ np.array([0.299, 0.587, 0.114])
    colour = _blur(srgb - luma[..., None], 2)
    sharpened = luma + 0.6 * (luma - gaussian_filter(luma, 2))
    return sharpened[..., None] + colour


def _blur(values: np.ndarray, sigma: float) -> np.ndarray:
    return gaussian_filter(values, (sigma, sigma, 0))


def _linear(srgb: np.ndarray) -> np.ndarray:
    x = srgb.astype(np.float64) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def _gamma(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


if __name__ == "__main__":
    from skimage import data

    save(photograph(getattr(data, sys.argv[1])()), Path(sys.argv[2]))
