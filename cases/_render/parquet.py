"""A floor of oak blocks in herringbone."""

from __future__ import annotations

import numpy as np
from materials import Material, srgb, wood
from mathutils import Matrix
from shapes import mesh
from studio import Studio


def parquet(s: Studio) -> None:
    """Oak blocks in herringbone, each its own piece of wood, lacquered silk-matt."""
    long, wide, gap = 0.36, 0.09, 0.0005
    tones = (
        ("#a98a66", "#8a6946"),
        ("#9d7c58", "#7d5d3d"),
        ("#b39572", "#93744f"),
        ("#957450", "#765637"),
    )
    woods = [wood(f"oak {k}", light=a, dark=b) for k, (a, b) in enumerate(tones)]
    for m in woods:
        m.put(m.bsdf, Coat_Weight=0.5, Coat_Roughness=0.22)
    joint = Material("joint", srgb("#20150d"), Roughness=0.9)
    mesh("joint", [(-2, -2, -0.002), (2, -2, -0.002), (2, 2, -0.002), (-2, 2, -0.002)],
         [(0, 1, 2, 3)], joint.data)  # fmt: skip
    faces = [(0, 1, 2, 3), (7, 6, 5, 4), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0)]
    skew = Matrix.Rotation(np.radians(45 + 2), 4, "Z")
    for column in range(-4, 5):
        for k in range(-12, 13):
            for upright in (0, 1):
                # Laid in steps of one width: the level block, and the upright one at its end.
                x = (k + 2 * (long / wide) * column / 2) * wide
                y = (k - 2 * (long / wide) * column / 2) * wide
                x, y = (x + long, y + wide - long) if upright else (x, y)
                if np.hypot(x, y) > 1.0:
                    continue
                slip = s.rng.uniform(-3, 3, 3)
                low = np.array([gap, gap, -0.01])
                high = np.array([long - gap, wide - gap, s.rng.normal(0, 0.00012)])
                box = np.array(
                    [
                        [(low, high)[i][0], (low, high)[j][1], (low, high)[h][2]]
                        for h in (1, 0)
                        for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))
                    ]
                )
                m = woods[s.rng.integers(len(woods))]
                block = mesh("block", box + slip, faces, m.data, smooth=False)
                bevel = block.modifiers.new("bevel", "BEVEL")
                bevel.width, bevel.segments = 0.0008, 2
                turn = Matrix.Rotation(np.pi / 2, 4, "Z") if upright else Matrix()
                if upright:
                    x += wide
                block.matrix_world = (
                    skew @ Matrix.Translation((x, y, 0)) @ turn @ Matrix.Translation(tuple(-slip))
                )
