"""`make_cutouts`: just the RGBA, and never at the cost of a picture."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from fakes import FakeModel, disc, save_picture
from PIL import Image
from systems import WINDOWS, links, strange_names

from rmbg_eval.core.progress import Step
from rmbg_eval.errors import ImageError, OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.predictions.cutouts import make_cutouts


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def results(images: list[Path], out: Path, overwrite: bool = False) -> dict[Path, Path | str]:
    done = make_cutouts(FakeModel(), images, out, overwrite)
    return {image: path if isinstance(path, Path) else path.to("en") for image, path in done}


def is_cutout(path: Path, seed: int) -> bool:
    rgb = disc(seed)[0]
    return np.array_equal(np.asarray(Image.open(path)), np.dstack([rgb, rgb[..., 0]]))


def test_every_picture_gets_its_cut_out_by_its_stem(tmp_path: Path, out: Path) -> None:
    names = ["a.png", "b.c.png", "发丝 b.png" if WINDOWS else "发丝 <b>.png", "-x.png"]
    images = [save_picture(tmp_path / name, seed) for seed, name in enumerate(names)]
    assert results(images, out) == {image: out / image.name for image in images}
    assert all(is_cutout(out / name, seed) for seed, name in enumerate(names))
    assert len(list(out.iterdir())) == 4


def test_a_name_that_is_too_long_is_one_picture_s_problem(tmp_path: Path, out: Path) -> None:
    image, long = save_picture(tmp_path / "a.png"), tmp_path / f"{'a' * 300}.png"
    said = results([long, image], out)
    assert said[image] == out / "a.png"
    assert ("" if WINDOWS else "File name too long") in str(said[long])
    assert results([long, image], out) == said


def test_no_pictures_are_no_cut_outs(out: Path) -> None:
    assert results([], out) == {}


def test_scraps_that_cannot_be_removed_take_no_cut_out_with_them(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    image = save_picture(tmp_path / "a.png")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("os.rmdir", fail)
    assert results([image], out) == {image: out / "a.png"}


def test_a_scrap_that_cannot_be_read_is_named(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def fail(path: Path) -> bytes:
        if "cutouts" in path.parts:
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    image = save_picture(tmp_path / "a.png")
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(ImageError, match=r"a\.png could not be read: Input/output error"):
        results([image], out)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_picture_is_never_replaced_by_its_own_cut_out(tmp_path: Path, overwrite: bool) -> None:
    image = save_picture(tmp_path / "a.png")
    before = image.read_bytes()
    said = results([image], tmp_path, overwrite)
    assert said == {image: "Its cut-out would replace a picture. Give another folder with --out."}
    assert image.read_bytes() == before


@links
@pytest.mark.parametrize("overwrite", [False, True])
def test_neither_through_a_link_nor_another_spelling(
    tmp_path: Path, out: Path, overwrite: bool
) -> None:
    image = save_picture(tmp_path / "a.png")
    before = image.read_bytes()
    out.symlink_to(tmp_path)
    spelled = tmp_path / "out" / ".." / tmp_path.name / "a.png"
    for given, folder in ((image, out), (spelled, tmp_path), (out / "a.png", tmp_path)):
        assert "would replace a picture" in str(results([given], folder, overwrite)[given])
    assert image.read_bytes() == before


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("order", [("a.bmp", "a.png"), ("a.png", "a.bmp")])
def test_no_picture_is_replaced_by_the_cut_out_of_another(
    tmp_path: Path, order: tuple[str, str], overwrite: bool
) -> None:
    images = [save_picture(tmp_path / name, len(name)) for name in order]
    before = [image.read_bytes() for image in images]
    said = results(images, tmp_path, overwrite)
    assert [image.read_bytes() for image in images] == before
    assert all(isinstance(result, str) for result in said.values())


def test_of_two_pictures_with_one_stem_the_second_is_told(tmp_path: Path, out: Path) -> None:
    first, second = save_picture(tmp_path / "a.bmp", 1), save_picture(tmp_path / "x" / "a.png", 2)
    said = results([first, second], out, overwrite=True)
    assert said[first] == out / "a.png"
    assert "a.bmp has the same name" in str(said[second])
    assert is_cutout(out / "a.png", 1)


def test_so_it_is_where_only_the_case_differs(tmp_path: Path, out: Path) -> None:
    first, second = save_picture(tmp_path / "Rex.bmp", 1), save_picture(tmp_path / "rex.png", 2)
    said = results([first, second], out)
    assert said[first] == out / "Rex.png"
    assert "Rex.bmp has the same name" in str(said[second])


@strange_names
def test_two_pictures_whose_names_print_alike_are_not_mixed_up(tmp_path: Path, out: Path) -> None:
    names = ["a\nb.png", r"a\nb.png"]
    images = [save_picture(tmp_path / name, seed) for seed, name in enumerate(names)]
    assert results(images, out) == {image: out / image.name for image in images}
    assert all(is_cutout(out / name, seed) for seed, name in enumerate(names))


def test_another_file_is_kept_unless_told_otherwise(tmp_path: Path, out: Path) -> None:
    image = save_picture(tmp_path / "a.png", 1)
    out.mkdir()
    (out / "a.png").write_text("precious")
    assert f"{Path('out/a.png')} exists. Use --overwrite" in str(results([image], out)[image])
    assert (out / "a.png").read_text() == "precious"
    assert results([image], out, overwrite=True) == {image: out / "a.png"}
    assert is_cutout(out / "a.png", 1)


@pytest.mark.parametrize("overwrite", [False, True])
def test_so_is_one_that_another_command_writes_meanwhile(
    tmp_path: Path, out: Path, overwrite: bool
) -> None:
    images = [save_picture(tmp_path / f"{name}.png", seed) for seed, name in enumerate("ab")]
    done = make_cutouts(FakeModel(), images, out, overwrite)
    assert next(done) == (images[0], out / "a.png")
    (out / "b.png").write_bytes(b"of another")
    ((_, said),) = done
    assert (said == out / "b.png") is overwrite
    assert ((out / "b.png").read_bytes() == b"of another") is not overwrite


def test_a_finished_cut_out_is_left_by_the_same_command_and_told_to_another(
    tmp_path: Path, out: Path
) -> None:
    image, later = (save_picture(tmp_path / f"{name}.png", 1) for name in "ab")
    results([image], out)
    made = (out / "a.png").stat().st_mtime_ns
    assert results([image, later], out) == {each: out / each.name for each in (image, later)}
    assert (out / "a.png").stat().st_mtime_ns == made
    other = FakeModel(weights="1" * 64)
    assert all(isinstance(said, Message) for _, said in make_cutouts(other, [image, later], out))
    assert other.inferred == []
    save_picture(image, 2)
    assert f"{Path('out/a.png')} exists. Use --overwrite" in str(results([image], out)[image])


def test_a_bad_picture_is_told_and_the_others_go_on(tmp_path: Path, out: Path) -> None:
    images = [save_picture(tmp_path / f"{name}.png", 1) for name in "abcd"]
    images[1].write_text("no picture")
    images[2].unlink()
    said = results(images, out)
    assert "b.png is not a picture" in str(said[images[1]])
    assert "c.png does not exist" in str(said[images[2]])
    assert {path.name for path in out.iterdir()} == {"a.png", "d.png"}


def test_a_failed_picture_leaves_the_cut_out_that_was_there(tmp_path: Path, out: Path) -> None:
    image = save_picture(tmp_path / "a.png", 1)
    results([image], out)
    image.write_text("no picture any more")
    assert isinstance(results([image], out, overwrite=True)[image], str)
    assert is_cutout(out / "a.png", 1)


def test_the_second_time_nothing_is_inferred(tmp_path: Path, out: Path) -> None:
    image, model = save_picture(tmp_path / "a.png"), FakeModel()
    for folder in (out, tmp_path / "more"):
        assert dict(make_cutouts(model, [image], folder)) == {image: folder / "a.png"}
    assert len(model.inferred) == 1


def test_a_file_in_place_of_the_folder_is_an_output_error(tmp_path: Path, out: Path) -> None:
    out.write_text("a file")
    with pytest.raises(OutputError, match="could not be written"):
        results([save_picture(tmp_path / "a.png")], out)


def test_progress_names_each_picture(tmp_path: Path, out: Path) -> None:
    images = [save_picture(tmp_path / f"{name}.png", seed) for seed, name in enumerate("ab")]
    steps: list[Step] = []
    list(make_cutouts(FakeModel(), images, out, on_step=steps.append))
    assert steps == [Step("a.png", 1, 2), Step("b.png", 2, 2)]


def test_a_folder_of_finished_cut_outs_serves_too(tmp_path: Path, out: Path) -> None:
    """`rmbg-eval cutout --model folder:DIR` puts another tool's mattes on the pictures."""
    from rmbg_eval.models.table import load_model

    image = save_picture(tmp_path / "a.png", 1)
    rgb, truth = disc(1)
    (tmp_path / "mattes").mkdir()
    Image.fromarray(truth).save(tmp_path / "mattes" / "a.png")
    said = dict(make_cutouts(load_model(f"folder:{tmp_path / 'mattes'}"), [image], out))
    assert said == {image: out / "a.png"}
    assert np.array_equal(np.asarray(Image.open(out / "a.png")), np.dstack([rgb, truth]))
