"""Render the scenes of the reference case set: `python cases/_render --help`."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import time
from pathlib import Path

import bpy
import numpy as np
import passes
import phone_camera
from case import About, Points, toml
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt
from skimage.transform import resize
from studio import Studio

CASES = Path(__file__).resolve().parent.parent
SCENES = sorted(p.stem for p in (Path(__file__).parent / "scenes").glob("[a-z]*.py"))
PROOF = {"scale": 0.125, "samples": 16}
COLOUR_SCALE = 0.35


def main() -> None:
    """Render the named scenes, or all."""
    parser = argparse.ArgumentParser(prog="cases/_render", description=main.__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("--preview", type=Path, metavar="DIR", help="small and quick, into DIR")
    parser.add_argument("--scale", type=float, default=0.3, help="of a preview (0.3)")
    parser.add_argument("--samples", type=int, default=24, help="of a preview (24)")
    parser.add_argument("--truth", action="store_true", help="with a preview, the truth as well")
    parser.add_argument("--describe", action="store_true", help="only write case.toml again")
    parser.add_argument("--proof", action="store_true", help="only the proof of the truth")
    options = parser.parse_args()
    for name in options.scenes or SCENES:
        scene = importlib.import_module(f"scenes.{name}")
        about: About = scene.ABOUT
        started = time.monotonic()
        studio, points = Studio(about.size, about.seed), Points(about.size)
        scene.build(studio, points)
        if options.preview:
            preview(studio, about, points, options)
        elif options.describe:
            describe(about, points)
        elif options.proof:
            prove(studio, name)
        else:
            render(studio, about, points)
            prove(studio, name)
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


def preview(studio: Studio, about: About, points: Points, options: argparse.Namespace) -> None:
    """A quick look: the picture, and with --truth the truth with the points drawn in."""
    folder: Path = options.preview
    folder.mkdir(parents=True, exist_ok=True)
    light = passes.picture(studio, options.samples, options.scale)
    name = f"{about.category}-{about.id}"
    phone = None
    if about.category == "low-quality":
        phone = phone_camera.PHONES[about.id].scaled(options.scale)
        image = phone.photograph(passes.develop(studio, light))
    else:
        image = Image.fromarray(passes.develop(studio, light, about.grain))
    image.save(folder / f"{name}.png")
    if options.truth:
        alpha = passes.truth(studio, options.samples, options.scale)
        alpha = phone.blur(alpha) if phone else alpha
        draw_points(_grey(alpha), points, options.scale).save(folder / f"{name}.alpha.png")


def render(studio: Studio, about: About, points: Points) -> None:
    """The files of the case: image.jpg, alpha.png, foreground.jpg, case.toml."""
    folder = CASES / about.category / about.id
    folder.mkdir(parents=True, exist_ok=True)
    light = passes.picture(studio, about.samples)
    alpha = passes.truth(studio, about.truth_samples)
    foreground = true_colours(light, alpha, *passes.colours(studio, about.samples, COLOUR_SCALE))
    if about.category == "low-quality":
        phone = phone_camera.PHONES[about.id]
        image = phone.photograph(passes.develop(studio, light))
        shown = phone.develop_only(passes.develop(studio, foreground), alpha)
        alpha = phone.blur(alpha)
        phone.save(image, folder / "image.jpg")
        Image.fromarray(shown).save(folder / "foreground.jpg", quality=93, subsampling=0)
    else:
        image = Image.fromarray(passes.develop(studio, light, about.grain))
        image.save(folder / "image.jpg", quality=93, subsampling=0, optimize=True)
        shown = passes.develop(studio, foreground)
        Image.fromarray(shown).save(folder / "foreground.jpg", quality=93, subsampling=0)
    _grey(alpha).save(folder / "alpha.png", optimize=True)
    describe(about, points)


def describe(about: About, points: Points) -> None:
    """Write case.toml for the pictures that are there."""
    folder = CASES / about.category / about.id
    digest = hashlib.sha256((folder / "image.jpg").read_bytes()).hexdigest()
    blender = f"Blender {bpy.app.version_string}"
    (folder / "case.toml").write_text(toml(about, points, blender, "image.jpg", digest), "utf-8")


def true_colours(
    light: np.ndarray, alpha: np.ndarray, small: np.ndarray, small_alpha: np.ndarray
) -> np.ndarray:
    """`(H, W, 3)` foreground colours, not times alpha: the picture's own where the subject is
    opaque, else those of the smaller pass. Where that has no subject (alpha below 0.02) they are
    those of the nearest pixel that has, so that JPEG has no edge to ring at."""
    known = small_alpha > 0.02
    straight = small / np.maximum(small_alpha, 0.02)[..., None]
    y, x = distance_transform_edt(~known, return_distances=False, return_indices=True)
    spread = resize(straight[y, x], light.shape, order=1)
    share = np.clip((alpha - 0.96) / 0.04, 0, 1)[..., None]
    return share * light + (1 - share) * spread


def prove(studio: Studio, name: str) -> None:
    """Print how well truth, foreground and plate make up the picture."""
    off, noise = passes.proof(studio, **PROOF)
    print(f"{name}: composite off by {255 * off:.3f}/255, noise {255 * noise:.3f}/255", flush=True)


def draw_points(grey: Image.Image, points: Points, scale: float) -> Image.Image:
    """The truth with each point's region and id, to be looked at; prints its mean alpha there."""
    shown = grey.convert("RGB")
    draw = ImageDraw.Draw(shown)
    values = np.asarray(grey, float) / 255
    for row in points.rows:
        mask = Image.new("L", grey.size)
        inside = ImageDraw.Draw(mask)
        if "box" in row:
            x, y, w, h = (v * scale for v in row["box"])
            corner = (x, y)
            inside.rectangle((x, y, x + w, y + h), fill=1)
            draw.rectangle((x, y, x + w, y + h), outline=(255, 0, 0))
        else:
            lines = [row["polygon"]] if "polygon" in row else row["lines"]
            for line in lines:
                flat = [(x * scale, y * scale) for x, y in line]
                corner = flat[0]
                if "polygon" in row:
                    inside.polygon(flat, fill=1)
                    draw.polygon(flat, outline=(255, 0, 0))
                else:
                    inside.line(flat, fill=1)
                    draw.line(flat, fill=(255, 0, 0))
        draw.text(corner, str(row["id"]), fill=(255, 160, 0))
        mean = values[np.asarray(mask, bool)].mean()
        print(f"  {row['id']} ({row['kind']}): truth {mean:.3f} in the region")
    return shown


def _grey(alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(255 * alpha).astype(np.uint8))


if __name__ == "__main__":
    main()
