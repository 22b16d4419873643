"""`folder:PATH`: finished cut-outs of another tool, used exactly as they are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
from fakes import disc
from pictures import ordinary_user, public_folder
from PIL import Image
from systems import WINDOWS

from rmbg_eval.cases.case import Case
from rmbg_eval.core import remote
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Cutout, Picture, quantise
from rmbg_eval.errors import ImageError, MissingCutoutError, ModelError, printable
from rmbg_eval.models import folder
from rmbg_eval.models.folder import tell_others
from rmbg_eval.models.protocol import Model
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict, stored_alpha

PICTURE = Picture("pet/rex", disc(1)[0])
RGBA = np.random.default_rng(5).integers(0, 256, (64, 96, 4)).astype(np.uint8)
MATTE = RGBA[..., 3]


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, lossless=True)
    return path


def cutout_of(folder: Path, picture: Picture = PICTURE) -> Cutout:
    model = load_model(f"folder:{folder}")
    return model.postprocess(model.infer([model.preprocess(picture)])[0], picture)


@pytest.mark.parametrize("suffix", ["png", "PNG", "webp", "tif"])
def test_rgba_keeps_its_own_colours_and_alpha_byte_for_byte(tmp_path: Path, suffix: str) -> None:
    pixels = RGBA.copy()
    if suffix == "webp":  # which drops the colours of what is transparent
        pixels[..., 3] |= 1
    save(tmp_path / "pet" / f"rex.{suffix}", pixels)
    cutout = cutout_of(tmp_path)
    assert np.array_equal(cutout.rgb, pixels[..., :3])
    assert np.array_equal(cutout.alpha, pixels[..., 3].astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("suffix", ["png", "pgm"])
def test_a_grey_matte_takes_the_pictures_colours(tmp_path: Path, suffix: str) -> None:
    save(tmp_path / "pet" / f"rex.{suffix}", MATTE)
    cutout = cutout_of(tmp_path)
    assert np.array_equal(cutout.rgb, PICTURE.rgb)
    assert np.array_equal(cutout.alpha, MATTE.astype(np.float32) / np.float32(255))


def test_a_grey_matte_may_be_saved_as_rgb(tmp_path: Path) -> None:
    save(tmp_path / "rex.png", np.dstack([MATTE] * 3))
    assert np.array_equal(cutout_of(tmp_path).alpha, MATTE.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_matte_with_an_opaque_alpha_channel_is_a_matte(tmp_path: Path, mode: str) -> None:
    Image.fromarray(MATTE).convert(mode).save(tmp_path / "rex.png")
    cutout = cutout_of(tmp_path)
    assert np.array_equal(cutout.rgb, PICTURE.rgb)
    assert np.array_equal(cutout.alpha, MATTE.astype(np.float32) / np.float32(255))


def test_a_grey_picture_that_is_left_opaque_is_a_cut_out(tmp_path: Path) -> None:
    grey = np.dstack([MATTE] * 3)
    Image.fromarray(grey).convert("RGBA").save(tmp_path / "rex.png")
    cutout = cutout_of(tmp_path, Picture("pet/rex", grey))
    assert np.array_equal(cutout.rgb, grey)
    assert cutout.alpha.min() == 1


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_black_and_white_cut_out_over_white_is_no_matte(tmp_path: Path, suffix: str) -> None:
    grey = np.tile(np.linspace(20, 230, 96).astype(np.uint8), (64, 1))
    picture, over = Picture("pet/rex", np.dstack([grey] * 3)), grey.copy()
    over[:, 70:] = 255
    Image.fromarray(over).save(tmp_path / f"rex.{suffix}")
    with pytest.raises(ModelError, match="black-and-white picture itself.*as RGBA"):
        cutout_of(tmp_path, picture)
    for matte in (np.where(grey < 180, 255, 0).astype(np.uint8), 255 - grey, grey):
        Image.fromarray(matte).save(tmp_path / f"rex.{suffix}")
        assert np.abs(cutout_of(tmp_path, picture).alpha - matte / 255).max() < 0.2


def test_a_16_bit_matte_keeps_its_steps(tmp_path: Path) -> None:
    fine = np.linspace(0, 65535, 64 * 96).reshape(64, 96).astype(np.uint16)
    save(tmp_path / "rex.png", fine)
    assert np.array_equal(cutout_of(tmp_path).alpha, fine.astype(np.float32) / np.float32(65535))


def test_a_picture_without_alpha_is_no_cut_out(tmp_path: Path) -> None:
    save(tmp_path / "rex.png", RGBA[..., :3])
    with pytest.raises(ImageError, match=r"^rex\.png has colours but no alpha channel.*RGBA"):
        cutout_of(tmp_path)


def test_the_categorys_folder_comes_before_the_flat_one(tmp_path: Path) -> None:
    save(tmp_path / "rex.png", np.full((64, 96), 10, np.uint8))
    assert cutout_of(tmp_path).alpha.max() == np.float32(10 / 255)
    save(tmp_path / "pet" / "rex.png", np.full((64, 96), 20, np.uint8))
    assert cutout_of(tmp_path).alpha.max() == np.float32(20 / 255)
    save(tmp_path / "portrait" / "rex.png", np.full((64, 96), 30, np.uint8))
    assert cutout_of(tmp_path).alpha.max() == np.float32(20 / 255)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_match_as_macos_writes_them_too(tmp_path: Path, form: str) -> None:
    save(tmp_path.joinpath(*(normalize(form, name) for name in ("köter", "rené.png"))), MATTE)
    cutout_of(tmp_path, Picture("köter/rené", PICTURE.rgb))


def test_the_stem_is_matched_whole(tmp_path: Path) -> None:
    save(tmp_path / "pet" / "rex-2.png", MATTE)
    save(tmp_path / "pet" / "old.rex.png", MATTE)
    with pytest.raises(MissingCutoutError, match="There is no cut-out of pet/rex in"):
        cutout_of(tmp_path)


@pytest.mark.parametrize(
    "end",
    "-removebg-preview _no_bg _rgba -PhotoRoom -mask -matte -alpha -rgba .jpg .JPG .heic".split(),
)
def test_what_tools_put_after_a_name_is_no_part_of_it(tmp_path: Path, end: str) -> None:
    save(tmp_path / f"rex{end}.png", MATTE)
    assert cutout_of(tmp_path).alpha.shape == MATTE.shape
    model = load_model(f"folder:{tmp_path}")
    tell_others(model, ["pet/rex"])
    assert not model.warnings
    save(tmp_path / "rex.png", 255 - MATTE)
    assert np.array_equal(cutout_of(tmp_path).alpha, (255 - MATTE) / np.float32(255))


@pytest.mark.parametrize("other", ["monday-rex.jpg", "monday-rex.webp", "monday/rex.png"])
def test_of_two_cut_outs_of_one_picture_none_is_taken(tmp_path: Path, other: str) -> None:
    save(tmp_path / "pet" / "monday-rex.png", MATTE)
    save(tmp_path / "pet" / other, MATTE)
    with pytest.raises(ModelError, match="several cut-outs of pet/monday-rex in") as caught:
        cutout_of(tmp_path, Picture("pet/monday-rex", PICTURE.rgb))
    for name in ("monday-rex.png", other):
        assert f"pet/{name}" in str(caught.value)
    model = load_model(f"folder:{tmp_path}")
    tell_others(model, ["pet/monday-rex"])
    assert not model.warnings, "they do match a picture, which says what is wrong"


def test_a_categorys_folder_is_found_without_regard_to_case(tmp_path: Path) -> None:
    save(tmp_path / "Pet" / "rex.png", MATTE)
    assert np.array_equal(cutout_of(tmp_path).alpha, MATTE.astype(np.float32) / np.float32(255))


def test_a_file_that_two_pictures_of_one_name_share_is_told(tmp_path: Path) -> None:
    save(tmp_path / "rex.png", MATTE)
    save(tmp_path / "pet" / "tom.png", MATTE)
    model = load_model(f"folder:{tmp_path}")
    tell_others(model, ["pet/rex", "pet/tom", "portrait/rex"])
    assert [str(each) for each in model.warnings] == [
        f"1 file of {tmp_path.name} is taken for several pictures of one name: rex.png"
    ]


def test_what_cannot_be_listed_is_told_and_costs_its_own_pictures_alone() -> None:
    with public_folder() as root:
        for name in ("pet/rex", "portrait/ada"):
            save(root / f"{name}.png", MATTE)
        (root / "pet").chmod(0)
        with ordinary_user():
            model = load_model(f"folder:{root}")
            tell_others(model, ["pet/rex", "portrait/ada"])
            assert model.warnings == []
            cutout_of(root, Picture("portrait/ada", PICTURE.rgb))
            with pytest.raises(ModelError, match="pet could not be read: Permission"):
                cutout_of(root)
            assert model.identity("pet/rex") == "missing"
        root.chmod(0)
        with ordinary_user(), pytest.raises(ModelError, match="could not be read.*permissions"):
            load_model(f"folder:{root}")
        root.chmod(0o755)


def test_a_missing_cut_out_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no cut-out of pet/rex in .*Save it as pet/rex\.png"):
        cutout_of(tmp_path)


@pytest.mark.parametrize("pixels", [RGBA[:, :-1], MATTE[:-1], MATTE.T, RGBA[:32, :48]])
def test_another_size_is_refused_and_never_resized(tmp_path: Path, pixels: np.ndarray) -> None:
    save(tmp_path / "rex.png", np.ascontiguousarray(pixels))
    height, width = pixels.shape[:2]
    with pytest.raises(ModelError, match=rf"{width}×{height} pixels, the picture 96×64.*never"):
        cutout_of(tmp_path)


def test_one_that_lies_on_its_side_is_to_be_turned_not_to_be_made_larger(tmp_path: Path) -> None:
    save(tmp_path / "rex.png", np.ascontiguousarray(np.rot90(RGBA)))
    with pytest.raises(ModelError, match=r"64×96 pixels.*Export the cut-out upright"):
        cutout_of(tmp_path)


def test_a_damaged_cut_out_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "rex.png", RGBA)
    whole = (tmp_path / "rex.png").read_bytes()
    (tmp_path / "rex.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match="damaged or cut short"):
        cutout_of(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "~nobody-of-this-name/x", "a\0b"])
def test_a_folder_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(
        ModelError, match="(no folder .* of cut-outs|can be no path).*Check the path"
    ):
        load_model(f"folder:{name}")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    save(tmp_path / "rex.png", RGBA)
    with pytest.raises(ModelError, match="There is no folder"):
        load_model(f"folder:{tmp_path / 'rex.png'}")


def test_the_identity_follows_the_content_of_the_cases_own_file(tmp_path: Path) -> None:
    save(tmp_path / "pet" / "rex.png", RGBA)
    save(tmp_path / "pet" / "tom.png", MATTE)

    def identity(name: str) -> str:
        return load_model(f"folder:{tmp_path}").identity(name)

    before = identity("pet/rex")
    assert identity("pet/tom") != before
    save(tmp_path / "pet" / "tom.png", RGBA[..., 0])
    assert identity("pet/rex") == before
    save(tmp_path / "pet" / "rex.png", 255 - RGBA)
    assert identity("pet/rex") != before
    assert identity("pet/gone") == "missing"


@pytest.mark.parametrize("moment", ["preprocess", "infer"])
def test_what_is_replaced_while_it_is_read_is_kept_as_what_it_is(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case("pet", "rex", save(tmp_path / "in.png", RGBA[..., :3]))
    path = save(tmp_path / "cut" / "rex.png", MATTE)
    store = Store(tmp_path / "store")

    def predicted(model: Model) -> np.ndarray:
        ((_, made),) = predict(model, [case], tmp_path / "out", store)
        return quantise(stored_alpha(tmp_path / "out" / str(made.cutout)))

    model = load_model(f"folder:{tmp_path / 'cut'}")
    stage = getattr(model, moment)

    def late(given: Any) -> Any:
        save(path, 255 - MATTE)
        return stage(given)

    with monkeypatch.context() as patch:
        patch.setattr(model, moment, late)
        predicted(model)
    for matte in (255 - MATTE, MATTE):
        save(path, matte)
        assert np.array_equal(predicted(load_model(f"folder:{tmp_path / 'cut'}")), matte)


def test_a_finished_cut_out_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("pet", "rex", save(tmp_path / "in.png", RGBA[..., :3]))
    save(tmp_path / "cut" / "rex.png", MATTE)
    monkeypatch.setattr(remote, "_SETTLED", 0)
    time.sleep(0.05)
    hashed, read = list[Path](), list[Path]()
    hash_of, bytes_of = remote.sha256_file, folder.read_bytes
    monkeypatch.setattr(remote, "sha256_file", lambda path: hashed.append(path) or hash_of(path))
    monkeypatch.setattr(folder, "read_bytes", lambda path: read.append(path) or bytes_of(path))
    model = load_model(f"folder:{tmp_path / 'cut'}")
    [*predict(model, [case], tmp_path / "out", Store(tmp_path / "store"))]
    assert len(hashed) == len(read) == 1


def test_the_title_names_the_folder_even_if_the_path_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "studio").mkdir()
    monkeypatch.chdir(tmp_path / "studio")
    assert load_model("folder:.").info.title == "Cut-outs in studio"


def test_a_file_is_matched_without_regard_to_case_where_only_one_is_alike(tmp_path: Path) -> None:
    save(tmp_path / "REX.png", MATTE)
    assert np.array_equal(cutout_of(tmp_path).alpha, MATTE.astype(np.float32) / np.float32(255))
    if not (tmp_path / "rex.png").exists():  # a disk that tells them apart
        save(tmp_path / "Rex.png", MATTE)
        with pytest.raises(ModelError, match="There is no cut-out of pet/rex in"):
            cutout_of(tmp_path)


def test_files_that_are_of_no_picture_are_told(tmp_path: Path) -> None:
    last = "x" if WINDOWS else "x\n"
    for name in ("rex", "pet/old", "pet/thumbs-preview", last, "z"):
        save(tmp_path / f"{name}.png", MATTE)
    model = load_model(f"folder:{tmp_path}", foreground="blur-fusion")
    tell_others(model, ["pet/rex", "pet/tom"])
    assert [str(each) for each in model.warnings] == [
        f"4 files of {tmp_path.name} match no picture: "
        f"pet/old.png, pet/thumbs-preview.png, {printable(last)}.png, …"
    ]


@pytest.mark.parametrize(
    ("file", "meant"),
    [
        ("mugs/img_3_final", "mugs/IMG_3"),
        ("kopfhoerer", "mugs/kopfhörer"),
        ("pet/IMG_3", "mugs/IMG_3"),
        ("img_4", None),
        ("img_30", None),
        ("something else", None),
        ("Rex-2 final", "pet/rex-2"),
        ("cup final", None),
        ("dsc_7", "pet/day 2-DSC_7"),
        ("pet/day 2/DSC_7-final", "pet/day 2-DSC_7"),
        ("pet/day 1/DSC_7", None),
        ("c_7", None),
        ("rex-2-removebg-preview (1)", "pet/rex-2"),
        ("rex-2 (2)", "pet/rex-2"),
        ("rex-3 (2)", None),
    ],
)
def test_a_file_of_no_picture_is_told_with_the_one_that_its_name_is_like(
    file: str, meant: str | None, tmp_path: Path
) -> None:
    save(tmp_path / f"{file}.png", MATTE)
    model = load_model(f"folder:{tmp_path}")
    names = ("mugs/IMG_3", "mugs/kopfhörer", "pet/rex-2", "mugs/cup", "pet/cup", "pet/day 2-DSC_7")
    tell_others(model, names)
    shown = f"{file}.png (is it {meant}?)" if meant else f"{file}.png"
    assert [str(each) for each in model.warnings] == [
        f"1 file of {tmp_path.name} matches no picture: {shown}"
    ]


def test_a_shoots_cut_outs_lie_in_its_folder_as_its_pictures_do(tmp_path: Path) -> None:
    picture = Picture("pet/monday-rex", PICTURE.rgb)
    save(tmp_path / "pet" / "monday" / "rex.png", MATTE)
    save(tmp_path / "pet" / "tuesday" / "rex.png", 255 - MATTE)
    assert np.array_equal(cutout_of(tmp_path, picture).alpha, MATTE.astype(np.float32) / 255)
    model = load_model(f"folder:{tmp_path}")
    tell_others(model, ["pet/monday-rex"])
    assert [str(each) for each in model.warnings] == [
        f"1 file of {tmp_path.name} matches no picture: pet/tuesday/rex.png"
    ]
