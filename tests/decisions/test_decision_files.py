"""Files of decisions: hostile ones are refused in words, and nothing that can be read is lost."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest
from pictures import make_pipe
from reviewers import approval, decisions, later, review, run_over, sha, vote
from systems import WINDOWS

from rmbg_eval import Run
from rmbg_eval.decisions import files
from rmbg_eval.decisions.files import Intake, keep_by_person, kept, read, received, save, take
from rmbg_eval.decisions.record import Decisions
from rmbg_eval.errors import DecisionError, OutputError, printable


@pytest.fixture
def run(tmp_path: Path) -> Run:
    plain = run_over(4)
    return plain.model_copy(
        update={"settings": plain.settings.model_copy(update={"out": str(tmp_path)})}
    )


def file(folder: Path, *some: object, name: str = "of-ada.json") -> Path:
    path = folder / name
    path.write_text(
        json.dumps(
            {
                "schema_version": 1,
                "decisions": [
                    each if isinstance(each, dict | list | str | int | None)
                    else each.model_dump(mode="json") for each in some
                ],
            }
        ),
        "utf-8",
    )  # fmt: skip
    return path


def reasons(intake: Intake) -> list[str]:
    return [str(refused.message) for refused in intake.refused]


def test_files_of_several_people_are_merged_and_kept(run: Run, tmp_path: Path) -> None:
    one = file(tmp_path, review(), vote(), name="one.json")
    other = file(tmp_path, review(), review(person="Bo", answer="mend"), name="other.json")
    intake = take(run, [one, other])
    assert (len(intake.new), intake.again, intake.refused) == (3, 1, ())
    (contradiction,) = intake.contradictions
    assert str(contradiction.message) == ("portrait/c0 · a: Ada says usable, Bo says to mend")
    save(tmp_path, intake.decisions)
    assert kept(tmp_path) == intake.decisions
    more = take(run, [one, other, file(tmp_path, approval(), name="third.json")])
    assert (len(more.new), more.again) == (1, 3)  # one of them is in both files
    assert len(more.decisions.decisions) == 4


def test_the_path_that_a_page_tells_is_read_where_no_shell_does(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    file(tmp_path, review("c0"))
    assert len(take(run, [Path("~/of-ada.json")]).new) == 1


def test_an_editor_may_put_a_byte_order_mark_first(run: Run, tmp_path: Path) -> None:
    path = file(tmp_path, review())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(take(run, [path]).new) == 1


def test_a_file_of_more_entries_than_decisions_would_fit_is_not_gone_through(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST", 3)
    for count, said in ((3, "decision 3: "), (4, "holds no decisions")):
        intake = take(run, [file(tmp_path, *([0] * count))])
        assert said in reasons(intake)[-1]
        assert len(intake.refused) == (3 if count == 3 else 1)


@pytest.mark.parametrize("kind", ["appro\u202eval", "\x1b[31m", "a" * 100_000])
def test_a_strangers_kind_reaches_no_terminal_as_it_is(run: Run, tmp_path: Path, kind: str) -> None:
    (reason,) = reasons(take(run, [file(tmp_path, {"kind": kind})]))
    assert "decision 1: it is no review, vote or approval. " in reason
    assert reason.isprintable()
    assert len(reason) < 1000


@pytest.mark.parametrize("entry", [None, 3, [], {}, {"kind": ["review"]}], ids=repr)
def test_what_is_no_decision_is_refused_in_words(run: Run, tmp_path: Path, entry: object) -> None:
    (reason,) = reasons(take(run, [file(tmp_path, entry)]))
    assert "decision 1: it is no review, vote or approval. Correct it" in reason


def test_nothing_is_written_by_taking(run: Run, tmp_path: Path) -> None:
    path = file(tmp_path, review())
    before = {p.name for p in tmp_path.iterdir()}
    take(run, [path])
    assert {p.name for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (review(cutout_sha256="f" * 64), "another cut-out of portrait/c0 by a (SHA-256 ffffffff…"),
        (review(case="zoë"), "the run has no case portrait/zoë"),
        (review(model="<b>"), "the run has no model <b> for portrait/c0"),
        (vote(models=("a", "z")), "the run has no model z"),
        (approval(new_sha256="f" * 64), "another cut-out"),
        (approval(new_sha256=None), "another cut-out"),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_decisions_about_other_content_are_refused(
    run: Run, tmp_path: Path, decision: object, why: str
) -> None:
    intake = take(run, [file(tmp_path, decision, review())])
    assert len(intake.new) == 1
    (reason,) = reasons(intake)
    assert why in reason
    assert reason.startswith(f"{tmp_path / 'of-ada.json'}, decision 1: ")
    assert reason.endswith("Decide on the page of this run.")


def test_what_is_about_a_cut_out_of_before_is_kept_and_not_counted(
    run: Run, tmp_path: Path
) -> None:
    old = (review(cutout_sha256="f" * 64, time=later(n), answer=answer)
           for n, answer in enumerate(("usable", "mend")))  # fmt: skip
    taken_back = review("c2", cutout_sha256="f" * 64, undone=True)
    save(tmp_path, decisions(*old, taken_back, review("c1")))
    intake = take(run, [file(tmp_path, review("c2"))])
    assert intake.stale == 1
    assert len(intake.decisions.decisions) == 5
    assert [d.case for d in intake.counting.decisions] == ["c1", "c2"]


ENTRIES = [
    None, 3, "x", [], {}, {"kind": "review"}, {"kind": "nothing"}, {"kind": ["review"]},
    {**review().model_dump(mode="json"), "answer": "<script>alert(1)</script>"},
    {**review().model_dump(mode="json"), "case": "\ud800"},
    {**review().model_dump(mode="json"), "case": "x" * 301},
    {**review().model_dump(mode="json"), "place": [10**30, 1]},
    {**review().model_dump(mode="json"), "extra\x1b[31m": 1},
    {**vote().model_dump(mode="json"), "left": "a"},
    {**vote().model_dump(mode="json"), "seed": -1},
    {**vote().model_dump(mode="json"), "seed": 1e400},
]  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES, ids=range(len(ENTRIES)))
def test_an_entry_that_is_none_never_takes_the_others_with_it(
    run: Run, tmp_path: Path, entry: object
) -> None:
    path = tmp_path / "of-ada.json"
    rows = [review().model_dump(mode="json"), entry, vote().model_dump(mode="json")]
    text = json.dumps({"schema_version": 1, "decisions": rows})
    path.write_text(text.replace("Infinity", "1e400"), "utf-8")
    intake = take(run, [path])
    assert len(intake.new) == 2
    (reason,) = reasons(intake)
    assert f"{path}, decision 2: " in reason
    assert reason == printable(reason)
    assert len(reason) < 1500


DEEP = 100_000
FILES = {
    "empty": b"",
    "no JSON": b"<html>",
    "cut short": b'{"schema_version": 1, "decisions": [{"kind": "review"',
    "no table": b"[]",
    "no list": b'{"schema_version": 1, "decisions": {}}',
    "no version": b'{"decisions": []}',
    "version of a later time": b'{"schema_version": 99, "decisions": []}',
    "version no number": b'{"schema_version": "1", "decisions": []}',
    "version true": b'{"schema_version": true, "decisions": []}',
    "deep": b"[" * DEEP + b"]" * DEEP,
    "deep in a decision": b'{"schema_version": 1, "decisions": ['
    + b"[" * DEEP + b"]" * DEEP + b"]}",
    "no UTF-8": b'{"schema_version": 1, "decisions": ["\xff"]}',
    "not a number": b'{"schema_version": 1, "decisions": [NaN]}',
    "a number without end": b'{"schema_version": 1, "decisions": [' + b"9" * 100_000 + b"]}",
    "a key twice": b'{"schema_version": 1, "schema_version": 1, "decisions": []}',
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_none_is_refused_and_the_others_are_taken(
    run: Run, tmp_path: Path, name: str
) -> None:
    bad = tmp_path / ("bad.json" if WINDOWS else "bad\x1b.json")
    bad.write_bytes(FILES[name])
    intake = take(run, [bad, file(tmp_path, review())])
    assert len(intake.new) == 1
    (reason,) = reasons(intake)
    assert printable(bad.name) in reason
    assert reason == printable(reason)
    with pytest.raises(DecisionError):
        read(bad)


def test_a_nest_that_can_just_be_read_is_an_entry_that_is_none(run: Run, tmp_path: Path) -> None:
    for depth in (50, 300, 600, 900):
        nested = b"[" * depth + b"]" * depth
        path = tmp_path / "deep.json"
        path.write_bytes(b'{"schema_version": 1, "decisions": [' + nested + b"]}")
        assert len(take(run, [path]).refused) == 1


def test_reading_is_bounded(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 20)
    path = tmp_path / "large.json"
    with path.open("wb") as opened:
        opened.truncate(1 << 40)  # a hole: it takes no room
    (reason,) = reasons(take(run, [path]))
    assert "more than 1 MiB" in reason


def test_pipes_folders_and_nothing_are_refused(run: Run, tmp_path: Path) -> None:
    make_pipe(tmp_path / "pipe")
    paths = [tmp_path / "pipe", tmp_path, tmp_path / "none.json", tmp_path / "a\0b"]
    assert len(take(run, paths).refused) == 4


def test_what_the_run_folder_holds_is_never_lost(run: Run, tmp_path: Path) -> None:
    (tmp_path / "decisions.json").write_text('{"schema_version": 1, "decisions": [{}]}')
    with pytest.raises(DecisionError, match=r"decisions\.json, decision 1: .*nothing was changed"):
        take(run, [file(tmp_path, review())])


def test_many_decisions_are_read_in_time(run: Run, tmp_path: Path) -> None:
    some = tuple(review(time=later(number), undone=bool(number % 2)) for number in range(3000))
    save(tmp_path, Decisions(decisions=some))
    assert len(take(run, [file(tmp_path, review())]).decisions.decisions) == 3000
    assert sha("a", "c0") == run.predictions[0].cutout_sha256


def test_a_decision_of_the_future_is_not_taken_and_what_is_there_is_kept(
    run: Run, tmp_path: Path
) -> None:
    late, soon = (review(time=datetime.now(UTC) + timedelta(days=days)) for days in (3, 1))
    path = file(tmp_path, soon, late)
    intake = take(run, [path])
    assert intake.new == (soon,)
    (reason,) = reasons(intake)
    assert "decision 2: its time, " in reason
    assert "more than 2 days from now. Set the clock" in reason
    with pytest.raises(DecisionError, match="Set the clock"):
        received(run, path.read_bytes())
    save(tmp_path, decisions(late))
    assert kept(tmp_path) == decisions(late)
    assert take(run, [path]).again == 1


def test_each_person_has_a_file_a_run_and_what_it_holds_stays(tmp_path: Path) -> None:
    of, names = "0123456789abcdef", ("Ada", "../ada", "艾达", "anonymous", "anonymous")
    one, other = (
        [
            review(case, person=name, session=f"s{n}" if name == "anonymous" else "")
            for n, name in enumerate(names)
        ]
        for case in ("c0", "c1")
    )
    first = keep_by_person(tmp_path, of, decisions(*one))
    assert sorted(first) == sorted(tmp_path.glob("*.json"))
    assert len({path.name for path in first}) == len(names)
    assert all(re.fullmatch(r"decisions-0123456789ab-[a-z]+-[0-9a-f]{12}\.json", p.name)
               for p in first)  # fmt: skip
    before = [path.stat().st_mtime_ns for path in first]
    assert keep_by_person(tmp_path, of, decisions(*one)) == first
    assert [path.stat().st_mtime_ns for path in first] == before
    assert {*keep_by_person(tmp_path, of, decisions(*other))} == {*first}
    held = [each for path in first for each in read(path).decisions]
    assert {each.model_dump_json() for each in held} == {
        each.model_dump_json() for each in (*one, *other)
    }
    assert not {*keep_by_person(tmp_path, "f" * 16, decisions(*one))} & {*first}


def test_two_servers_that_keep_what_one_person_decides_lose_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(path: Path) -> Decisions:
        found = read(path)
        sleep(0.05)
        return found

    keep_by_person(tmp_path, "a" * 64, decisions(review()))
    monkeypatch.setattr(files, "read", slow)
    with ThreadPoolExecutor() as servers:
        each = [
            servers.submit(keep_by_person, tmp_path, "a" * 64, decisions(review(f"c{number}")))
            for number in (1, 2)
        ]
    (path,) = {path for task in each for path in task.result()}
    assert {each.case for each in read(path).decisions} == {"c0", "c1", "c2"}


def test_people_of_a_run_are_bounded_and_who_has_decided_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_PEOPLE", 2)
    keep_by_person(tmp_path, "a" * 64, decisions(review(), review(person="Bo")))
    with pytest.raises(OutputError, match="2 people have decided on this run already"):
        keep_by_person(tmp_path, "a" * 64, decisions(review(person="Cy")))
    keep_by_person(tmp_path, "a" * 64, decisions(review("c1")))
    keep_by_person(tmp_path, "b" * 64, decisions(review(person="Cy")))


def test_a_persons_file_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    (path,) = keep_by_person(tmp_path, "a" * 64, decisions(review()))
    path.write_text("{")
    with pytest.raises(OutputError, match=r"no JSON[^$]*move the file away"):
        keep_by_person(tmp_path, "a" * 64, decisions(review("c1")))
    assert path.read_text() == "{"
    path.unlink()
    if WINDOWS:  # where not everybody may make links
        return
    path.symlink_to(tmp_path / "gone")
    with pytest.raises(OutputError, match="There is no file"):
        keep_by_person(tmp_path, "a" * 64, decisions(review("c1")))
    assert path.is_symlink()
