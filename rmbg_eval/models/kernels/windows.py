"""The matting Laplacian's sums over windows, compiled: importing this module imports numba."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ...core.compilation import REAL_NUMBER, WHOLE_NUMBER, compiled, pixels

Numbers = NDArray[np.float64]


@compiled(pixels("float64", 3), pixels("int64", 2), REAL_NUMBER, WHOLE_NUMBER)
def window_sums(colours: Numbers, row: NDArray[np.int64], epsilon: float, count: int) -> Numbers:
    """Rows of the Laplacian of 3×3 windows, equation 12 of Levin et al.

    `colours`: `(H, W, 3)`; `row`: `(H, W)`, the row of each pixel, -1 for those that have none;
    `epsilon`: added to the sums of squares over a window. Returns `(count, 25)`: each row's 5×5
    neighbours. A window's colours are solved for by Cholesky's decomposition, which stays exact
    where they lie on a line or are all the same.
    """
    height, width = row.shape
    values = np.zeros((count, 25))
    apart = np.empty((9, 3))
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            touched = False
            for i in range(9):
                touched |= row[y + i // 3 - 1, x + i % 3 - 1] >= 0
            if not touched:
                continue
            for c in range(3):
                mean = 0.0
                for i in range(9):
                    mean += colours[y + i // 3 - 1, x + i % 3 - 1, c]
                mean /= 9
                for i in range(9):
                    apart[i, c] = colours[y + i // 3 - 1, x + i % 3 - 1, c] - mean
            rr = gg = bb = epsilon
            rg = rb = gb = 0.0
            for i in range(9):
                r, g, b = apart[i]
                rr, gg, bb = rr + r * r, gg + g * g, bb + b * b
                rg, rb, gb = rg + r * g, rb + r * b, gb + g * b
            r_r = sqrt(rr)
            g_r, b_r = rg / r_r, rb / r_r
            g_g = sqrt(gg - g_r * g_r)
            b_g = (gb - b_r * g_r) / g_g
            b_b = sqrt(bb - b_r * b_r - b_g * b_g)
            for i in range(9):
                apart[i, 0] /= r_r
                apart[i, 1] = (apart[i, 1] - g_r * apart[i, 0]) / g_g
                apart[i, 2] = (apart[i, 2] - b_r * apart[i, 0] - b_g * apart[i, 1]) / b_b
            for i in range(9):
                own = row[y + i // 3 - 1, x + i % 3 - 1]
                if own < 0:
                    continue
                for j in range(9):
                    alike = 0.0
                    for c in range(3):
                        alike += apart[i, c] * apart[j, c]
                    place = (j // 3 - i // 3 + 2) * 5 + j % 3 - i % 3 + 2
                    values[own, place] += (1.0 if i == j else 0.0) - 1 / 9 - alike
    return values
