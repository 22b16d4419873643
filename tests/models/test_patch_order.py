"""Which patch order weights were trained with: told, found out, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from systems import needs

needs("torch")

from hypothesis import given
from hypothesis import strategies as st
from tiny_rmbg import member

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.paths import resource
from rmbg_eval.errors import ModelError
from rmbg_eval.models.birefnet import rmbg
from rmbg_eval.models.birefnet.patch_order import (
    CLEAR,
    PATCH_ORDERS,
    PICTURES,
    clearer,
    edge_agreement,
)
from rmbg_eval.models.birefnet.spec import from_spec
from rmbg_eval.models.entry import LoadOptions

FIRST, SECOND = PATCH_ORDERS


def scrambled(alpha: np.ndarray, side: int) -> np.ndarray:
    """Rows and columns changed for one another inside each patch."""
    height, width = (length // side * side for length in alpha.shape)
    patches = alpha[:height, :width].reshape(height // side, side, width // side, side)
    return patches.transpose(0, 3, 2, 1).reshape(height, width)


def test_edges_agree_as_the_formula_says() -> None:
    rgb = np.zeros((6, 8, 3), np.uint8)
    rgb[:, 4:] = 200
    alpha = rgb[..., 0].astype(np.float32) / 255
    assert edge_agreement(rgb, alpha) == pytest.approx(4)  # all of it on a quarter of the pixels
    assert edge_agreement(rgb, np.zeros((6, 8), np.float32)) is None
    assert edge_agreement(np.zeros_like(rgb), alpha) is None


def test_the_truths_are_clearly_better_than_scrambled_ones() -> None:
    """As the constant's docstring says."""
    cases = {case.name: case for case in load_cases(resource("cases")).cases}
    ratios = []
    for name in PICTURES:
        alpha = cases[name].truth()
        rgb, other = cases[name].picture().rgb, scrambled(alpha, 4)
        height, width = other.shape
        ratios.append(edge_agreement(rgb, alpha) / edge_agreement(rgb[:height, :width], other))
    assert (round(min(ratios), 1), round(max(ratios), 1)) == (1.2, 1.6)
    assert round(np.mean(ratios), 1) == 1.4


@given(st.lists(st.floats(0.5, 4), min_size=1, max_size=5), st.floats(1.0, 3))
def test_one_order_is_taken_only_where_it_is_clear(values: list[float], factor: float) -> None:
    better = [factor * value for value in values]
    if factor > CLEAR * 1.001:
        assert clearer({FIRST: better, SECOND: values}) == FIRST
        assert clearer({FIRST: values, SECOND: better}) == SECOND
    elif factor < CLEAR * 0.999:
        with pytest.raises(ModelError, match="does not show"):
            clearer({FIRST: values, SECOND: better})


def test_a_picture_that_says_the_opposite_or_none_that_says_anything_is_a_refusal() -> None:
    for one, other in (([9.0, 1.0], [1.0, 1.1]), ([None], [2.0])):
        with pytest.raises(ModelError, match="patch-order=wg-hg-c"):
            clearer({FIRST: one, SECOND: other})


def load(options: str):
    return from_spec(member(Path()), LoadOptions("m", options, "cpu", "fp32"))


def test_who_does_not_say_it_is_told_what_is_taken(checkpoint: Path) -> None:
    (warning,) = load(f":{checkpoint}").warnings
    assert "taken to be wg hg c" in str(warning)
    told = load(f":{checkpoint}?patch-order=c-hg-wg")
    assert not told.warnings
    assert told.info.pipeline.endswith("patch order c hg wg")
    assert told.identity("x") != load(f":{checkpoint}").identity("x")


def test_random_weights_show_no_order(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="does not show"):
        load(f":{checkpoint}?patch-order=find&size=64")


def test_what_was_found_out_is_kept(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def find(alpha_of, orders) -> str:
        asked.append(orders)
        return SECOND

    monkeypatch.setattr(rmbg, "find_order", find)
    for _ in range(2):
        model = load(f":{checkpoint}?patch-order=find")
        assert model.info.pipeline.endswith("patch order c hg wg")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("?patch-order=rgb", "patch-order is wg-hg-c, c-hg-wg or find"),
        ("?hub=somewhere", "hub is OWNER/NAME"),
        ("?hub=owner/../name&revision=" + 40 * "a", "hub is OWNER/NAME"),
        ("?hub=owner/name", "needs its commit"),
        ("?hub=owner/name&revision=main", "needs its commit"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: str, problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        load(options)


def test_another_repository_of_the_hub_is_named_as_such() -> None:
    info = load(f"?hub=joelseytre/toonout&revision={40 * 'a'}").info
    assert info.title.startswith("joelseytre/toonout, on the network of")
    assert info.weights_from == f"joelseytre/toonout at revision {40 * 'a'}"
