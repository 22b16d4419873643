"""What is worst of what changed: as a reviewer would put it, whatever its tolerance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from comparisons import made, one, point, rule, run, value
from runs import run_of

from rmbg_eval import Run
from rmbg_eval.compare.alpha_change import AlphaChange, alpha_change
from rmbg_eval.compare.comparison import Comparison
from rmbg_eval.compare.excess import of_share
from rmbg_eval.compare.pair import Pair
from rmbg_eval.compare.runs import compare_runs
from rmbg_eval.compare.tolerances import Tolerance, Tolerances
from rmbg_eval.measure.record import PointResult


def breaks(count: float) -> PointResult:
    return point(count == 0, count, kind="unbroken", unit="count", tolerance=0.0, point="outline")


def opaque(alpha: float, **changes: object) -> PointResult:
    more = {"expected": 1.0, "kind": "opaque", **changes}
    return point(alpha >= 0.95, alpha, **more)


SEEN: dict[str, tuple[tuple, tuple]] = {
    "dress": ((0.993, 0.004, breaks(0), opaque(1)), (0.0, 0.373, breaks(2), opaque(0))),
    "lace": ((0.93, 0.044, breaks(0)), (0.118, 0.225, breaks(24))),
    "feather": ((0.839, 0.043, opaque(0.99)), (0.639, 0.098, opaque(0))),
    "veil": ((0.906, 0.05, breaks(3)), (0.762, 0.143, breaks(46))),
    "apple": (
        (0.984, 0.0086, point(False, 0.121, point="lens")),
        (0.935, 0.0245, point(False, 0.542, point="lens")),
    ),
    "shiba": ((0.971, 0.016, breaks(4)), (0.971, 0.016, breaks(5))),
    "mug": ((0.996, 0.0011), (0.996, 0.0011)),
}
"""IoU, MAD and points before and after, worst first; of the mug only a sum got worse."""


def runs(seen: Mapping[str, tuple[tuple, tuple]]) -> list[Run]:
    sides = []
    for side in (0, 1):
        measured, points = [], []
        for case, each in seen.items():
            iou, mad, *those = each[side]
            scores = {"sad": 1.9 + 0.7 * side, "mad": mad, "iou": iou}
            measured += [
                value(name, number).model_copy(update={"case": case})
                for name, number in scores.items()
            ]
            points += [p.model_copy(update={"case": case}) for p in those]
        made_of = [made(case=case, cutout=str(side)) for case in seen]
        sides.append(run_of(*made_of, measurements=measured, points=tuple(points)))
    return sides


def test_what_is_lost_comes_before_points_of_counts_and_is_what_is_named() -> None:
    backwards = dict(reversed(SEEN.items()))
    pairs, _ = compare_runs(*runs(backwards), Tolerances(), lambda *_: AlphaChange(0.1, 0.1))
    assert [pair.case for pair in pairs] == [*SEEN]
    first = {pair.case: pair.of("worse")[0].name for pair in pairs}
    assert first == {
        "dress": "iou", "lace": "iou", "feather": "lens", "veil": "iou", "apple": "lens",
        "shiba": "outline", "mug": "sad",
    }  # fmt: skip
    assert str(pairs[0].why) == "iou 0.993 → 0 (allowed ±0.003), and 4 more"
    assert all(0 < pair.excess < 4 for pair in pairs)


def pair_of(was: tuple, now: tuple, change: AlphaChange = AlphaChange(0.1, 0.1)) -> Pair:
    scores = [value("iou", 0.9)]
    return one(run(*scores, points=was), run(*scores, points=now, cutout="1"), change)


def test_a_required_point_is_before_a_lost_subject_only_where_it_was_not_missed() -> None:
    lost = pair_of((opaque(1),), (opaque(0.9, required=True),))
    again = pair_of((opaque(0.9),), (opaque(0, required=True),))
    new = pair_of((), (opaque(0.9, required=True),))
    assert lost.excess == new.excess
    assert lost.excess >= 3 > of_share(0.99) > 1 > again.excess > 0
    rules = [
        one(run(rules=(rule(True),)), run(rules=(rule(False, required=needed),), cutout="1"))
        for needed in (True, False)
    ]
    assert rules[0].excess >= 3 > 1 > rules[1].excess == of_share(0.25) - 2


def test_of_sums_the_worst_is_the_one_that_moved_by_most_times_its_tolerance() -> None:
    was, now = ([value("sad", sad), value("grad", grad)] for sad, grad in ((1, 1), (6, 1.5)))
    judged = {
        "sad": Tolerance(absolute=1.0, reason="dim"),
        "grad": Tolerance(absolute=0.01, reason="dim"),
    }
    pair = one(run(*was), run(*now, cutout="1"), AlphaChange(0.1, 0.1), metric=judged)
    assert [v.name for v in pair.of("worse")] == ["grad", "sad"]


def test_without_a_truth_a_small_subject_that_is_gone_is_as_bad_as_a_large_one() -> None:
    excess = []
    for side in (8, 60):
        base = np.zeros((64, 64), np.float32)
        base[:side, :side] = 1
        for new in (np.zeros_like(base), np.where(base > 0, np.float32(0.9), 0)):
            pair = one(run(), run(cutout="1"), alpha_change(base, np.float32(new)))
            assert pair.state == "changed"
            excess.append(pair.excess)
    assert excess == [3, pytest.approx(0.1), 3, pytest.approx(0.1)]


def test_a_comparison_before_version_6_still_loads_with_points_first() -> None:
    pair = pair_of((opaque(1),), (opaque(0),)).model_dump(mode="json")
    values = [{k: v for k, v in each.items() if k != "excess"} for each in pair["values"]]
    old = {
        "schema_version": 5, "base": "b", "new": "n", "notes": [],
        "pairs": [{**pair, "values": values, "excess": 2.4e8}],
    }  # fmt: skip
    (loaded,) = Comparison.model_validate(old).pairs
    assert loaded.excess == 2.4e8
    assert [v.name for v in loaded.of("worse")] == ["lens"]
