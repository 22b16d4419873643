"""The CIEDE2000 colour difference of composites, compiled: importing this module imports numba.

Source: Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula: implementation notes,
supplementary test data, and mathematical observations", 2005. All weights are 1. The formula has
only arithmetic, roots and choices between two values, no library's sine or power, so that a
processor computes several pixels at once.
"""

from __future__ import annotations

from math import cos, factorial, radians, sin, sqrt

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from numpy.typing import NDArray

from ...core.compilation import compiled, pixels
from ...core.images import RGB, Alpha

_DISPLAY = np.arange(256) / 255
_LINEAR = np.where(_DISPLAY <= 0.04045, _DISPLAY / 12.92, ((_DISPLAY + 0.055) / 1.055) ** 2.4)
"""Light of each sRGB display value (IEC 61966-2-1), in [0, 1]."""
_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
"""sRGB to CIE XYZ and D65 for 2°, in the digits that scikit-image has."""
(_XR, _XG, _XB), (_YR, _YG, _YB), (_ZR, _ZG, _ZB) = (_TO_XYZ / _WHITE[:, None]).tolist()

_COS_6, _SIN_6 = cos(radians(6)), sin(radians(6))
_COS_30, _SIN_30 = cos(radians(30)), sin(radians(30))
_COS_63, _SIN_63 = cos(radians(63)), sin(radians(63))
_COS_275, _SIN_275 = cos(radians(275)), sin(radians(275))


def _root_of_bell(quarter: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 32nd root of e^(−(d ÷ 25°)²), by sin²(d ÷ 4)."""
    degrees = 4 * np.degrees(np.arcsin(np.sqrt(quarter)))
    return np.exp(-((degrees / 25) ** 2) / 32)


_BELL = Chebyshev.interpolate(_root_of_bell, 18, domain=[0, 0.5]).convert(kind=Polynomial).coef
"""`_root_of_bell` for every d from −180° to 180°, right to 1e-14."""
_SINE = np.array([(-1) ** n / factorial(2 * n + 1) for n in range(9)])
"""The power series of sin(x) ÷ x by x², right to 1e-15 up to 60°."""

Part = NDArray[np.float32]
"""`(W,)`: the part of each pixel through which the background is seen, in [0, 1]."""
Parts = NDArray[np.float32]
"""`(3, W)`: red, green and blue of each pixel, in display values from 0 to 255."""
Numbers = NDArray[np.float64]


@compiled()
def _cube_root(t: float) -> float:
    """t^(1/3) for t from 0 to 1.1, by four of Newton's steps to t^(−1/3).

    They start within 4 % of it: at the float32 whose bits are −1/3 of t's and a constant.
    """
    bits = np.int64(np.float32(t).view(np.int32))
    root = np.float64(np.int32(0x54A20000 - ((bits * 21845) >> 16)).view(np.float32))
    for _ in range(4):
        root *= (4 - t * root * root * root) * (1 / 3)
    return t * root * root


@compiled()
def _lightness(t: float) -> float:
    """The f of CIELAB."""
    return _cube_root(t) if t > 0.008856 else 7.787 * t + 16 / 116


@compiled()
def _lab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """CIELAB for D65 of light in [0, 1]."""
    x = _lightness(_XR * red + _XG * green + _XB * blue)
    y = _lightness(_YR * red + _YG * green + _YB * blue)
    z = _lightness(_ZR * red + _ZG * green + _ZB * blue)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@compiled()
def _strong(chroma: float) -> float:
    """√(C⁷ ÷ (C⁷ + 25⁷))."""
    square = chroma * chroma
    seventh = square * square * square * chroma
    return sqrt(seventh / (seventh + 25.0**7))


@compiled()
def _bend(cos_1: float, sin_1: float) -> float:
    """sin(60° e^(−((h − 275°) ÷ 25°)²)) for the hue h from 0° to 360°, by its cosine and sine."""
    quarter = (1 - sqrt(max(0.0, (1 + cos_1 * _COS_275 + sin_1 * _SIN_275) / 2))) / 2
    bell = 0.0
    for power in range(18, -1, -1):
        bell = bell * quarter + _BELL[power]
    bell *= bell
    bell *= bell
    bell *= bell
    bell *= bell
    bell *= bell
    if cos_1 > 0 and sin_1 >= 0:  # from 0° to 90° the way to 275° is not taken through 360°
        bell = 0.0
    angle = bell * (np.pi / 3)
    square, found = angle * angle, 0.0
    for power in range(8, -1, -1):
        found = found * square + _SINE[power]
    return found * angle


@compiled()
def _difference(
    light: float, red: float, yellow: float, light_2: float, red_2: float, yellow_2: float
) -> float:
    """ΔE2000 of two CIELAB colours.

    Angles are taken from vectors. The mean hue is the direction of the sum of the two colours'
    unit vectors, and 2 √(C₁C₂) sin(Δh ÷ 2) is √2 times their cross product ÷ √(C₁C₂ + their dot
    product). Beyond 90° these would cancel out; there the mean is perpendicular to the difference
    of the unit vectors, and the other is √2 √(C₁C₂ − the dot product).
    """
    chroma = (sqrt(red * red + yellow * yellow) + sqrt(red_2 * red_2 + yellow_2 * yellow_2)) / 2
    stretch = 1.5 - 0.5 * _strong(chroma)
    red, red_2 = red * stretch, red_2 * stretch
    chroma = sqrt(red * red + yellow * yellow)
    chroma_2 = sqrt(red_2 * red_2 + yellow_2 * yellow_2)
    product = chroma * chroma_2
    cross = red * yellow_2 - yellow * red_2
    along = red * red_2 + yellow * yellow_2
    across, across_2, up, up_2 = (
        red * chroma_2,
        red_2 * chroma,
        yellow * chroma_2,
        yellow_2 * chroma,
    )
    if along < 0:
        # Of hues exactly opposite the mean lies from 90° to 270°.
        tie = cross == 0 and (up_2 < up or (up_2 == up and across_2 < across))
        side = 1.0 if cross > 0 or tie else -1.0
        hue = side * sqrt(2 * (product - along))
        middle, height = side * (up_2 - up), side * (across - across_2)
    else:
        hue = sqrt(2.0) * cross / sqrt(product + along)
        middle, height = across + across_2, up + up_2
    if product == 0:  # a grey has no hue, and the other's is taken
        hue, middle, height = 0.0, red + red_2, yellow + yellow_2
    length = sqrt(middle * middle + height * height)
    cos_1 = middle / length if length > 0 else 1.0
    sin_1 = height / length if length > 0 else 0.0
    cos_2, sin_2 = cos_1 * cos_1 - sin_1 * sin_1, 2 * sin_1 * cos_1
    cos_3, sin_3 = cos_1 * cos_2 - sin_1 * sin_2, sin_1 * cos_2 + cos_1 * sin_2
    cos_4, sin_4 = cos_2 * cos_2 - sin_2 * sin_2, 2 * sin_2 * cos_2
    weight = (
        1
        - 0.17 * (cos_1 * _COS_30 + sin_1 * _SIN_30)
        + 0.24 * cos_2
        + 0.32 * (cos_3 * _COS_6 - sin_3 * _SIN_6)
        - 0.20 * (cos_4 * _COS_63 + sin_4 * _SIN_63)
    )
    mean_chroma = (chroma + chroma_2) / 2
    away = (light + light_2) / 2 - 50
    away *= away
    by_light = (light_2 - light) / (1 + 0.015 * away / sqrt(20 + away))
    by_chroma = (chroma_2 - chroma) / (1 + 0.045 * mean_chroma)
    by_hue = hue / (1 + 0.015 * mean_chroma * weight)
    rotation = -2 * _strong(mean_chroma) * _bend(cos_1, sin_1)
    squared = by_light * by_light + by_chroma * by_chroma + by_hue * by_hue
    return sqrt(max(0.0, squared + rotation * by_chroma * by_hue))


@compiled()
def _row(
    own: Parts, clear: Part, own_2: Parts, clear_2: Part, back: Parts, count: int, found: Numbers
) -> None:
    """ΔE2000 between the first `count` composites of both sides: own + back × clear, rounded."""
    half = np.float32(0.5)
    for i in range(count):
        c, c_2 = clear[i], clear_2[i]
        red, green, blue = back[0, i], back[1, i], back[2, i]
        one = _lab(
            _LINEAR[np.uint8(own[0, i] + red * c + half)],
            _LINEAR[np.uint8(own[1, i] + green * c + half)],
            _LINEAR[np.uint8(own[2, i] + blue * c + half)],
        )
        other = _lab(
            _LINEAR[np.uint8(own_2[0, i] + red * c_2 + half)],
            _LINEAR[np.uint8(own_2[1, i] + green * c_2 + half)],
            _LINEAR[np.uint8(own_2[2, i] + blue * c_2 + half)],
        )
        found[i] = _difference(one[0], one[1], one[2], other[0], other[1], other[2])


@compiled(
    pixels("uint8", 3), pixels("float32", 2), pixels("uint8", 3), pixels("float32", 2),
    pixels("uint8", 2), pixels("uint8", 4),
)  # fmt: skip
def differences(
    rgb: RGB,
    alpha: Alpha,
    foreground: RGB,
    truth: Alpha,
    flat: NDArray[np.uint8],
    pictures: NDArray[np.uint8],
) -> NDArray[np.float64]:
    """ΔE2000 of each pixel between the cut-out and the true one, over each of several backgrounds.

    `rgb`, `foreground`: `(H, W, 3) uint8`; `alpha`, `truth`: `(H, W) float32` in [0, 1]. The
    backgrounds are `flat` colours, `(F, 3) uint8`, and then `pictures`, `(P, H, W, 3) uint8`.
    Returns `(F + P, H, W) float64`, 0 where both composites are the same. Both are made as
    `rmbg_eval.measure.colours.composite` makes them, to the bit. Where both are opaque the
    background is not seen, and the difference is computed once.
    """
    height, width = alpha.shape
    found = np.zeros((len(flat) + len(pictures), height, width))
    where = np.empty(width, np.int64)
    own, own_2 = np.empty((3, width), np.float32), np.empty((3, width), np.float32)
    back = np.empty((3, width), np.float32)
    clear, clear_2 = np.empty(width, np.float32), np.empty(width, np.float32)
    row = np.empty(width)  # of the differences, first where the background is seen
    one = np.float32(1)
    for y in range(height):
        mixed = 0
        for x in range(width):
            a, t = alpha[y, x], truth[y, x]
            if (a > 0 or t > 0) and not (a == 1 and t == 1):
                where[mixed] = x
                mixed += 1
        count = mixed
        for x in range(width):
            if alpha[y, x] == 1 and truth[y, x] == 1:
                where[count] = x
                count += 1
        for i in range(count):
            x = where[i]
            a, t = alpha[y, x], truth[y, x]
            clear[i], clear_2[i] = one - a, one - t
            for channel in range(3):
                own[channel, i] = np.float32(rgb[y, x, channel]) * a
                own_2[channel, i] = np.float32(foreground[y, x, channel]) * t
        for b in range(len(found)):
            seen = mixed if b else count
            for i in range(seen):
                for channel in range(3):
                    if b < len(flat):
                        back[channel, i] = flat[b, channel]
                    else:
                        back[channel, i] = pictures[b - len(flat), y, where[i], channel]
            _row(own, clear, own_2, clear_2, back, seen, row)
            for i in range(count):
                found[b, y, where[i]] = row[i]
    return found
