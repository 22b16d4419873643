"""Anchors: ids that two names never share, whatever is in them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rmbg_eval.core.anchors import case_anchor, category_anchor, pair_anchor

_name = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1)


@given(_name, _name, _name, _name)
def test_two_cases_never_share_one(a: str, b: str, c: str, d: str) -> None:
    assert (case_anchor(a, b) == case_anchor(c, d)) == ((a, b) == (c, d))


@given(_name, _name, _name)
def test_they_need_no_quoting_in_an_address(category: str, case: str, model: str) -> None:
    for anchor in (
        case_anchor(category, case),
        category_anchor(category),
        pair_anchor(category, case, model),
    ):
        assert re.fullmatch(r"(case|category|pair)-[\w.-]+", anchor)
