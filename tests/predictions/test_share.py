"""Cases shared out among processes: every case once, in order, on the device that is its turn's."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from fakes import FakeModel, some_cases
from systems import KILLED

from rmbg_eval.core import processes
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.notes import MASK, SOME
from rmbg_eval.core.processes import Call, Send, in_processes
from rmbg_eval.errors import ModelError
from rmbg_eval.i18n import Message
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.share import predict_shared
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.settings import Settings


class Telling(FakeModel):
    """Warns of its process and device, and of masks; the picture called `kills` is its end."""

    def __init__(self, device: str, kills: str = "") -> None:
        super().__init__()
        self.info = self.info.model_copy(update={"device": device})
        self.kills = kills
        self.warnings = [Message("process {id}", id=os.getpid()), SOME[MASK]]

    def alpha(self, picture: Picture) -> Alpha:
        if picture.name == self.kills:
            psutil.Process().kill()
        return super().alpha(picture)


def make_telling(device: str, kills: str = "") -> Telling:
    return Telling(device, kills)


def make_none(device: str) -> Telling:
    raise ModelError(f"There is no {device}", "Use another.")


def test_two_devices_share_the_cases(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 5)
    warnings: list[Message] = []
    out, store = tmp_path / "out", Store.default()
    devices = ["cuda:0", "cuda:1"]
    made = list(predict_shared(make_telling, devices, warnings, cases, out, store))
    assert [case for case, _ in made] == cases
    assert [p.case for _, p in made] == ["00", "01", "02", "03", "04"]
    assert [p.device for _, p in made] == ["cuda:0", "cuda:1", "cuda:0", "cuda:1", "cuda:0"]
    assert all((out / p.cutout).is_file() and not p.cached for _, p in made)
    assert warnings.count(SOME[MASK]) == 1  # of cut-outs, whichever made them
    warnings.remove(SOME[MASK])
    told = dict(str(warning).split(": process ") for warning in warnings)
    assert set(told) == set(devices)
    assert len({*told.values(), str(os.getpid())}) == 3
    again = list(predict_shared(make_telling, devices, [], cases, out, store))
    assert all(p.cached for _, p in again)


def test_fewer_cases_than_devices(tmp_path: Path) -> None:
    (case,) = some_cases(tmp_path / "in", 1)
    made = list(
        predict_shared(make_telling, ["cpu"] * 2, [], [case], tmp_path / "out", Store.default())
    )
    assert [found for found, _ in made] == [case]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_none, "There is no cpu"),
        (partial(make_telling, kills="c/01"), f"ended without a word .exit status {KILLED}."),
    ],
    ids=["cannot be made", "killed"],
)
def test_one_process_that_fails_ends_all(tmp_path: Path, make: object, message: str) -> None:
    cases = some_cases(tmp_path / "in", 4)
    with pytest.raises(ModelError, match=message):
        list(predict_shared(make, ["cpu"] * 2, [], cases, tmp_path / "out", Store.default()))
    assert not _children()


def test_a_run_on_two_devices_finds_what_a_run_on_one_finds(
    case_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {}
    for device in ("cpu", "cpu,cpu"):
        monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / f"cache of {device}"))
        runs[device] = evaluate(
            Settings(
                models=["grabcut"],
                cases=str(case_set),
                device=device,
                out=str(tmp_path / device.replace(",", "-")),
            )
        )
    one, two = runs.values()
    assert two.models[0].info.device == "cpu,cpu"
    assert two.models[0].info.identity == one.models[0].info.identity
    for a, b in zip(one.predictions, two.predictions, strict=True):
        assert not b.cached
        assert (a.category, a.case, a.cutout_sha256) == (b.category, b.case, b.cutout_sha256)
    assert one.measurements == two.measurements


def test_a_single_model_takes_a_single_device() -> None:
    with pytest.raises(ModelError, match="One model runs on one device; 'cpu,cpu'"):
        load_model("grabcut", "cpu,cpu")
    with pytest.raises(ModelError, match="no device 'gpu'. Name it otherwise: use 'auto'"):
        load_model("grabcut", "gpu")


def send_forever(send: Send) -> None:
    while True:
        send(np.zeros(3))
        time.sleep(0.01)


def test_no_process_is_left_when_the_caller_stops_listening() -> None:
    sent: Iterator = in_processes([Call("a", send_forever, ()), Call("b", send_forever, ())])
    assert {next(sent)[0] for _ in range(50)} <= {0, 1}
    assert len(_children()) == 2
    sent.close()
    assert not _children()


def _children() -> list[psutil.Process]:
    """Processes of ours that compute; multiprocessing's own helper stays."""
    return [
        child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())
    ]


def test_a_process_ends_with_its_parent_whose_number_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where a number is told also of a parent that is gone."""

    class Gone:
        alive = [True, False]  # noqa: RUF012

        def is_alive(self) -> bool:
            return self.alive.pop(0)

    ends: list[int] = []
    monkeypatch.setattr(processes, "_LOOK_EVERY", 0)
    monkeypatch.setattr(processes, "parent_process", Gone)
    monkeypatch.setattr(os, "_exit", ends.append)
    processes.end_with_parent(os.getppid())
    assert ends == [1]


def stop(send: Send) -> None:
    """Hang so that not even a request to end is heard."""
    psutil.Process().suspend()


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_END_WITHIN", 0.1)
    with pytest.raises(processes.ProcessError, match="hung") as caught:
        list(in_processes([Call("cpu", stop, ())], time_limit=3))
    assert caught.value.hung
    assert not multiprocessing.active_children()
