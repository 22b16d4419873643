"""What is around the panels on a page: its head with style and policy, the viewer, the script."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..core.files import write_atomic
from ..settings import Language, Layout
from ..web import BACKDROP, TEMPLATES, script, style
from .strings import Words, text

_TEMPLATES = [Path(__file__).parent / "templates", TEMPLATES]
POLICIES = {
    "single": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'",
    "folder": "default-src 'none'; img-src 'self' file:; style-src 'self' file:; "
    "script-src 'self' file:; base-uri 'none'; form-action 'none'",
}


def write_assets(folder: Path) -> None:
    """The style and the script of a page, into its folder: for a page in the layout `folder`."""
    write_atomic(folder / "report.css", style("report"))
    write_atomic(folder / "report.js", script("report"))
    write_atomic(folder / BACKDROP.name, BACKDROP.read_bytes())


def head_and_foot(
    title: str, lang: Language, layout: Layout, base: str = "", back: str = ""
) -> tuple[str, str]:
    """What comes before the panels of a page, and what after.

    In the layout `single` style and script are in the page, in `folder` they lie where `base`
    leads. `back`: the address of the page that this one belongs to, if it is not the report itself.
    """
    view: dict[str, str] = {"title": title, "lang": lang, "base": base, "back": back}
    view["css"] = view["script"] = ""
    if layout == "single":
        photo = base64.b64encode(BACKDROP.read_bytes()).decode()
        view["css"] = style("report").replace(BACKDROP.name, f"data:image/webp;base64,{photo}")
        view["script"] = script("report")
    digest = hashlib.sha256(view["script"].encode()).digest()
    view["policy"] = POLICIES[layout].format(script=base64.b64encode(digest).decode())
    return render("head", view, lang), render("foot", view, lang)


def render(template: str, view: object, lang: Language) -> str:
    """A template filled in with a view, in `lang` first."""

    def translate(key: str, **values: object) -> Words:
        return text(key, lang, **values)

    page = _environment().get_template(f"{template}.html.j2")
    return page.render(view=view, _=translate, lang=lang)


def _other_alt(alt: str) -> Markup:
    """The attribute that keeps an alt text's other language for the script."""
    if not isinstance(alt, Words) or alt.other == alt:
        return Markup("")
    return Markup(' lang="{}" data-alt="{}"').format(alt.lang, alt.other)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,  # ids, titles and file names are strangers' text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "plain": str,
        "en": lambda words: str(getattr(words, "en", words)),
        "zh": lambda words: str(getattr(words, "zh", words)),
        "other_alt": _other_alt,
    }
    return environment
