"""A finished report that is served: what visitors decide is saved, and nothing else may be done."""

from __future__ import annotations

import asyncio
import errno
import http.client
import json
import shutil
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import free_port
from fakes import save_picture
from pages import HOSTILE, Pages, look, opened
from playwright.sync_api import Page, expect

from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.core.files import cannot_write
from rmbg_eval.decisions.files import read
from rmbg_eval.errors import CaseError, SettingsError
from rmbg_eval.explore import report_server
from rmbg_eval.explore.access import MOST_BODY
from rmbg_eval.explore.report_server import Desk, _serve, application
from rmbg_eval.run.folder import write_run

TOKEN = "a-token-of-tests"


@contextmanager
def serving(desk: Desk, token: str | None = TOKEN) -> Iterator[int]:
    port, there = free_port(), threading.Event()
    loop = asyncio.new_event_loop()
    task = loop.create_task(_serve(application(desk, token), "127.0.0.1", port, there.set))

    def run() -> None:
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert there.wait(10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)


@pytest.fixture(scope="module")
def cases(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run's, to be written to."""
    folder = tmp_path_factory.mktemp("served") / "cases"
    return Path(shutil.copytree(pages["folder"].parent.parent / "cases", folder))


@pytest.fixture(scope="module")
def desk(pages: Pages, cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    decisions = tmp_path_factory.mktemp("decided") / "here"
    return Desk(pages["folder"].parent, str(decisions), str(cases))


@pytest.fixture(scope="module")
def port(desk: Desk) -> Iterator[int]:
    with serving(desk) as port:
        yield port


def cookie(port: int) -> str:
    return f"rmbg-eval-token-127-0-0-1-{port}"


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """With the token and of the page's own origin, unless it is said otherwise."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    own = {
        "Host": f"127.0.0.1:{port}",
        "Cookie": f"{cookie(port)}={TOKEN}",
        "Origin": f"http://127.0.0.1:{port}",
        "Content-Type": "application/json",
    } | {name.replace("_", "-"): text for name, text in headers.items()}
    own = {name: text for name, text in own.items() if text}
    line.request(method, path, body, own)
    answer = line.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        line.close()


def decision(desk: Desk, **changes: Any) -> dict[str, Any]:
    made = next(p for p in desk.run.predictions if p.cutout)
    return {
        "kind": "review", "category": made.category, "case": made.case, "person": "Ada",
        "time": "2026-11-02T09:30:00Z", "model": made.model,
        "cutout_sha256": made.cutout_sha256, "answer": "usable", **changes,
    }  # fmt: skip


def sent(*decisions: Any) -> str:
    return json.dumps({"schema_version": 1, "decisions": decisions})


def kept(desk: Desk) -> dict[str, list[str]]:
    """The answers of every file, by person."""
    files = sorted(desk.decisions.glob("*.json")) if desk.decisions.exists() else []
    return {
        all_[0].person: [each.answer for each in all_]
        for all_ in (read(path).decisions for path in files)
    }


def test_the_page_saves_as_one_goes_and_again_after_the_server_was_away(
    page: Page, desk: Desk
) -> None:
    with serving(desk) as port:
        asked, complaints = opened(page, f"http://127.0.0.1:{port}/?token={TOKEN}")
        assert TOKEN not in page.url
        page.locator("#top [name=lang][value=en]").check(force=True)
        expect(page.locator("#by-eye")).to_contain_text("Saved by the server as you decide")
        page.locator("#by-eye [data-part=person]").fill("Ada L.")
        page.locator("#by-eye [data-do=review]").click()
        state = page.locator("#review [data-part=unsaved] [lang=en]")
        expect(state).to_have_count(0)
        page.keyboard.press("u")
        page.keyboard.press("m")
        expect(state).to_have_text("all saved")
        assert kept(desk) == {"Ada L.": ["usable", "mend"]}
        assert complaints == []
        assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in asked)
    page.keyboard.press("x")
    expect(state).to_have_text("1 unsaved")
    expect(page.locator("#by-eye [data-part=state]")).to_contain_text("Decisions on this page: 3")


def test_a_file_that_was_damaged_by_hand_takes_what_is_decided_once_it_is_mended(
    page: Page, pages: Pages, tmp_path: Path
) -> None:
    desk = Desk(pages["folder"].parent, str(tmp_path))
    page.clock.install()
    with serving(desk) as port:
        opened(page, f"http://127.0.0.1:{port}/?token={TOKEN}")
        page.locator("#top [name=lang][value=en]").check(force=True)
        page.locator("#by-eye [data-do=review]").click()
        state = page.locator("#review [data-part=unsaved] [lang=en]")
        page.keyboard.press("u")
        expect(state).to_have_text("all saved")
        (path,) = tmp_path.glob("*.json")
        whole = path.read_text()
        path.write_text("{ damaged")
        page.keyboard.press("m")
        told = page.locator("#by-eye [data-part=state]")
        expect(told).to_contain_text("The server does not save them")
        assert str(tmp_path) not in (told.text_content() or "")
        expect(state).to_have_text("1 unsaved")
        path.write_text(whole)
        page.clock.fast_forward(6000)
        expect(state).to_have_text("all saved")
    assert [*kept(desk).values()] == [["usable", "mend"]]


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": ""},
        {"Cookie": "another-token"},
        {"Cookie": "\xe9"},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "https://example.org"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
    ],
    ids=repr,
)
def test_what_another_page_sends_is_refused(desk: Desk, port: int, headers: dict[str, str]) -> None:
    if headers.get("Cookie"):
        headers = {"Cookie": f"{cookie(port)}={headers['Cookie']}"}
    before = kept(desk)
    status, text = ask(port, "POST", "/decisions", sent(decision(desk)), **headers)
    assert status in (403, 415)
    assert b"Traceback" not in text
    assert kept(desk) == before


def test_two_reports_that_one_host_serves_leave_each_other_their_visitors(
    page: Page, desk: Desk, port: int
) -> None:
    with serving(desk, "another-token") as other:
        page.goto(f"http://127.0.0.1:{other}/?token=another-token")
        page.goto(f"http://127.0.0.1:{port}/?token={TOKEN}")
        page.goto(f"http://127.0.0.1:{other}/")
        expect(page.locator("#by-eye")).to_be_visible()


def test_a_folder_that_takes_no_decisions_is_told_before_anybody_decides(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SettingsError, match="Decisions cannot be saved in"):
        Desk(desk.folder, str(tmp_path / "file"))


def test_what_is_no_decision_about_this_run_is_refused_whole(desk: Desk, port: int) -> None:
    before = kept(desk)
    good = decision(desk)
    for body in (
        "", "[" * 10000, "{}", '{"schema_version": 1, "decisions": 7}', sent(None),
        sent(good, {**good, "cutout_sha256": "0" * 64}), sent({**good, "case": "../../etc"}),
        sent({**good, "comment": "a" * 2001}), sent({**good, "extra": HOSTILE}),
        sent(good).replace("usable", "perfect"), b"\xff\xfe",
    ):  # fmt: skip
        status, text = ask(port, "POST", "/decisions", body)
        assert status == 422, body
        assert set(json.loads(text)["problem"]) == {"en", "zh"}
    assert kept(desk) == before


def test_a_run_that_is_made_anew_meanwhile_takes_what_its_page_and_the_one_before_decide(
    pages: Pages, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(pages["folder"].parent, tmp_path / "out"))
    desk = Desk(out, str(tmp_path / "decided"))
    run, old = desk.run, decision(desk)
    with serving(desk) as port:
        for complete, of in ((False, "1"), (True, "2"), (True, "3")):
            made = [
                p.model_copy(update={"cutout_sha256": of * 64 if p.cutout else None})
                for p in run.predictions
            ]
            changes = {"predictions": tuple(made), "complete": complete}
            write_run(out, run.model_copy(update=changes))
            new = {**old, "cutout_sha256": of * 64, "person": "Bo"}
            for each in (new, old) if of < "3" else (new,):
                status, _ = ask(port, "POST", "/decisions", sent(each))
                assert status == (200 if complete or each is old else 422)
        assert ask(port, "POST", "/decisions", sent(old))[0] == 422
    assert kept(desk) == {"Ada": ["usable"], "Bo": ["usable"]}
    assert len([*desk.decisions.glob("*.json")]) == 3


def test_a_full_disk_is_told_to_who_serves_and_the_page_tries_again(
    desk: Desk, port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(folder: Path, *_: object) -> None:
        raise cannot_write(folder / "a.json", OSError(errno.ENOSPC, "full"))

    body = sent(decision(desk, person="Cy"))
    with monkeypatch.context() as disk:
        disk.setattr(report_server, "keep_by_person", full)
        for _ in range(2):
            status, text = ask(port, "POST", "/decisions", body)
            assert (status, b"disk" in text) == (503, False)
            assert ask(port, "POST", "/measure-point", point_of(BOX))[0] == 200  # writes nothing
    (line,) = caplog.messages
    assert "The disk is full" in line
    assert ask(port, "POST", "/decisions", body)[0] == 200


def test_more_than_a_page_sends_is_cut_off(desk: Desk, port: int) -> None:
    before = kept(desk)
    try:
        status, _ = ask(port, "POST", "/decisions", b" " * (MOST_BODY + 1))
    except OSError:
        status = 400
    assert status == 400
    assert kept(desk) == before
    assert ask(port, "GET", "/")[0] == 200  # it goes on


def test_each_person_has_a_file_that_only_grows_whatever_they_are_called(
    desk: Desk, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("../../Eve", "../../eve", "CON", "名字", "a" * 80, HOSTILE)
    for name in names:
        for answer in ("usable", "mend"):
            body = sent(decision(desk, person=name, answer=answer))
            assert ask(port, "POST", "/decisions", body) == (200, b'{"saved": 1}')
    files = [*desk.decisions.parent.rglob("*.json")]
    assert {path.parent for path in files} == {desk.decisions}
    assert {len(answers) for name, answers in kept(desk).items() if name in names} == {2}
    mine = next(path for path in files if "con" in path.name)
    whole = mine.read_text()
    mine.write_text("{ damaged")
    new = sent(decision(desk, person="CON", answer="unsure"))
    status, text = ask(port, "POST", "/decisions", new)
    assert status == 503  # no fault of the visitor's, whose page tries it again
    assert b"damaged" not in text
    (line,) = caplog.messages
    assert f"{mine} is no JSON" in line
    assert mine.read_text() == "{ damaged"
    mine.write_text(whole)
    assert ask(port, "POST", "/decisions", new)[0] == 200
    assert sorted(kept(desk)["CON"]) == ["mend", "unsure", "usable"]


def test_only_the_report_is_served(desk: Desk, port: int, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    link = desk.folder / "assets" / "link.png"
    link.symlink_to(secret)
    others = [desk.folder / name for name in (".hidden.png", "private.jpg")]
    for path in others:
        path.write_bytes(b"secret")
    try:
        for path in (
            "/run.json", "/decisions.json", "/assets/link.png", "/.hidden.png", "/private.jpg",
            "/assets/../private.jpg", "/../secret.png",
            "/%2e%2e/secret.png", "/assets/..%2f..%2fsecret.png", f"/{secret}", "//etc/passwd",
            "/assets", "/pages/..%2findex.html", "/index.html%00.png", "/measurements.csv",
            "/token", "/api/kernels", "/decisions", f"/{'a' * 300}.png", f"/pages/{'a' * 300}.html",
        ):  # fmt: skip
            status, text = ask(port, "GET", path)
            assert status in (400, 404, 405), path
            assert b"secret" not in text
    finally:
        for path in (link, *others):
            path.unlink()
    picture = next((desk.folder / "assets").glob("*.webp"))
    assert ask(port, "GET", f"/assets/{picture.name}") == (200, picture.read_bytes())
    assert ask(port, "GET", f"/assets/{picture.name}", Cookie="")[0] == 403
    assert ask(port, "GET", "/?token=wrong-token-here", Cookie="")[0] == 403


def test_whether_something_is_there_is_told_without_it(desk: Desk, port: int) -> None:
    picture = next((desk.folder / "assets").glob("*.webp"))
    for path in ("/", f"/assets/{picture.name}"):
        assert ask(port, "HEAD", path) == (200, b"")
    assert ask(port, "HEAD", f"/?token={TOKEN}", Cookie="")[0] == 302
    assert ask(port, "HEAD", "/", Cookie="")[0] == 403
    assert ask(port, "HEAD", "/run.json")[0] == 404
    assert ask(port, "HEAD", "/decisions")[0] == 405


def test_without_a_token_only_a_local_name_leads_here(desk: Desk) -> None:
    with serving(desk, None) as port:
        for local in ("127.0.0.1", "127.0.0.2", "[::1]", "localhost"):
            assert ask(port, "GET", "/", Cookie="", Host=f"{local}:{port}")[0] == 200
        assert ask(port, "GET", "/", Cookie="", Host="rebound.example")[0] == 403
        own = {"Host": "rebound.example", "Origin": "http://rebound.example", "Cookie": ""}
        assert ask(port, "POST", "/decisions", sent(decision(desk)), **own)[0] == 403


def test_without_a_folder_for_decisions_the_page_keeps_them(pages: Pages) -> None:
    desk = Desk(pages["single"].parent, "")
    with serving(desk) as port:
        status, text = ask(port, "GET", "/")
        assert status == 200
        assert b'<meta name="rmbg-eval-offers" content="measure-point">' in text
        for path in ("/decisions", "/write-point"):
            assert ask(port, "POST", path, "{}")[0] in (404, 405)


DRESS = case_anchor("garment", "dress")


def point_of(toml: str, **changes: Any) -> str:
    return json.dumps({"case": DRESS, "toml": toml, **changes})


def test_a_point_has_the_values_that_the_run_has_of_it(desk: Desk, port: int, cases: Path) -> None:
    text = (cases / "garment" / "dress" / "case.toml").read_text("utf-8")
    for point in text.split("[[points]]")[1:]:
        status, answer = ask(port, "POST", "/measure-point", point_of(f"[[points]]{point}"))
        assert status == 200
        marks = {mark["model"]: mark for mark in json.loads(answer)["marks"]}
        assert list(marks) == [model.info.name for model in desk.run.models]
        for result in desk.run.points:
            if f'"{result.point}"' in point:
                mark = marks[result.model]
                assert mark["state"] == ("passed" if result.passed else "failed")
                assert float(mark["value"].split()[0]) == pytest.approx(
                    100 * result.measured, abs=1
                )
                assert set(mark["words"]) == {"en", "zh"}


BOX = '[[points]]\nid = "drawn"\nkind = "opaque"\nbox = [1, 2, 3, 4]\n'


def test_what_cannot_be_measured_says_why(port: int) -> None:
    def states(case: str, kind: str) -> tuple[set[str], str]:
        body = point_of(BOX.replace("opaque", kind), case=case_anchor("portrait", case))
        marks = json.loads(ask(port, "POST", "/measure-point", body)[1])["marks"]
        return {mark["state"] for mark in marks}, marks[0]["words"]["en"]

    assert states("ada", "transparent")[0] <= {"passed", "failed"}
    assert states("ada", "semi-transparent") == (
        {"unmeasured"}, "the case has no truth, and the point does not say what is expected",
    )  # fmt: skip
    assert states("ada", "no-fringe") == ({"unmeasured"}, "the case has no truth")
    broken, why = states("broken", "opaque")
    assert broken == {"unmeasured"}
    assert "the prediction failed" in why


def test_a_point_is_written_once_and_moved(port: int, cases: Path) -> None:
    path = cases / "garment" / "dress" / "case.toml"
    before = path.read_text("utf-8")
    assert ask(port, "POST", "/write-point", point_of(BOX)) == (
        200, b'{"file": "garment/dress/case.toml"}',
    )  # fmt: skip
    assert path.read_text("utf-8") == f"{before}\n{BOX}"
    assert ask(port, "POST", "/write-point", point_of(BOX))[0] == 422  # there is one
    by_hand = "required = true\n"
    path.write_text(f"{before}\n{BOX}{by_hand}", "utf-8")
    moved = BOX.replace("[1, 2", "[5, 6")
    assert ask(port, "POST", "/write-point", point_of(moved, was=BOX))[0] == 200
    assert path.read_text("utf-8") == f"{before}\n{moved}{by_hand}"
    path.write_text(before, "utf-8")


def test_the_viewer_has_the_values_at_once_and_writes_the_point(
    page: Page, desk: Desk, port: int, cases: Path
) -> None:
    _, complaints = opened(page, f"http://127.0.0.1:{port}/?token={TOKEN}")
    path = cases / "garment" / "dress" / "case.toml"
    before = path.read_text("utf-8")
    look(page, page.locator(f"#{DRESS} [data-kind=result] a").first)
    for key in ("d", " ", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    values = page.locator("#viewer [data-part=values][aria-busy=false] li")
    expect(values).to_have_count(len(desk.run.models))
    assert {row.get_attribute("class") for row in values.all()} <= {"passed", "failed"}
    page.locator("#viewer [data-part=point-zh]").fill(HOSTILE)
    writing = page.locator("#viewer [data-do=write-point]")
    by_hand = "tolerance = 0.2\n"
    for box in ("[48, 32, 10, 10]", "[48, 32, 10, 9]"):
        writing.click()
        expect(page.locator("#viewer [data-part=written]")).to_contain_text("dress/case.toml")
        assert f"box = {box}" in path.read_text("utf-8")
        path.write_text(path.read_text("utf-8") + by_hand, "utf-8")
        by_hand = ""
        page.locator("#viewer [data-tool=move]").press("Enter")
        for key in ("n", "n", "ArrowUp", "Enter"):
            page.keyboard.press(key)
    about = tomllib.loads(path.read_text("utf-8"))["points"]
    assert [point["id"] for point in about] == ["middle", "corner", "point"]
    assert about[-1]["title"] == {"zh": HOSTILE}
    assert about[-1]["tolerance"] == 0.2  # which the page did not know of
    path.write_text("[[points]]", "utf-8")  # by another hand, damaged
    writing.click()
    expect(page.locator("#viewer [data-part=written]")).to_contain_text("case.toml")
    assert path.read_text("utf-8") == "[[points]]"
    path.write_text(before, "utf-8")
    assert [text for text in complaints if "422" not in text] == []


@pytest.mark.parametrize("path", ["/measure-point", "/write-point"])
def test_what_is_no_point_of_a_case_is_refused(port: int, cases: Path, path: str) -> None:
    there = {file: file.read_bytes() for file in cases.rglob("*") if file.is_file()}
    for body in (
        "", "[" * 10000, "{}", "null", b"\xff\xfe", point_of(""), point_of(BOX + BOX),
        point_of(f"title = {{ en = 'x' }}\n{BOX}"), point_of("x = " + "[" * 9000),
        point_of(BOX.replace("opaque", "perfect")), point_of(BOX.replace("drawn", "../../x")),
        point_of(BOX.replace("[1,", "[-1,")), point_of(BOX + 'file = "/etc/passwd"\n'),
        point_of(BOX + "# " + "a" * 50_000), point_of(BOX, case="../../garment/dress"),
        point_of(BOX, case="/etc"), point_of(BOX, case="case-" + HOSTILE), point_of(BOX, was=1),
        point_of(BOX, case=None), point_of(BOX, folder="/tmp"), point_of("\ud800"),
    ):  # fmt: skip
        status, text = ask(port, "POST", path, body)
        assert status == 422, body
        assert set(json.loads(text)["problem"]) == {"en", "zh"}
    assert ask(port, "POST", path, point_of(BOX), Origin="https://example.org")[0] == 403
    assert ask(port, "POST", path, point_of(BOX), Cookie="")[0] == 403
    far = point_of(BOX.replace("[1,", "[1000000,"))
    assert ask(port, "POST", path, far)[0] == (200 if path == "/measure-point" else 422)
    assert there == {file: file.read_bytes() for file in cases.rglob("*") if file.is_file()}


def test_of_a_case_with_another_picture_nothing_is_measured_or_written(
    pages: Pages, tmp_path: Path
) -> None:
    cases = tmp_path / "cases"
    shutil.copytree(pages["single"].parent.parent / "cases", cases)
    save_picture(cases / "garment" / "dress" / "image.png", 9)
    served = Desk(pages["single"].parent, "", str(cases))
    for answer in ("measure-point", "write-point"):
        with pytest.raises(CaseError, match="another picture"):
            served.asks[answer](point_of(BOX).encode())
