"""The passes of a scene: the picture, the truth, and the proof that they belong together.

Truth is Cycles' own coverage: every background object is a holdout, the film is
transparent, and so is glass. What a holdout reflects or casts onto the subject stays,
what the subject casts onto the background goes, as it should. Colours are denoised
(OpenImageDenoise), alpha never is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy
import numpy as np
from studio import Studio


def picture(studio: Studio, samples: int, scale: float = 1) -> np.ndarray:
    """`(H, W, 3) float32`, scene-linear, what the camera sees."""
    return _render(studio, samples, scale)[..., :3]


def truth(studio: Studio, samples: int, scale: float = 1) -> np.ndarray:
    """`(H, W) float32` alpha in [0, 1].

    Coverage needs no light: lamps, world and all bounces but those through glass are off, what
    lets no light through is plain, every pixel gets the same number of samples, and nothing is
    denoised.
    """
    cycles = studio.scene.cycles
    lamps = [thing for thing in studio.scene.objects if thing.type == "LIGHT"]
    changed = {
        "max_bounces": cycles.transmission_bounces,
        "diffuse_bounces": 0,
        "glossy_bounces": 0,
        "use_adaptive_sampling": False,
        "use_denoising": False,
    }
    before = {key: getattr(cycles, key) for key in changed}
    world, studio.scene.world = studio.scene.world, None
    plain = bpy.data.materials.new("plain")
    seen = [*studio.subjects, *studio.background]
    slots = [(slot, slot.material) for thing in seen for slot in thing.material_slots]
    try:
        for lamp in lamps:
            lamp.hide_render = True
        for key, value in changed.items():
            setattr(cycles, key, value)
        for slot, material in slots:
            if material and not _lets_light_through(material):
                slot.material = plain
        return np.clip(_without_background(studio, samples, scale)[..., 3], 0, 1)
    finally:
        studio.scene.world = world
        for lamp in lamps:
            lamp.hide_render = False
        for key, value in before.items():
            setattr(cycles, key, value)
        for slot, material in slots:
            slot.material = material
        bpy.data.materials.remove(plain)


def _lets_light_through(material: bpy.types.Material) -> bool:
    """Whether coverage depends on the shader: it is transparent somewhere, or moves the surface."""
    tree = material.node_tree
    if tree is None:
        return False
    if any(node.type == "OUTPUT_MATERIAL" and node.inputs[2].links for node in tree.nodes):
        return True
    for node in tree.nodes:
        if node.type in {"BSDF_TRANSPARENT", "BSDF_GLASS", "BSDF_REFRACTION", "HOLDOUT", "GROUP"}:
            return True
        if node.type == "BSDF_PRINCIPLED":
            through, alpha = node.inputs["Transmission Weight"], node.inputs["Alpha"]
            if through.links or through.default_value > 0 or alpha.links or alpha.default_value < 1:
                return True
    return False


def colours(studio: Studio, samples: int, scale: float = 1) -> tuple[np.ndarray, np.ndarray]:
    """The subject alone in the light of the whole scene: `(H, W, 3) float32` scene-linear colours
    times alpha, denoised, and the `(H, W)` alpha that they are times of."""
    whole = _without_background(studio, samples, scale)
    return whole[..., :3], np.clip(whole[..., 3], 0, 1)


def plate(studio: Studio, samples: int, scale: float = 1) -> np.ndarray:
    """`(H, W, 3) float32`, scene-linear: the background with the subject's shadow and
    reflection on it, but without the subject."""
    for thing in studio.subjects:
        thing.visible_camera = False
    try:
        return picture(studio, samples, scale)
    finally:
        for thing in studio.subjects:
            thing.visible_camera = True


def proof(studio: Studio, samples: int, scale: float) -> tuple[float, float]:
    """How far `foreground · alpha + plate · (1 - alpha)` is from the picture.

    Returns the mean absolute difference and the mean absolute difference between two
    pictures of other seeds, both of scene-linear light clipped to [0, 1]: the first may
    not be much above the second, which is noise. What glass refracts is the exception:
    a straight composite cannot show it.
    """
    shown, alpha = colours(studio, samples, scale)
    joined = shown + plate(studio, samples, scale) * (1 - alpha[..., None])
    seen = picture(studio, samples, scale)
    studio.scene.cycles.seed += 1
    again = picture(studio, samples, scale)
    studio.scene.cycles.seed -= 1
    seen, again, joined = (np.clip(x, 0, 1) for x in (seen, again, joined))
    return float(np.abs(joined - seen).mean()), float(np.abs(again - seen).mean())


def develop(studio: Studio, light: np.ndarray, grain: float = 0.0) -> np.ndarray:
    """`(H, W, 3) uint8` sRGB of scene-linear light, by the scene's view transform (AgX).

    `grain` is the standard deviation of the film's grain, in 8-bit levels at mid-grey.
    """
    height, width = light.shape[:2]
    image = bpy.data.images.new("light", width, height, float_buffer=True, is_data=False)
    rgba = np.dstack([light, np.ones((height, width))])[::-1]
    image.pixels.foreach_set(np.ascontiguousarray(rgba, np.float32).ravel())
    settings = studio.scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "16"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "developed.png"
        image.save_render(str(path), scene=studio.scene)
        srgb = _pixels(path)[..., :3] * 255
    bpy.data.images.remove(image)
    if grain:
        noise = studio.rng.normal(0, grain, (height, width, 1))
        noise = noise + studio.rng.normal(0, 0.4 * grain, (height, width, 3))
        srgb = srgb + noise * np.sin(np.pi * np.clip(srgb, 8, 247) / 255)
    return np.rint(np.clip(srgb, 0, 255)).astype(np.uint8)


def _without_background(studio: Studio, samples: int, scale: float) -> np.ndarray:
    """`(H, W, 4) float32`: every background object is a holdout, film and glass are transparent."""
    scene = studio.scene
    for thing in studio.background:
        thing.is_holdout = True
    scene.render.film_transparent = True
    scene.cycles.film_transparent_glass = True
    scene.cycles.film_transparent_roughness = 0.3
    try:
        return _render(studio, samples, scale)
    finally:
        scene.render.film_transparent = False
        for thing in studio.background:
            thing.is_holdout = False


def _render(studio: Studio, samples: int, scale: float) -> np.ndarray:
    """`(H, W, 4) float32` of the scene as it is set up."""
    scene = studio.scene
    scene.cycles.samples = samples
    scene.render.resolution_percentage = round(100 * scale)
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "32"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pass.exr"
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        return _pixels(path)


def _pixels(path: Path) -> np.ndarray:
    """`(H, W, 4) float32` of an image file, as stored."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(height, width, 4)[::-1]
