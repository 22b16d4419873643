"""What Safari's engine does otherwise than Chromium's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from pages import Pages
from webkit import WebKit, webkit

ENTER, ESCAPE = "\ue007", "\ue00c"


@pytest.fixture(scope="module")
def browser() -> Iterator[WebKit]:
    with webkit() as found:
        yield found


@pytest.fixture
def page(browser: WebKit, pages: Pages) -> Iterator[WebKit]:
    """The report; what is complained of in it fails the test."""
    browser.visit(pages["single"].as_uri())
    browser.run(
        """window.complaints = [];
        for (const type of ["error", "unhandledrejection"])
            addEventListener(type, (e) => complaints.push(String(e.reason ?? e.message)));"""
    )
    yield browser
    assert browser.run("return window.complaints ?? []") == []


def test_the_rows_of_a_table_follow_one_another(page: WebKit) -> None:
    rows = page.run(
        """document.querySelector(".board").style.minHeight = "600px"; // as a chart beside it does
        return [...document.querySelector(".matrix").rows].map((row) => {
            const { top, bottom } = row.getBoundingClientRect();
            return [top, bottom];
        });"""
    )
    assert len(rows) == 3
    assert rows[-1][1] - rows[0][0] > 400
    for (_, bottom), (top, _) in pairwise(rows):
        assert top - bottom < 2


def test_the_words_of_a_miss_have_their_lines(page: WebKit) -> None:
    lines = page.run(
        """const words = document.querySelector(".misses .lines");
        words.lastElementChild.append(" in so many words that it takes two lines".repeat(2));
        words.scrollIntoView();
        return [words.clientHeight, words.scrollHeight];"""
    )
    assert lines[0] == lines[1] > 30


def test_a_case_is_looked_at_closely_and_a_cut_out_decided(page: WebKit) -> None:
    page.run("document.querySelector('article.case [data-kind=result] a').focus()")
    page.press(ENTER)
    page.until("return document.querySelector('#viewer .canvas[data-loaded]')")
    scale = "return document.querySelector('#viewer .canvas').style.transform.split('scale')[1]"
    before = page.run(scale)
    page.press("+", "a")
    assert page.run(scale) != before
    page.press(ESCAPE)
    page.until("return !document.querySelector('#viewer').open")
    page.run("document.querySelector('#by-eye [data-do=review]').click()")
    page.until("return document.querySelector('#review').open")
    page.press("u", ESCAPE)
    said = "return document.querySelector('#by-eye [data-part=state]').textContent"
    page.until(f"{said}.includes('Decisions on this page: 1')")
    page.until("return document.querySelector('#review [data-part=unsaved]:not([data-keeping])')")
    page.run("window.before = true; location.reload()")
    page.until(f"if (!window.before) {said}.includes('Decisions on this page: 1')")


def test_what_leads_to_a_place_is_underlined(page: WebKit) -> None:
    lines = page.run(
        """return ["#review", "#viewer"].map((where) => {
            const signs = document.createElement("div");
            signs.className = "signs";
            signs.innerHTML = '<button class="sign" data-box="0,0,8,8">2 stray pieces</button>';
            document.querySelector(where).append(signs);
            const { textDecorationLine, textDecorationStyle } = getComputedStyle(signs.firstChild);
            signs.remove();
            return [textDecorationLine, textDecorationStyle];
        });"""
    )
    assert lines == [["underline", "dotted"]] * 2
