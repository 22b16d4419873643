"""Colour differences and halos against slow versions, and against scikit-image's formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measure import slow_ciede
from measure.mattes import SPECIAL, _blobs
from skimage.color import deltaE_ciede2000, rgb2lab
from systems import needs

from rmbg_eval.i18n import Message
from rmbg_eval.measure.colours import (
    BACKGROUNDS,
    DECONTAMINATED,
    METRICS,
    background,
    colour_difference,
    composite,
    halo,
)
from rmbg_eval.measure.kernels import ciede
from rmbg_eval.measure.region import edge_squares
from rmbg_eval.measure.subject import Subject, Undefined
from rmbg_eval.measure.table import measure

some = settings(max_examples=25)
seeds = st.integers(0, 10**6)

# Sharma, Wu and Dalal 2005, table 1: pairs that find mistakes in hue and rotation.
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.001), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "expected"), SHARMA)
def test_the_formula_has_the_published_values(one, other, expected):
    assert ciede._difference(*one, *other) == pytest.approx(expected, abs=5e-5)
    assert ciede._difference(*other, *one) == pytest.approx(expected, abs=5e-5)


def _pairs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours of all kinds with others: near, far, of opposite hue, grey, black, equal."""
    random = np.random.default_rng(seed)
    one = random.integers(0, 256, (600, 3)).astype(np.uint8)
    other = np.clip(one + random.integers(-9, 10, one.shape), 0, 255).astype(np.uint8)
    other[::2] = random.integers(0, 256, other[::2].shape)
    other[::5] = 255 - one[::5]
    other[::7] = other[::7, :1]
    one[::11] = one[::11, :1]
    other[::13] = 0
    other[::17] = one[::17]
    return one, other


def _over_nothing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    opaque = np.ones((len(one), 1), np.float32)
    nothing = np.empty((0, len(one), 1, 3), np.uint8)
    found = ciede.differences(one[:, None], opaque, other[:, None], opaque, one[:1], nothing)
    return found[0, :, 0]


@some
@given(seeds)
def test_colours_differ_as_scikit_image_says(seed):
    one, other = _pairs(seed)
    found, expected = _over_nothing(one, other), deltaE_ciede2000(rgb2lab(one), rgb2lab(other))
    assert np.allclose(found, expected, rtol=1e-10, atol=1e-10)
    assert (found[(one == other).all(-1)] == 0).all()


@some
@given(seeds)
def test_colours_differ_as_in_numpy(seed):
    one, other = _pairs(seed)
    found, expected = _over_nothing(one, other), slow_ciede.delta_e_2000(one, other)
    # Between opposite hues the slow version cancels out, and scikit-image is the judge.
    a, b = (slow_ciede.to_lab(each)[1:] for each in (one, other))
    sure = (a * b).sum(0) > -0.99 * np.hypot(*a) * np.hypot(*b)
    assert np.allclose(found[sure], expected[sure], rtol=1e-9, atol=1e-9)


def test_the_rotation_is_that_of_the_formula_for_every_hue():
    hue = np.arange(0.01, 360, 0.5)
    found = [ciede._bend(np.cos(h), np.sin(h)) for h in np.radians(hue)]
    expected = np.sin(np.pi / 3 * np.exp(-(((hue - 275) / 25) ** 2)))
    assert np.allclose(found, expected, rtol=0, atol=1e-13)


def test_cube_roots_are_right_to_the_last_digits():
    found = [ciede._cube_root(t) for t in np.linspace(0, 1.1, 2001)]
    assert np.allclose(found, np.cbrt(np.linspace(0, 1.1, 2001)), rtol=1e-14, atol=0)


@some
@given(seeds, st.sampled_from([1, 7, 50]))
def test_differences_are_those_of_the_composites_over_each_background(seed, width):
    """Whatever the arrays' layout; also where both are opaque, clear, or of one colour."""
    random = np.random.default_rng(seed)
    shape = 9, width
    alphas = random.choice([0, 0.25, 1, *random.random(3)], (2, *shape)).astype(np.float32)
    alpha, truth = alphas
    rgba = random.integers(0, 256, (*shape, 4)).astype(np.uint8)
    rgb, foreground = rgba[..., :3], np.ascontiguousarray(rgba[..., 2::-1])
    foreground[::2] = rgb[::2]
    foreground.flags.writeable = False
    flat = random.integers(0, 256, (random.integers(3), 3)).astype(np.uint8)
    pictures = random.integers(0, 256, (2, *shape, 3)).astype(np.uint8)
    found = ciede.differences(rgb, alpha, foreground, truth, flat, pictures)
    for one, over in zip(found, [*flat, *pictures], strict=True):
        sides = composite(rgb, alpha, over), composite(foreground, truth, over)
        expected = deltaE_ciede2000(*(rgb2lab(side) for side in sides))
        assert np.allclose(one, expected, rtol=1e-10, atol=1e-10)
        assert (one[(sides[0] == sides[1]).all(-1)] == 0).all()


def _subject(seed: int) -> Subject:
    truth = _blobs(seed)
    random = np.random.default_rng(seed)
    alpha = np.clip(truth + random.choice([-0.3, 0, 0, 0.2], truth.shape), 0, 1)
    foreground = random.integers(0, 256, (*truth.shape, 3)).astype(np.uint8)
    picture = composite(foreground, truth, np.uint8([20, 90, 200]))
    return Subject(alpha.astype(np.float32), picture, picture, truth, foreground)


@some
@given(seeds)
def test_the_table_is_the_mean_of_the_differences_of_whole_composites(seed):
    s = _subject(seed)
    found = measure(s, METRICS)
    region = edge_squares(s.truth, 3) <= 9
    for name in BACKGROUNDS:
        behind = background(name, s.alpha.shape)
        mixed = []
        for rgb, alpha in ((s.rgb, s.alpha), (s.foreground, s.truth)):
            share = alpha[..., None].astype(float)
            mixed.append(composite(rgb, alpha, behind))
            assert np.abs(mixed[-1] - (rgb * share + behind * (1 - share))).max() < 0.5001
        whole = deltaE_ciede2000(*(rgb2lab(each) for each in mixed))
        assert np.allclose(
            colour_difference(s.rgb, s.alpha, s.foreground, s.truth, behind), whole, 1e-6, 1e-6
        )
        assert found[f"delta_e_{name}"][0] == pytest.approx(whole.mean(), rel=1e-6)
        if region.any():
            band = whole[region]
            assert found[f"delta_e_{name}_edge"][0] == pytest.approx(band.mean(), rel=1e-6)
            assert found[f"delta_e_{name}_edge_p95"][0] == pytest.approx(
                np.percentile(band, 95), rel=1e-6
            )


@some
@given(seeds)
def test_the_true_cut_out_differs_nowhere(seed):
    s = _subject(seed)
    true = Subject(s.truth, s.foreground, s.picture, s.truth, s.foreground)
    if (edge_squares(s.truth, 3) <= 9).any():
        assert {v for n, v in measure(true, METRICS).items() if n != "halo"} == {(0.0, None)}


@pytest.mark.parametrize("of_truth", [0, 1])
def test_a_truth_without_an_edge_has_differences_over_the_whole_image(of_truth):
    s = _subject(1)
    truth = np.full_like(s.truth, of_truth)
    found = measure(Subject(s.alpha, s.rgb, s.picture, truth, s.foreground), METRICS[1:])
    for name in BACKGROUNDS:
        behind = background(name, truth.shape)
        whole = colour_difference(s.rgb, s.alpha, s.foreground, truth, behind)
        assert found[f"delta_e_{name}"] == (pytest.approx(whole.mean(), rel=1e-6), None)
        value, reason = found[f"delta_e_{name}_edge_p95"]
        assert value is None
        assert "has no edge" in str(reason)


def test_without_a_foreground_there_is_the_reason():
    truth = SPECIAL["hard"]
    rgb = np.zeros((*truth.shape, 3), np.uint8)
    found = measure(Subject(truth, rgb, rgb, truth), METRICS[1:])
    assert set(found.values()) == {(None, Message("the case has no true foreground"))}
    found = measure(Subject(truth, rgb, rgb, None, rgb), METRICS[1:])
    assert set(found.values()) == {(None, Message("the case has no truth"))}


def test_colour_fringe_is_seen_where_alpha_is_right():
    """A red thing before green, with its true alpha: the picture's own colours have a fringe."""
    ramp = np.clip((40 - np.arange(80)) / 12 + 0.5, 0, 1).astype(np.float32)
    truth = np.tile(ramp, (40, 1))
    red = np.full((40, 80, 3), [200, 30, 30], np.uint8)
    picture = composite(red, truth, np.uint8([0, 160, 0]))
    raw = measure(Subject(truth, picture, picture, truth, red), METRICS)
    clean = measure(Subject(truth, red, picture, truth, red), METRICS)
    assert raw["delta_e_white_edge"][0] > 3
    assert clean["delta_e_white_edge"] == (0, None)
    soft = ramp[(ramp >= 0.05) & (ramp <= 0.95)]
    assert raw["halo"][0] == pytest.approx((soft * (1 - soft)).sum() / soft.sum(), abs=0.02)
    assert clean["halo"][0] == pytest.approx(0, abs=0.02)


def test_decontaminated_colours_have_less_fringe():
    needs("pymatting")
    y, x = np.mgrid[:64, :64]
    truth = np.clip((20 - np.hypot(x - 32, y - 32)) / 8 + 0.5, 0, 1).astype(np.float32)
    red = np.full((64, 64, 3), [200, 30, 30], np.uint8)
    picture = composite(red, truth, np.uint8([0, 160, 0]))
    subject = Subject(truth, picture, picture, truth, red)
    raw, clean = measure(subject, METRICS), measure(subject, DECONTAMINATED)
    assert [f"{name}_decontaminated" for name in list(raw)[1:]] == list(clean)
    assert clean["delta_e_white_edge_decontaminated"][0] < raw["delta_e_white_edge"][0] / 3


def slow_halo(rgb, alpha, picture):
    total = weights = 0.0
    for y, x in np.argwhere((alpha >= np.float32(0.05)) & (alpha <= np.float32(0.95))):
        rows = slice(max(0, (y // 16 - 1) * 16), (y // 16 + 2) * 16)
        columns = slice(max(0, (x // 16 - 1) * 16), (x // 16 + 2) * 16)
        around, near = picture[rows, columns].astype(float), alpha[rows, columns]
        front, behind = around[near > np.float32(0.95)], around[near < np.float32(0.05)]
        if not (len(front) and len(behind)):
            continue
        towards = behind.mean(0) - front.mean(0)
        if np.linalg.norm(towards) < 30:
            continue
        pulled = (rgb[y, x] - front.mean(0)) @ towards / (towards @ towards)
        total, weights = total + alpha[y, x] * pulled, weights + alpha[y, x]
    return total / weights if weights else None


@some
@given(seeds)
def test_halo_is_the_visible_share_of_the_way_to_the_background(seed):
    s = _subject(seed)
    expected = slow_halo(s.rgb, s.alpha, s.picture)
    if expected is None:
        with pytest.raises(Undefined):
            halo(s.rgb, s.alpha, s.picture)
    else:
        assert halo(s.rgb, s.alpha, s.picture) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_the_photograph_fills_any_shape():
    assert background("photo", (40, 300)).shape == (40, 300, 3)
    assert background("photo", (300, 40)).std() > 10
