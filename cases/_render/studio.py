"""A photo studio in Blender: what is subject, what is background, camera, light, world.

Units are metres, watts and kelvin; +z is up. Nothing here renders: see passes.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

Point = tuple[float, float, float]

HDRI = Path(bpy.utils.resource_path("LOCAL")) / "datafiles" / "studiolights" / "world"
"""The eight panoramas (CC0, Poly Haven) that Blender's own package brings: city, courtyard,
forest, interior, night, studio, sunrise, sunset."""


class Studio:
    """An empty Blender scene and what one needs to set it up.

    `size` is the picture's (width, height) in pixels; `rng` is the only source of chance.
    """

    def __init__(self, size: tuple[int, int], seed: int) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.size = size
        self.rng = np.random.default_rng(seed)
        self.scene = bpy.context.scene
        self.subjects: list[bpy.types.Object] = []
        self.scene.render.resolution_x, self.scene.render.resolution_y = size
        self._cycles(seed)
        self.scene.view_settings.view_transform = "AgX"
        self.scene.view_settings.look = "AgX - Medium High Contrast"

    def _cycles(self, seed: int) -> None:
        self.scene.render.engine = "CYCLES"
        cycles = self.scene.cycles
        cycles.device = "CPU"
        cycles.seed = seed
        cycles.use_adaptive_sampling = True
        cycles.adaptive_threshold = 0.06
        cycles.adaptive_min_samples = 12
        cycles.use_denoising = True
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.max_bounces = cycles.transmission_bounces = 7
        cycles.diffuse_bounces, cycles.glossy_bounces = 2, 3
        cycles.transparent_max_bounces = 32
        cycles.sample_clamp_indirect = 10
        cycles.blur_glossy = 0.5

    def subject(self, *objects: bpy.types.Object) -> bpy.types.Object:
        """Declare objects to be what is cut out; returns the first. All others are background."""
        self.subjects.extend(objects)
        return objects[0]

    @property
    def background(self) -> list[bpy.types.Object]:
        """Every object that can be seen and is no subject."""
        seen = {"MESH", "CURVE", "CURVES", "SURFACE"}
        return [o for o in self.scene.objects if o.type in seen and o not in self.subjects]

    def camera(
        self,
        at: Point,
        towards: Point,
        *,
        mm: float = 85,
        f_stop: float | None = None,
        focus: Point | None = None,
    ) -> bpy.types.Object:
        """A full-frame camera (36 mm wide); with `f_stop`, sharp at `focus` (else `towards`)."""
        data = bpy.data.cameras.new("camera")
        data.lens = mm
        data.clip_start, data.clip_end = 0.01, 200
        camera = self._place(bpy.data.objects.new("camera", data), at, towards)
        if f_stop:
            data.dof.use_dof = True
            data.dof.aperture_fstop = f_stop
            data.dof.aperture_blades = 9
            forward = (Vector(towards) - Vector(at)).normalized()
            data.dof.focus_distance = (Vector(focus or towards) - Vector(at)).dot(forward)
        self.scene.camera = camera
        bpy.context.view_layer.update()
        return camera

    def softbox(
        self,
        at: Point,
        towards: Point,
        *,
        size: tuple[float, float],
        watts: float,
        kelvin: float = 5600,
        visible: bool = True,
    ) -> bpy.types.Object:
        """A rectangular area light; reflections show it unless `visible` is off."""
        data = bpy.data.lights.new("softbox", "AREA")
        data.shape, data.size, data.size_y = "RECTANGLE", *size
        data.energy = watts
        data.use_temperature, data.temperature = True, kelvin
        light = self._place(bpy.data.objects.new("softbox", data), at, towards)
        light.visible_camera = False
        light.visible_glossy = visible
        return light

    def world(self, panorama: str, *, strength: float = 1.0, turn: float = 0.0) -> None:
        """Light from all around by one of the panoramas; `turn` in degrees about the vertical."""
        world = bpy.data.worlds.new("world")
        self.scene.world = world
        world.use_nodes = True
        tree = world.node_tree
        picture = tree.nodes.new("ShaderNodeTexEnvironment")
        picture.image = bpy.data.images.load(str(HDRI / f"{panorama}.exr"))
        mapping = tree.nodes.new("ShaderNodeMapping")
        mapping.inputs["Rotation"].default_value[2] = np.radians(turn)
        where = tree.nodes.new("ShaderNodeTexCoord")
        tree.links.new(where.outputs["Generated"], mapping.inputs["Vector"])
        tree.links.new(mapping.outputs["Vector"], picture.inputs["Vector"])
        background = tree.nodes["Background"]
        background.inputs["Strength"].default_value = strength
        tree.links.new(picture.outputs["Color"], background.inputs["Color"])

    def exposure(self, stops: float) -> None:
        """Brighten (or darken) the developed picture; the light itself stays."""
        self.scene.view_settings.exposure = stops

    def project(self, points: Iterable[Point] | np.ndarray) -> np.ndarray:
        """`(N, 2) float` pixel coordinates (x right, y down) of points in the world."""
        seen = [
            world_to_camera_view(self.scene, self.scene.camera, Vector(p))
            for p in np.asarray(points, float).reshape(-1, 3)
        ]
        width, height = self.size
        return np.array([[v.x * width, (1 - v.y) * height] for v in seen])

    def vertices(self, thing: bpy.types.Object) -> np.ndarray:
        """`(N, 3) float` world coordinates of an object's vertices, modifiers applied."""
        whole = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
        mesh = whole.to_mesh()
        found = np.empty(3 * len(mesh.vertices))
        mesh.vertices.foreach_get("co", found)
        whole.to_mesh_clear()
        turn = np.array(thing.matrix_world)
        return found.reshape(-1, 3) @ turn[:3, :3].T + turn[:3, 3]

    def _place(self, thing: bpy.types.Object, at: Point, towards: Point) -> bpy.types.Object:
        thing.location = at
        direction = Vector(towards) - Vector(at)
        thing.rotation_euler = direction.to_track_quat("-Z", "Y").to_euler()
        self.scene.collection.objects.link(thing)
        return thing
