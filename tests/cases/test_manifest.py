"""Tables of cases: the same cases as the folder's, and what is wrong with somebody's own."""

from __future__ import annotations

import json
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any
from unicodedata import normalize

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import call
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import check_message, put, refused, time_limit
from systems import WINDOWS

from rmbg_eval.cases.case import Case, CaseSet
from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.cases.manifest import read_group, write_groups, write_manifest
from rmbg_eval.cases.names import as_counted, name_in
from rmbg_eval.cases.table import COLUMNS, About, _names_in
from rmbg_eval.errors import CaseError, SettingsError
from rmbg_eval.explore.by_hand import ByHand
from rmbg_eval.run.shard import Listing, Part, listing_sha256

TOML = """
title = { en = "Rex, a dog", zh = "雷克斯" }
licence = "CC0"
group = "monday"

[[points]]
id = "nose"
kind = "opaque"
box = [1, 2, 8, 9]
"""


STRANGE = () if WINDOWS else ("Pet/x.png", "zoo/two\nlines.png", "zoo/caf\udce9.png")
"""Which Windows does not have, or not beside the others."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case set with one of everything that a row has to carry."""
    cases = tmp_path_factory.mktemp("set") / "cases"
    for name in ("b.png", "a.jpg", "pet/x.png", "pet/x.jpg", "pet/monday/y.png", *STRANGE):
        put(cases / name)
    for name in ("a.alpha.png", "pet/gt/x.png", "pet/rex/image.png", "pet/rex/foreground.png"):
        put(cases / name)
    put(cases / "pet" / "rex" / "case.toml", TOML)
    put(cases / "pet" / "cat" / "case.toml", 'source = "skimage:chelsea"')
    put(cases / "pet" / "bad" / "case.toml", 'licens = "none"')
    put(cases / "zoo" / "lion.png")
    put(cases / "aim" / "original" / "1.jpg")
    put(cases / "aim" / "mask" / "1.png")
    put(cases / "aim" / "trimap" / "1.png")
    put(cases / "zoo" / "notes.txt", "words")
    return cases


def same(one: CaseSet, other: CaseSet) -> bool:
    """Whether the cases are, but for the folder that a point may be written to."""

    def told(case: Case) -> list[Any]:
        paths = (case.image, case.alpha, case.foreground, case.trimap)
        files = [path and path.resolve() for path in paths]
        return [case.category, case.id, case.about, case.failure, case.alone, files]

    return [*map(told, one.cases)] == [*map(told, other.cases)]


@pytest.mark.parametrize("where", ["beside", "inside", "elsewhere"])
def test_a_manifest_is_the_folder_that_it_lists(
    where: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    file = {
        "beside": Path("m.parquet"),
        "inside": Path("cases", "_m.parquet"),
        "elsewhere": tmp_path / "m.parquet",
    }[where]
    whole = load_cases(Path("cases"))
    write_manifest(file, whole)
    listed = load_cases(file)
    file.unlink()
    assert same(listed, whole)
    assert (listed.skipped, listed.layouts) == (whole.skipped, whole.layouts)
    assert len({case.name for case in whole.cases}) == len(whole.cases) == 10 + len(STRANGE)
    assert [bool(case.failure) for case in whole.cases].count(True) == 2
    assert any(not case.alone for case in whole.cases) == bool(STRANGE)
    checked = [case for case in listed.cases if case.failure is None and case.alpha is None]
    assert [check_case(case)[0] for case in checked]


def test_rows_are_relative_sorted_and_say_what_a_picture_is(folder: Path) -> None:
    file = folder.parent / "rows.parquet"
    write_manifest(file, load_cases(folder))
    rows = {f"{row['category']}/{row['id']}": row for row in pq.read_table(file).to_pylist()}
    assert [*rows][:2] == ["pet/bad", "pet/cat"]
    rex = rows["pet/rex"]
    assert rex["image"] == "cases/pet/rex/image.png"
    assert rex["foreground"] == "cases/pet/rex/foreground.png"
    assert rex["group"] == "monday"
    assert json.loads(rex["about"])["points"][0]["id"] == "nose"
    there = (folder / "pet" / "rex" / "image.png").stat()
    assert rex["bytes"] == there.st_size
    assert abs(rex["mtime"].timestamp() - there.st_mtime) < 0.001
    assert rows["pictures/b"]["about"] is None
    assert rows["aim/1"]["trimap"] == "cases/aim/trimap/1.png"
    assert rows["pet/cat"]["image"] is None  # of a package, on whatever machine
    if STRANGE:
        assert rows["zoo/caf\\udce9"]["image"].startswith("file:///")


def test_cases_are_in_the_order_that_people_count_in(tmp_path: Path) -> None:
    """Of a folder, of a table written here, and of one's own."""
    names = ["day2/a2b3", "day2/a2b12", "day10/p1", "day10/p02", "day10/p2", "day10/p10", "zoo/p"]
    files = [f"{name}.png" for name in reversed(names)]
    for file in files:
        put(tmp_path / file)
    (tmp_path / "own.csv").write_text("\n".join(["image", *files]))
    ours = tmp_path / "ours.parquet"
    write_manifest(ours, load_cases(tmp_path))
    for source in (tmp_path, ours, tmp_path / "own.csv"):
        assert [case.name for case in load_cases(source).cases] == names


def test_a_number_of_a_million_digits_has_a_place_in_the_order() -> None:
    """Of somebody else's run.json, say."""
    long = "9" * 1_200_000
    assert name_in(as_counted(long)) == long


def test_shards_by_manifest_are_those_by_folder(folder: Path) -> None:
    file = folder.parent / "shards.parquet"
    whole = load_cases(folder)
    write_manifest(file, whole)
    for categories in ((), ("pet", "zoo")):
        some = load_cases(folder, categories)
        seen = []
        for number in (1, 2, 3):
            by = []
            for source in (folder, file):
                listing = Listing(Part(number, 3))
                by.append(load_cases(source, categories, keep=listing.has))
                shard = listing.shard
                names = ((case.category, case.id) for case in some.cases)
                assert shard.listing_sha256 == listing_sha256(names)
                assert (shard.cases, shard.part) == (len(some.cases), Part(number, 3))
            assert same(*by)
            seen += by[1].cases
        assert sorted(c.name for c in seen) == sorted(c.name for c in some.cases)
    with pytest.raises(CaseError, match="no cases of the category"):
        load_cases(file, ["pets"])
    (folder.parent / "own.csv").write_text("image\ncases/b.png\n")
    with pytest.raises(CaseError, match="not laid out"):
        load_cases(folder.parent / "own.csv", layout_of="dis5k")


def test_a_group_is_read_alone(folder: Path) -> None:
    cases = load_cases(folder).cases
    file = folder.parent / "groups.parquet"
    write_groups(file, [cases[5:], cases[:5]], About(version=1, ordered=False))
    assert [c.name for c in read_group(file, 1).cases] == [c.name for c in cases[:5]]
    assert read_group(file, None).cases == ()
    with pytest.raises(CaseError, match="was changed"):
        read_group(file, 2)
    assert [case.name for case in load_cases(file).cases] == [case.name for case in cases]


def table(folder: Path, kind: str, rows: list[dict[str, Any]]) -> Path:
    """Somebody's own table, with the columns of its first row."""
    file = folder / f"own.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    else:
        lines = [",".join(rows[0]), *(",".join(f'"{v or ""}"' for v in r.values()) for r in rows)]
        file.write_text("\n".join(lines), "utf-8")
    return file


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_of_ones_own(kind: str, tmp_path: Path) -> None:
    for name in ("shop/shoes/1.png", "shop/2.png", "3.png", "matte.png"):
        put(tmp_path / name)
    absolute = str(tmp_path / "3.png")
    rows = [
        {"image": image, "id": id, "alpha": alpha, "group": group, "licence": "CC0", "price": "9"}
        for image, id, alpha, group in (
            ("shop/shoes/1.png", None, None, "shoes"),
            (absolute, "発丝", "matte.png", None),
            ("shop/2.png", None, None, None),
            ("3.png", None, None, None),
            ((tmp_path / "3.png").as_uri(), "uri", None, None),
        )
    ]
    listed = load_cases(table(tmp_path, kind, rows))
    names = ["pictures/3", "pictures/uri", "pictures/発丝", "shop/2", "shop/shoes-1"]
    assert [case.name for case in listed.cases] == names
    assert [case.failure for case in listed.cases] == [None] * 5
    assert [case.about.group for case in listed.cases] == [None] * 4 + ["shoes"]
    assert {case.about.licence for case in listed.cases} == {"CC0"}
    assert listed.cases[2].alpha == tmp_path / "matte.png"
    assert "'price'" in str(listed.skipped[0])
    # Written again, it is one of ours, with the same cases.
    write_manifest(tmp_path / "ours.parquet", listed)
    assert same(load_cases(tmp_path / "ours.parquet"), listed)
    one = load_cases(tmp_path / f"own.{kind}", keep=lambda category, id: id == "2")
    assert [case.name for case in one.cases] == ["shop/2"]


BAD = {
    "missing": ({"image": "none.png"}, "no such file"),
    "nul": ({"image": "a\0.png"}, "NUL"),
    "empty": ({"image": None}, "no image"),
    "long": ({"image": "a" * 5000}, "5000 characters"),
    "longest-name-of-a-file": ({"image": "a" * 4000}, "no such file"),
    "url": ({"image": "s3://bucket/a.png"}, "no file on this machine"),
    "slash": ({"id": "a/b"}, "no /"),
    "long-id": ({"id": "a" * 300}, "at most 255"),
    "truth": ({"alpha": "none.png"}, "alpha"),
    "folder": ({"image": "."}, "no such file"),
    "sha256": ({"sha256": "abc"}, "sha256"),
    "about": ({"about": '{"licens": "x"}'}, "licens"),
    "about-no-json": ({"about": "{"}, "no JSON object"),
    "about-deep": ({"about": "[" * 100_000}, "no JSON object"),
    "failure": ({"failure": "gone"}, "row 2"),
}


@pytest.mark.parametrize(("bad", "words"), BAD.values(), ids=BAD)
def test_one_bad_row_is_a_failed_case_with_file_row_and_remedy(
    bad: dict[str, Any], words: str, tmp_path: Path
) -> None:
    put(tmp_path / "a.png")
    put(tmp_path / "b.png")
    columns = ("image", "id", "alpha", "sha256", "about", "failure")
    good = {"image": "a.png", "id": "good", **dict.fromkeys(columns[2:])}
    file = tmp_path / "own.parquet"
    rows = [good, {**good, "image": "b.png", "id": "bad", **bad}]
    schema = pa.schema([(name, pa.string()) for name in columns])
    pq.write_table(pa.Table.from_pylist(rows, schema), file)
    first, second = sorted(load_cases(file).cases, key=lambda case: case.failure is not None)
    assert (first.name, first.failure) == ("pictures/good", None)
    assert second.failure
    assert words in str(second.failure)
    assert "own.parquet, row 2" in str(second.failure)
    with refused(CaseError):
        check_case(second)


def test_rows_of_a_csv_that_cannot_be_read_fail_alone(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        put(tmp_path / name)
    file = tmp_path / "own.csv"
    lines = [b"\xef\xbb\xbfimage;id", b"a.png;1", b"b.png", b"caf\xe9.png;3", b"", b"c.png;1",
             b'"' + b"x" * 200_000 + b'";5', b'"b.png"x;6', b"c.png;7"]  # fmt: skip
    file.write_bytes(b"\r\n".join(lines))
    cases = load_cases(file).cases
    told = {case.id: str(case.failure or "") for case in cases}
    assert [id for id, text in told.items() if not text] == ["1", "7"]
    assert "own.csv, row 3: it has 1 cells, the header 2" in told["row-3"]
    assert "row 4: image is 'caf\\\\udce9.png', which is not UTF-8" in told["row-4"]
    assert "second case with the id pictures/1" in told["1~"]
    assert "row 7" in told["row-7"]
    assert "row 8" in told["row-8"]


def test_a_table_whose_ids_are_all_alike_is_read_in_no_time(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    table = tmp_path / "m.csv"
    table.write_text("image,category,id\n" + "a.png,pet,rex\n" * 5000)
    with time_limit(10):
        cases = load_cases(table).cases
    assert len({case.id for case in cases}) == 5000
    assert max(len(case.id) for case in cases) < 10
    assert sum(case.failure is None for case in cases) == 1


@pytest.mark.parametrize(
    "lines",
    [
        ['"image";"id"', '"a;b.png";"1"'],
        ['"id","image"', '"1","a;b.png"'],
        ["", ";;", "image;price, net;id", '"a;b.png";9;1', ";;", ";;"],
        ['"image"\t"id"', '"a;b.png"\t"1"'],
    ],
    ids=["semicolons", "commas", "empty-rows", "tabs"],
)
def test_a_csv_as_spreadsheets_write_it(lines: list[str], tmp_path: Path) -> None:
    put(tmp_path / "a;b.png")
    (tmp_path / "own.csv").write_text("\r\n".join([*lines, ""]), "utf-8-sig")
    (case,) = load_cases(tmp_path / "own.csv").cases
    assert (case.id, case.failure, case.image) == ("1", None, tmp_path / "a;b.png")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_path_in_a_table_may_be_written_as_macos_does(form: str, tmp_path: Path) -> None:
    put(tmp_path / normalize({"NFC": "NFD", "NFD": "NFC"}[form], "ü.png"))
    (tmp_path / "own.csv").write_text(f"image\n{normalize(form, 'ü.png')}\n", "utf-8")
    (case,) = load_cases(tmp_path / "own.csv").cases
    assert case.failure is None
    assert case.picture().size == (64, 48)


def test_a_drive_or_a_share_of_windows_is_no_category(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rmbg_eval.cases.table.PurePath", PureWindowsPath)
    for absolute in (r"C:\shop\rex.jpg", "C:/shop/rex.jpg", r"\\nas\shop\pet\rex.jpg"):
        assert _names_in(absolute) == ("pictures", "rex")
    assert _names_in(r"pet\monday\rex.jpg") == ("pet", "monday-rex")


def test_a_row_whose_path_is_no_name_is_called_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("image\n.\n/\n")
    assert [case.id for case in load_cases(tmp_path / "own.csv").cases] == ["row-2", "row-3"]


WRONG = {
    "no-image": (b"file,id\na.png,1\n", "no column image", "'file', 'id'"),
    "misspelt": (b"image,alhpa\na.png,b.png\n", "'alhpa'", "alpha is meant"),
    "capitals": (b"Image\na.png\n", "no column image", "'Image'"),
    "twice": (b"image,image\na.png,a.png\n", "two columns image", "Leave one out"),
    "header-only": (b"image,id\n", "lists no pictures", "a row"),
    "empty": (b"", "lists no pictures", "a row"),
    "open-quote": (b'image,"id\na.png,1\n', "own.csv, row 2: ", "need quotes"),
    "utf-16": ("image\na.png\n".encode("utf-16"), "UTF-16", "UTF-8"),
    "one-line": (bytes(1 << 24), "own.csv has a line of more than 16,777,216", "a row"),
    "binary": (bytes(range(256)) * 9, "no column image", "image"),
}


@pytest.mark.parametrize(("data", "problem", "remedy"), WRONG.values(), ids=WRONG)
def test_a_table_that_is_none_is_refused(
    data: bytes, problem: str, remedy: str, tmp_path: Path
) -> None:
    (tmp_path / "own.csv").write_bytes(data)
    with refused(CaseError, problem, remedy):
        load_cases(tmp_path / "own.csv")


def test_a_parquet_file_that_is_none_damaged_or_of_other_types_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "m.parquet"
    ours = load_cases(folder)
    write_manifest(file, ours)
    data = file.read_bytes()
    whole = pq.read_table(file)

    def told(*words: str) -> None:
        with refused(CaseError, *words):
            load_cases(file)

    for other in (b"", b"words", data[:-100], data[:4] + bytes(2000) + data[2004:]):
        file.write_bytes(other)
        told("m.parquet", "could not be read")
    pq.write_table(pa.table({"image": [1.5]}), file)
    told("column image", "double")
    pq.write_table(pa.table({"image": [["a.png"]]}), file)
    told("column image", "list")
    # One of ours that is not as it was written: in another order, a row twice, a name gone.
    for changed in (
        whole.take([1, 0]),
        whole.take([0, 0]),
        whole.set_column(1, "id", pa.array([None] * whole.num_rows, pa.string())),
        whole.drop_columns(["alone"]),
        whole.replace_schema_metadata({"rmbg-eval": '{"version": 1, "more": 2}'}),
    ):
        pq.write_table(changed, file)
        told("was changed")
    pq.write_table(whole.slice(0, 0), file)
    told("lists no pictures")
    # What is wrong with one row is its case's failure, and says which row.
    about = pa.array([None, "gone", *[None] * (len(whole) - 2)], pa.string())
    pq.write_table(whole.set_column(whole.column_names.index("about"), "about", about), file)
    assert "m.parquet, row 2: " in str(load_cases(file).cases[1].failure)
    # Without what it says of itself, it is anybody's, and still has all.
    pq.write_table(whole.replace_schema_metadata(None).take([*range(len(whole))[::-1]]), file)
    assert {case.name for case in load_cases(file).cases} == {case.name for case in ours.cases}


def test_numbers_are_names_too_and_texts_are_texts_however_stored(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    texts = pa.array(["a.png"], pa.large_string())
    told = {"image": texts, "id": ["x"], "category": pa.array(["pet"]).dictionary_encode()}
    others = {"author_id": [1], "category_id": [2], "__index_level_0__": [0], "price": [None]}
    pq.write_table(pa.table(told | others), tmp_path / "n.parquet")
    listed = load_cases(tmp_path / "n.parquet")
    assert [(case.name, case.failure) for case in listed.cases] == [("pet/x", None)]
    assert all(name in str(listed.skipped[0]) for name in others)
    pq.write_table(
        pa.table({"image": ["a.png"], "id": [12], "category": [3]}), tmp_path / "n.parquet"
    )
    (case,) = load_cases(tmp_path / "n.parquet").cases
    assert (case.name, case.failure) == ("3/12", None)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=12), max_size=8), st.binary(max_size=60))
def test_no_table_is_worse_than_a_message(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    rows = "\n".join(cells).encode("utf-8", "surrogatepass")
    file.write_bytes(b"image,id,about\n" + rows + b"\n" + data)
    try:
        listed = load_cases(file)
    except CaseError as error:
        check_message(error)
        return
    assert len({case.name for case in listed.cases}) == len(listed.cases)
    assert all(case.name.isprintable() for case in listed.cases)


def test_the_command_writes_it_and_check_takes_it(tmp_path: Path) -> None:
    put(tmp_path / "cases" / "pet" / "a.png")
    file = tmp_path / "m.parquet"
    status, text = call("cases", "list", str(tmp_path / "cases"), "--out", str(file))
    assert status == 0
    assert "1 case in" in text
    status, text = call("cases", "check", str(file))
    assert status == 0
    assert "pet/a" in text
    status, text = call("cases", "list", str(file), "--out", str(tmp_path / "m.txt"))
    assert status == 2
    assert ".parquet" in text
    status, text = call("cases", "check", str(tmp_path / "none.parquet"))
    assert status == 2
    assert "There is no file" in text


def test_points_are_not_written_to_a_table(tmp_path: Path) -> None:
    run: Any = SimpleNamespace(cases=())
    with refused(CaseError, "own.csv is a table", "the folder itself"):
        ByHand(run, tmp_path / "own.csv")


def test_without_pyarrow_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.png")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with refused(SettingsError, "m.parquet", "rmbg-eval[scale]"):
        write_manifest(tmp_path / "m.parquet", load_cases(tmp_path))
    (tmp_path / "own.csv").write_text("image\na.png\n")
    assert load_cases(tmp_path / "own.csv").cases  # a CSV needs none


def test_every_column_has_its_place_in_the_guide() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "guide", "cases.md").read_text("utf-8")
    assert not [name for name in COLUMNS if f"`{name}`" not in text]
