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
