"""What is said when a checkpoint cannot be had, and that what is had is the pinned one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from systems import needs

needs("huggingface_hub")

import huggingface_hub
from huggingface_hub import errors

from rmbg_eval.errors import WeightsError
from rmbg_eval.models.hub import FILE, Checkpoint

PINNED = Checkpoint("nobody/nothing", "a" * 40, hashlib.sha256(b"weights").hexdigest(), gated=True)


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub with an empty cache, which no test may reach."""
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_, **__: pytest.fail("asked"))


def refusal(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> str:
    """What is said when the hub answers with `kind`."""
    error = kind.__new__(kind)
    Exception.__init__(error, "the hub's own words")

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)
    with pytest.raises(WeightsError) as caught:
        PINNED.fetch(print)
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (errors.GatedRepoError, "Accept it at huggingface.co/nobody/nothing, then run: hf auth"),
        (errors.RepositoryNotFoundError, "to log in, run: hf auth login"),
        (errors.RevisionNotFoundError, "has no revision aaaa"),
        (errors.LocalEntryNotFoundError, "the hub cannot be reached"),
        (errors.EntryNotFoundError, "has no model.safetensors"),
        (OSError, "the space on the disk"),
    ],
)
def test_each_refusal_says_what_to_do(
    kind: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert message in refusal(kind, monkeypatch)


def test_the_pinned_revision_is_asked_for_and_nothing_but_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(repository: str, file: str, *, revision: str) -> str:
        asked.append((repository, file, revision))
        (tmp_path / FILE).write_bytes(b"weights")
        return str(tmp_path / FILE)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    path = PINNED.fetch(print)
    assert asked == [("nobody/nothing", "model.safetensors", "a" * 40)]
    assert PINNED.verified(path) == PINNED.sha256


def test_what_is_here_is_not_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_bytes(b"weights")
    found = str(tmp_path / FILE)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: found)
    assert PINNED.there
    assert PINNED.fetch(print) == tmp_path / FILE


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"altered")
    with pytest.raises(WeightsError, match="are not the pinned ones"):
        PINNED.verified(tmp_path / FILE)


def test_a_folder_of_the_users_may_hold_any_weights(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"mine")
    mine = Checkpoint(PINNED.repository, PINNED.revision, PINNED.sha256, folder=tmp_path)
    assert mine.verified(mine.fetch(print)) == hashlib.sha256(b"mine").hexdigest()
