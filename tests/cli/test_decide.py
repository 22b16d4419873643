"""`rmbg-eval decide`: what it writes, says, and ends with."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from commands import Printed, call
from fakes import save_picture
from reviewers import START, approval, review, vote

from rmbg_eval import Run, Settings, build_files, evaluate
from rmbg_eval.cli.decide import _show
from rmbg_eval.decisions.applying import Contradiction
from rmbg_eval.errors import Failure, ModelError
from rmbg_eval.i18n import Message
from rmbg_eval.run.folder import write_run
from rmbg_eval.run.shard import Shard


@pytest.fixture
def run(tmp_path: Path) -> Run:
    for name in ("one", "two"):
        save_picture(tmp_path / "cases" / "pet" / f"{name}.png", 1)
    return evaluate(
        Settings(cases=str(tmp_path / "cases"), models=["grabcut"], out=str(tmp_path / "out")),
        on_save=build_files,
    )


def saved(run: Run, *answers: str, name: str = "of-ada.json", **changes: object) -> Path:
    path = Path(run.settings.out).parent / name
    rows = [
        {
            "kind": "review", "category": p.category, "case": p.case, "model": p.model,
            "cutout_sha256": p.cutout_sha256, "answer": answer, "person": "Ada",
            "time": START.isoformat(), **changes,
        }
        for p, answer in zip(run.predictions, answers, strict=False)
    ]  # fmt: skip
    path.write_text(json.dumps({"schema_version": 1, "decisions": rows}), "utf-8")
    return path


@pytest.mark.parametrize("dry", [False, True])
def test_what_was_taken_is_counted_by_kind_and_the_rest_of_many_lines(
    dry: bool, printed: Printed
) -> None:
    new = (review(), review("c1"), review("c2"), vote(), vote("c1"), approval())
    new += (review("c1", answer="mend"), review("c2", undone=True))  # of those again
    apart = Contradiction("pet/one", ("a",), (("Ada", Message("yes")), ("Bob", Message("no"))))
    refused = SimpleNamespace(message=Message("[/b] is refused"))
    intake = SimpleNamespace(
        new=new, again=4, stale=5, contradictions=(apart,) * 21, refused=(refused,) * 22
    )
    _show(intake, dry)
    out, err = (text.splitlines() for text in printed())
    assert out[0] == (
        f"{'would be taken' if dry else 'taken'}: 3 reviews, 2 votes, 1 approval; "
        "4 were there already, 22 are refused"
    )
    assert out[1].startswith("5 decisions are about cut-outs that the run no longer has")
    assert out[2:] == ["people do not agree:", *[f"· {apart.message}"] * 20, "… and 1 more"]
    assert err == [*["[/b] is refused"] * 20, "… and 2 more"]
    _show(SimpleNamespace(new=(), again=0, stale=0, contradictions=(), refused=()), dry)
    assert len(printed().out.splitlines()) == 1


def test_decisions_come_into_the_run_folder(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = saved(run, "usable", "mend", comment="whiskers")
    status, text = call("decide", out, path, "--zip", tmp_path / "usable.zip")
    assert status == 0, text
    assert "taken: 2 reviews, 0 votes, 0 approvals; 0 were there already, 0 are refused" in text
    assert "1 usable cut-out:" in text
    assert (tmp_path / "usable.zip").exists()
    assert text.splitlines()[-1] == str(out / "summary.md")
    assert "pet" in (out / "mend.csv").read_text()
    assert "| `grabcut` | 1 of 2 (50 %) |" in (out / "summary.md").read_text()
    assert "1 of 2 usable (50 %)" in (out / "junit.xml").read_text()
    status, text = call("decide", out, path)
    assert "taken: 0 reviews, 0 votes, 0 approvals; 2 were there already" in text
    assert len((out / "decisions.csv").read_text().splitlines()) == 3


def test_a_run_done_again_keeps_them(run: Run, tmp_path: Path) -> None:
    call("decide", tmp_path / "out", saved(run, "usable"))
    evaluate(run.settings, on_save=build_files)
    assert "| `grabcut` | 1 of 1" in (tmp_path / "out" / "summary.md").read_text()
    assert (tmp_path / "out" / "decisions.json").exists()


def test_what_is_to_be_mended_is_not_said_of_the_cutouts_of_a_later_run(
    run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call("decide", out, saved(run, "mend", "mend"))
    save_picture(tmp_path / "cases" / "pet" / "one.png", 2)
    evaluate(run.settings, on_save=build_files)
    (row,) = (out / "mend.csv").read_text("utf-8-sig").splitlines()[1:]
    assert ",two," in row
    assert (out / "decisions.csv").read_text("utf-8-sig").splitlines()[1].startswith("two,")
    assert "| 0 of 1" in (out / "summary.md").read_text("utf-8")


def test_a_run_of_other_cases_says_how_many_decisions_it_has_no_cut_out_of(
    run: Run, tmp_path: Path
) -> None:
    out, others = tmp_path / "out", tmp_path / "others"
    save_picture(others / "pet" / "three.png", 2)
    told = "2 decisions are about cut-outs that the run no longer has: kept, and not counted"
    _, text = call("decide", out, saved(run, "mend", "mend"))
    assert told not in text
    _, text = call("run", others, "--model", "grabcut", "--out", out)
    assert told in text
    assert len(json.loads((out / "decisions.json").read_text("utf-8"))["decisions"]) == 2
    (out / "decisions.json").write_text("damaged", "utf-8")
    assert call("run", others, "--model", "grabcut", "--out", out)[0] == 0


def test_what_is_refused_is_said_and_the_rest_is_taken(run: Run, tmp_path: Path) -> None:
    good, bad = saved(run, "usable"), saved(run, "fine", name="bad.json")
    foreign = saved(run, "mend", name="foreign.json", cutout_sha256="0" * 64)
    none, overlong = tmp_path / "none.json", Path("n" * 5000)
    status, text = call("decide", tmp_path / "out", good, bad, foreign, none, overlong)
    assert status == 2
    assert "taken: 1 review, 0 votes" in text
    assert "bad.json, decision 1: review.answer: input should be 'usable', 'mend'" in text
    assert "foreign.json, decision 1: it is about another cut-out" in text
    assert "none.json. Give a decisions.json that a page has saved" in text
    assert "4 are refused" in text
    assert (tmp_path / "out" / "decisions.json").exists()


def test_a_dry_run_writes_nothing(run: Run, tmp_path: Path) -> None:
    """Nor a lock: the folder may be one that can only be read."""
    (tmp_path / "out" / ".lock").unlink(missing_ok=True)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir() if p.is_file()}
    status, text = call("decide", tmp_path / "out", saved(run, "usable"), "--dry-run",
                        "--zip", tmp_path / "u.zip")  # fmt: skip
    assert status == 0
    assert "would be taken: 1 review," in text
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir() if p.is_file()} == before
    assert not (tmp_path / "u.zip").exists()


def test_a_damaged_decisions_json_ends_no_build(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out" / "decisions.json").write_text("{")
    evaluate(run.settings, on_save=build_files)
    assert "decisions.json is no JSON" in (tmp_path / "out" / "summary.md").read_text()
    status, text = call("decide", tmp_path / "out", saved(run, "usable"))
    assert status == 2
    assert "decisions.json is no JSON" in text
    assert (tmp_path / "out" / "decisions.json").read_text() == "{"


def test_no_folder_is_made_of_a_run_that_is_none(tmp_path: Path) -> None:
    status, text = call("decide", tmp_path / "none", tmp_path / "x.json")
    assert status == 2
    assert "Give the folder of a finished run" in text
    assert not (tmp_path / "none").exists()


def test_approve_takes_the_ticked_changes(run: Run, tmp_path: Path) -> None:
    out, base = tmp_path / "out", tmp_path / "base"
    first, second = run.predictions
    ticked = tmp_path / "ticked.json"

    def tick(*changes: tuple[str | None, str | None]) -> None:
        rows = [
            {
                "kind": "approval", "category": p.category, "case": p.case, "model": p.model,
                "base_sha256": was, "new_sha256": new, "time": START.isoformat(),
            }
            for p, (was, new) in zip((first, second), changes, strict=False)
        ]  # fmt: skip
        ticked.write_text(json.dumps({"schema_version": 1, "decisions": rows}))

    def approve(*options: str) -> tuple[int, str]:
        return call("approve", out, "--to", base, "--decisions", ticked, *options)

    tick((first.cutout_sha256, first.cutout_sha256))
    status, text = approve("--yes")
    assert status == 2
    assert "is no baseline yet. Approve the whole run once" in text
    call("approve", out, "--to", base, "--yes")
    before = (base / "run.json").read_bytes()
    tick((first.cutout_sha256, first.cutout_sha256), ("0" * 64, "1" * 64))
    status, text = approve("--dry-run")
    assert status == 2
    assert f"would be approved: {first.name} · grabcut" in text
    assert f"refused: {second.name} · grabcut: the baseline's cut-out is another one" in text
    tick((first.cutout_sha256, first.cutout_sha256), ("0" * 64, second.cutout_sha256))
    assert f"refused: {second.name} · grabcut: it is in the baseline already" in approve("-n")[1]
    assert (base / "run.json").read_bytes() == before
    tick((first.cutout_sha256, first.cutout_sha256))
    assert approve()[0] == 2  # nobody is there to be asked
    status, text = approve("--yes")
    assert status == 0
    assert f"\napproved: {first.name} · grabcut" in f"\n{text}"
    shard = Shard(number=1, of=2, cases=4, listing_sha256="0" * 64)
    write_run(out, run.model_copy(update={"shard": shard}))
    status, text = approve("--dry-run")
    assert (status, "The run is shard 1/2" in text) == (2, True)
    write_run(out, run)
    ticked.write_text("{")
    assert "is no JSON" in approve("--yes")[1]


@pytest.mark.parametrize("option", ["--dry-run", "--yes"])
def test_a_failure_is_not_called_approved(run: Run, tmp_path: Path, option: str) -> None:
    out, base, ticked = (tmp_path / name for name in ("out", "base", "ticked.json"))
    call("approve", out, "--to", base, "--yes")
    first = run.predictions[0]
    failure = Failure.of(ModelError(Message("it broke"), Message("Mend it.")))
    lost = first.model_copy(
        update={"cutout": None, "cutout_sha256": None, "failure": failure, "width": None,
                "height": None}
    )  # fmt: skip
    write_run(out, run.model_copy(update={"predictions": (lost, *run.predictions[1:])}))
    row = {"kind": "approval", "category": first.category, "case": first.case,
           "model": first.model, "base_sha256": first.cutout_sha256, "new_sha256": None,
           "time": START.isoformat()}  # fmt: skip
    ticked.write_text(json.dumps({"schema_version": 1, "decisions": [row]}))
    status, text = call("approve", out, "--to", base, "--decisions", ticked, option)
    assert status == 2
    assert f"The run has failures: {first.name}" in text
    assert "approved:" not in text
