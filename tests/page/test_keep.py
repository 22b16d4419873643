"""What is decided is kept: by browsers that are full, late, old, killed, or in two windows."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from browser import QUIET, chromium_path
from pages import KEPT, Pages, opened, place, saved
from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Page, expect

from rmbg_eval.decisions.files import read

LATE = """
const later = window.setTimeout;
window.setTimeout = (work, ms, ...given) => later(work, ms === 3000 ? 0 : ms, ...given);
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...given) {
    const request = open.apply(this, given);
    const seen = {};
    request.onsuccess = () => {
        window.late = () => { seen.result = request.result; seen.onsuccess(); };
    };
    return seen;
};
"""


WARNS = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))"
"""Whether the browser asks before the page is left."""


def test_a_browser_that_keeps_nothing_says_so_and_asks_before_what_is_in_no_file_is_lost(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    context = browser.new_context()
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full') }")
    context.add_init_script("IDBFactory.prototype.open = () => { throw new Error('full') }")
    page = context.new_page()
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    assert not page.evaluate(WARNS)
    page.keyboard.press("u")
    expect(page.locator("#review [data-part=more]")).to_contain_text("keeps nothing more")
    expect(place(page)).to_have_text("2 / 4")
    assert page.evaluate(WARNS)
    assert len(read(saved(page, tmp_path / "d.json")).reviews) == 1
    assert not page.evaluate(WARNS)
    context.close()


@pytest.mark.parametrize(
    "full",
    [
        "IDBObjectStore.prototype.put = () => { throw new Error('full') }",
        "IDBTransaction.prototype.commit = function () { this.abort(); }",  # told at the end
        "IDBDatabase.prototype.transaction = () => { throw new Error('closed') }",
    ],
)
def test_what_is_written_once_the_database_is_full_is_not_lost_for_what_it_has(
    reviewing: Page, full: str
) -> None:
    page = reviewing
    page.keyboard.press("c")
    page.keyboard.type("half")
    expect(page.locator(KEPT)).to_have_count(1)
    page.evaluate(f"() => {{ {full} }}")
    page.keyboard.type(" a sentence")
    expect(page.locator(KEPT)).to_have_count(1)
    page.reload()
    expect(page.locator("#review textarea")).to_have_value("half a sentence")
    assert page.evaluate("Object.keys(localStorage).filter(key => /decided/.test(key))") == []


def test_two_windows_of_the_page_know_and_keep_what_both_decide(
    reviewing: Page, pages: Pages, tmp_path: Path
) -> None:
    other = reviewing.context.new_page()
    opened(other, pages["single"].as_uri())
    reviewing.keyboard.press("u")
    expect(other.locator("#by-eye [data-part=state]")).to_contain_text("Decisions on this page: 1")
    other.locator("#by-eye [data-do=review]").click()
    other.keyboard.press("m")  # the next that is open
    other.keyboard.press("x")
    unsaved = "#review [data-part=unsaved] [lang=en]"
    for page in (reviewing, other):
        expect(page.locator(unsaved)).to_have_text("3 unsaved")
    other.reload()
    expect(other.locator(unsaved)).to_have_text("3 unsaved")
    answers = [each.answer for each in read(saved(other, tmp_path / "d.json")).reviews]
    assert answers == ["usable", "mend", "unusable"]
    expect(reviewing.locator("#review [data-part=unsaved]")).to_have_text("")
    reviewing.reload()
    expect(reviewing.locator("#review [data-part=count]")).to_have_text("4 / 4")
    expect(reviewing.locator("#review [data-part=unsaved]")).to_have_text("")


def test_what_an_older_page_kept_is_taken_over_and_nothing_of_it_is_lost_without_a_database(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    context = browser.new_context()
    address = pages["single"].as_uri()
    page = context.new_page()
    page.add_init_script("delete IDBFactory.prototype.open")
    opened(page, address)
    page.locator("#by-eye [data-do=review]").click()
    page.keyboard.press("u")
    page.keyboard.press("m")
    kept = "Object.keys(localStorage).filter(key => /decided.*[.][0-9]+-/.test(key)).length"
    expect(page.locator(KEPT)).to_have_count(1)
    assert page.evaluate(kept) == 2
    page.reload()
    expect(place(page)).to_have_text("3 / 4")
    assert not page.evaluate(WARNS)  # they are kept
    unsaved = page.locator("#by-eye [data-part=unsaved] [lang=en]")
    expect(unsaved).to_have_text("2 unsaved")
    saved(page, tmp_path / "d.json")
    page.keyboard.press("x")
    expect(unsaved).to_have_text("1 unsaved")
    expect(page.locator(KEPT)).to_have_count(1)
    page.reload()
    expect(unsaved).to_have_text("1 unsaved")
    page.close()
    page = context.new_page()  # a browser of today
    for _ in range(2):
        opened(page, address)
        expect(page.locator("#by-eye [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
        expect(page.locator("#by-eye [data-part=state]")).to_contain_text("this page: 3")
        assert page.evaluate(kept) == 0
    context.close()


def test_a_database_that_opens_late_is_used_and_what_is_decided_before_it_is_not_lost(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    page.keyboard.press("u")
    page.keyboard.press("c")
    page.keyboard.type("half")
    expect(page.locator(KEPT)).to_have_count(1)
    page.close()
    page = context.new_page()
    page.add_init_script(LATE)
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    page.keyboard.press("m")  # of the one that is decided: it is not known yet
    page.keyboard.press("c")
    page.keyboard.type("another")
    expect(page.locator("#review [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
    expect(page.locator(KEPT)).to_have_count(0)
    page.evaluate("late()")
    expect(page.locator("#review [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
    expect(page.locator(KEPT)).to_have_count(1)
    assert page.evaluate("Object.keys(localStorage).filter(key => /decided/.test(key))") == []
    for key in ("Escape", "ArrowRight", "ArrowLeft"):  # there and back
        page.keyboard.press(key)
    expect(page.locator("#review textarea")).to_have_value("another")
    page.close()
    page = context.new_page()
    opened(page, pages["single"].as_uri())
    expect(page.locator("#by-eye [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
    page.locator("#by-eye [data-do=review]").click()
    expect(page.locator("#review textarea")).to_have_value("another")
    both = read(saved(page, tmp_path / "d.json")).decisions
    assert [each.answer for each in both] == ["usable", "mend"]  # of one cut-out
    context.close()


def test_where_only_a_late_database_keeps_anything_it_has_what_was_decided_before(
    browser: Browser, pages: Pages
) -> None:
    context = browser.new_context()
    page = context.new_page()
    opened(page, pages["single"].as_uri())  # it is made
    page.close()
    page = context.new_page()
    page.add_init_script(LATE)
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full') }")
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    page.keyboard.press("u")
    expect(place(page)).to_have_text("2 / 4")
    expect(page.locator(KEPT)).to_have_count(0)
    page.evaluate("late()")
    expect(page.locator(KEPT)).to_have_count(1)
    expect(page.locator("#review [data-part=more]")).not_to_contain_text("keeps nothing more")
    page.close()
    page = context.new_page()
    opened(page, pages["single"].as_uri())
    expect(page.locator("#by-eye [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
    context.close()


def test_a_browser_that_is_killed_has_what_it_said_was_kept(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    def opened_by(kind: BrowserType) -> BrowserContext:
        return kind.launch_persistent_context(tmp_path, executable_path=chromium_path(), args=QUIET)

    context = opened_by(browser.browser_type)
    page = context.new_page()
    page.goto(pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    for key in "umx":
        page.keyboard.press(key)
    page.keyboard.press("c")
    page.keyboard.type("half a sent")
    expect(page.locator(KEPT)).to_have_count(1)
    ended = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ended with one that was killed before it
            if f"--user-data-dir={tmp_path}" in process.cmdline():
                process.kill()
                ended.append(process)
    assert ended
    psutil.wait_procs(ended)
    with suppress(Error):
        context.close()
    context = opened_by(browser.browser_type)
    page = context.new_page()
    page.goto(pages["single"].as_uri())
    expect(page.locator("#by-eye [data-part=unsaved] [lang=en]")).to_have_text("3 unsaved")
    page.locator("#by-eye [data-do=review]").click()
    expect(page.locator("#review textarea")).to_have_value("half a sent")
    context.close()
