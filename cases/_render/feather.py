"""A flight feather: shaft, barbs with their barbules, splits in the vanes, down at the base."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from materials import Material, srgb
from scipy.interpolate import interp1d
from shapes import tube
from strands import strands

BARBS, BARBULES = 620, 60  # of each vane, of each barb
DOWN, FLUFF = 210, 60  # loose barbs on each side, barbules of each
LEADING, TRAILING = 0.0165, 0.0325  # how far the vanes stand out from the shaft (m)
VANE, BASE = (0.27, 0.995), (0.17, 0.30)  # shares of the shaft that carry vanes, and down
BUFF, PALE, BAR = srgb("#a9835a"), srgb("#e2d6c2"), srgb("#33231a")


@dataclass
class Feather:
    """The objects of a feather, and where its parts are in the world."""

    parts: list[bpy.types.Object]
    shaft: np.ndarray
    """`(N, 3)` from the quill's end to the tip."""
    edge: dict[int, np.ndarray]
    """`(BARBS, 3)` tips of the barbs of the vane on either side, -1 and 1, from base to tip."""
    down: np.ndarray
    """`(N, 3)` tips of the loose barbs at the base."""


def feather(shaft: np.ndarray, rng: np.random.Generator, roll: float = 0.0) -> Feather:
    """Grow a barred feather along `(N, 3)` points, its vanes level or rolled (radians)."""
    at = interp1d(np.linspace(0, 1, len(shaft)), shaft, axis=0)
    ahead = np.gradient(shaft, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    side = np.cross(ahead, (0, 0, 1.0))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    side = np.cos(roll) * side + np.sin(roll) * np.cross(side, ahead)
    frame = interp1d(
        np.linspace(0, 1, len(shaft)), np.stack([ahead, side, np.cross(side, ahead)], 1), axis=0
    )
    web, thin, tips = [], [], {}
    for hand, wide in ((-1, LEADING), (1, TRAILING)):
        barbs, tone = _vane(at, frame, hand, wide, rng)
        tips[hand] = barbs[:, -1]
        web.append((barbs, tone))
        thin.append(_barbules(barbs, tone, BARBULES, 0.00052, rng, 0.25))
    loose = _down(at, frame, rng)
    grey = np.broadcast_to(srgb("#efebe4"), loose.shape)
    fluff = _barbules(loose, grey, FLUFF, 0.0024, rng, 0.8)
    keratin = _keratin()
    parts = [
        _coloured(
            "barbs", *map(np.concatenate, zip(*web, strict=True)), (0.00018, 0.00005), keratin
        ),
        _coloured(
            "barbules", *map(np.concatenate, zip(*thin, strict=True)), (5e-5, 2.5e-5), keratin
        ),
        _coloured("down", loose, grey, (0.00004, 0.00002), keratin),
        _coloured("fluff", *fluff, (1.5e-5, 0.7e-5), keratin),
        _shaft(shaft),
    ]
    return Feather(parts, shaft, tips, loose[:, -1])


def _vane(at, frame, hand: int, wide: float, rng: np.random.Generator):
    """`(BARBS, 22, 3)` points and colours of one vane, hooked together in some six sheets."""
    t = np.linspace(*VANE, BARBS)
    share = (t - VANE[0]) / (VANE[1] - VANE[0])
    ends = np.sort(np.concatenate([rng.uniform(0.05, 0.95, 5), [-0.01, 1.01]]))
    sheet = np.searchsorted(ends, share) - 1
    middle = (ends[:-1] + ends[1:])[sheet] / 2
    reach = wide * (0.55 + 0.45 * np.minimum(share / 0.22, 1)) * (1 - share**5) ** 0.6
    reach *= 1 + rng.normal(0, 0.012, BARBS) + rng.normal(0, 0.03, 6)[sheet]
    stray = rng.random(BARBS) < 0.025 * (share < 0.9)
    angle = np.radians(47 - 24 * share**1.5) + rng.normal(0, 0.05, 6)[sheet]
    angle = angle + rng.normal(0, 0.012, BARBS) + stray * rng.normal(0, 0.14, BARBS)
    angle = np.maximum(angle, 0.3)
    k = np.linspace(0, 1, 22)
    out = reach[:, None] * k
    on = out / np.tan(angle)[:, None] + 0.30 * reach[:, None] * k**2.2
    # Within a sheet the ends draw together, so that a split opens between two sheets.
    on = on - 0.010 * (share - middle)[:, None] * k**2 + rng.normal(0, 0.0001, (BARBS, 1)) * k
    rise = 0.10 * out - (0.10 + 3.2 * reach[:, None]) * out * k
    rise = (
        rise
        + (rng.normal(0, 0.0007, 6)[sheet] + stray * rng.normal(0, 0.0016, BARBS))[:, None] * k**2
    )
    basis = frame(t)
    points = (
        at(t)[:, None]
        + on[..., None] * basis[:, None, 0]
        + hand * out[..., None] * basis[:, None, 1]
    )
    points = points + rise[..., None] * basis[:, None, 2]
    # Eight dark bars, fainter and broken on the leading vane; paler outwards and to the base.
    along = share[:, None] + 0.9 * on / np.linalg.norm(np.diff(at(t), axis=0), axis=1).sum()
    wave = along * 8.2 - 0.35 * k + rng.normal(0, 0.02, (BARBS, 1))
    wave = wave + 0.07 * np.sin(7 * k + 11 * share[:, None])
    dark = np.clip((np.cos(2 * np.pi * wave) - 0.15) / 0.35, 0, 1)
    dark = np.maximum(
        dark * (0.95 if hand > 0 else 0.8), np.clip((share[:, None] - 0.95) / 0.03, 0, 1)
    )
    pale = np.clip(
        0.75 * (1 - share[:, None]) ** 1.5 + 0.5 * k**2 + rng.normal(0, 0.06, (BARBS, 1)), 0, 1
    )
    tone = np.array(BUFF) + pale[..., None] * (np.array(PALE) - BUFF)
    tone = tone + dark[..., None] * (np.array(BAR) - tone)
    return points, tone


def _down(at, frame, rng: np.random.Generator) -> np.ndarray:
    """`(2 * DOWN, 24, 3)` points of loose, waving barbs all about the shaft's base."""
    count = 2 * DOWN
    t = rng.uniform(*BASE, count)
    basis = frame(t)
    hand = np.repeat((-1, 1), DOWN)
    lift = rng.normal(0.10, 0.30, count)
    heading = 0.55 * basis[:, 0] + (hand * rng.uniform(0.5, 1, count))[:, None] * basis[:, 1]
    heading = heading + lift[:, None] * basis[:, 2]
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    k = np.linspace(0, 1, 24)
    length = rng.uniform(0.010, 0.024, count) * (1.25 - 0.5 * (t - BASE[0]) / (BASE[1] - BASE[0]))
    points = at(t)[:, None] + (length[:, None] * k)[..., None] * heading[:, None]
    for turns in (1.1, 2.3):
        swing = rng.normal(0, 0.045 / turns, (count, 1, 3)) * length[:, None, None]
        phase = rng.uniform(0, 6.3, (count, 1))
        wave = np.sin(2 * np.pi * turns * k + phase) - np.sin(phase)
        points = points + swing * (wave * k)[..., None] * 2
    points[..., 2] -= 0.2 * length[:, None] * k**2
    points[..., 2] = np.maximum(points[..., 2], 0.0006)
    return points


def _barbules(barbs: np.ndarray, tone: np.ndarray, each: int, length: float, rng, stray: float):
    """Points and colours of short fibres on either side of barbs, fewer towards their ends."""
    count, steps = barbs.shape[:2]
    owner = np.repeat(np.arange(count), each)
    k = np.tile((np.arange(each) + 0.5) / each, count) + rng.normal(0, 0.4 / each, len(owner))
    k = np.clip(k, 0.01, 0.985)
    low = np.minimum((k * (steps - 1)).astype(int), steps - 2)
    part = (k * (steps - 1) - low)[:, None]
    root = barbs[owner, low] * (1 - part) + barbs[owner, low + 1] * part
    ahead = barbs[owner, low + 1] - barbs[owner, low]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    across = np.cross(ahead, (0, 0, 1.0))
    across *= rng.choice((-1, 1), len(owner))[:, None]
    go = 0.75 * ahead + across + rng.normal(0, 0.12 + 0.4 * stray, ahead.shape)
    go /= np.linalg.norm(go, axis=1, keepdims=True)
    size = length * rng.uniform(0.5, 1.1, len(owner)) * (1 - 0.55 * k**3)
    s = np.linspace(0, 1, 4)
    points = root[:, None] + (size[:, None] * s)[..., None] * go[:, None]
    bend = rng.normal(0, 0.12 * stray, go.shape) * size[:, None]
    points = points + (s**2)[None, :, None] * bend[:, None]
    colour = np.repeat(tone[owner, low][:, None], 4, 1) * rng.uniform(0.85, 1.1, (len(owner), 1, 1))
    return points, colour


def _coloured(name, points, tone, radii, material) -> bpy.types.Object:
    """Strands that carry a colour at each point."""
    thing = strands(name, points, np.linspace(*radii, points.shape[1]), material)
    layer = thing.data.attributes.new("tone", "FLOAT_COLOR", "POINT")
    rgba = np.ones((*points.shape[:2], 4), np.float32)
    rgba[..., :3] = tone
    layer.data.foreach_set("color", rgba.ravel())
    return thing


def _keratin() -> bpy.types.Material:
    """What barbs are made of: a soft sheen, and some light comes through."""
    m = Material("keratin", Roughness=0.5, Specular_IOR_Level=0.35)
    tone = m.add("ShaderNodeAttribute", {"attribute_name": "tone"}).outputs["Color"]
    m.put(m.bsdf, Base_Color=tone)
    glow = m.add("ShaderNodeBsdfTranslucent", Color=tone)
    m.put(m.output, Surface=m.add("ShaderNodeMixShader", Fac=0.3, _1=m.bsdf, _2=glow))
    return m.data


def _shaft(path: np.ndarray) -> bpy.types.Object:
    """The bare quill, horn-yellow and glossy, and the rachis that thins to a hair."""
    t = np.linspace(0, 1, len(path))
    radius = 0.00135 * (1 - t**1.2) ** 0.9 + 0.00009
    radius *= np.clip(0.35 + t / 0.03, 0, 1)
    m = Material("quill", Roughness=0.3, Subsurface_Weight=0.3, Coat_Weight=0.4, Coat_Roughness=0.2)
    m.put(m.bsdf, Subsurface_Radius=(0.002, 0.0014, 0.0008))
    along = m.add("ShaderNodeSeparateXYZ", Vector=m.coordinates("UV")).outputs[1]
    spots = m.noise(m.coordinates(), 300, 4)
    blurred = m.math("ADD", along, m.math("MULTIPLY", m.math("SUBTRACT", spots, 0.5), 0.03))
    tone = m.ramp(
        blurred, (0.0, srgb("#1b1714")), (0.05, srgb("#3a2c20")), (0.075, srgb("#cbb790")),
        (0.3, srgb("#e4d9c4")), (1.0, srgb("#7b5f43")),
    )  # fmt: skip
    m.put(m.bsdf, Base_Color=tone)
    m.bump(m.noise(m.stretched(m.coordinates("UV"), (60, 4, 1)), 1, 3), 0.0001, 0.3)
    return tube("quill", path, radius, m.data, segments=20, subdivide=1)
