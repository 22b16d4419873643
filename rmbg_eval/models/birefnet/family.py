"""The published checkpoints of the BiRefNet family: where each is, and the network it needs.

A checkpoint's keys do not say which order of image patches it was trained with (see
`BiRefNetConfig.patch_order`); what is known of it stands beside each. No torch is needed here.
"""

from __future__ import annotations

from functools import partial

from ..entry import Entry
from ..hub import Checkpoint
from .member import Member
from .spec import from_spec

_BEFORE, _AFTER = "wg hg c", "c hg wg"
"""The patch order of what was uploaded before 2024-11-05, and of 2025: BiRefNet's commit 5198d3f
changed it on that day, so that they are taken to be trained with these."""
_GENERAL = ("P3M-500", "DIS-TE")
_HR = ("AIM-500", "PPM-100", "DIS-TE", "P3M-500", "TE-AM-2k", "TE-HRSOD", "TE-UHRSD")
"""As BiRefNet's README lists what the general and the HR checkpoints were trained on."""


def _birefnet(
    name: str,
    title: str,
    repository: str,
    patch_order: str,
    side: int = 1024,
    trained_on: tuple[str, ...] = (),
    **config: str,
) -> Member:
    checkpoint = Checkpoint(f"ZhengPeng7/{repository}", "main")
    config["patch_order"] = patch_order
    return Member(name, title, "MIT", checkpoint, config, (side, side), trained_on)


FAMILY: tuple[Member, ...] = (
    Member(
        "rmbg-2.0",
        "RMBG-2.0 by BRIA AI",
        "CC BY-NC 4.0 (commercial use by agreement with BRIA AI)",
        Checkpoint(
            "briaai/RMBG-2.0",
            "5df4c9c76d8170882c34f6986e848ee07fd0ba43",
            "566ed80c3d95f87ada6864d4cbe2290a1c5eb1c7bb0b123e984f60f76b02c3a7",
            gated=True,
        ),
        {"patch_order": "wg hg c"},  # by the repository's own birefnet.py
    ),
    _birefnet("birefnet", "BiRefNet, general use", "BiRefNet", _BEFORE, trained_on=_GENERAL),
    _birefnet(
        "birefnet-lite", "BiRefNet with Swin-T", "BiRefNet_lite", _BEFORE, backbone="swin_v1_t"
    ),
    _birefnet("birefnet-portrait", "BiRefNet, portraits", "BiRefNet-portrait", _BEFORE),
    _birefnet("birefnet-matting", "BiRefNet, matting", "BiRefNet-matting", _BEFORE),
    _birefnet("birefnet-hr", "BiRefNet at 2048 px", "BiRefNet_HR", _AFTER, 2048, _HR),
    _birefnet(
        "birefnet-hr-matting", "BiRefNet at 2048 px, matting", "BiRefNet_HR-matting", _AFTER, 2048
    ),
    _birefnet("birefnet-dynamic", "BiRefNet for any size", "BiRefNet_dynamic", _AFTER),
)


ENTRIES = tuple(
    Entry(
        member.name,
        member.title,
        member.licence,
        partial(from_spec, member),
        member.checkpoint,
        options=True,
        place=2,
    )
    for member in FAMILY
)
