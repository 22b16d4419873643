"""Garments: pattern pieces sewn together and dropped as cloth, pile carpets, fibre fuzz."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from materials import Material, srgb
from scipy.ndimage import gaussian_filter
from scipy.spatial import Delaunay, cKDTree
from shapes import mesh
from skimage.measure import points_in_poly
from studio import Studio


def resample(path: np.ndarray, step: float) -> np.ndarray:
    """`(N, D)` points along a polyline, about `step` apart, both ends kept."""
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    to = np.linspace(0, at[-1], max(2, round(at[-1] / step) + 1))
    return np.stack([np.interp(to, at, path[:, k]) for k in range(path.shape[1])], 1)


def panel(edges: Sequence[np.ndarray], step: float) -> tuple[np.ndarray, np.ndarray]:
    """A pattern piece as triangles of about `step` metres: `(N, 2)` points, `(M, 3)` faces.

    `edges` are polylines that make up the outline in order, each from where the last ended;
    equal edges of two pieces get equal points, so that `sew` can join them.
    """
    outline = np.concatenate([resample(e, step)[:-1] for e in edges])
    low, high = outline.min(0), outline.max(0)
    rows = np.arange(low[1], high[1], step * np.sqrt(3) / 2)
    columns = np.arange(low[0] - step, high[0] + step, step)
    x = columns[None] + (np.arange(len(rows)) % 2)[:, None] * step / 2
    inside = np.stack([x.ravel(), np.repeat(rows, len(columns))], 1)
    inside = inside[points_in_poly(inside, outline)]
    inside = inside[cKDTree(outline).query(inside)[0] > 0.62 * step]
    points = np.concatenate([outline, inside])
    faces = Delaunay(points).simplices
    faces = faces[points_in_poly(points[faces].mean(1), outline)]
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    faces[area < 0] = faces[area < 0][:, ::-1]
    return points, faces[np.abs(area) > 0.05 * step**2]


def sew(
    front: tuple[np.ndarray, np.ndarray],
    back: tuple[np.ndarray, np.ndarray],
    seams: Sequence[np.ndarray],
    step: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two pieces joined along `seams` (edges of both): points `(N, 2)`, faces, side `(N,)`.

    The side is +1 in front, -1 behind and 0 on the seams; the back's faces look down.
    """
    line = cKDTree(np.concatenate([resample(s, step) for s in seams]))
    of_front = line.query(front[0])[0] < 1e-7
    of_back = line.query(back[0])[0] < 1e-7
    index = np.empty(len(back[0]), int)
    index[of_back] = np.flatnonzero(of_front)[
        cKDTree(front[0][of_front]).query(back[0][of_back])[1]
    ]
    index[~of_back] = len(front[0]) + np.arange((~of_back).sum())
    points = np.concatenate([front[0], back[0][~of_back]])
    side = np.concatenate([np.where(of_front, 0, 1), -np.ones((~of_back).sum())])
    return points, np.concatenate([front[1], index[back[1]][:, ::-1]]), side


def drape(
    start: np.ndarray,
    rest: np.ndarray,
    faces: np.ndarray,
    *,
    frames: int = 40,
    floor: float = 0.0,
    thick: float = 0.002,
    stiff: float = 8.0,
    bend: float = 0.05,
    friction: float = 15.0,
) -> np.ndarray:
    """`(N, 3)`: where cloth of the flat pattern `rest` (N, 3) comes to lie, let go at `start`.

    Gravity pulls it onto a floor of height `floor`; where the pattern is larger than the
    start it makes folds. Layers stay `thick` metres apart.
    """
    scene = bpy.context.scene
    corners = np.array([[-2, -2, floor], [2, -2, floor], [2, 2, floor], [-2, 2, floor]], float)
    ground = mesh("drop", corners, [(0, 1, 2, 3)])
    ground.modifiers.new("ground", "COLLISION")
    ground.collision.thickness_outer = thick
    ground.collision.cloth_friction = friction
    cloth = mesh("cloth", start, faces.tolist())
    cloth.shape_key_add(name="start")
    key = cloth.shape_key_add(name="rest")
    key.data.foreach_set("co", np.ascontiguousarray(rest, np.float32).ravel())
    key.value = 0
    modifier = cloth.modifiers.new("cloth", "CLOTH")
    how, touch = modifier.settings, modifier.collision_settings
    how.rest_shape_key = key
    how.quality, how.mass, how.air_damping = 6, 0.15, 2.0
    how.tension_stiffness = how.compression_stiffness = stiff
    how.shear_stiffness, how.bending_stiffness = stiff / 2, bend
    how.bending_damping = 0.5
    touch.collision_quality, touch.distance_min = 3, thick
    touch.friction = friction
    touch.use_self_collision, touch.self_distance_min = True, thick
    touch.self_friction = 8.0
    modifier.point_cache.frame_start, modifier.point_cache.frame_end = 1, frames
    scene.frame_start, scene.frame_end = 1, frames
    for frame in range(1, frames + 1):
        scene.frame_set(frame)
    whole = cloth.evaluated_get(bpy.context.evaluated_depsgraph_get())
    found = np.empty(3 * len(start))
    whole.data.vertices.foreach_get("co", found)
    for thing in (cloth, ground):
        bpy.data.objects.remove(thing)
    scene.frame_set(1)
    return found.reshape(-1, 3)


def relax(points: np.ndarray, faces: np.ndarray, share: float, times: int) -> np.ndarray:
    """Points moved `times` times by `share` of the way to their neighbours' middle."""
    from scipy.sparse import coo_matrix

    a, b = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).T
    near = coo_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a]))).tocsr()
    count = np.asarray(near.sum(1))
    for _ in range(times):
        points = points + share * (near @ points / count - points)
    return points


def field(where: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of unit deviation at `(…, 2)` places; bumps are about `size` metres wide."""
    from scipy.ndimage import map_coordinates

    low = where.reshape(-1, 2).min(0) - size
    cells = np.ceil((where.reshape(-1, 2).max(0) + size - low) / (size / 4)).astype(int) + 2
    noise = gaussian_filter(rng.normal(0, 1, cells), 2)
    at = np.moveaxis((where - low) / (size / 4), -1, 0)
    return map_coordinates(noise / noise.std(), at, order=3, mode="nearest")


def pile(
    size: tuple[float, float],
    pitch: float,
    deep: float,
    rng: np.random.Generator,
    *,
    lean: float = 0.35,
    uneven: float = 0.0009,
    steps: int = 6,
) -> np.ndarray:
    """`(N, steps, 3)`: the cut tufts of a carpet about the origin, its top near z = 0.

    `pitch` is how far apart tufts are, `deep` how long, `lean` how far they lean for their
    length: together in patches that someone's hand or foot has brushed, and each by chance.
    """
    columns, rows = (round(length / pitch) for length in size)
    x, y = np.meshgrid(np.arange(columns) - columns / 2, np.arange(rows) - rows / 2)
    root = np.stack([x.ravel(), y.ravel()], 1) * pitch
    root += rng.normal(0, 0.22 * pitch, root.shape)
    brushed = np.stack([field(root, 0.30, rng), field(root, 0.24, rng)], 1)
    local = np.stack([field(root, 0.035, rng), field(root, 0.035, rng)], 1)
    tip = deep * lean * (0.55 * brushed + 0.45 * local + rng.normal(0, 0.55, root.shape))
    bow = rng.normal(0, 0.3 * pitch, root.shape)
    top = np.minimum(
        rng.normal(0, uneven, len(root)) + 0.6 * uneven * field(root, 0.05, rng), 0.002
    )
    t = np.linspace(0, 1, steps)[None, :, None]
    flat = root[:, None] + tip[:, None] * t**1.5 + bow[:, None] * np.sin(np.pi * t)
    return np.concatenate([flat, (-deep + (top[:, None, None] + deep) * t)], 2)


def fuzz(
    root: np.ndarray,
    outward: np.ndarray,
    length: float,
    rng: np.random.Generator,
    *,
    curl: float = 0.8,
    steps: int = 8,
) -> np.ndarray:
    """`(N, steps, 3)`: loose fibres that leave yarns at `root` and wind about as they go."""
    count = len(root)
    ahead = outward + rng.normal(0, 0.6, (count, 3))
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    step = length * rng.gamma(2.5, 0.4, (count, 1)) / (steps - 1)
    turn = rng.normal(0, curl, (count, 3))
    points = [root]
    for _ in range(steps - 1):
        points.append(points[-1] + ahead * step)
        ahead = ahead + np.cross(turn, ahead) * 0.5 + rng.normal(0, 0.12, (count, 3))
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    return np.stack(points, 1)


def yarn(
    name: str, dark: str, light: str, *, roughness: float = 0.9, fibre: float = 700.0
) -> Material:
    """Wool or cotton: strands differ in tone from one another and along their length."""
    m = Material(name, Roughness=roughness, Sheen_Weight=0.35, Sheen_Roughness=0.5)
    one = m.add("ShaderNodeHairInfo").outputs["Random"]
    tone = m.mix(m.between(one, 0.0, 1.0), srgb(dark), srgb(light))
    speck = m.noise(m.coordinates(), fibre, 3, 0.7)
    m.put(m.bsdf, Base_Color=m.mix(m.between(speck, 0.0, 0.55), tone, srgb(dark)))
    return m


def frame(path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors `(N, 3)` aside from and above a path that lies more or less flat."""
    ahead = np.gradient(path, axis=0)
    side = np.cross(ahead, (0.0, 0.0, 1.0))
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    over = np.cross(side, ahead)
    return side, over / np.maximum(np.linalg.norm(over, axis=1, keepdims=True), 1e-9)


def chain(path: np.ndarray, radius: float, *, pitch: float = 4.2, strand: int = 3) -> np.ndarray:
    """`(strand, N, 3)`: yarns that run plaited, as in a crocheted chain, along `(K, 3)` points.

    `radius` (m) is half the plait's width; a turn is `pitch` radii long. Draw them with
    0.5 of that radius.
    """
    path = resample(path, radius * pitch / 9)
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    side, over = frame(path)
    yarns = []
    for k in range(strand):
        angle = 2 * np.pi * (at / (radius * pitch) + k / strand)[:, None]
        yarns.append(path + 0.55 * radius * (np.sin(angle) * side + 0.6 * np.sin(2 * angle) * over))
    return np.stack(yarns)


def cords(
    name: str, paths: Sequence[np.ndarray], radius: float, material: bpy.types.Material
) -> bpy.types.Object:
    """An object of curves of any lengths, each `(N, 3)`, all of one radius (m)."""
    data = bpy.data.hair_curves.new(name)
    data.add_curves([len(p) for p in paths])
    joined = np.ascontiguousarray(np.concatenate(paths), np.float32)
    data.points.foreach_set("position", joined.ravel())
    layer = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    layer.data.foreach_set("value", np.full(len(joined), radius, np.float32))
    data.materials.append(material)
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.scene.cycles_curves.shape = "THICK"
    bpy.context.scene.cycles_curves.subdivisions = 3
    return thing


def pixels(studio: Studio, points: np.ndarray) -> np.ndarray:
    """`Studio.project` for very many points."""
    camera, (width, height) = studio.scene.camera, studio.size
    back = np.array(camera.matrix_world.inverted())
    seen = points.reshape(-1, 3) @ back[:3, :3].T + back[:3, 3]
    focal = camera.data.lens / 36 * max(width, height)
    flat = focal * seen[:, :2] / -seen[:, 2:] * (1, -1)
    return np.add(flat, (width / 2, height / 2))


def within(path: np.ndarray, outline: np.ndarray, least: int = 3) -> list[np.ndarray]:
    """The parts of a path `(N, 2)` that lie inside an outline, those of `least` points on."""
    inside = points_in_poly(path, outline)
    cut = np.flatnonzero(np.diff(inside.astype(int))) + 1
    parts = np.split(np.arange(len(path)), cut)
    return [path[p] for p in parts if inside[p[0]] and len(p) >= least]
