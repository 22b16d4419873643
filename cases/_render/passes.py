"""The passes of a scene: coverage, the subject's colours, the empty background, the whole.

Coverage is Cycles' own: every background object is a holdout, the film is
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

Box = tuple[int, int, int, int]
"""Left, top, right and bottom of a part of the picture, in its pixels."""


def picture(studio: Studio, samples: int, scale: float = 1, part: Box | None = None) -> np.ndarray:
    """`(H, W, 3) float32`, scene-linear, what the camera sees; black outside `part`."""
    return _render(studio, samples, scale, part)[..., :3]


def coverage(studio: Studio, most: int) -> tuple[np.ndarray, float]:
    """`(H, W) float32` alpha in [0, 1], and its noise: the rms error of pixels of alpha 0.3 to 0.7.

    The mean of two renders of other seeds, half whose rms difference is the noise. Each takes 16 to
    `most` samples of a pixel and stops at an error of 0.008. So that Cycles' test for that sees the
    coverage, what lets no light through emits white, in front of a holdout that is black, and so
    does what a net is made of; glass keeps its shader, in a white world that it mirrors.
    """
    rough = _coverage(studio, 0.25, plain=True, samples=32)
    part = bounds(np.kron(rough > 0, np.ones((4, 4), bool)), 12)
    first = _coverage(studio, samples=most, part=part)
    studio.scene.cycles.seed += 1
    second = _coverage(studio, samples=most, part=part)
    studio.scene.cycles.seed -= 1
    alpha = (first + second) / 2
    soft = (alpha > 0.3) & (alpha < 0.7)
    noise = float(np.sqrt(((first - second)[soft] ** 2).mean()) / 2) if soft.any() else 0.0
    return alpha, noise


def bounds(where: np.ndarray, margin: int) -> Box:
    """The smallest part of a picture with all of `where` `(H, W) bool`, and a margin."""
    (y0, y1), (x0, x1) = ((i.min(), i.max() + 1) for i in np.nonzero(where))
    return (int(x0) - margin, int(y0) - margin, int(x1) + margin, int(y1) + margin)


def solid(studio: Studio, scale: float = 1) -> np.ndarray:
    """`(H, W) float32`: the coverage if nothing let light through; 64 samples."""
    return _coverage(studio, scale, plain=True, samples=64)


def lets_light_through(studio: Studio) -> bool:
    """Whether a subject has glass, or another material that is transparent somewhere."""
    slots = [slot.material for thing in studio.subjects for slot in thing.material_slots]
    return any(material and _lets_light_through(material) for material in slots)


def _coverage(
    studio: Studio,
    scale: float = 1,
    *,
    plain: bool = False,
    samples: int,
    part: Box | None = None,
) -> np.ndarray:
    cycles = studio.scene.cycles
    lamps = [thing for thing in studio.scene.objects if thing.type == "LIGHT"]
    changed = {
        "max_bounces": cycles.transmission_bounces,
        "diffuse_bounces": 0,
        "glossy_bounces": 1,
        "use_adaptive_sampling": True,
        "adaptive_threshold": 0.008,
        "adaptive_min_samples": 16,
        "min_transparent_bounces": 16,
        "use_denoising": False,
    }
    before = {key: getattr(cycles, key) for key in changed}
    world, studio.scene.world = studio.scene.world, _white()
    emitter = _emitter()
    nets: list[bpy.types.Material] = []
    seen = [*studio.subjects, *studio.background]
    slots = [(slot, slot.material) for thing in seen for slot in thing.material_slots]
    try:
        for lamp in lamps:
            lamp.hide_render = True
        for key, value in changed.items():
            setattr(cycles, key, value)
        for slot, material in slots:
            if material and (plain or not _lets_light_through(material)):
                slot.material = emitter
            elif material and (net := _emitting(material)):
                nets.append(net)
                slot.material = net
        return np.clip(_without_background(studio, samples, scale, part)[..., 3], 0, 1)
    finally:
        white, studio.scene.world = studio.scene.world, world
        bpy.data.worlds.remove(white)
        for lamp in lamps:
            lamp.hide_render = False
        for key, value in before.items():
            setattr(cycles, key, value)
        for slot, material in slots:
            slot.material = material
        for material in (emitter, *nets):
            bpy.data.materials.remove(material)


def _emitter() -> bpy.types.Material:
    """A material that emits white light of strength 1."""
    material = bpy.data.materials.new("emitter")
    material.use_nodes = True
    tree = material.node_tree
    light = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(light.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    return material


def _emitting(material: bpy.types.Material) -> bpy.types.Material | None:
    """A copy that emits white light of strength 1 where the material reflects, and is transparent
    where it is; None for glass, and where something moves the surface.

    Its coverage is the material's own. A path that meets transparency beside a reflection takes one
    of the two by chance; beside emission it adds the one and goes on through the other.
    """
    kinds = {node.type for node in material.node_tree.nodes}
    odd = {"BSDF_GLASS", "BSDF_REFRACTION", "BSDF_PRINCIPLED", "HOLDOUT", "GROUP"}
    output = next(n for n in material.node_tree.nodes if n.type == "OUTPUT_MATERIAL")
    if "BSDF_TRANSPARENT" not in kinds or kinds & odd or output.inputs["Displacement"].links:
        return None
    net = material.copy()
    tree = net.node_tree
    light = tree.nodes.new("ShaderNodeEmission")
    reflects = [
        n for n in tree.nodes if n.type.startswith("BSDF_") and n.type != "BSDF_TRANSPARENT"
    ]
    for link in [link for node in reflects for link in node.outputs[0].links]:
        tree.links.new(light.outputs[0], link.to_socket)
    return net


def _white() -> bpy.types.World:
    """A world of white light of strength 1."""
    world = bpy.data.worlds.new("white")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    return world


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


def develop(studio: Studio, light: np.ndarray) -> np.ndarray:
    """`(H, W, 3) float` display levels, 0 to 255 and not rounded, of scene-linear light, by the
    scene's view transform (AgX)."""
    height, width = light.shape[:2]
    image = bpy.data.images.new("light", width, height, float_buffer=True, is_data=False)
    rgba = np.dstack([light, np.ones((height, width))])[::-1]
    image.pixels.foreach_set(np.ascontiguousarray(rgba, np.float32).ravel())
    settings = studio.scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "16"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "developed.png"
        image.save_render(str(path), scene=studio.scene)
        levels = _pixels(path)[..., :3] * 255.0
    bpy.data.images.remove(image)
    return levels


def _without_background(
    studio: Studio, samples: int, scale: float, part: Box | None = None
) -> np.ndarray:
    """`(H, W, 4) float32`: every background object is a holdout, film and glass are transparent."""
    scene = studio.scene
    for thing in studio.background:
        thing.is_holdout = True
    scene.render.film_transparent = True
    scene.cycles.film_transparent_glass = True
    scene.cycles.film_transparent_roughness = 0.3
    try:
        return _render(studio, samples, scale, part)
    finally:
        scene.render.film_transparent = False
        for thing in studio.background:
            thing.is_holdout = False


def _render(studio: Studio, samples: int, scale: float, part: Box | None = None) -> np.ndarray:
    """`(H, W, 4) float32` of the scene as it is set up; 0 outside `part`."""
    scene = studio.scene
    scene.cycles.samples = samples
    scene.render.resolution_percentage = round(100 * scale)
    scene.render.use_border, scene.render.use_crop_to_border = part is not None, False
    if part:
        (left, top, right, bottom), (width, height) = part, studio.size
        scene.render.border_min_x, scene.render.border_max_x = left / width, right / width
        scene.render.border_min_y, scene.render.border_max_y = (
            1 - bottom / height,
            1 - top / height,
        )
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
