"""Hair, fur, fibres and whiskers: strands as Cycles curves, grown from surfaces."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np


def strands(
    name: str, points: np.ndarray, radius: np.ndarray, material: bpy.types.Material
) -> bpy.types.Object:
    """An object of N strands: `(N, K, 3)` points in the world, `(N, K)` or `(K,)` radii (m)."""
    count, steps = points.shape[:2]
    data = bpy.data.hair_curves.new(name)
    data.add_curves([steps] * count)
    data.points.foreach_set("position", np.ascontiguousarray(points, np.float32).ravel())
    radii = np.ascontiguousarray(np.broadcast_to(radius, (count, steps)), np.float32)
    layer = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    layer.data.foreach_set("value", radii.ravel())
    data.materials.append(material)
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.scene.cycles_curves.shape = "THICK"
    bpy.context.scene.cycles_curves.subdivisions = 3
    return thing


def roots(
    thing: bpy.types.Object,
    count: int,
    rng: np.random.Generator,
    density: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """`(count, 3)` random points on a mesh object and the unit normals there.

    `density(points, normals)` gives each candidate's chance, 0 to 1.
    """
    whole = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    data = whole.to_mesh()
    data.calc_loop_triangles()
    where = np.empty(3 * len(data.vertices))
    data.vertices.foreach_get("co", where)
    normal = np.empty(3 * len(data.vertices))
    data.vertex_normals.foreach_get("vector", normal)
    corner = np.empty(3 * len(data.loop_triangles), int)
    data.loop_triangles.foreach_get("vertices", corner)
    whole.to_mesh_clear()
    turn = np.array(thing.matrix_world)
    where = where.reshape(-1, 3) @ turn[:3, :3].T + turn[:3, 3]
    normal = normal.reshape(-1, 3) @ np.linalg.inv(turn[:3, :3])
    triangles = corner.reshape(-1, 3)
    a, b, c = (where[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    found, normals, have = [], [], 0
    while have < count:
        chosen = rng.choice(len(triangles), 2 * count, p=area / area.sum())
        u, v = rng.random((2, 2 * count))
        flip = u + v > 1
        u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
        weight = np.stack([1 - u - v, u, v], 1)[..., None]
        p = (where[triangles[chosen]] * weight).sum(1)
        n = (normal[triangles[chosen]] * weight).sum(1)
        n /= np.linalg.norm(n, axis=1, keepdims=True)
        if density:
            keep = rng.random(len(p)) < density(p, n)
            p, n = p[keep], n[keep]
        if not len(p):
            raise ValueError(f"{thing.name}: density is 0 everywhere")
        found.append(p)
        normals.append(n)
        have += len(p)
    return np.concatenate(found)[:count], np.concatenate(normals)[:count]


def grow(
    root: np.ndarray,
    direction: np.ndarray,
    length: np.ndarray | float,
    rng: np.random.Generator,
    *,
    steps: int = 8,
    bend: np.ndarray | tuple[float, float, float] = (0, 0, 0),
    stray: float = 0.1,
    wave: float = 0.0,
    turns: float = 2.0,
    clumps: int = 0,
    clump: float = 0.6,
) -> np.ndarray:
    """`(N, steps, 3)` points of strands from `(N, 3)` roots along unit `(N, 3)` directions.

    `length` in metres; `bend` is added to the direction along the strand (gravity, combing;
    `(3,)` or `(N, 3)`); `stray` is the random turn of each direction; `wave` the radius of a
    helix of `turns` turns (metres); `clumps` guide strands pull the others' tips to theirs by
    the share `clump`.
    """
    count = len(root)
    direction = direction + rng.normal(0, stray, (count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    length = np.broadcast_to(length, count)[:, None]
    bend = np.broadcast_to(np.asarray(bend, float), (count, 3))
    points = [root]
    for k in range(1, steps):
        ahead = direction + bend * (k / (steps - 1))
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        points.append(points[-1] + ahead * length / (steps - 1))
    whole = np.stack(points, 1)
    t = np.linspace(0, 1, steps)
    if clumps:
        from scipy.spatial import cKDTree

        guide = rng.choice(count, min(clumps, count), replace=False)
        nearest = guide[cKDTree(root[guide]).query(root)[1]]
        pull = clump * t[None, :, None] ** 1.5 * rng.uniform(0.5, 1, (count, 1, 1))
        whole = whole + pull * (whole[nearest] - whole) * (t[None, :, None] > 0)
    if wave:
        side = np.cross(direction, rng.normal(size=(count, 3)))
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        other = np.cross(direction, side)
        angle = 2 * np.pi * turns * t + rng.uniform(0, 2 * np.pi, (count, 1))
        swing = wave * np.sqrt(t) * rng.uniform(0.5, 1.2, (count, 1))
        whole = whole + (swing * (np.cos(angle) - np.cos(angle[:, :1])))[..., None] * side[:, None]
        whole = whole + (swing * (np.sin(angle) - np.sin(angle[:, :1])))[..., None] * other[:, None]
    return whole


def taper(steps: int, root: float, tip: float) -> np.ndarray:
    """`(steps,)` radii in metres from root to tip."""
    return root + (tip - root) * np.linspace(0, 1, steps) ** 2


def knit(
    surface: np.ndarray,
    rows: int,
    columns: int,
    yarn: float,
    *,
    plies: int = 2,
    twist: float = 2.0,
    steps: int = 14,
    uneven: float = 0.06,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """`(rows · plies, columns · steps, 3)`: the yarns of a plain-knit fabric on a surface.

    `surface` is `(A, B, 3)`, smooth, rows along its first axis, stitches along its second;
    `yarn` the radius (m) of a yarn, which is twisted of `plies` strands (each 0.6 of that
    radius is a good thickness), `twist` turns a stitch; `uneven` is how much stitches differ.
    """
    from scipy.ndimage import gaussian_filter, map_coordinates

    rng = rng or np.random.default_rng(0)
    t = np.linspace(0, 2 * np.pi * columns, columns * steps)
    wander = gaussian_filter(rng.normal(0, 1, (rows, len(t), 2)), (0.4, steps / 2, 0))
    wander *= uneven / wander.std()
    row = np.arange(rows)[:, None] + 0.85 * np.cos(t) + 0.5 + wander[..., 0]
    column = (t + 0.95 * np.sin(2 * t)) / (2 * np.pi) + wander[..., 1]
    high = -0.9 * yarn * np.cos(2 * t)
    a = np.clip(row / rows, 0, 1) * (surface.shape[0] - 1)
    b = np.clip(column / columns, 0, 1) * (surface.shape[1] - 1)

    def at(field: np.ndarray) -> np.ndarray:
        found = [map_coordinates(field[..., k], [a, b], order=1, mode="nearest") for k in range(3)]
        return np.stack(found, -1)

    normal = np.cross(np.gradient(surface, axis=1), np.gradient(surface, axis=0))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    up = at(normal)
    middle = at(surface) + up * high[:, None]
    ahead = np.gradient(middle, axis=1)
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    side = np.cross(ahead, up)
    side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-9)
    over = np.cross(side, ahead)
    strands = []
    for ply in range(plies):
        angle = (twist * t + 2 * np.pi * ply / plies)[:, None]
        strands.append(middle + 0.5 * yarn * (np.cos(angle) * side + np.sin(angle) * over))
    return np.concatenate(strands)
