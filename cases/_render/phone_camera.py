"""A phone camera in poor light: 1200×900, soft, warm, noisy, JPEG. Deterministic.

    python cases/_render/phone_camera.py coffee cases/low-quality/coffee-phone/image.jpg

Each step is what a small sensor does, in the order in which it does it, on
linear light (sRGB decoded as IEC 61966-2-1 says). The numbers are `coffee`'s; each
case of `PHONES` has its own:

1. framing: the centre 4:3 of the picture, resampled to 1200×900;
2. focus: a Gaussian of σ = 1.5 px, the circle of confusion of a slight misfocus;
3. shake: the path that the picture takes over the sensor while the shutter is open, a
   slightly bent line of a few pixels (`coffee`: none);
4. light: a tungsten lamp of about 3000 K that the white balance corrects by half
   (gains 1.18, 1, 0.72), a third of a stop underexposed, cos⁴ fall-off to the corners;
5. sensor: shot noise of 900 electrons at white, read noise of 5 electrons;
6. processing: colour noise smoothed (σ = 2 px), luminance sharpened (radius 2, 60 %);
7. storage: sRGB, JPEG quality 80 with 4:2:0 colours, no metadata.

A rendered case comes to the phone in layers. Its truth goes through steps 2 and 3 (`Phone.blur`),
the colours of its foreground and its plate through steps 2 to 4 (`Phone.foreground`,
`Phone.plate`); they are joined in display values, and steps 5 to 7 (`Phone.sensor`) are done to
the whole.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from scipy.ndimage import convolve, distance_transform_edt, gaussian_filter

FALL_OFF_ANGLE = 0.45


@dataclass(frozen=True)
class Phone:
    """One phone taking one picture: how it was held, the light, its sensor.

    Lengths are in pixels of the picture: `focus`, the σ of the misfocus; `shake`, the length
    of the path, which points to `shake_angle` (degrees, from right towards up) and bends
    sideways by `shake_bend` of its length; `smooth`, the σ of the colour noise's smoothing;
    `sharpen`, the radius of the sharpening. `gains` are what light and white balance together
    make of white, `stops` the exposure; `electrons` is the full well, `read_noise` in
    electrons; `quality` is JPEG's.
    """

    size: tuple[int, int] = (1200, 900)
    focus: float = 1.5
    shake: float = 0.0
    shake_angle: float = 0.0
    shake_bend: float = 0.0
    gains: tuple[float, float, float] = (1.18, 1.0, 0.72)
    stops: float = -1 / 3
    electrons: float = 900
    read_noise: float = 5
    smooth: float = 2
    sharpen: float = 2
    quality: int = 80
    seed: int = 20260101

    def photograph(self, rgb: np.ndarray) -> Image.Image:
        """What the phone makes of `rgb`, `(H, W, 3) uint8` sRGB: a picture of its `size`."""
        framed = np.asarray(self._frame(Image.fromarray(rgb)))
        return self._record(self._lit(self.blur(_linear(framed))))

    def sensor(self, levels: np.ndarray) -> Image.Image:
        """What sensor and processing make of a picture that lens and light have made already:
        `(H, W, 3) float` display levels, 0 to 255."""
        return self._record(_linear(levels))

    def _record(self, light: np.ndarray) -> Image.Image:
        rng = np.random.default_rng(self.seed)
        electrons = rng.poisson(np.clip(light, 0, 1) * self.electrons)
        electrons = electrons + rng.normal(0, self.read_noise, light.shape)
        developed = self._process(_gamma(np.clip(electrons / self.electrons, 0, 1)))
        return _picture(developed)

    def blur(self, values: np.ndarray) -> np.ndarray:
        """Focus and shake, nothing else, of `(H, W)` or `(H, W, 3) float` linear light or alpha."""
        blurred = _blur(values, self.focus)
        if not self.shake:
            return blurred
        path = self._path()
        return convolve(blurred, path if values.ndim == 2 else path[..., None])

    def foreground(self, levels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """`(H, W, 3) float` display levels: the foreground's true colours through lens and light.

        `levels` are the colours before it, 0 to 255, not times alpha, `alpha` `(H, W)` the truth
        before it. They blur as they are mixed: F' = blur(F·α) / blur(α). Where nothing is left of
        the foreground, the nearest colour that is.
        """
        share = self.blur(alpha)
        mixed = self.blur(_linear(levels) * alpha[..., None])
        known = share > 1 / 512
        straight = mixed / np.maximum(share, 1 / 512)[..., None]
        y, x = distance_transform_edt(~known, return_distances=False, return_indices=True)
        return 255 * _gamma(np.clip(self._lit(straight[y, x]), 0, 1))

    def plate(self, levels: np.ndarray) -> np.ndarray:
        """`(H, W, 3) float` display levels: the empty background through lens and light."""
        return 255 * _gamma(np.clip(self._lit(self.blur(_linear(levels))), 0, 1))

    def save(self, picture: Image.Image, path: Path | BinaryIO) -> None:
        """Store the picture as the phone does."""
        picture.save(path, "JPEG", quality=self.quality, subsampling="4:2:0", optimize=True)

    def scaled(self, scale: float) -> Phone:
        """The phone for a preview: all lengths times `scale`; a pixel gathers the light of the
        pixels that it stands for."""
        return replace(
            self,
            size=(round(self.size[0] * scale), round(self.size[1] * scale)),
            focus=self.focus * scale,
            shake=self.shake * scale,
            electrons=self.electrons / scale**2,
            read_noise=self.read_noise / scale,
            smooth=self.smooth * scale,
            sharpen=self.sharpen * scale,
        )

    def _frame(self, picture: Image.Image) -> Image.Image:
        width, height = picture.size
        wide, high = self.size
        if width * high > height * wide:
            side = (width - height * wide / high) / 2
            box = (side, 0, width - side, height)
        else:
            side = (height - width * high / wide) / 2
            box = (0, side, width, height - side)
        return picture.resize(self.size, Image.Resampling.LANCZOS, box=box)

    def _path(self) -> np.ndarray:
        """The shake's kernel: where the light of one point goes, 1 in all, its centre of mass
        in the middle, so that the picture does not move."""
        t = np.linspace(-0.5, 0.5, 401)
        along, aside = self.shake * t, self.shake * self.shake_bend * 4 * t**2
        angle = np.radians(self.shake_angle)
        x = along * np.cos(angle) - aside * np.sin(angle)
        y = -along * np.sin(angle) - aside * np.cos(angle)
        x, y = x - x.mean(), y - y.mean()
        half = int(np.ceil(max(np.abs(x).max(), np.abs(y).max()))) + 1
        kernel = np.zeros((2 * half + 1,) * 2)
        column, row = np.floor(x).astype(int), np.floor(y).astype(int)
        right, down = x - column, y - row
        for dy, dx, share in (
            (0, 0, (1 - down) * (1 - right)),
            (0, 1, (1 - down) * right),
            (1, 0, down * (1 - right)),
            (1, 1, down * right),
        ):
            np.add.at(kernel, (row + half + dy, column + half + dx), share)
        return kernel / kernel.sum()

    def _lit(self, light: np.ndarray) -> np.ndarray:
        gains = np.float32(self.gains) * np.float32(2**self.stops)
        y, x = np.mgrid[-1 : 1 : light.shape[0] * 1j, -1 : 1 : light.shape[1] * 1j]
        radius = np.sqrt((x**2 * 16 + y**2 * 9) / 25)
        return light * gains * (np.cos(FALL_OFF_ANGLE * radius) ** 4)[..., None]

    def _process(self, srgb: np.ndarray) -> np.ndarray:
        luma = srgb @ np.array([0.299, 0.587, 0.114])
        colour = _blur(srgb - luma[..., None], self.smooth)
        sharpened = luma + 0.6 * (luma - gaussian_filter(luma, self.sharpen))
        return sharpened[..., None] + colour


PHONES = {
    "coffee-phone": Phone(),
    # The renders bring the lamp's colour with them; the white balance takes a part of it away.
    "headphones": Phone(
        focus=2.0, gains=(0.92, 1.0, 1.12), stops=0.0, electrons=800, read_noise=6, seed=31
    ),
    "toy": Phone(
        focus=1.4,
        shake=9.0,
        shake_angle=24,
        shake_bend=0.12,
        gains=(0.92, 1.0, 1.15),
        stops=0.0,
        electrons=420,
        read_noise=7,
        quality=76,
        seed=32,
    ),
}
"""The phone of each case of the category, by its id."""


def photograph(rgb: np.ndarray, seed: int = PHONES["coffee-phone"].seed) -> Image.Image:
    """`coffee-phone`'s picture of `rgb`, with another seed if asked."""
    return replace(PHONES["coffee-phone"], seed=seed).photograph(rgb)


def save(picture: Image.Image, path: Path) -> None:
    """Store a picture as `coffee-phone`'s phone does."""
    PHONES["coffee-phone"].save(picture, path)


def _blur(values: np.ndarray, sigma: float) -> np.ndarray:
    return gaussian_filter(values, (sigma, sigma, 0)[: values.ndim])


def _picture(srgb: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(255 * np.clip(srgb, 0, 1)).astype(np.uint8))


def _linear(srgb: np.ndarray) -> np.ndarray:
    x = srgb.astype(np.float64) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def _gamma(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


if __name__ == "__main__":
    from skimage import data

    save(photograph(getattr(data, sys.argv[1])()), Path(sys.argv[2]))
