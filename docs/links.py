"""Every link inside the built site leads somewhere: `python docs/links.py docs/_build/html`.

Pages, pictures, files and anchors; nothing is asked of the network.
"""

from __future__ import annotations

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


@cache
def _page(path: Path) -> _Page:
    return _Page(path.read_text("utf-8"))


def broken(site: Path) -> tuple[int, list[str]]:
    """How many links inside `site` there are, and those that lead nowhere."""
    count, wrong = 0, []
    # The report in the gallery is one file with a script of its own.
    for path in (path for path in site.rglob("*.html") if path != site / "report.html"):
        for link in _page(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            count += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target.is_file() or (target / "index.html").is_file()
            if there and parts.fragment and target.suffix == ".html":
                there = unquote(parts.fragment) in _page(target).anchors
            if not there:
                wrong.append(f"{path.relative_to(site)}: {link}")
    return count, wrong


if __name__ == "__main__":
    links, lost = broken(Path(sys.argv[1]))
    print(*lost, f"{links} links, {len(lost)} broken", sep="\n")
    sys.exit(bool(lost))
