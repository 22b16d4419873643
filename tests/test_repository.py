"""What the repository promises: documents that are true, pins, notebooks without outputs."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path
from textwrap import dedent

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import rmbg_eval
from rmbg_eval import CompareSettings, Settings
from rmbg_eval.cases.case import CaseFile
from rmbg_eval.cases.categories import CATEGORIES
from rmbg_eval.cli.app import app
from rmbg_eval.cli.options import flags
from rmbg_eval.compare.tolerances import DEFAULTS
from rmbg_eval.i18n.catalogue import catalogue
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.record import ObservationPoint
from rmbg_eval.measure.table import TABLE as METRICS
from rmbg_eval.measure.tolerance import Tolerance
from rmbg_eval.models.table import TABLE as MODELS
from rmbg_eval.models.weights import ISNET, U2NET
from rmbg_eval.settings import Parameter, Parameters

ROOT = Path(__file__).parent.parent
GUIDE = "\n".join(
    path.read_text("utf-8") for path in sorted((ROOT / "docs" / "guide").glob("*.md"))
)
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def commands() -> dict[str, list[str]]:
    """Every command with its options."""
    found: dict[str, list[str]] = {}

    def walk(name: str, command: object) -> None:
        inner = getattr(command, "commands", None)
        if inner:
            for part, child in inner.items():
                walk(f"{name} {part}".strip(), child)
        else:
            found[name] = [
                option
                for parameter in command.params
                for option in parameter.opts
                if option.startswith("--") and option != "--help"
            ]

    walk("", get_command(app))
    return found


def test_guide_has_every_command_and_option() -> None:
    assert len(commands()) >= 10
    for name, options in commands().items():
        assert f"`rmbg-eval {name}" in GUIDE, name
        for option in options:
            assert option in GUIDE, f"{name} {option}"


def test_guide_says_what_a_command_needs_as_its_help_does() -> None:
    group = get_command(app).commands
    group = {**group, **{f"cases {name}": c for name, c in group["cases"].commands.items()}}
    for name in commands():
        shown = "".join(
            f" {'' if p.required else '['}{p.metavar}{'…' * (p.nargs == -1)}"
            for p in group[name].params
            if p.param_type_name == "argument" and (p.required or p.nargs == 1)
        )
        row = f"| `rmbg-eval {name}{shown if name != 'serve' else ''}"  # its RUN is said beside it
        assert row in GUIDE


@pytest.mark.parametrize("name", [entry.spec for entry in MODELS])
def test_guide_has_every_model(name: str) -> None:
    assert f"| `{name}` |" in GUIDE


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_guide_has_every_measure_as_it_is(metric: object) -> None:
    better = {True: "higher", False: "lower", None: "no score"}[metric.higher_is_better]
    lines = [re.split(r"(?<!\\)\|", line) for line in GUIDE.splitlines()]
    rows = [cells for cells in lines if len(cells) == 7 and f"`{metric.name}`" in cells[1]]
    name = f"**`{metric.name}`**" if metric.headline else f"`{metric.name}`"
    row = f"| {name} {metric.title} | {metric.unit} | {metric.region} | {better}: why"
    assert len(rows) == 1, f"what-is-measured.md is to have one row {row} | {metric.needs} |"
    cells = [cell.strip() for cell in rows[0][1:-1]]
    assert (f"**`{metric.name}`**" in cells[0]) == bool(metric.headline)
    for part in re.split(" over (?:white|black|grey|green|a photograph)", str(metric.title)):
        assert part in cells[0]  # one row has all backgrounds
    assert cells[1:3] == [metric.unit, metric.region]
    assert cells[3].startswith(better)
    assert cells[4] == metric.needs


@pytest.mark.parametrize("name", DEFAULTS)
def test_guide_has_every_tolerance_as_it_is(name: str) -> None:
    tolerance = DEFAULTS[name]
    limit = f"{tolerance.absolute:g}" + (
        f", or {tolerance.relative:.0%}" * bool(tolerance.relative)
    )
    shown = f"`{re.sub('_(white|black|grey|green|photo)', '_*', name)}`"
    rows = [line for line in GUIDE.splitlines() if shown.removesuffix("_decontaminated`") in line]
    assert any(line.endswith(f"| {limit} | {tolerance.reason} |") for line in rows)


def test_the_workflow_takes_options_that_exist() -> None:
    text = (ROOT / ".github" / "workflows" / "report.yml").read_text("utf-8")
    known = commands()
    shown = re.findall(r"rmbg-eval ([a-z]+)([^`\n]*)", text)
    used = [(name, rest) for name, rest in shown if name in known]
    assert {name for name, _ in used} == {"run", "compare"}
    for name, rest in used:
        assert set(re.findall(r"(--[a-z-]+)", rest)) <= set(known[name])


@pytest.mark.parametrize("category", CATEGORIES)
def test_guide_has_every_category(category: str) -> None:
    assert f"`{category}`" in GUIDE, "cases.md names those with a text of their own"


@pytest.mark.parametrize("name", KINDS)
def test_guide_has_every_kind_of_point_as_it_is(name: str) -> None:
    kind = KINDS[name]
    rows = [line for line in GUIDE.splitlines() if line.startswith(f"| `{name}` |")]
    row = f"| `{name}` | {kind.measures} | {kind.unit} | where | expected | {kind.tolerance:g} |"
    assert rows, f"cases.md is to have a row {row} {kind.needs} |"
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert cells[1:3] == [kind.measures, kind.unit]
    assert cells[3].startswith("any" if len(kind.regions) == 3 else ", ".join(kind.regions))
    if isinstance(kind.expected, float):
        assert cells[4] == f"{kind.expected:g}"
    else:  # of the point itself, in words
        assert (cells[4] == "the truth's") == (kind.expected is None)
    assert cells[5:] == [f"{kind.tolerance:g}", kind.needs]


@pytest.mark.parametrize(
    "name",
    [*Tolerance.model_fields, *CaseFile.model_fields, *ObservationPoint.model_fields],
)
def test_guide_has_every_key(name: str) -> None:
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("settings", [Settings, CompareSettings])
def test_guide_has_every_parameter_with_its_flags_and_default(settings: type[Parameters]) -> None:
    for name, field in settings.model_fields.items():
        (about,) = (one for one in field.metadata if isinstance(one, Parameter))
        first, *others = flags(name, about) or [""]
        option = ", ".join(
            f"`{one}`" for one in [f"{first} {about.metavar or ''}".strip(), *others]
        )
        values = field.default if isinstance(field.default, list) else [field.default]
        default = ", ".join(f"`{value}`" for value in values) or "all"
        default = {"`False`": "off", "``": '`""`'}.get(default, default)
        assert f"\n| {option} | `{name}` | {default} | " in GUIDE


def test_documents_name_what_pages_say_in_the_words_of_the_pages() -> None:
    texts = catalogue("zh").texts
    said = {"en": " ".join(texts), "zh": " ".join(chain(*texts.values()))}
    for page in _tracked("docs/tutorial.md", "docs/howto/*.md", "docs/guide/*.md", "docs/zh/*.md"):
        text = re.sub("```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
        lang = page.parent.name if page.parent.name == "zh" else "en"
        names = re.findall(r"“([^”]+)”" if lang == "zh" else r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", text)
        for name in names:
            assert " ".join(name.split()) in said[lang], (page, name)


def test_python_in_documents_imports_what_there_is() -> None:
    seen = 0
    for page in _tracked("docs/*.md"):
        for block in re.findall(r"```python\n(.*?) *```", page.read_text("utf-8"), re.DOTALL):
            for node in ast.walk(ast.parse(dedent(block))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rmbg_eval"):
                    module = importlib.import_module(node.module)
                    assert all(hasattr(module, alias.name) for alias in node.names), (page, node)
                    seen += 1
    assert seen


def test_chinese_is_not_broken_into_lines() -> None:
    for page in _tracked("README.md", "docs/zh/*.md"):  # HTML would have a space there
        text = re.sub("```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search("[\u3001-\u9fff\uff00-\uffef]\n[\u4e00-\u9fff`\\[]", text), page


@pytest.mark.parametrize("name", ["howto/builds.md", "guide/in-a-build.md", "zh/builds.md"])
def test_recipes_of_builds_run_the_models_of_their_baseline(name: str) -> None:
    text = (ROOT / "docs" / name).read_text("utf-8")
    runs = re.findall(r"rmbg-eval (?:run|report) (--cases.*)", text)
    models = [re.findall(r'--model "?([^\s"]+)', run) for run in runs]
    models += [[model] for model in re.findall(r"^ +models: (.+)$", text, re.MULTILINE)]
    assert len(models) >= 2
    assert models[0]
    assert all(one == models[0] for one in models)


def test_documents_agree_on_what_is_fetched() -> None:
    for name in ("tutorial.md", "zh/tutorial.md", "guide/models.md"):
        found = re.findall(r"[(（](\d+) MB", (ROOT / "docs" / name).read_text("utf-8"))
        assert {str(package.megabytes) for package in (ISNET, U2NET)} <= {*found}, name


def test_the_front_page_of_the_guide_leads_to_every_page() -> None:
    front = (ROOT / "GUIDE.md").read_text("utf-8")
    for page in _tracked("docs/guide/*.md", "docs/howto/*.md"):
        assert page.name == "index.md" or f"({page.relative_to(ROOT)})" in front


def test_readme_commands_exist_and_are_what_ci_runs() -> None:
    shown = set(re.findall(r"^make (\w+)", README, re.MULTILINE))
    ci = set(re.findall(r"^make (\w+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    targets = set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert shown == {"report", "test", "torch"}
    assert shown - {"torch"} <= ci <= targets  # test installs torch too


def test_commands_in_documents_take_the_options_they_show() -> None:
    known = commands()
    for document in _tracked("README.md", "GUIDE.md", "docs/*.md"):
        _takes_the_options_shown(document.read_text("utf-8"), known)


def test_examples_in_help_take_the_options_they_show() -> None:
    known = commands()
    for name in known:
        _takes_the_options_shown(CliRunner().invoke(app, [*name.split(), "--help"]).output, known)


def _takes_the_options_shown(text: str, known: dict[str, list[str]]) -> None:
    shown = re.findall(r"rmbg-eval ((?:cases )?[a-z]+)([^`\n]*)", text)
    for name, rest in shown:
        if name in known:
            assert set(re.findall(r"(--[a-z-]+)", rest)) <= {*known[name], "--help"}, (name, rest)


@pytest.mark.parametrize(
    "document", ["README.md", "GUIDE.md", "CHANGELOG.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md"]
)
def test_links_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    titles = {
        "#" + re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert link in titles if link.startswith("#") else (ROOT / link).is_file(), link


def test_links_between_pages_lead_somewhere() -> None:
    made = {"texts", "generated"}  # by docs/generate.py; `make docs` follows those, and anchors
    for page in _tracked("docs/*.md"):
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            assert made & {*link.split("/")} or (page.parent / link).is_file(), (page, link)


def test_changelog_has_this_version() -> None:
    assert f"\n## {rmbg_eval.__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\nversion: {rmbg_eval.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_every_dependency_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [re.fullmatch(r"([\w.-]+)==[\w.+]+", line) for line in lines if not line.startswith("#")]
    assert all(pins)
    pinned = {pin[1].lower().replace("_", "-") for pin in pins}
    wanted = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    names = {re.match(r"[A-Za-z0-9-]+", line)[0].lower() for line in wanted}
    assert names <= pinned
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text()


def test_conda_environment_only_points_to_pyproject() -> None:
    lines = (ROOT / "environment.yml").read_text().splitlines()
    listed = [line.strip() for line in lines if line.strip().startswith("- ")]
    tests = re.search(
        r"^\.venv/\.test:.*\n.* '(.+)'$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert listed == [
        "- python=3.11",
        "- pip",
        "- pip:",
        "- -c constraints.txt",
        f"- -e {tests[1]}",
    ]


def _tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_notebooks_are_kept_without_outputs() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert not cell.get("outputs")
            assert not cell.get("execution_count")


def test_no_file_is_large() -> None:
    for path in _tracked():
        assert path.stat().st_size < 1_500_000, path


def test_nothing_is_fetched_by_the_page_or_the_package_itself() -> None:
    for path in _tracked("rmbg_eval/*", "notebooks/*"):
        if path.suffix == ".webp":
            continue
        assert not re.search(r"https?://(?!www\.w3\.org)", path.read_text("utf-8")), path
