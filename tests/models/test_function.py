"""Models written in Python: functions, objects, and what installed packages bring."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, disc
from PIL import Image

from rmbg_eval.core.images import Cutout, Picture
from rmbg_eval.errors import ModelError, RmbgEvalError
from rmbg_eval.models import table
from rmbg_eval.models.function import FunctionModel, model_of
from rmbg_eval.models.table import load_model

PICTURE = Picture("pet/rex", disc(1)[0])
GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "models.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No module or plug-in of one test is there in the next; torch would not be imported twice."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    table.plug_ins.cache_clear()
    yield
    table.plug_ins.cache_clear()
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def cutout(model, picture: Picture = PICTURE) -> Cutout:
    return model.postprocess(model.infer([model.preprocess(picture)])[0], picture)


@pytest.mark.parametrize("kind", ["float64", "float32", "uint8", "rgba", "over"])
def test_a_function_returns_alpha_or_rgba(kind: str) -> None:
    red = PICTURE.rgb[..., 0]
    results = {
        "float64": red / 255,
        "float32": red.astype(np.float32) / np.float32(255),
        "uint8": red,
        "rgba": np.dstack([255 - PICTURE.rgb, red]),
        "over": red / 255 * np.float32(1.0000001),
    }
    made = cutout(FunctionModel("f", lambda rgb: results[kind]))
    assert np.allclose(made.alpha, red / 255, atol=1e-7)
    assert np.array_equal(made.rgb, 255 - PICTURE.rgb if kind == "rgba" else PICTURE.rgb)


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (None, "f returned a NoneType. Return alpha"),
        ("x.png", "f returned a str. Return alpha"),
        (np.zeros((64, 96, 3), np.uint8), r"returned \(64, 96, 3\) of uint8"),
        (np.zeros((64, 96), np.int64), "of int64.*Return alpha"),
        (np.full((64, 96), 1.5), r"^Alpha must lie in \[0, 1\].*1.5.*Return alpha"),
        (np.full((64, 96), np.nan), "^Alpha must be finite.*Return alpha"),
        (
            np.zeros((96, 64)),
            r"^Alpha must be \(64, 96\) .* received \(96, 64\) .*of the picture's size",
        ),
    ],
)
def test_what_is_no_alpha_is_refused(result: object, fault: str) -> None:
    with pytest.raises(RmbgEvalError, match=fault):
        cutout(FunctionModel("f", lambda rgb: result))


def test_a_mask_of_bool_is_one() -> None:
    mask = PICTURE.rgb[..., 0] > 80
    assert np.array_equal(cutout(FunctionModel("f", lambda rgb: mask)).alpha, mask)


@pytest.mark.parametrize("mode", ["P", "LA"])
def test_a_picture_of_pillow_is_read_by_its_mode(mode: str) -> None:
    matte = Image.fromarray(PICTURE.rgb[..., 0]).point(lambda value: 255 * (value > 80))
    grey = Image.merge("LA", (Image.new("L", matte.size), matte))
    made = cutout(FunctionModel("f", lambda rgb: grey if mode == "LA" else matte.quantize()))
    assert np.array_equal(made.alpha, np.asarray(matte) / np.float32(255))


class Elsewhere:
    """As a tensor on a device."""

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize("result", [Elsewhere(), ([[1]], [1])], ids=["tensor", "tuple"])
def test_what_numpy_cannot_read_is_told(result: object) -> None:
    with pytest.raises(ModelError, match="f returned a (Elsewhere|tuple), of which NumPy.*Return"):
        cutout(FunctionModel("f", lambda rgb: result))


def test_a_function_may_return_the_same_array_each_time() -> None:
    kept = np.zeros(PICTURE.rgb.shape[:2])

    def fill(rgb):
        kept[:] = rgb[..., 0] / 255
        return kept

    model = FunctionModel("f", fill)
    first, _ = [*model.infer([PICTURE.rgb.copy()]), *model.infer([np.zeros_like(PICTURE.rgb)])]
    assert np.allclose(model.postprocess(first, PICTURE).alpha, PICTURE.rgb[..., 0] / 255)


def test_a_function_and_its_module_leave_the_run_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "else").mkdir()
    goes = "import os\nos.chdir('else')\ndef f(rgb):\n    os.chdir('/')\n    return rgb[..., 0]"
    (tmp_path / "own_models.py").write_text(goes)
    cutout(load_model("callable:own_models:f"))
    assert Path.cwd() == tmp_path


def test_a_function_that_exits_ends_no_run() -> None:
    with pytest.raises(ModelError, match="f raised SystemExit: 2"):
        cutout(FunctionModel("f", lambda rgb: sys.exit(2)))


def test_a_function_cannot_change_the_picture_of_others() -> None:
    def spoil(rgb):
        rgb[:] = 0
        return np.zeros(rgb.shape[:2])

    before = PICTURE.rgb.copy()
    cutout(FunctionModel("f", spoil))
    assert np.array_equal(PICTURE.rgb, before)


def test_what_a_function_raises_is_said_with_its_line() -> None:
    def broken(rgb):
        return np.reshape(rgb, (7, 7))

    def alike(rgb):
        raise ValueError("Use another.")

    line = broken.__code__.co_firstlineno + 1
    fault = rf"^f raised ValueError: cannot reshape .*, in test_function\.py:{line}\. Correct the f"
    with pytest.raises(ModelError, match=fault):
        cutout(FunctionModel("f", broken))
    with pytest.raises(ModelError, match=r"Use another, in test_function\.py:\d+\. Correct"):
        cutout(FunctionModel("f", alike))


def test_a_module_of_torch_is_told_to_be_wrapped() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ModelError, match=r"A module of torch gets .* give a function"):
        cutout(model_of("net", torch.nn.Conv2d(3, 1, 1)))


def test_without_a_version_nothing_is_kept_for_another_object() -> None:
    def same(rgb):
        return rgb[..., 0]

    def identity(version: str | None) -> str:
        return FunctionModel("f", same, version).identity("pet/rex")

    assert identity(None) != identity(None)
    assert identity("1") == identity("1") != identity("2")


class Below:
    """A callable object with a parameter."""

    VERSION = "1"

    def __init__(self, limit: int = 100) -> None:
        self.limit = limit

    def __call__(self, rgb):
        return (rgb[..., 0] < self.limit) * 1.0


class Above(Below):
    def __call__(self, rgb):
        return (rgb[..., 0] > self.limit) * 1.0


def threshold(rgb, limit):
    return (rgb[..., 0] < limit) * 1.0


def test_objects_and_partials_are_told_apart() -> None:
    def identity(function: object) -> str:
        return model_of("f", function).identity("pet/rex")

    def limited(limit: object) -> partial:
        made = partial(threshold, limit=limit)
        made.VERSION = "7"
        return made

    assert identity(Below()) == identity(Below()) != identity(Above())
    assert identity(limited(100)) == identity(limited(100)) != identity(limited(10))
    assert identity(limited(PICTURE)) != identity(limited(PICTURE)), "it is no plain value"
    assert model_of("f", Above()).info.title == f"The function {__name__}.Above"


def test_functions_of_one_source_are_told_apart_by_the_plain_values_they_hold() -> None:
    def identity(function: object) -> str:
        function.VERSION = "1"
        return model_of("f", function).identity("a")

    def closed_over(limit: object) -> object:
        return lambda rgb: rgb[..., 0] < limit

    for made in (closed_over, lambda limit: lambda rgb, limit=limit: rgb[..., 0] < limit):
        assert identity(made(100)) == identity(made(100)) != identity(made(10))
        assert identity(made((1, 2))) != identity(made((1, 3)))
        assert identity(made(PICTURE)) == identity(made(FakeModel("a"))), (
            "its VERSION stands for it"
        )


def test_what_a_notebook_defines_is_known_by_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def defined(body: str, cell: str = "<cell>", **values: object) -> FunctionModel:
        source = f"def f(rgb):\n    return {body}\n"
        names = {"__name__": "__main__", **values}
        exec(compile(source, cell, "exec"), names)
        linecache.cache["<cell>"] = len(source), None, source.splitlines(True), "<cell>"
        names["f"].VERSION = "1"
        return model_of("f", names["f"])

    one, same, other = defined("rgb[..., 0]"), defined("rgb[..., 0]"), defined("rgb[..., 1]")
    assert one.identity("a") == same.identity("a") != other.identity("a")
    assert not one.warnings
    threshold = [defined("rgb[..., 0] > LIMIT", LIMIT=limit) for limit in (1, 1, 2, [3], [4])]
    assert len({model.identity("a") for model in threshold}) == 4
    lost = [defined("rgb", "<nowhere>") for _ in range(2)]
    assert lost[0].identity("a") != lost[1].identity("a")
    assert "cannot be told in another run" in str(lost[0].warnings[0])


def module(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of one's own, in the folder where one starts."""
    (folder / "own_models.py").write_text(f"import numpy as np\n{source}\n")
    monkeypatch.chdir(folder)
    return "own_models"


def test_a_function_is_named_by_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = module(tmp_path, "VERSION = '7'\ndef red(rgb): return rgb[..., 0] / 255", monkeypatch)
    model = load_model(f"ours=callable:{name}:red")
    assert (model.info.name, model.info.title) == ("ours", "The function own_models.red")
    assert "version 7" in model.info.runtime
    assert np.allclose(cutout(model).alpha, PICTURE.rgb[..., 0] / 255)


def test_a_function_is_the_same_by_spec_and_as_an_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "VERSION = '7'\ndef red(rgb): return rgb[..., 0] / 255\n"
        "def make(): return lambda rgb: rgb[..., 0] / 255\n"
        "class Net:\n    def __call__(self, rgb): return rgb[..., 0] / 255\n"
        "a, b = Net(), Net()"
    )
    name = module(tmp_path, source, monkeypatch)
    red = load_model(f"ours=callable:{name}:red")
    own = sys.modules[name]
    assert model_of("ours", own.red).identity("a") == red.identity("a")
    assert model_of("f", own.make()).warnings, "another may be made under the same name"
    a, b = (load_model(f"x=callable:{name}:{each}") for each in "ab")
    assert a.identity("p") == load_model(f"x=callable:{name}:a").identity("p") != b.identity("p")
    monkeypatch.setattr(own.red, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "red", own.red, raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "VERSION", "7", raising=False)
    assert model_of("ours", own.red).warnings, "a notebook's VERSION may be of something else"


def test_a_model_object_gets_its_specs_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from fakes import FakeModel\ndef make(): return FakeModel('its own')"
    name = module(tmp_path, source, monkeypatch)
    model = load_model(f"ours=python:{name}:make")
    assert model.info.name == "ours"
    assert model.identity("a") == FakeModel("its own").identity("a")
    assert np.array_equal(cutout(model).alpha, cutout(FakeModel("its own")).alpha)


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("callable:own_models", "names no object of Python.*callable:PACKAGE.MODULE:NAME"),
        ("callable:own_models:a b", "names no object of Python"),
        ("callable:nowhere_at_all:f", "nowhere_at_all:f cannot be used: No module named"),
        ("callable:own_models:nothing", "own_models:nothing cannot be used"),
        ("callable:own_models:number", "is no function"),
        ("python:own_models:broken", "could not be made: .*boom"),
        ("python:own_models:half", "is no model: it has no info, batch_size"),
        ("callable:own_models:Half", "is no function"),
        ("callable:leaving_models:f", "leaving_models:f cannot be used: it exits when"),
        ("callable:broken_models:f", r"broken_models:f cannot be used: oh\\nno"),
    ],
)
def test_what_cannot_be_used_is_named(
    spec: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "number = 3\ndef broken(): raise ValueError('boom')\ndef half(): return 3\nclass Half: pass"
    )
    module(tmp_path, source, monkeypatch)
    (tmp_path / "leaving_models.py").write_text("raise SystemExit(2)")
    (tmp_path / "broken_models.py").write_text("raise SystemError('oh\\nno')")
    with pytest.raises(ModelError, match=fault):
        load_model(spec)


def test_a_function_or_a_model_will_do_but_nothing_else() -> None:
    own = FakeModel("fake")
    assert model_of(None, own) is own
    assert model_of("x", own).info.name == "x"
    assert isinstance(model_of("x", lambda rgb: rgb[..., 0]), FunctionModel)
    with pytest.raises(ModelError, match="x is no model"):
        model_of("x", FakeModel)
    for part, value in (("batch_size", 0), ("info", {}), ("warnings", None)):
        broken = FakeModel("fake")
        setattr(broken, part, value)
        with pytest.raises(ModelError, match=f"FakeModel is no model: its {part} is .*Let it be"):
            model_of(None, broken)


def install(folder: Path, points: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package as pip leaves it, on the path."""
    about = folder / "red_remover-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: red-remover\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(points)
    (folder / "red_remover.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    table.plug_ins.cache_clear()


def test_the_guides_plug_in_works_to_the_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source,) = re.findall(r"```python\n# red_remover\.py\n(.*?)```", GUIDE, re.DOTALL)
    (points,) = re.findall(
        r'```toml\n(\[project\.entry-points\."rmbg_eval\.models"\]\n.*?)```', GUIDE, re.DOTALL
    )
    lines = points.replace('[project.entry-points."rmbg_eval.models"]', "[rmbg_eval.models]")
    install(tmp_path, lines.replace('"', ""), source, monkeypatch)
    model = load_model("red-remover")
    assert (model.info.name, model.info.licence) == ("red-remover", "MIT")
    assert np.allclose(cutout(model).alpha, PICTURE.rgb[..., 0] / 255)
    assert load_model("other=red-remover").info.name == "other"


def test_a_broken_plug_in_is_named_and_the_rest_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = "[rmbg_eval.models]\na = red_remover:GONE\nb = red_remover:ISNET\nc = leaves:X\n"
    (tmp_path / "leaves.py").write_text("raise SystemExit(2)")
    source = (
        "from rmbg_eval.models.entry import Entry\n"
        "ISNET = Entry('isnet', 'another', 'MIT', lambda asked: None)\n"
    )
    install(tmp_path, points, source, monkeypatch)
    assert load_model("grabcut").info.name == "grabcut"
    with pytest.raises(
        ModelError,
        match="plug-in a cannot be used.*there is a model isnet already.*plug-in c cannot",
    ):
        load_model("no-such")


def test_a_plug_in_that_makes_no_model_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = "[rmbg_eval.models]\na = red_remover:ALL\nb = red_remover:ODD\n"
    source = (
        "import sys\n"
        "from rmbg_eval.models.entry import Entry\n"
        "makers = {'none': lambda asked: None, 'fault': lambda asked: 1 / 0,\n"
        "          'exit': lambda asked: sys.exit(0)}\n"
        "ALL = [Entry(name, name, 'MIT', make) for name, make in makers.items()]\n"
        "ODD = Entry(7, 'odd', 'MIT', None)\n"
    )
    install(tmp_path, points, source, monkeypatch)
    for name, fault in (("none", "is no model"), ("fault", "division"), ("exit", "could not be")):
        with pytest.raises(ModelError, match=fault):
            load_model(name)
    with pytest.raises(ModelError, match=r"plug-in b cannot be used: it is no Entry.*fault, exit"):
        load_model("no-such")
