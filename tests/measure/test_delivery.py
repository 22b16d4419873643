"""Delivery rules: against slow versions, and what files of them are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rmbg_eval.errors import SettingsError
from rmbg_eval.measure.delivery import (
    RULES,
    Finished,
    background_of,
    judge_rule,
    load_delivery,
    presets,
)
from rmbg_eval.measure.record import Rule
from rmbg_eval.measure.subject import Undefined

ALPHAS = arrays(
    np.float32, st.tuples(st.integers(2, 30), st.integers(2, 30)),
    elements=st.sampled_from([0.0, 0.01, 127 / 255, 0.5, 1.0]).map(np.float32),
    fill=st.just(np.float32(0)),
)  # fmt: skip


def finished(alpha: np.ndarray, red: int = 100, size: int = 1) -> Finished:
    """Over white, from which its red alone differs."""
    rgb = np.full((*alpha.shape, 3), (red, 255, 255), np.uint8)
    return Finished(alpha, rgb, size, (255, 255, 255))


def slow(alpha: np.ndarray, red: int) -> dict[str, float]:
    """Pixel by pixel."""
    height, width = alpha.shape
    own = [(y, x) for y in range(height) for x in range(width) if alpha[y, x] >= 0.5]
    ys, xs = [y for y, _ in own], [x for _, x in own]
    left, right = min(xs) / width, (width - 1 - max(xs)) / width
    top, bottom = min(ys) / height, (height - 1 - max(ys)) / height
    away = [
        (y, x) for y in range(height) for x in range(width)
        if all((y - v) ** 2 + (x - u) ** 2 > 100 for v, u in own)
    ]  # fmt: skip
    over = [round(float(alpha[p]) * red + (1 - float(alpha[p])) * 255) for p in away]
    return {
        "fill": max((max(xs) - min(xs) + 1) / width, (max(ys) - min(ys) + 1) / height),
        "area": len(own) / alpha.size,
        "margin": min(left, right, top, bottom),
        "off-centre": max(
            abs((max(xs) + min(xs) + 1) / 2 / width - 0.5),
            abs((max(ys) + min(ys) + 1) / 2 / height - 0.5),
        ),
        "cut-off": len([1 for y, x in own if y in (0, height - 1) or x in (0, width - 1)]),
        "clear": float((alpha == 0).mean()),
        **({"veil": np.mean([value != 255 for value in over])} if over else {}),
    }


@settings(max_examples=150)
@given(ALPHAS, st.sampled_from([0, 100, 255]))
def test_rules_are_those_of_a_slow_version(alpha: np.ndarray, red: int) -> None:
    picture = finished(alpha, red)
    if not (alpha >= 0.5).any():
        with pytest.raises(Undefined, match="half opaque"):
            RULES["fill"].function(picture)
        return
    expected = slow(alpha, red)
    for name, value in expected.items():
        assert RULES[name].function(picture) == pytest.approx(value, abs=1e-6), name
    if "veil" not in expected:
        with pytest.raises(Undefined, match="no background"):
            RULES["veil"].function(picture)


def test_what_is_of_the_file() -> None:
    picture = finished(np.ones((20, 40), np.float32), size=2_500_000)
    values = {name: kind.function(picture) for name, kind in RULES.items() if name != "veil"}
    assert values["longest-side"] == 40
    assert values["shortest-side"] == 20
    assert values["aspect"] == 2
    assert values["megapixels"] == 0.0008
    assert values["file-size"] == 2.5
    assert values["cut-off"] == 2 * 40 + 2 * 18


@pytest.mark.parametrize(
    ("rule", "passed"),
    [
        (Rule(least=0.5), True), (Rule(least=0.51), False), (Rule(most=0.5), True),
        (Rule(most=0.49), False), (Rule(least=0.5, most=0.5), True),
    ],
)  # fmt: skip
def test_bounds_belong_to_what_is_allowed(rule: Rule, passed: bool) -> None:
    alpha = np.zeros((10, 10), np.float32)
    alpha[:5] = 1
    assert judge_rule("area", rule, finished(alpha)) == (0.5, passed, None)


def test_a_bound_is_kept_where_a_sum_of_shares_ends_beside_it() -> None:
    alpha = np.zeros((20, 20), np.float32)
    alpha[1:-1, 1:-1] = 1
    measured, passed, _ = judge_rule("fill", Rule(least=0.9), finished(alpha))
    assert measured is not None
    assert measured < 0.9
    assert passed


def test_what_cannot_be_said_has_its_reason() -> None:
    measured, passed, reason = judge_rule("fill", Rule(least=0.5), finished(np.zeros((9, 9), "f4")))
    assert (measured, passed) == (None, None)
    assert reason


@pytest.mark.parametrize("name", presets())
def test_presets_are_dated_and_sourced(name: str) -> None:
    delivery = load_delivery(name)
    assert delivery.name
    assert delivery.date
    assert delivery.source
    assert delivery.rules
    assert background_of(delivery) == (255, 255, 255)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(
        'date = 2026-11-02\nbackground = "#FFFFF0"\n[rules.fill]\nleast = 1\nrequired = true\n'
    )
    delivery = load_delivery(str(path))
    assert delivery.date == "2026-11-02"
    assert background_of(delivery) == (255, 255, 240)
    assert delivery.rules == {"fill": Rule(least=1.0, required=True)}
    assert load_delivery("") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[rules.nothing]\nleast = 1", "unknown rule 'nothing'"),
        ("[rules.fill]", "least, most, or both"),
        ("[rules.fill]\nleast = 2\nmost = 1", "least is more than most"),
        ('[rules.fill]\nleast = "1"', "valid number"),
        ("[rules.fill]\nleast = nan", "finite"),
        ("[rules.fill]\nleast = 1\nmore = 1", "unknown name"),
        ('background = "white"', "background: a colour is a text such as #ffffff"),
        ("", "have no rule"),
        ('name = "Our shop"', "have no rule"),
        ("=", "is not TOML"),
    ],
    ids=range(10),
)
def test_what_is_no_file_of_rules(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as raised:
        load_delivery(str(path))
    assert why in str(raised.value)
    assert "shop.toml" in str(raised.value)


def test_no_such_file_names_the_presets() -> None:
    with pytest.raises(SettingsError, match="amazon, google"):
        load_delivery("nowhere")
