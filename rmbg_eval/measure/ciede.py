"""The CIEDE2000 colour difference of 8-bit sRGB colours."""

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
    xyz = (_TO_XYZ / _WHITE[:, None]) @ _LINEAR[rgb].T
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
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
    """ΔE2000 of pairs of CIELAB colours: `(3, N) float64` twice → `(N,) float64`."""
    lightness, red, yellow = one
    lightness_2, red_2, yellow_2 = other
    chroma = (np.hypot(red, yellow) + np.hypot(red_2, yellow_2)) / 2
    seventh = chroma**7
    stretch = 1 + 0.5 * (1 - np.sqrt(seventh / (seventh + 25.0**7)))
    red, red_2 = red * stretch, red_2 * stretch
    chroma, chroma_2 = np.hypot(red, yellow), np.hypot(red_2, yellow_2)
    hue, hue_2 = np.arctan2(yellow, red), np.arctan2(yellow_2, red_2)
    hue, hue_2 = hue + (hue < 0) * 2 * np.pi, hue_2 + (hue_2 < 0) * 2 * np.pi
    grey = (chroma == 0) | (chroma_2 == 0)
    turn = hue_2 - hue
    turn = turn - 2 * np.pi * (turn > np.pi) + 2 * np.pi * (turn < -np.pi)
    turn = np.where(grey, 0, turn)
    far = np.abs(hue - hue_2) > np.pi
    total = hue + hue_2
    mean_hue = (total + 2 * np.pi * far * np.where(total < 2 * np.pi, 1, -1)) / 2
    mean_hue = np.where(grey, total, mean_hue)
    mean_light, mean_chroma = (lightness + lightness_2) / 2, (chroma + chroma_2) / 2
    weight = (
        1
        - 0.17 * np.cos(mean_hue - np.pi / 6)
        + 0.24 * np.cos(2 * mean_hue)
        + 0.32 * np.cos(3 * mean_hue + np.pi / 30)
        - 0.20 * np.cos(4 * mean_hue - 63 * np.pi / 180)
    )
    away = (mean_light - 50) ** 2
    by_light = (lightness_2 - lightness) / (1 + 0.015 * away / np.sqrt(20 + away))
    by_chroma = (chroma_2 - chroma) / (1 + 0.045 * mean_chroma)
    by_hue = 2 * np.sqrt(chroma * chroma_2) * np.sin(turn / 2) / (1 + 0.015 * mean_chroma * weight)
    seventh = mean_chroma**7
    bent = np.exp(-(((np.degrees(mean_hue) - 275) / 25) ** 2)) * np.pi / 3
    rotation = -2 * np.sqrt(seventh / (seventh + 25.0**7)) * np.sin(bent)
    squared = by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    return np.sqrt(np.maximum(squared, 0))
