"""A picture that kills the process is one failed case, whichever it is; all others are done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakes import some_cases
from hypothesis import given
from hypothesis import strategies as st
from systems import KILLED
from test_share import make_telling

from rmbg_eval.cases.case import Case
from rmbg_eval.core.cache import Store
from rmbg_eval.core.processes import Call, ProcessError
from rmbg_eval.errors import SettingsError
from rmbg_eval.predictions import isolation
from rmbg_eval.predictions.isolation import kills, predict_isolated
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.run import drawing, spots
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.settings import Settings


class Processes:
    """Stands for `in_processes`: dies at a killer, with the last few before it not yet sent."""

    def __init__(
        self, killers: set[int], unsent: int, chance: set[int], hung: bool = False
    ) -> None:
        self.killers, self.unsent, self.chance, self.hung = killers, unsent, chance, hung
        self.starts = 0

    def __call__(self, calls: Sequence[Call], time_limit: float) -> Iterator[tuple[int, Any]]:
        _, _, share, _, _ = calls[0].arguments
        self.starts += 1
        ends = [place for place, (number, _) in enumerate(share) if number in self.killers]
        if self.starts in self.chance:  # and for no reason of a picture's
            ends = [0]
        end = max(0, ends[0] - self.unsent) if ends else len(share)
        for number, case in share[:end]:
            yield 0, (number, Prediction(category=case.category, case=case.id, model="m"))
        if ends:
            raise ProcessError("cpu", None if self.hung else -11, self.hung)


@given(
    st.integers(0, 60).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, max(0, n - 1)), max_size=4))
    ),
    st.integers(0, 15),
    st.sets(st.integers(1, 1), max_size=1),
    st.booleans(),
)
def test_the_killers_fail_and_no_other(
    of: tuple[int, set[int]], unsent: int, chance: set[int], hung: bool
) -> None:
    count, killers = of
    killers &= set(range(count))
    cases = [Case("c", f"{number}", Path("none")) for number in range(count)]
    if hung:  # what is done before it is sent
        unsent = 0
    processes = Processes(killers, unsent, chance, hung)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isolation, "in_processes", processes)
        store = Store(Path("none"))
        made = list(predict_isolated(make_telling, "cpu", "m", [], cases, Path("none"), store))
    assert [case for case, _ in made] == cases
    assert [p.case for _, p in made] == [case.id for case in cases]
    assert {int(p.case) for _, p in made if p.failure} == killers
    assert all(kills(p) == bool(p.failure) for _, p in made)
    assert all(("not done after" in str(p.failure)) == hung for _, p in made if p.failure)
    assert processes.starts <= 3 + (4 if hung else 14) * len(killers)


def test_a_process_that_is_really_killed(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 2)
    make = partial(make_telling, kills="c/01")
    store, out = Store.default(), tmp_path / "out"
    made = list(predict_isolated(make, "cpu", "fake", [], cases, out, store))
    (_, fine), (_, killed) = made
    assert fine.cutout
    assert (out / fine.cutout).is_file()
    assert killed.failure
    assert f"exit status {KILLED}" in str(killed.failure.problem)


def test_what_kills_is_not_opened_for_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "in_processes", Processes({0}, 0, set()))
    some_cases(tmp_path / "cases", 1)
    settings = Settings(
        cases=str(tmp_path / "cases"), models=["grabcut"], out=str(tmp_path / "out")
    )

    def opened(*_: object) -> None:
        raise AssertionError("opened")

    for module in (drawing, spots):
        monkeypatch.setattr(module, "or_none", opened)
    run = evaluate(settings, isolate=True)
    assert run.complete
    assert [kills(p) for p in run.predictions] == [True]
    with pytest.raises(SettingsError, match="one device"):
        evaluate(settings.model_copy(update={"device": "cuda:0,cuda:1"}), isolate=True)
