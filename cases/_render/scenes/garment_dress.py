"""A black silk dress laid flat on a light-beige carpet, photographed from above by a window."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from materials import Material, srgb
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree
from shapes import curve, grid, mesh, tube
from strands import strands, taper
from studio import Studio
from textile import drape, field, fuzz, panel, pile, relax, resample, sew, yarn

ABOUT = About(
    "garment",
    "dress",
    "Black silk dress laid flat on a beige carpet",
    "米色地毯上平铺的黑色丝绸连衣裙",
    size=(1200, 1600),
    seed=8,
    most=448,
)
WINDOW = (-1.75, 0.55, 1.45)
STEP = 0.0115
"""Edge of the cloth's triangles while it falls; it is subdivided afterwards."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    where, flat, faces, side = _sewn(s)
    dress = s.subject(mesh("dress", where, faces.tolist(), _silk().data, subdivide=2, uv=flat))
    lining = Material("lining", (0.005, 0.005, 0.006), Roughness=0.62)
    dress.data.materials.append(lining.data)
    behind = (side[faces] < 0).any(1).astype(int)
    dress.data.polygons.foreach_set("material_index", np.ascontiguousarray(behind, np.int32))
    front = _Piece(where, flat, side >= 0)
    back = _Piece(where, flat, side <= 0)
    _finish(s, front, back)
    _floor(s, where)
    s.world("studio", strength=0.07, turn=40)
    s.softbox(WINDOW, (0, 0, 0), size=(1.5, 1.7), watts=78, kelvin=5700)
    s.softbox((1.6, -0.6, 2.2), (0, 0, 0), size=(1.6, 1.6), watts=6, kelvin=5200)
    s.camera((0.0, -0.10, 3.35), (0.0, -0.055, 0), mm=85, f_stop=8)
    s.exposure(1.0)
    _points(s, points, front, back, where, faces, side)


class _Piece:
    """The front or the back: where a place on its pattern came to lie."""

    def __init__(self, where: np.ndarray, flat: np.ndarray, part: np.ndarray) -> None:
        self.near = cKDTree(flat[part])
        self.found = where[part]

    def __call__(self, place: np.ndarray, high: float = 0.0) -> np.ndarray:
        """`(N, 3)` world coordinates of `(N, 2)` places, `high` metres above the cloth."""
        off, index = self.near.query(np.asarray(place, float), k=4)
        share = 1 / (off + 1e-5) ** 2
        share /= share.sum(1, keepdims=True)
        return np.add((self.found[index] * share[..., None]).sum(1), (0, 0, high))


def _finish(s: Studio, front: _Piece, back: _Piece) -> None:
    """Bound neckline, rolled hems, a piped waist, stitches and the label inside the back."""
    thread = Material("thread", (0.005, 0.005, 0.0055), Roughness=0.5)
    edges = _edges()
    hems = [("front", front, 0, 0.0021), ("back", back, 0, 0.0019)]
    hems += [(k, p, n, 0.0012) for k, p in (("front", front), ("back", back)) for n in (2, 4, 6)]
    for key, piece, n, radius in hems:
        path = gaussian_filter1d(piece(resample(edges[key][n], STEP / 2)), 1.5, axis=0)
        s.subject(tube("hem", curve(path, 4 * len(path)), radius, thread.data, segments=12))
    x = np.linspace(-0.139, 0.139, 60)
    waist = gaussian_filter1d(front(np.stack([x, 0.115 - 0.25 * x**2], 1)), 1.5, axis=0)
    s.subject(tube("waist", curve(waist, 240), 0.0011, thread.data, segments=12))
    stitches = []
    for n, inset in ((0, 0.006), (2, 0.018), (4, 0.020), (6, 0.018)):
        path = resample(edges["front"][n], 0.0006)
        ahead = np.gradient(path, axis=0)
        aside = np.stack([ahead[:, 1], -ahead[:, 0]], 1)
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        inward = 1 if n else -1
        line = gaussian_filter1d(front(path + inward * inset * aside, 0.0006), 6, axis=0)
        count = len(line) // 6
        stitches.append(line[: 6 * count].reshape(count, 6, 3)[:, :5])
    s.subject(strands("stitches", np.concatenate(stitches), 0.00035, thread.data))

    ivory = Material("label", srgb("#cfc6b4"), Roughness=0.6, Sheen_Weight=0.3)
    v, u = np.meshgrid(np.linspace(0.438, 0.454, 5), np.linspace(-0.019, 0.019, 9), indexing="ij")
    label = back(np.stack([u.ravel(), v.ravel()], 1), 0.0012)
    label[:, :2] = np.stack([u.ravel(), v.ravel() + (label[:, 1] - v.ravel()).mean()], 1)
    label[:, 2] = label[:, 2].max()
    s.subject(grid("label", label.reshape(5, 9, 3), ivory.data))
    letters = bpy.data.curves.new("letters", "FONT")
    letters.body, letters.size, letters.align_x = "S O I E", 0.0085, "CENTER"
    letters.materials.append(thread.data)
    text = bpy.data.objects.new("letters", letters)
    text.location = (0, label[:, 1].mean() - 0.0028, label[0, 2] + 0.0003)
    s.scene.collection.objects.link(text)
    s.subject(text)


def _edges() -> dict[str, list[np.ndarray]]:
    """The outline as it is laid out, in metres: seams and open edges, counter-clockwise."""
    right = {"neck": (0.088, 0.50), "tip": (0.195, 0.468), "out": (0.462, 0.150),
             "in": (0.330, 0.058), "pit": (0.188, 0.275), "hem": (0.405, -0.565)}  # fmt: skip
    left = {"neck": (-0.088, 0.50), "tip": (-0.195, 0.468), "out": (-0.420, 0.105),
            "in": (-0.275, 0.030), "pit": (-0.188, 0.275), "hem": (-0.400, -0.560)}  # fmt: skip

    def arm(q: dict, sign: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        bow = np.array([0.02 * sign, 0.012])
        top = curve([q["neck"], q["tip"], np.add(q["tip"], q["out"]) / 2 + bow, q["out"]], 60)
        cuff = curve([q["out"], np.add(q["out"], q["in"]) / 2 + (0.012 * sign, -0.02), q["in"]], 30)
        under = curve([q["in"], np.add(q["in"], q["pit"]) / 2 + bow * 0.4, q["pit"]], 40)
        waist = [q["pit"], (0.150 * sign, 0.16), (0.142 * sign, 0.10), (0.175 * sign, 0.0),
                 (0.275 * sign, -0.27), q["hem"]]  # fmt: skip
        return top, cuff, np.concatenate([under[:-1], curve(waist, 90)])

    top, cuff, under = arm(right, 1)
    top2, cuff2, under2 = arm(left, -1)
    hem = curve([right["hem"], (0.2, -0.612), (0, -0.625), (-0.2, -0.612), left["hem"]], 90)
    front = curve([left["neck"], (-0.07, 0.435), (0, 0.392), (0.07, 0.435), right["neck"]], 50)
    back = curve([left["neck"], (-0.05, 0.478), (0, 0.470), (0.05, 0.478), right["neck"]], 50)
    return {
        "seams": [top, under, under2[::-1], top2[::-1]],
        "front": [front, top, cuff, under, hem, under2[::-1], cuff2[::-1], top2[::-1]],
        "back": [back, top, cuff, under, hem, under2[::-1], cuff2[::-1], top2[::-1]],
    }


def _sewn(s: Studio) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The dress as it lies: points, the pattern they have, faces, and front or back."""
    edges = _edges()
    pieces = [panel([e[::-1] for e in edges[k][::-1]], STEP) for k in ("front", "back")]
    flat, faces, side = sew(*pieces, [e[::-1] for e in edges["seams"]], STEP)
    x, y = flat.T
    skirt = np.clip((0.14 - y) / 0.6, 0, 1)
    arm = np.clip((np.abs(x) - 0.2) / 0.1, 0, 1) * (y > 0.02)
    rest = np.stack([x * (1.06 + 0.27 * skirt**0.7), y * 1.04, 0 * x], 1)
    along = np.stack([np.sign(x) * 0.62, -0.78 + 0 * x], 1)
    way = ((np.abs(x) - 0.2) * 0.62 + (0.468 - y) * 0.78) * (arm > 0)
    rest[:, :2] += along * (0.15 * arm * way)[:, None]
    turn = np.arctan2(x, 0.62 - y) / 0.115 + 0.35 * field(flat, 0.45, s.rng)
    wave = np.sin(2 * np.pi * turn) * (0.75 + 0.3 * field(flat, 0.3, s.rng))
    fine = field(np.stack([x + 0.5 * y, y - 0.5 * np.abs(x)], 1), 0.085, s.rng)
    across = np.sin(2 * np.pi * (way / 0.075 + 0.3 * field(flat, 0.12, s.rng)))
    fine = np.where(arm > 0, 1.6 * across * arm, fine)
    swell = np.sqrt(skirt) * wave
    front = 0.036 + 0.022 * swell + 0.008 * fine * (1 - skirt)
    start = np.where(side > 0, front, 0.013 + 0.007 * swell)
    start = np.where(side == 0, 0.022 + 0.010 * swell, start)
    start = np.stack([x, y, start], 1)
    found = drape(start, rest, faces, frames=30, floor=0.0, thick=0.003, bend=0.12)
    return relax(found, faces, 0.5, 8), flat, faces, side


def _silk() -> Material:
    """Black satin: a soft shine, wide across the warp, over a finely woven ground."""
    m = Material("silk", (0.0045, 0.0045, 0.005), Roughness=0.34, Specular_IOR_Level=0.75)
    m.put(m.bsdf, Anisotropic=0.5)
    where = m.coordinates("UV")
    uneven = m.noise(m.stretched(where, (12, 2.5, 1)), 1.0, 4)
    m.put(m.bsdf, Roughness=m.between(uneven, 0.24, 0.38))
    slub = m.noise(m.stretched(where, (900, 90, 1)), 1.0, 3, 0.6)
    m.bump(slub, 0.00012, 0.35)
    crease = m.noise(m.stretched(where, (26, 17, 1)), 1.0, 3, 0.55)
    m.bump(crease, 0.0022, 0.35)
    return m


def _floor(s: Studio, dress: np.ndarray) -> None:
    """Cut wool pile on its backing, with loose fibres where the dress does not lie."""
    flat = np.array([[[-2, -2, -0.009], [2, -2, -0.009]], [[-2, 2, -0.009], [2, 2, -0.009]]])
    grid("backing", flat, Material("backing", srgb("#8d7c66"), Roughness=1).data)
    wool = yarn("wool", "#b7a68b", "#f0e6d4").data
    tufts = pile((1.26, 1.66), 0.0037, 0.011, s.rng)
    strands("pile", tufts, taper(tufts.shape[1], 0.0019, 0.0012), wool)
    root = np.concatenate([s.rng.uniform(-0.5, 0.5, (30000, 2)) * (1.26, 1.66),
                           np.zeros((30000, 1))], 1)  # fmt: skip
    clear = cKDTree(dress[:, :2]).query(root[:, :2])[0] > 1.5 * STEP
    loose = fuzz(root[clear], np.array([0, 0, 0.3]), 0.009, s.rng, curl=1.6)
    strands("loose", loose, 0.00011, yarn("loose", "#b9a78c", "#efe6d6").data)


def _points(
    s: Studio,
    points: Points,
    front: _Piece,
    back: _Piece,
    where: np.ndarray,
    faces: np.ndarray,
    side: np.ndarray,
) -> None:
    """What is to be looked at."""
    edges = _edges()
    collar = [(-0.045, 0.458), (0.045, 0.458), (0.04, 0.432), (0, 0.412), (-0.04, 0.432)]
    points.add(
        "collar",
        "opaque",
        "The dark inside of the collar is kept",
        "领口内侧暗部保留",
        polygon=s.project(back(collar)),
    )

    def inset(path: np.ndarray, depth: float, low: float, high: float) -> np.ndarray:
        ahead = np.gradient(path, axis=0)
        aside = np.stack([ahead[:, 1], -ahead[:, 0]], 1)
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        whole = path + depth * aside
        return whole[int(low * len(whole)) : int(high * len(whole))]

    top, under, under2, top2 = (edges["seams"][k] for k in range(4))
    sleeves = [
        front(inset(e, 0.020, a, b)[::3]) for e, a, b in ((top, 0.45, 0.97), (top2, 0.03, 0.55))
    ]
    points.add(
        "sleeves",
        "unbroken",
        "The creased sleeves run through unbroken",
        "袖子褶皱处轮廓连贯",
        lines=[s.project(p) for p in sleeves],
        expected=0,
    )
    points.add(
        "sleeve-folds",
        "opaque",
        "The folds of the sleeve are opaque",
        "袖口褶皱完全不透明",
        polygon=s.project(front([(0.30, 0.26), (0.36, 0.29), (0.425, 0.175), (0.36, 0.12)])),
    )

    for name, path, sign in (("gap-right", under, 1), ("gap-left", under2[::-1], -1)):
        seam = front(path)
        pit = int(np.argmin(np.hypot(seam[:, 0] - 0.188 * sign, seam[:, 1] - 0.275)))
        sleeve, flank = seam[:pit][::-1], seam[pit:]
        levels = np.linspace(0.20, 0.08, 6)
        outer = np.interp(-levels, -sleeve[:, 1], sleeve[:, 0])
        inner = np.interp(-levels, -flank[:, 1], flank[:, 0])
        left = np.stack([inner + 0.3 * (outer - inner), levels, 0 * levels], 1)
        right = np.stack([inner + 0.7 * (outer - inner), levels, 0 * levels], 1)
        points.add(
            name,
            "transparent",
            "The carpet between sleeve and body is gone",
            "袖子与衣身之间的地毯已去除",
            polygon=s.project([*left, *right[::-1]]),
        )

    flank = front(under)[-50:-4]
    shade = np.concatenate(
        [np.add(flank, (0.014, 0.004, 0)), np.add(flank[::-1], (0.055, 0.016, 0))]
    )
    points.add(
        "shadow",
        "transparent",
        "The dress's shadow on the carpet is gone",
        "裙摆投在地毯上的阴影已消失",
        polygon=s.project(shade),
    )

    hem = gaussian_filter1d(front(resample(edges["front"][4], STEP / 2)), 1.5, axis=0)
    lower = gaussian_filter1d(back(resample(edges["back"][4], STEP / 2)), 1.5, axis=0)
    hem = np.where((lower[:, 1] < hem[:, 1])[:, None], lower, hem)
    lines = [
        s.project([hem[k] + (0, 0.016, 0), hem[k] - (0, 0.016, 0)])
        for k in (np.array([0.2, 0.35, 0.5, 0.65, 0.8]) * len(hem)).astype(int)
    ]
    points.add(
        "hem",
        "soft-band",
        "The hem ends within a few pixels",
        "下摆边缘过渡只有几个像素",
        lines=lines,
    )
    # Where light falls on the carpet beside it: in its shadow the two cannot be told apart.
    seam = front(resample(edges["front"][5], STEP / 2))
    part = s.project(seam[(seam[:, 1] > -0.46) & (seam[:, 1] < -0.24)])
    low, high = np.add(part.min(0), (-14, 0)), np.add(part.max(0), (14, 0))
    points.add(
        "skirt-colour",
        "no-fringe",
        "No beige carpet in the skirt's lit edge",
        "裙身受光边缘不带地毯米色",
        box=(*low, *(high - low)),
    )

    spot = _shine(s, where, faces, side)
    ring = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    points.add(
        "shine",
        "opaque",
        "The silk's bright reflection is opaque",
        "丝绸反光处完全不透明",
        polygon=s.project(spot + 0.012 * np.stack([np.cos(ring), 1.8 * np.sin(ring), 0 * ring], 1)),
    )


def _shine(s: Studio, where: np.ndarray, faces: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The place on the skirt's front that mirrors the window best into the camera."""
    a, b, c = (where[faces[:, k]] for k in range(3))
    normal, middle = np.cross(b - a, c - a), (a + b + c) / 3
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    half = sum(
        way / np.linalg.norm(way, axis=1, keepdims=True)
        for way in (np.array(WINDOW) - middle, np.array(s.scene.camera.location) - middle)
    )
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    meets = (normal * half).sum(1)
    mid = (side[faces] > 0).all(1) & (np.abs(middle[:, 0]) < 0.2) & (middle[:, 1] < -0.1)
    mid &= middle[:, 1] > -0.5
    near = cKDTree(middle[mid]).query(middle[mid], k=24)[1]
    return middle[mid][np.argmax(meets[mid][near].mean(1))]
