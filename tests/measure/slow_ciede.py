"""ΔE2000 in NumPy, an independent version; between nearly opposite hues it loses digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.uint8]
Numbers = NDArray[np.float64]

_CHUNK = 1 << 14
"""Colours at a time: what fits into a processor's cache."""

_DISPLAY = np.arange(256) / 255
_LINEAR = np.where(_DISPLAY <= 0.04045, _DISPLAY / 12.92, ((_DISPLAY + 0.055) / 1.055) ** 2.4)
_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
"""sRGB (IEC 61966-2-1) to CIE XYZ and D65 for 2°, in the digits that scikit-image has."""


def to_lab(rgb: Colours) -> Numbers:
    """CIELAB for D65 of sRGB colours: `(N, 3) uint8` → `(3, N) float64`."""
    xyz = (_TO_XYZ / _WHITE[:, None]) @ _LINEAR[rgb.T]
    # A third the time of np.cbrt: a cube root in float32, and a step of Newton's to float64.
    root = np.power(xyz.astype(np.float32), np.float32(1 / 3)).astype(np.float64)
    square = np.maximum(root * root, 1e-12)
    root -= (root * square - xyz) / (3 * square)
    f = np.where(xyz > 0.008856, root, 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def delta_e_2000(one: Colours, other: Colours) -> Numbers:
    """ΔE2000 of pairs of sRGB colours: `(N, 3) uint8` twice → `(N,) float64`.

    All weights are 1. Source: Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula:
    implementation notes, supplementary test data, and mathematical observations", 2005.

    >>> import numpy as np
    >>> delta_e_2000(np.uint8([[255, 255, 255]]), np.uint8([[0, 0, 0]])).round(3)
    array([100.])
    """
    found = np.empty(len(one))
    for start in range(0, len(one), _CHUNK):
        part = slice(start, start + _CHUNK)
        found[part] = difference(to_lab(one[part]), to_lab(other[part]))
    return found


def difference(one: Numbers, other: Numbers) -> Numbers:
    """ΔE2000 of pairs of CIELAB colours: `(3, N) float64` twice → `(N,) float64`.

    Angles are taken from vectors: the mean hue is the direction between the two colours', and
    2 √(C₁C₂) sin(Δh ÷ 2) is √2 times their cross product ÷ √(C₁C₂ + their dot product). Only the
    rotation term needs the angle itself.
    """
    light, red, yellow = one
    light_2, red_2, yellow_2 = other
    chroma = (
        np.sqrt(red * red + yellow * yellow) + np.sqrt(red_2 * red_2 + yellow_2 * yellow_2)
    ) / 2
    stretch = 1.5 - 0.5 * _strong(chroma)
    red, red_2 = red * stretch, red_2 * stretch
    chroma = np.sqrt(red * red + yellow * yellow)
    chroma_2 = np.sqrt(red_2 * red_2 + yellow_2 * yellow_2)
    product = chroma * chroma_2
    coloured = product > 0
    cross = red * yellow_2 - yellow * red_2
    beside = product + red * red_2 + yellow * yellow_2
    opposite = beside <= 1e-13 * product
    hue = np.where(opposite, 2 * np.sqrt(product), 0)
    np.divide(np.sqrt(2) * cross, np.sqrt(np.maximum(beside, 0)), out=hue, where=~opposite)
    # The mean hue's direction; a grey has none, and then the other's is taken.
    across = np.where(coloured, red * chroma_2 + red_2 * chroma, red + red_2)
    up = np.where(coloured, yellow * chroma_2 + yellow_2 * chroma, yellow + yellow_2)
    length = np.sqrt(across * across + up * up)
    flat = length == 0
    cos = np.divide(across, length, out=np.where(flat, 1.0, 0.0), where=~flat)
    sin = np.divide(up, length, out=np.zeros_like(up), where=~flat)
    cos_2, sin_2 = cos * cos - sin * sin, 2 * sin * cos
    cos_3, sin_3 = cos * cos_2 - sin * sin_2, sin * cos_2 + cos * sin_2
    cos_4, sin_4 = cos_2 * cos_2 - sin_2 * sin_2, 2 * sin_2 * cos_2
    weight = (
        1
        - 0.17 * (cos * _cosine(30) + sin * _sine(30))
        + 0.24 * cos_2
        + 0.32 * (cos_3 * _cosine(6) - sin_3 * _sine(6))
        - 0.20 * (cos_4 * _cosine(63) + sin_4 * _sine(63))
    )
    mean_chroma = (chroma + chroma_2) / 2
    away = ((light + light_2) / 2 - 50) ** 2
    by_light = (light_2 - light) / (1 + 0.015 * away / np.sqrt(20 + away))
    by_chroma = (chroma_2 - chroma) / (1 + 0.045 * mean_chroma)
    by_hue = hue / (1 + 0.015 * mean_chroma * weight)
    degrees = np.degrees(np.arctan2(sin, cos)) % 360
    bent = np.exp(-(((degrees - 275) / 25) ** 2)) * (np.pi / 3)
    rotation = -2 * _strong(mean_chroma) * np.sin(bent)
    squared = by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    return np.sqrt(np.maximum(squared, 0))


def _strong(chroma: Numbers) -> Numbers:
    """√(C⁷ ÷ (C⁷ + 25⁷))."""
    square = chroma * chroma
    seventh = square * square * square * chroma
    return np.sqrt(seventh / (seventh + 25.0**7))


def _cosine(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def _sine(degrees: float) -> float:
    return float(np.sin(np.radians(degrees)))
