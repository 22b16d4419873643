"""How often the interval of `rmbg-eval estimate` holds the truth: `python benchmarks/estimates.py`.

Made-up case sets, whose file sizes are log-normal (σ 0.8), and of which it is known what every
picture takes. Of each, 20 pictures, or fewer of few, are drawn 1,500 times as `estimate` draws
them. Goal: 0.9.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from bench import console

from rmbg_eval.scale.estimate import CONFIDENCE, draw, scaled, to_try

Chance = np.random.Generator
SETS: dict[str, Callable[[Chance, np.ndarray], np.ndarray]] = {
    "as the file size, ± 20 %": lambda c, size: 0.05 + size * c.lognormal(0, 0.2, size.size),
    "half fixed, half as the size": lambda c, size: (
        0.3 + 0.3 * size * c.lognormal(0, 0.3, size.size)
    ),
    "the same, ± 15 %": lambda c, size: c.lognormal(0, 0.15, size.size),
    "whatever the size, ± 50 %": lambda c, size: c.lognormal(0, 0.5, size.size),
    "as the size, 2 % thrice as long": lambda c, size: (
        (0.1 + size) * np.where(c.random(size.size) < 0.02, 3, 1) * c.lognormal(0, 0.2, size.size)
    ),
}
TIMES, EACH = 1500, 50


def main() -> None:
    """One line for each kind of case set and number of cases."""
    for name, kind in SETS.items():
        for count in (25, 50, 200, 10000):
            chance = np.random.default_rng(0)
            hits, widths = 0, []
            for number in range(TIMES):
                if number % EACH == 0:
                    sizes = chance.lognormal(0, 0.8, count)
                    seconds = kind(chance, sizes)
                    places, truth = [*range(count)], seconds.sum()
                drawn = seconds[draw(places, sizes, to_try(count), number)]
                interval = scaled(drawn.sum(), [*drawn], count)
                hits += interval.low <= truth <= interval.high
                widths.append((interval.high - interval.low) / 2 / truth)
            console.print(
                f"{name}, {count} pictures: holds {hits / TIMES:.3f} (goal {CONFIDENCE}), "
                f"± {np.mean(widths):.0%}"
            )


if __name__ == "__main__":
    main()
