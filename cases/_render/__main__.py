"""Render the scenes of the reference case set: `python cases/_render --help`."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import layers
import numpy as np
import passes
import phone_camera
import proof
from case import About, Points, toml
from layers import Layers
from PIL import Image, ImageDraw
from studio import Studio

CASES = Path(__file__).resolve().parent.parent
SCENES = sorted(p.stem for p in (Path(__file__).parent / "scenes").glob("[a-z]*.py"))


def main() -> None:
    """Render the named scenes, or all."""
    parser = argparse.ArgumentParser(prog="cases/_render", description=main.__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("--preview", type=Path, metavar="DIR", help="small and quick, into DIR")
    parser.add_argument("--scale", type=float, default=0.3, help="of a preview (0.3)")
    parser.add_argument("--samples", type=int, default=24, help="of a preview (24)")
    parser.add_argument("--truth", action="store_true", help="with a preview, the truth as well")
    parser.add_argument("--describe", action="store_true", help="only write case.toml again")
    parser.add_argument("--keep-foreground", action="store_true", help="take the colours of the "
                        "stored foreground.jpg instead of rendering them")  # fmt: skip
    parser.add_argument("--passes", type=Path, metavar="DIR", help="keep the passes in DIR, and "
                        "take from there those that are there")  # fmt: skip
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
        else:
            render(studio, about, points, options)
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


def preview(studio: Studio, about: About, points: Points, options: argparse.Namespace) -> None:
    """A quick look: the picture, and with --truth the truth with the points drawn in."""
    folder: Path = options.preview
    folder.mkdir(parents=True, exist_ok=True)
    light = passes.picture(studio, options.samples, options.scale)
    name = f"{about.category}-{about.id}"
    image = Image.fromarray(np.rint(passes.develop(studio, light)).astype(np.uint8))
    image.save(folder / f"{name}.png")
    if options.truth:
        alpha = passes.solid(studio, options.scale)
        draw_points(_grey(alpha), points, options.scale).save(folder / f"{name}.alpha.png")


def render(studio: Studio, about: About, points: Points, options: argparse.Namespace) -> None:
    """The files of the case: alpha.png, foreground.jpg, plate.jpg, image.jpg made of these,
    case.toml; and its row of proof.json."""
    folder = CASES / about.category / about.id
    light = rendered(studio, about, options)
    made, others = joined(studio, about, light, folder)
    folder.mkdir(parents=True, exist_ok=True)
    made.store(folder)
    composite = Layers.stored(folder).composite()
    image = layers.photograph(composite, about.id, about.seed, about.grain)
    layers.save(image, about.id, folder / layers.PICTURE)
    describe(about, points)
    known = {"seed": about.seed, "grain": about.grain, "noise": float(light["noise"])}
    proof.record(f"{about.category}/{about.id}", known, others)


def joined(
    studio: Studio, about: About, light: dict[str, np.ndarray], folder: Path
) -> tuple[Layers, dict[str, np.ndarray]]:
    """The layers in display values, not yet rounded but for alpha; and, `(H, W, 3)` in display
    levels, what the composite is compared with (see proof.py)."""
    phone = phone_camera.PHONES.get(about.id)
    alpha, plate = light["alpha"], passes.develop(studio, light["plate"])
    if "colours" in light:
        colours = layers.straight(light["colours"], light["share"], alpha)
        foreground = passes.develop(studio, colours)
    else:
        stored = np.asarray(Image.open(folder / layers.FOREGROUND), np.float64)
        foreground = layers.outwards(stored, phone.blur(alpha) if phone else alpha)
        clear = light["glass"][..., None]  # what glass reflects is its own at any alpha
        foreground += clear * (layers.calm(stored) - foreground)
    made = Layers(layers.rounded(alpha), foreground, plate)
    others = {}
    if "colours" in light:
        share = alpha[..., None]
        linear = share * colours + (1 - share) * light["plate"]
        others["linear"] = passes.develop(studio, linear)
    if about.shines:
        made = layers.shining(made, passes.develop(studio, light["picture"]), light["glass"])
    if phone:
        others = {name: phone.plate(levels) for name, levels in others.items()}
        seen = phone.foreground(foreground, made.alpha) if "colours" in light else foreground
        made = Layers(layers.rounded(phone.blur(made.alpha)), seen, phone.plate(plate))
    return made, {"storage": made.composite(), **others}


def describe(about: About, points: Points) -> None:
    """Write case.toml for the pictures that are there."""
    folder = CASES / about.category / about.id
    digest = hashlib.sha256((folder / "image.jpg").read_bytes()).hexdigest()
    blender = f"Blender {bpy.app.version_string}"
    (folder / "case.toml").write_text(toml(about, points, blender, "image.jpg", digest), "utf-8")


def rendered(studio: Studio, about: About, options: argparse.Namespace) -> dict[str, np.ndarray]:
    """The passes of a scene, scene-linear; with --passes, stored there and taken from there."""
    store: Path | None = options.passes and options.passes / f"{about.category}-{about.id}"
    found: dict[str, np.ndarray] = {}

    def kept(name: str, work: Callable[[], tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        """What a pass gives, and where it takes time, how much."""
        path = store and store / f"{name}.npz"
        if path and path.exists():
            with np.load(path) as file:
                return tuple(file.values())
        started = time.monotonic()
        values = work()
        print(f"  {name}: {time.monotonic() - started:.0f} s", flush=True)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, *values)
        return values

    found["alpha"], found["noise"] = kept("coverage", lambda: passes.coverage(studio, about.most))
    found["glass"] = np.zeros_like(found["alpha"])
    if passes.lets_light_through(studio):
        (whole,) = kept("solid", lambda: (passes.solid(studio),))
        found["glass"] = np.clip((whole - found["alpha"] - 0.08) / 0.12, 0, 1)
    (found["plate"],) = kept("plate", lambda: (passes.plate(studio, about.samples // 2),))
    if not options.keep_foreground:
        found["colours"], found["share"] = kept(
            "colours", lambda: passes.colours(studio, about.samples)
        )
    if about.shines:
        part = passes.bounds(found["glass"] > 0, 8)
        (found["picture"],) = kept(
            "picture", lambda: (passes.picture(studio, about.samples, part=part),)
        )
    return found


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
