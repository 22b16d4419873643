"""Three chessmen on their board, close up: only the king is in focus."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from case import About, Points
from materials import Material, srgb
from shapes import curve, grid, lathe
from studio import Studio

from scenes.product_mug import room

ABOUT = About(
    "still-life",
    "chess",
    "Three chessmen on their board, only the king in focus",
    "棋盘上的三枚棋子，只有国王在焦点内",
    seed=52,
    most=640,
)
SQUARE = 0.050
KING, QUEEN, PAWN = (0.0, 0.0), (0.062, 0.135), (-0.058, -0.105)
"""Where they stand on the table (m)."""
CAMERA, FOCUS = (0.015, -0.47, 0.150), (0.0, -0.012, 0.055)
PAWN_CUT = [(0.0003, 0.0), (0.0150, 0.0), (0.0163, 0.0012), (0.0165, 0.0045), (0.0148, 0.0066),
            (0.0150, 0.0080), (0.0138, 0.0098), (0.0105, 0.0130), (0.0078, 0.0190),
            (0.0064, 0.0270), (0.0062, 0.0310), (0.0098, 0.0322), (0.0106, 0.0335),
            (0.0096, 0.0348), (0.0062, 0.0358)]  # fmt: skip
PIECE_CUT = [(0.0003, 0.0), (0.0180, 0.0), (0.0194, 0.0014), (0.0196, 0.0060), (0.0178, 0.0086),
             (0.0180, 0.0104), (0.0166, 0.0128), (0.0126, 0.0175), (0.0096, 0.0270),
             (0.0080, 0.0400), (0.0076, 0.0520), (0.0120, 0.0538), (0.0130, 0.0554),
             (0.0118, 0.0570), (0.0086, 0.0580), (0.0104, 0.0594), (0.0108, 0.0604),
             (0.0090, 0.0616)]  # fmt: skip
"""Radius and height from the foot up to where the head begins."""


def build(s: Studio, points: Points) -> None:
    """Set up the scene and say what is to be looked at."""
    room(s)
    board()
    box, ebony = turned("boxwood", "#d2a564", "#a87438"), turned("ebony", "#3a2419", "#150d09")
    s.subject(*king(box), *queen(ebony), *pawn(box))
    s.world("interior", strength=0.16, turn=100)
    s.softbox((-0.75, 0.05, 0.55), (0, 0, 0.05), size=(0.5, 0.7), watts=13, kelvin=5600)
    s.softbox((0.7, 0.6, 0.5), (0, 0, 0.05), size=(0.2, 0.7), watts=9, kelvin=4300)
    s.softbox((0.4, -1.0, 0.9), (0, 0, 0.05), size=(0.8, 0.8), watts=2.2, kelvin=5000,
              visible=False)  # fmt: skip
    s.exposure(0.35)
    s.camera(CAMERA, (0.004, 0, 0.043), mm=72, f_stop=5.0, focus=FOCUS)
    observe(s, points)


def turned(name: str, light: str, dark: str) -> Material:
    """Wood turned on a lathe, its grain upright, polished and lacquered."""
    m = Material(name, Roughness=0.42, Coat_Weight=0.75, Coat_Roughness=0.10)
    where = m.coordinates()
    fibre = m.noise(m.stretched(where, (900, 900, 22)), 1.0, 4, 0.65)
    rings = m.noise(m.stretched(where, (110, 60, 5)), 1.0, 3, 0.55)
    tone = m.ramp(rings, (0.32, srgb(light)), (0.55, srgb(dark)), (0.68, srgb(light)))
    tone = m.mix(m.between(fibre, 0.0, 0.45), tone, srgb(dark))
    m.put(m.bsdf, Base_Color=tone)
    m.bump(fibre, 0.00006, 0.3)
    return m


def board() -> None:
    """Squares of walnut and maple in a walnut frame, lacquered; the table around it."""
    m = Material("board", Roughness=0.4, Coat_Weight=0.8, Coat_Roughness=0.07)
    where = m.stretched(m.coordinates(), (1, 1, 1), (0, 0, np.radians(31)))
    split = m.add("ShaderNodeSeparateXYZ", Vector=where)
    cells = [m.math("DIVIDE", m.math("ADD", split.outputs[k], 0.2 + 0.011 * k), SQUARE)
             for k in (0, 1)]  # fmt: skip
    whole = [m.math("FLOOR", c) for c in cells]
    odd = m.math("ABSOLUTE", m.math("MODULO", m.math("ADD", *whole), 2.0))
    chance = m.add("ShaderNodeTexWhiteNoise", {"noise_dimensions": "2D"},
                   Vector=m.add("ShaderNodeCombineXYZ", X=whole[0], Y=whole[1]))  # fmt: skip
    shift = m.add("ShaderNodeVectorMath", {"operation": "MULTIPLY_ADD"}, _0=chance.outputs["Color"],
                  _1=(9.0, 9.0, 9.0), _2=where)  # fmt: skip
    grain = m.noise(m.stretched(shift, (16, 150, 16)), 1.0, 5, 0.62)
    pore = m.noise(m.stretched(shift, (120, 2200, 1)), 1.0, 2, 0.5)
    maple = m.ramp(grain, (0.3, srgb("#dcb982")), (0.7, srgb("#b98f56")))
    walnut = m.ramp(grain, (0.3, srgb("#5e3a22")), (0.7, srgb("#2c1a10")))
    tone = m.mix(odd, maple, walnut)
    tone = m.mix(m.ramp(pore, (0.60, (0, 0, 0)), (0.70, (0.6,) * 3)), tone, srgb("#20120a"))
    each = m.between(chance.outputs["Value"], 0.75, 1.15)
    tone = m.mix(1.0, tone, m.add("ShaderNodeCombineXYZ", X=each, Y=each, Z=each), "MULTIPLY")
    edge = [m.math("SUBTRACT", 0.5, m.math("ABSOLUTE", m.math("SUBTRACT", m.math("FRACT", c), 0.5)))
            for c in cells]  # fmt: skip
    joint = m.math("MINIMUM", *edge)
    line = m.add("ShaderNodeMapRange", Value=joint, _1=0.004, _2=0.011, _3=0.8, _4=0.0)
    m.put(m.bsdf, Base_Color=m.mix(line, tone, srgb("#160d07")))
    m.bump(m.noise(m.coordinates(), 240, 2), 0.00004, 0.4)
    flat = np.array([[[-1.2, -0.9, 0], [1.2, -0.9, 0]], [[-1.2, 0.62, 0], [1.2, 0.62, 0]]], float)
    grid("board", flat, m.data)


def body(name: str, cut: list[tuple[float, float]], top: np.ndarray, at, wood: Material):
    """A turned piece: the cut's profile, slightly rounded, and the head's own on top of it."""
    low = np.concatenate([np.linspace(a, b, 4)[:-1] for a, b in pairwise(cut)])
    profile = np.vstack([low, [cut[-1]], top])
    thing = lathe(name, profile, wood.data, segments=128, subdivide=1)
    thing.location = (*at, 0.0)
    return thing


def pawn(wood: Material) -> list:
    """A foot, a collar and a ball."""
    a = np.linspace(-0.75, np.pi / 2 - 0.02, 26)
    ball = np.stack([0.0086 * np.cos(a), 0.0420 + 0.0086 * np.sin(a)], 1)
    return [body("pawn", PAWN_CUT, ball, PAWN, wood)]


def king(wood: Material) -> list:
    """A flared head with a dome, and the cross on it."""
    head = curve([(0.0086, 0.0622), (0.0092, 0.0680), (0.0116, 0.0770), (0.0128, 0.0790)], 16)
    dome = curve([(0.0120, 0.0800), (0.0090, 0.0826), (0.0040, 0.0842), (0.0003, 0.0844)], 12)
    things = [body("king", PIECE_CUT, np.vstack([head, dome]), KING, wood)]
    for wide, low, high in ((0.0016, 0.0835, 0.0965), (0.0046, 0.0890, 0.0922)):
        path = np.linspace((*KING, low), (*KING, high), 12)
        a = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        c, t = np.cos(a), np.sin(a)
        flat = np.stack([wide * np.sign(c) * np.abs(c) ** 0.4, 0.0016 * np.sign(t)
                         * np.abs(t) ** 0.4, 0 * a], 1)  # fmt: skip
        ends = np.clip(np.array([0, 0.7, 1, *[1] * 6, 1, 0.7, 0]), 0.02, 1)[:, None, None]
        ring = path[:, None] + flat * ends
        things.append(grid("cross", ring, wood.data, closed=(False, True), subdivide=1))
    return things


def queen(wood: Material) -> list:
    """A coronet of nine points round a ball."""
    head = curve([(0.0086, 0.0622), (0.0090, 0.0680), (0.0118, 0.0755), (0.0130, 0.0770)], 16)
    inside = curve([(0.0122, 0.0776), (0.0100, 0.0768), (0.0050, 0.0772), (0.0003, 0.0774)], 10)
    whole = body("queen", PIECE_CUT, np.vstack([head, inside]), QUEEN, wood)
    for v in whole.data.vertices:
        far = np.hypot(v.co[0], v.co[1])
        if v.co[2] > 0.0735 and far > 0.0105:
            notch = max(0.0, np.cos(9 * np.arctan2(v.co[1], v.co[0]))) ** 2
            v.co[2] -= 0.0030 * notch * min(1.0, (v.co[2] - 0.0735) / 0.003)
    a = np.linspace(-np.pi / 2 + 0.02, np.pi / 2 - 0.02, 20)
    ball = lathe("ball", np.stack([0.0042 * np.cos(a), 0.0805 + 0.0042 * np.sin(a)], 1), wood.data,
                 segments=64)  # fmt: skip
    ball.location = (*QUEEN, 0.0)
    return [whole, ball]


def observe(s: Studio, points: Points) -> None:
    """The observation points."""
    view = np.array(CAMERA[:2])

    def side(at, radius: float, height: float, hand: int) -> np.ndarray:
        """The contour's pixel on the left (-1) or right (1) of a piece, at a height."""
        away = np.array(at) - view
        across = np.array([away[1], -away[0]]) / np.linalg.norm(away)
        return s.project([(*(np.array(at) + hand * radius * across), height)])[0]

    def crossing(at, radius: float, height: float, hand: int, half: float) -> np.ndarray:
        """A level line across a contour, from inside to outside."""
        x, y = side(at, radius, height, hand)
        return np.array([(x - hand * half, y), (x + hand * half, y)])

    def block(at, radius: float, low: float, high: float) -> np.ndarray:
        return np.array([side(at, radius, low, -1), side(at, radius, low, 1),
                         side(at, radius, high, 1), side(at, radius, high, -1)])  # fmt: skip

    points.add("king", "opaque", "The king is whole, its highlights too", "国王完整（含高光）",
               polygon=block(KING, 0.0055, 0.022, 0.050))  # fmt: skip
    points.add("queen", "opaque", "The dark queen behind, out of focus, is whole",
               "焦点外的深色皇后完整", polygon=block(QUEEN, 0.0045, 0.026, 0.050))  # fmt: skip
    points.add("pawn", "opaque", "The pawn in front, out of focus, is whole",
               "前方虚化的兵完整", polygon=block(PAWN, 0.0035, 0.018, 0.044))  # fmt: skip
    sharp = [crossing(KING, 0.0077, z, hand, 16) for z in (0.044, 0.050) for hand in (-1, 1)]
    points.add("king-edge", "soft-band", "The king's edge is sharp", "国王边缘清晰锐利",
               lines=sharp, tolerance=2)  # fmt: skip
    soft = [crossing(PAWN, 0.0086, 0.0420, hand, 44) for hand in (-1, 1)]
    soft += [crossing(PAWN, 0.0065, 0.026, hand, 36) for hand in (-1, 1)]
    points.add("pawn-edge", "soft-band", "The pawn's edge is as blurred as in the photo",
               "兵的边缘虚化宽度与照片一致", lines=soft, tolerance=6)  # fmt: skip
    points.add("pawn-fall", "smooth-fall", "Alpha falls smoothly over the pawn's blurred edge",
               "兵的虚化边缘，不透明度平滑下降", lines=soft)  # fmt: skip
    far = [crossing(QUEEN, 0.0079, z, hand, 30) for z in (0.041, 0.047) for hand in (-1, 1)]
    points.add("queen-edge", "soft-band", "The queen's edge is as blurred as in the photo",
               "皇后的边缘虚化宽度与照片一致", lines=far, tolerance=5)  # fmt: skip
    x, y = side(PAWN, 0.0086, 0.042, -1)
    points.add("fringe", "no-fringe", "No square of the board shows in the blurred edge",
               "虚化边缘没有残留棋盘颜色", box=(x - 40, y - 90, 130, 190))  # fmt: skip
    x, y = s.project([(*KING, 0.0945)])[0]
    points.add("cross", "unbroken", "The king's cross is whole", "国王的十字完整",
               lines=[s.project([(*KING, 0.0855), (*KING, 0.0955)])])  # fmt: skip
    foot = [side(KING, radius, 0.0, hand) + np.array([0, down]) for radius, hand, down in
            ((0.012, -1, 40), (0.012, 1, 40), (0.010, 1, 75), (0.010, -1, 75))]  # fmt: skip
    points.add("reflection", "transparent", "The king's reflection in the lacquer is gone",
               "漆面上的国王倒影已去除", polygon=np.array(foot))  # fmt: skip
