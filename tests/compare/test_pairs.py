"""Pairs of many cases, in a file: the same comparison, read as it is asked for."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from caches import new_cache
from comparisons import FAILED, point, run
from comparisons import one as compared
from fakes import FakeModel, disc, save_picture, save_truth
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import check_message, make_pipe, time_limit

from rmbg_eval import CompareSettings, Settings, build_files, compare_folders
from rmbg_eval.cases.categories import category_order
from rmbg_eval.compare import pairs as module
from rmbg_eval.compare.comparison import Comparison, fails
from rmbg_eval.compare.pair import STATES, Pair
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.key import Key
from rmbg_eval.core.records import stored_in
from rmbg_eval.errors import OutputError
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.folder import save
from rmbg_eval.run.record import Run

LOST = compared(run(points=(point(True),)), run(points=(point(False, 0.9),))).values

_KEYS = st.builds(
    Key,
    st.sampled_from(["pet", "portrait", "z"]),
    st.sampled_from("abc"),
    st.sampled_from("mn"),
)
_PAIRS = st.dictionaries(
    _KEYS,
    st.tuples(st.sampled_from(STATES), st.sampled_from([0.0, 1.0, 2.5]), st.booleans()),
    max_size=12,
)


@settings(max_examples=40)
@given(_PAIRS, st.integers(1, 4))
def test_a_comparison_in_a_file_is_the_same(
    pairs: dict[Key, tuple[str, float, bool]], rows: int
) -> None:
    some = [
        Pair(
            **key._asdict(), state=state, why="because", excess=far,
            values=LOST if lost and state == "worse" else (),
            new=Prediction(**key._asdict(), failure=FAILED) if state == "failed" else None,
        )
        for key, (state, far, lost) in sorted(
            pairs.items(), key=lambda each: (category_order(each[0].category), *each[0][1:])
        )
    ]  # fmt: skip
    expected = sorted(some, key=lambda pair: (STATES.index(pair.state), -pair.excess))
    about = {"base": "base", "new": "new", "notes": ()}
    whole = Comparison(**about, pairs=tuple(expected))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_ROWS", rows)
        stored = Comparison(**about, pairs=module.write(Path(folder), some))
        assert stored_in(stored.pairs) is stored.pairs
        assert [*stored.pairs] == expected
        assert stored.pairs[1:4] == tuple(expected[1:4])
        assert [*stored.groups.items()] == [*whole.groups.items()]
        assert stored.states.total() == len(some) == len(stored.pairs)
        by_model = sorted(some, key=lambda pair: pair.model)
        assert [*stored.by_model()] == [*whole.by_model()] == by_model
        for level in ("worse", "point", "error"):
            failing = tuple(pair for pair in expected if fails(pair, level))
            assert stored.failing(level) == whole.failing(level) == failing
            assert stored.stopped(level).total() == len(failing)
            assert [*stored.passing(level)] == [*whole.passing(level)]
            assert [*whole.passing(level)] == [
                pair for pair in expected if pair.state != "same" and pair not in failing
            ]
    with pytest.raises(IndexError):
        _ = stored.pairs[len(some)]


SIZE = 40, 32
NUMBERS = {int(disc(number, SIZE)[0].sum()): number for number in range(8)}


def test_what_is_no_comparison_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "comparison.json"
    for data, words in ((None, "There is no file"), ("{", "is no JSON"), ("{}", "4 places")):
        if data:
            path.write_text(data)
        with pytest.raises(OutputError, match=words) as caught:
            Comparison.load(tmp_path)
        check_message(caught.value)
    pair = Pair(category="pet", case="a", model="m", state="same", why="because")
    kept = module.write(tmp_path, [pair])
    about = {"base": "b", "new": "n", "notes": [], "pairs": []}
    for rows in (1, 2):
        records = {"pairs": {"rows": rows, "sha256": kept.file.sha256}}
        path.write_text(json.dumps({**about, "records": records}))
        if rows == 1:
            assert [*Comparison.load(tmp_path).pairs] == [pair]
        else:
            with pytest.raises(OutputError, match="not the file of records"):
                Comparison.load(tmp_path)
    path.unlink()
    make_pipe(path)
    with time_limit(5), pytest.raises(OutputError, match="is not a regular file"):
        Comparison.load(tmp_path)


class Other(FakeModel):
    """It fails at the first picture, is wrong at two, and like the other one at all others."""

    def alpha(self, picture: Picture) -> Alpha:
        number = NUMBERS[int(picture.rgb.sum())]
        if not number:
            raise ValueError("not this one")
        return super().alpha(picture) * np.float32(0.5 if number < 3 else 1)


def test_a_comparison_of_many_cases_says_what_one_of_few_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(new_cache(tmp_path / "cache")))
    cases = tmp_path / "cases" / "pet"
    for number in range(8):
        folder = cases / f"cat {number}"
        save_picture(folder / "image.png", number, SIZE)
        if number % 2:
            save_truth(folder / "alpha.png", SIZE)
    run = Settings(cases=str(tmp_path / "cases"), models=["fake"], out=str(tmp_path / "was"))
    evaluate(run, models=[FakeModel()])
    shutil.rmtree(cases / "cat 3")
    (cases / "cat 7").rename(cases / "cat 9")
    evaluate(run.model_copy(update={"out": str(tmp_path / "now")}), models=[Other(weights="1")])
    texts, states = [], []
    for many in (False, True):
        if many:
            monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", 3)
            for name in ("was", "now"):
                save(tmp_path / name, Run.load(tmp_path / name))
        compare = CompareSettings(
            base=str(tmp_path / "was"), new=str(tmp_path / "now"), out=str(tmp_path / "out")
        )
        found = compare_folders(compare, on_save=build_files)
        assert (stored_in(found.pairs) is not None) == many
        states.append([(pair.state, pair.case, pair.excess) for pair in found.pairs])
        assert [p.base.case for p in found.pairs if p.case == "cat 9"] == ["cat 7"]
        back = Comparison.load(tmp_path / "out")
        assert back == found
        assert [*back.pairs] == [*found.pairs]
        assert (stored_in(back.pairs) is not None) == many
        names = ("junit.xml", "summary.md")
        texts.append([(tmp_path / "out" / name).read_text("utf-8") for name in names])
    assert states[0] == states[1]
    assert {state for state, _, _ in states[0]} >= {"failed", "missing", "worse", "changed", "same"}
    assert texts[0] == texts[1]
    kept = json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8"))
    assert kept["pairs"] == []
    (path,) = (tmp_path / "out" / "records").iterdir()
    assert path.name == f"pairs-{kept['records']['pairs']['sha256'][:16]}.parquet"
    assert pq.read_table(path).column("case").to_pylist() == [f"cat {n}" for n in (*range(7), 9)]
    monkeypatch.undo()  # eight are few again
    for name in ("was", "now"):
        save(tmp_path / name, Run.load(tmp_path / name))
    compare_folders(compare)
    assert not [*(tmp_path / "out").glob("records/*.parquet")]
