"""Numbers as people read them."""

from __future__ import annotations


def figures(value: float, digits: int = 3, sign: str = "") -> str:
    """So many significant digits; from 1000 on, the whole number with separators. `sign`: of a
    format, `+` for one that is always there.

    >>> figures(0.12345), figures(1234.5678), figures(999.7), figures(12, sign="+")
    ('0.123', '1,235', '1,000', '+12')
    """
    if abs(value) >= 1000 - 0.5 * 10 ** (3 - digits):
        return f"{value:{sign},.0f}"
    return f"{value:{sign}.{digits}g}"


def four_digits(value: float) -> float:
    """A value as a page's script has it, which nobody reads more closely, in few characters.

    >>> four_digits(0.123456), four_digits(3.0), four_digits(123456.0)
    (0.1235, 3, 123500)
    """
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short


def duration(seconds: float) -> str:
    """
    >>> [duration(s) for s in (0.34, 59.6, 200, 3599, 7380, 360000)]
    ['0.3 s', '60 s', '3 min 20 s', '60 min', '2 h 3 min', '100 h']
    """
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 595:
        return f"{round(seconds) // 60} min {round(seconds) % 60} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 24 else f"{round(seconds / 3600)} h"
