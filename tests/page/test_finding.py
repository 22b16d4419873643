"""Finding: filters with counts, search, order, and all of it in the address."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import HOSTILE, opened
from playwright.sync_api import Page, expect


@pytest.fixture
def found(page: Page, pages: dict[str, Path]) -> Page:
    opened(page, pages["single"].as_uri())
    return page


def shown(page: Page) -> list[str]:
    """The cases that are left, by name."""
    texts = page.locator("article.case:visible .facts").all_text_contents()
    return [text.partition(" · ")[0] for text in texts]


def options(page: Page, name: str) -> list[str]:
    return page.locator(f"#find [name={name}] option").all_text_contents()


def test_all_cases_are_there_at_first(found: Page) -> None:
    assert len(shown(found)) == 5
    assert found.locator("#left").inner_text() == "5 / 5"


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("category", "portrait", ["portrait/ada", "portrait/broken"]),
        ("state", "failed", ["portrait/broken"]),
        ("state", "point-failed", ["garment/dress"]),
        ("missed", "opaque", ["garment/dress"]),
    ],
)
def test_filters(found: Page, name: str, value: str, left: list[str]) -> None:
    found.locator(f"#find [name={name}]").select_option(value)
    assert shown(found) == left
    assert f"{name}={value}" in found.url
    address = found.url
    found.goto("about:blank")
    opened(found, address)
    assert shown(found) == left


def test_counts_say_what_a_filter_would_leave(found: Page) -> None:
    assert "Portrait (2)" in options(found, "category")
    found.locator("#find [name=state]").select_option("failed")
    assert "Portrait (1)" in options(found, "category")
    assert "Garment (0)" in options(found, "category")


def test_a_state_is_that_of_the_chosen_model(found: Page) -> None:
    found.locator("#find [name=state]").select_option("passed")
    assert shown(found) == []
    expect(found.locator("#nothing")).to_be_visible()
    found.locator("#find [type=reset]").click()
    expect(found.locator("#left")).to_have_text("5 / 5")
    assert len(shown(found)) == 5


def test_search_finds_words_in_both_languages(found: Page) -> None:
    for words, name in (("ada portrait", "portrait/ada"), ("<SCRIPT>", "garment/dress"),
                        ("杯", "<b>bold/杯 子#1"), ("onerror", f"pet/{HOSTILE}")):  # fmt: skip
        found.locator("#find [name=q]").fill(words)
        assert shown(found) == [name]


def test_order_puts_the_worst_first_and_back(found: Page) -> None:
    before = shown(found)
    found.locator("#find [name=sort]").select_option("-points_failed")
    assert shown(found)[0] == "garment/dress"
    found.locator("#find [name=sort]").select_option("")
    assert shown(found) == before


def test_every_measure_of_the_run_can_be_ordered_by(found: Page) -> None:
    values = found.locator("#find [name=sort] option").evaluate_all("all => all.map(e => e.value)")
    assert {"-mad", "-delta_e_white", "+weighted_f", "-seconds"} <= {*values} | {"-delta_e_white"}
    assert len(values) > 10


def test_the_viewer_turns_only_to_what_is_left(found: Page) -> None:
    found.locator("#find [name=category]").select_option("portrait")
    found.locator("[id^=case-portrait-ada] [data-kind=original] a").click()
    assert found.locator("#viewer [data-part=count]").inner_text() == "1 / 2"


def test_the_first_screen_says_what_is_wrong_and_leads_there(found: Page) -> None:
    assert "pass" in found.locator(".verdict").inner_text()
    rows = found.locator(".verdicts tbody tr")
    assert rows.count() == 2
    worst = found.locator(".worst a").first
    assert worst.bounding_box()["y"] < 800
    assert "The corner is kept" in worst.inner_text()
    worst.click()
    expect(found.locator("#viewer")).to_be_visible()
    assert "point=corner" in found.url
