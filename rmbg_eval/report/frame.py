"""What is around the panels on a page: its head with style and policy, the viewer, the script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from ..core.choices import Language
from ..core.files import write_atomic
from ..core.paths import cache_folder
from ..i18n import LANGUAGE, Message, join, languages, tag
from ..measure.kinds import KINDS, kind_title
from ..settings import Layout
from ..web import BACKDROP, TEMPLATES, icon, script, style
from .views import Text

_TEMPLATES = [Path(__file__).parent / "templates", TEMPLATES]
POLICIES = {
    "single": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'",
    "folder": "default-src 'none'; img-src 'self' file: data:; style-src 'self' file:; "
    "script-src 'self' file:; base-uri 'none'; form-action 'none'",
}

_OPTION = re.compile(r"(?<!\w)--[a-z][a-z-]*")
"""An option of the command line, in which no line ends."""


def write_assets(folder: Path) -> None:
    """The style and the script of a page, into its folder: for a page in the layout `folder`."""
    write_atomic(folder / "report.css", style("report"))
    write_atomic(folder / "report.js", script("report"))
    write_atomic(folder / BACKDROP.name, BACKDROP.read_bytes())


def head(
    title: Text, lang: Language, layout: Layout, base: str = "", back: str = "", about: str = ""
) -> str:
    """What comes before the panels of a page.

    In the layout `single` style and script are in the page, in `folder` they lie where `base`
    leads. `back`: the address of the page that this one belongs to, if it is not the report itself;
    `about`: when and where its run was made.
    """
    digest = hashlib.sha256(_script(layout).encode()).digest()
    view = {"title": title, "base": base, "back": back, "about": about, "css": ""}
    view["policy"] = POLICIES[layout].format(script=base64.b64encode(digest).decode())
    if layout == "single":
        photo = base64.b64encode(BACKDROP.read_bytes()).decode()
        view["css"] = style("report").replace(BACKDROP.name, f"data:image/webp;base64,{photo}")
    return render("head", view, lang)


def foot(lang: Language, layout: Layout, base: str = "") -> str:
    """What comes after the panels, which is the same for every page in a folder."""
    kinds = [(kind.name, kind_title(kind.name), " ".join(kind.regions)) for kind in KINDS.values()]
    return render("foot", {"base": base, "script": _script(layout), "kinds": kinds}, lang)


def _script(layout: Layout) -> str:
    """The script that is in a page."""
    return script("report") if layout == "single" else ""


def render(template: str, view: object, lang: Language) -> str:
    """A template filled in with a view; of each message every language, `lang` first of all."""
    page = environment(lang).get_template(f"{template}.html.j2")
    return page.render(view=view)


class _Compiled(FileSystemBytecodeCache):
    """Templates as Python's code, which takes half a second to make of all: kept in
    `<cache>/compiled`, by their own content and that of this module. Where the folder cannot be
    written, they are compiled anew in every process."""

    def __init__(self, lang: Language, plain: bool) -> None:
        own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
        pattern = f"{lang}-{'plain' if plain else 'page'}-{own}-%s.template"
        super().__init__(str(cache_folder() / "compiled"), pattern)

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(Exception):  # whatever a damaged file makes of pickle
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


@cache
def environment(lang: Language, plain: bool = False) -> Environment:
    """Templates that show messages: in the text in every language, in attributes in `lang`; where
    `plain`, in `lang` alone."""

    def own(text: Text) -> str:
        return text.to(lang) if isinstance(text, Message) else str(text)

    def shown(text: object) -> object:
        if not isinstance(text, Message):
            return text
        return escape(own(text)) if plain else _spans(text.everywhere())

    def capital(text: Text) -> object:
        """A message as a sentence by itself."""
        if not isinstance(text, Message):
            return text
        texts = {each: text.capital(each) for each in languages()}
        return texts[lang] if plain else _spans(texts)

    def joined(parts: Iterable[Text], separator: str) -> Markup:
        return escape(shown(join(separator, parts)))

    def others(text: Text, name: str = "text", after: str = "") -> Markup:
        """Attributes `data-NAME-LANG` with the text in the other languages, for the script."""
        texts = text.everywhere() if isinstance(text, Message) and not plain else {}
        there = {each: words for each, words in texts.items() if words != own(text)}
        form = Markup(' data-{}-{}="{}"')
        parts = [form.format(name, each, words + after) for each, words in there.items()]
        return Markup(' lang="{}"{}').format(lang, Markup("").join(parts)) if parts else Markup("")

    def attribute(text: Text, name: str, key: str = "") -> Markup:
        """An attribute that says the text, with the `key` that does the same, and `others`."""
        after = f" ({key})" if key else ""
        return Markup(' {}="{}"{}').format(name, own(text) + after, others(text, name, after))

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=_Compiled(lang, plain),
        autoescape=True,  # ids, titles and file names are strangers' text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    made.globals |= {"_": Message, "lang": lang, "languages": languages(), "LANGUAGE": LANGUAGE}
    made.globals |= {"tag": tag(lang), "icon": lambda name: Markup(icon(name))}
    # JupyterLab has no style of ours, and a heading in a summary would leave its triangle.
    made.globals["inline"] = Markup(' style="display: inline"') if plain else ""
    made.filters |= {"plain": own, "others": others, "attribute": attribute, "join": joined}
    made.filters["capital"] = capital
    return made


def _spans(texts: dict[str, str]) -> Markup:
    """A text in every language, each in a span, of which the page's style shows one; the spaces
    between them are in the spans, to be hidden with them."""
    option = r'<span class="option">\g<0></span>'
    shown = {lang: _OPTION.sub(option, str(escape(words))) for lang, words in texts.items()}
    if len(set(shown.values())) == 1:
        return Markup(shown["en"])
    spans = (f'<span lang="{lang}"> {words}</span>' for lang, words in shown.items())
    return Markup("".join(spans).replace("> ", ">", 1))
