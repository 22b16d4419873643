"""Any bytes as a picture, case.toml, tolerances, decisions: an error in words, or what is right."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import fuzzing
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

KEPT = sorted(fuzzing.KEPT.glob("*")) if fuzzing.KEPT.exists() else []
_SHORT = limits(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def _quiet() -> object:
    with warnings.catch_warnings():  # Pillow warns of odd metadata
        warnings.simplefilter("ignore")
        yield


def mutated(source: bytes, seed: int) -> bytes:
    return fuzzing.damaged(source, np.random.default_rng(seed))


@pytest.mark.parametrize("number", range(len(fuzzing.pictures())))
@_SHORT
@given(seed=st.integers(0, 2**32))
def test_damaged_pictures(number: int, seed: int) -> None:
    fuzzing.try_picture(mutated(fuzzing.pictures()[number], seed))


@_SHORT
@given(st.binary(max_size=200))
def test_bytes_that_are_nothing(data: bytes) -> None:
    fuzzing.try_picture(data)


@_SHORT
@given(seed=st.integers(0, 2**32))
def test_damaged_case_toml(tmp_path: Path, seed: int) -> None:
    fuzzing.try_case_toml(mutated(fuzzing.CASE_TOML.encode(), seed), tmp_path)


@_SHORT
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode())))
def test_case_toml_that_is_nothing(tmp_path: Path, data: bytes) -> None:
    fuzzing.try_case_toml(data, tmp_path)


@_SHORT
@given(seed=st.integers(0, 2**32))
def test_damaged_tolerances(tmp_path: Path, seed: int) -> None:
    fuzzing.try_tolerances(mutated(fuzzing.TOLERANCES, seed), tmp_path)


@_SHORT
@given(seed=st.integers(0, 2**32))
def test_damaged_decisions(tmp_path: Path, seed: int) -> None:
    fuzzing.try_decisions(mutated(fuzzing.DECISIONS, seed), tmp_path)


@_SHORT
@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["schema_version", "decisions", "kind", "case"]), inner
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode())
)
def test_json_that_is_no_decisions(tmp_path: Path, data: bytes) -> None:
    fuzzing.try_decisions(data, tmp_path)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_what_once_broke_the_rule(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    if path.name.startswith("picture"):
        fuzzing.try_picture(data)
    elif path.name.startswith("case.toml"):
        fuzzing.try_case_toml(data, tmp_path)
    elif path.name.startswith("decisions"):
        fuzzing.try_decisions(data, tmp_path)
    else:
        fuzzing.try_tolerances(data, tmp_path)
