"""How bad it is that something changed: what a comparison's worst first goes by.

One number a value, on the ladder on which a report has what goes wrong (`rmbg_eval.run.findings`):

- from 3 on: a required point or delivery rule that was not missed in BASE;
- from 2 on: what anyone sees, a quarter of the subject or of the picture, or more;
- up to a quarter: less of them. Of the subject it is what `iou` fell by, or, where there is no
  truth, how little the two alphas have in common; of the picture, what `mad` rose by. A point is a
  place, and weighs a quarter of how much farther off it is by its kind
  (`rmbg_eval.measure.points.far_off`): from no break to one is a half of that, from four to five
  next to nothing. A delivery rule is kept or it is not: a quarter;
- below all these: sums, edges and colours, whose units do not compare, by how many times as far
  as allowed they moved.
"""

from __future__ import annotations

from ..measure.points import far_off
from ..measure.record import PointResult
from ..run.findings import GROSS

SHARES = ("iou", "mad")
"""Measures whose difference is a share of the subject, or of the picture."""
_ANYONE = GROSS["loss"]
_REQUIRED = 3.0
_OTHERS = 5e-4
"""No share that is judged moves by less: that is the tolerance of `mad`."""


def of_share(share: float) -> float:
    """Of a share that is wrong and was not, in [0, 1]."""
    return _ANYONE.severity(share) if share >= _ANYONE.least else share


def of_point(was: PointResult | None, now: PointResult | None, lost: bool) -> float:
    """Of a point; `lost`: whether it is required, missed, and was not."""
    off = [far_off(point) if point else 0.0 for point in (was, now)]
    return _ANYONE.least * abs(off[1] - off[0]) + _REQUIRED * lost


def of_rule(lost: bool) -> float:
    """Of a delivery rule that passed and does not, or the other way round; `lost` as of a point."""
    return _ANYONE.least + _REQUIRED * lost


def of_others(times: float) -> float:
    """Of what moved so many times as far as allowed."""
    return _OTHERS * times / (times + 1)
