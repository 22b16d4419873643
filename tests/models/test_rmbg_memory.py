"""RMBG-2.0 where memory is short, where its kernels do not run, and compiled by torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from systems import needs

needs("torch")

import torch
from fakes import disc, save_picture
from tiny_rmbg import alpha_of, member

from rmbg_eval.cases.case import Case
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Picture
from rmbg_eval.errors import ModelError
from rmbg_eval.models.birefnet.linear import product_precision
from rmbg_eval.models.birefnet.rmbg import Rmbg
from rmbg_eval.predictions.stages import predict


@pytest.fixture
def picture() -> Picture:
    return Picture("c/disc", disc(3, (150, 90))[0])


def test_too_little_memory_halves_the_batch_and_says_so(
    checkpoint: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Rmbg("m", member(checkpoint), batch_size=4)
    model.load()
    forward = model._forward

    def small_device(inputs: list) -> list:
        if len(inputs) > 1:
            raise torch.cuda.OutOfMemoryError
        return forward(inputs)

    monkeypatch.setattr(model, "_forward", small_device)
    assert len(model.infer([model.preprocess(picture)] * 4)) == 4
    assert model.batch_size == 1
    assert "not enough memory for 4 pictures" in str(model.warnings[0])


def short_of_memory(monkeypatch: pytest.MonkeyPatch, model: Rmbg, error: Exception) -> None:
    """A device like this machine's CPU by another name, on which nothing can be computed."""
    forward = model._forward

    def short(inputs: list) -> list:
        if model._device != "cpu":
            raise error
        return forward(inputs)

    monkeypatch.setattr(model, "_forward", short)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError(), RuntimeError("MPS backend out of memory (…)")]
)
def test_too_little_memory_for_one_picture_goes_on_on_the_cpu_under_its_name(
    checkpoint: Path,
    tmp_path: Path,
    picture: Picture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    cases = [
        Case("c", name, save_picture(tmp_path / f"{name}.png", seed))
        for seed, name in enumerate("ab")
    ]
    model = Rmbg("m", member(checkpoint), batch_size=2)
    model.load()
    model._device, model._dtype = "mps", "fp16"  # there is none here: nothing is computed on it
    model.info = model.info.model_copy(update={"device": "mps", "dtype": "fp16"})
    before = model.info.identity
    short_of_memory(monkeypatch, model, error)
    monkeypatch.setattr("rmbg_eval.models.birefnet.rmbg.free_memory", lambda device: None)
    made = [p for _, p in predict(model, cases, tmp_path / "out", Store.default())]
    assert [(p.failure, p.device, p.dtype) for p in made] == [(None, "cpu", "fp32")] * 2
    assert "2 pictures at once" in str(model.warnings[0])
    assert "on mps for one picture in fp16" in str(model.warnings[1])
    exact = Rmbg("m", member(checkpoint))
    assert before != model.info.identity == exact.info.identity
    again = [p for _, p in predict(exact, cases, tmp_path / "again", Store.default())]
    assert all(p.cached for p in again)  # they are kept as what they are
    assert [p.cutout_sha256 for p in made] == [p.cutout_sha256 for p in again]


def test_too_little_memory_within_a_batch_computes_all_of_it_where_it_says(
    checkpoint: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Rmbg("m", member(checkpoint), batch_size=4)
    model.load()
    model._device = "mps"
    monkeypatch.setattr("rmbg_eval.models.birefnet.rmbg.free_memory", lambda device: None)
    small = model.preprocess(picture)
    large = model.preprocess(Picture("c/large", np.full_like(picture.rgb, 255)))

    def forward(inputs: list) -> list:
        if model._device != "cpu" and (len(inputs) > 2 or any(each is large for each in inputs)):
            raise MemoryError
        return [model._device] * len(inputs)

    monkeypatch.setattr(model, "_forward", forward)
    outputs: list = model.infer([small, small, large, small])
    assert outputs == ["cpu"] * 4
    assert model.info.device == "cpu"


def test_too_little_memory_on_the_cpu_fails_the_picture(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Rmbg("m", member(checkpoint))
    error = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")
    monkeypatch.setattr(model, "_forward", lambda inputs: (_ for _ in ()).throw(error))
    case = Case("c", "a", save_picture(tmp_path / "a.png"))
    ((_, made),) = predict(model, [case], tmp_path / "out", Store.default())
    assert made.failure.kind == "MemoryError"
    assert model.warnings == []


def test_its_device_is_the_current_one_while_it_computes(
    checkpoint: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    current: list[str] = []
    seen: list[list[str]] = []

    @contextmanager
    def on_device(device: str) -> Iterator[None]:
        current.append(device)
        yield
        current.pop()

    model = Rmbg("m", member(checkpoint))
    alpha = model._alpha
    monkeypatch.setattr("rmbg_eval.models.birefnet.rmbg.on_device", on_device)
    monkeypatch.setattr(model, "_alpha", lambda *given: seen.append([*current]) or alpha(*given))
    alpha_of(model, picture)
    assert seen == [["cpu"]]


def test_where_its_kernels_do_not_run_it_says_so_and_computes_without_them(
    checkpoint: Path, picture: Picture
) -> None:
    plain, without = Rmbg("m", member(checkpoint)), Rmbg("m", member(checkpoint))
    without.load()
    without._device = "cuda"
    without._use_kernels(without._network)  # a CPU's: they cannot run
    without._device = "cpu"
    (warning,) = without.warnings
    assert "kernels for cuda do not run on this machine" in str(warning)
    assert not str(warning).endswith(": ")
    assert np.array_equal(alpha_of(plain, picture), alpha_of(without, picture))


def test_a_precision_of_products_that_changes_is_compiled_anew() -> None:
    @partial(torch.compile, backend="eager", fullgraph=True)
    def add_length(x: torch.Tensor) -> torch.Tensor:
        return x + len(product_precision())

    before, sums = torch.get_float32_matmul_precision(), []
    for precision in ("high", "highest", "high"):
        torch.set_float32_matmul_precision(precision)
        sums.append(add_length(torch.zeros(1)).item())
    torch.set_float32_matmul_precision(before)
    assert sums == [len("tf32"), len("ieee"), len("tf32")]


def test_compiling_is_named_done_at_once_and_another_identity(
    checkpoint: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda network: compiled.append(network) or network)
    plain, fast = Rmbg("m", member(checkpoint)), Rmbg("m", member(checkpoint), compiled=True)
    assert fast.info.runtime == f"{plain.info.runtime}, torch.compile"
    assert fast.info.identity != plain.info.identity
    assert fast.load()
    assert compiled == [fast._network]
    assert np.array_equal(alpha_of(plain, picture), alpha_of(fast, picture))
    assert len(compiled) == 1


def test_a_machine_that_cannot_compile_says_so_before_the_first_picture(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(image: torch.Tensor) -> torch.Tensor:
        raise FileNotFoundError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", lambda network: broken)
    with pytest.raises(ModelError, match=r"no C\+\+ compiler.*without --compile"):
        Rmbg("m", member(checkpoint), compiled=True).load()
