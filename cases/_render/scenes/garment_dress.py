"""A black silk dress laid flat on a light-beige carpet, photographed from above by a window."""

from __future__ import annotations

import bpy
import numpy as np
from case import About, Points
from materials import Material, srgb
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
)
STEP = 0.0115
"""Edge of the cloth's triangles while it falls; it is subdivided afterwards."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    where, flat, faces, side = _sewn(s)
    silk = _silk()
    dress = s.subject(mesh("dress", where, faces.tolist(), silk.data, subdivide=2, uv=flat))
    _floor(s, where)
    s.world("studio", strength=0.12, turn=40)
    s.softbox((-1.75, 0.55, 1.45), (0, 0, 0), size=(1.5, 1.7), watts=62, kelvin=5700)
    s.softbox((1.6, -0.6, 2.2), (0, 0, 0), size=(1.6, 1.6), watts=7, kelvin=5000)
    s.camera((0.0, -0.10, 3.6), (0.0, -0.035, 0), mm=85, f_stop=8)


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
    return relax(found, faces, 0.5, 2), flat, faces, side


def _silk() -> Material:
    """Black satin: a soft shine, wide across the warp, over a finely woven ground."""
    m = Material("silk", (0.007, 0.007, 0.008), Roughness=0.40, Specular_IOR_Level=0.9)
    m.put(m.bsdf, Anisotropic=0.5, Sheen_Weight=0.05, Sheen_Roughness=0.3)
    where = m.coordinates("UV")
    uneven = m.noise(m.stretched(where, (12, 2.5, 1)), 1.0, 4)
    m.put(m.bsdf, Roughness=m.between(uneven, 0.33, 0.47))
    slub = m.noise(m.stretched(where, (900, 90, 1)), 1.0, 3, 0.6)
    m.bump(slub, 0.00012, 0.35)
    crease = m.noise(m.stretched(where, (26, 17, 1)), 1.0, 3, 0.55)
    m.bump(crease, 0.0022, 0.35)
    return m


def _floor(s: Studio, dress: np.ndarray) -> None:
    """Cut wool pile on its backing, with loose fibres where the dress does not lie."""
    flat = np.array([[[-2, -2, -0.009], [2, -2, -0.009]], [[-2, 2, -0.009], [2, 2, -0.009]]])
    grid("backing", flat, Material("backing", srgb("#8d7c66"), Roughness=1).data)
    wool = yarn("wool", "#a08c70", "#e2d5bf").data
    tufts = pile((1.26, 1.66), 0.0037, 0.011, s.rng)
    strands("pile", tufts, taper(tufts.shape[1], 0.0019, 0.0012), wool)
    root = np.concatenate([s.rng.uniform(-0.5, 0.5, (30000, 2)) * (1.26, 1.66),
                           np.zeros((30000, 1))], 1)  # fmt: skip
    clear = cKDTree(dress[:, :2]).query(root[:, :2])[0] > 1.5 * STEP
    loose = fuzz(root[clear], np.array([0, 0, 0.3]), 0.009, s.rng, curl=1.6)
    strands("loose", loose, 0.00011, yarn("loose", "#b9a78c", "#efe6d6").data)
