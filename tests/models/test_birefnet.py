"""BiRefNet against numbers that the published code gave.

`golden/birefnet_small.json` holds, for a small configuration and each patch order, the logits of
the published network (`published_code` names the GitHub repository and commit): its own code, run
in evaluation mode in fp32 on a CPU, with torchvision's deformable convolution, with its backbone
and the settings in `config` exchanged, and with weights and input from the formula below. Every
`stride`-th row and column is kept. It also holds, for two networks of full size, the number of
parameters and the SHA-256 of the state's description, `describe`, of the published code.

The formula, for the key k of a tensor and the flat index i of an element, with 64-bit unsigned
integers that wrap:

    h = (i + 2³² · crc32(k)) · 0x9E3779B97F4A7C15
    h = (h xor h >> 30) · 0xBF58476D1CE4E5B9
    h = (h xor h >> 27) · 0x94D049BB133111EB
    u = (h xor h >> 31) / 2⁶³ - 1

(the mixing function of SplitMix64), so that u is in [-1, 1]. A tensor is then

    running_var                     1 + u / 2
    weight with one dimension       1 + u / 5
    bias, running_mean              u / 5
    relative_position_bias_table    u
    weight                          u · √(3 / fan-in)
    integers                        as the network makes them

and the input is u with the key `input`.
"""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from systems import needs

needs("torch")

import torch

from rmbg_eval.models.birefnet.config import BiRefNetConfig
from rmbg_eval.models.birefnet.family import FAMILY
from rmbg_eval.models.birefnet.member import Member
from rmbg_eval.models.birefnet.network import BiRefNet

GOLDEN = json.loads((Path(__file__).parent / "golden" / "birefnet_small.json").read_text())


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Networks this small spend more time handing work to threads than on the work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def formula(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """u of the module's docstring, for all elements of a tensor, in fp32."""
    start = np.uint64(zlib.crc32(key.encode()) << 32)
    h = (np.arange(math.prod(shape), dtype=np.uint64) + start) * np.uint64(0x9E3779B97F4A7C15)
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    u = (h ^ (h >> np.uint64(31))).astype(np.float64) / 2**63 - 1
    return torch.from_numpy(u.astype(np.float32)).view(shape)


def formula_state(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state with the keys and shapes of `state` and the values of the module's docstring."""
    filled = {}
    for key, tensor in state.items():
        u = formula(key, tuple(tensor.shape))
        if not tensor.is_floating_point():
            filled[key] = tensor
        elif key.endswith("running_var"):
            filled[key] = 1 + u / 2
        elif key.endswith("relative_position_bias_table"):
            filled[key] = u
        elif key.endswith((".bias", "running_mean")):
            filled[key] = u / 5
        elif tensor.dim() == 1:
            filled[key] = 1 + u / 5
        else:
            filled[key] = u * math.sqrt(3 / (tensor.numel() // tensor.shape[0]))
    return filled


def describe(state: dict[str, torch.Tensor]) -> str:
    """One line for each key, sorted: key, shape, dtype."""
    return "\n".join(f"{key} {tuple(t.shape)} {t.dtype}" for key, t in sorted(state.items()))


def small_network(**settings) -> BiRefNet:
    network = BiRefNet(BiRefNetConfig(**GOLDEN["backbone"], **settings)).eval()
    network.load_state_dict(formula_state(network.state_dict()))
    return network


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: str(case["config"]))
def test_equals_published_code(case: dict) -> None:
    network = small_network(**case["config"])
    logits = network(formula("input", tuple(GOLDEN["input_shape"])))
    stride = GOLDEN["stride"]
    kept, expected = logits[:, 0, ::stride, ::stride], torch.tensor(case["logits"])
    torch.testing.assert_close(kept, expected, rtol=0, atol=1e-5)


def test_patch_order_matters() -> None:
    """Both orders load the same state; only the output tells them apart."""
    image = formula("input", (1, 3, 64, 64))
    one, other = (small_network(patch_order=order)(image) for order in ("wg hg c", "c hg wg"))
    assert (one - other).abs().max() > 0.01


@pytest.mark.parametrize("full", GOLDEN["full_size"], ids=lambda full: full["backbone"])
def test_state_is_that_of_published_checkpoints(full: dict) -> None:
    with torch.device("meta"):
        network = BiRefNet(BiRefNetConfig(backbone=full["backbone"]))
    state = network.state_dict()
    assert len(state) == full["keys"]
    assert sum(parameter.numel() for parameter in network.parameters()) == full["parameters"]
    assert hashlib.sha256(describe(state).encode()).hexdigest() == full["state_sha256"]


def test_batch_and_changing_sizes() -> None:
    network = small_network()
    for height, width in ((64, 64), (96, 32), (64, 64)):
        images = formula("input", (3, 3, height, width))
        together = network(images)
        assert together.shape == (3, 1, height, width)
        alone = torch.cat([network(image[None]) for image in images])
        torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_bf16_is_near_fp32() -> None:
    network, image = small_network(), formula("input", (1, 3, 64, 96))
    exact = network(image).sigmoid()
    rough = network.to(torch.bfloat16)(image.bfloat16())
    assert rough.dtype is torch.bfloat16
    assert (rough.float().sigmoid() - exact).abs().mean() < 0.01


def test_training_mode_changes_nothing() -> None:
    network, image = small_network(), formula("input", (1, 3, 64, 64))
    expected = network(image)
    network.train()
    assert torch.equal(network(image), expected)
    assert not expected.requires_grad


@pytest.mark.parametrize("shape", [(1, 3, 64, 65), (1, 3, 0, 64), (1, 4, 64, 64), (3, 64, 64)])
def test_refuses_other_inputs(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"multiples of 32|expected \(B, 3, H, W\)"):
        small_network()(torch.zeros(shape))


@pytest.mark.parametrize(
    "settings",
    [
        {"patch_order": "hg wg c"},
        {"backbone": "pvt_v2_b2"},
        {"depths": (2, 2)},
    ],
)
def test_refuses_unknown_settings(settings: dict) -> None:
    with pytest.raises(ValueError):
        BiRefNetConfig(**settings)


@pytest.mark.parametrize("member", FAMILY, ids=lambda member: member.name)
def test_every_member_of_the_family_makes_a_network(member: Member) -> None:
    config = BiRefNetConfig(**member.config)
    assert not any(side % 32 for side in member.size)
    with torch.device("meta"):
        assert BiRefNet(config).config.patch_order == member.config["patch_order"]
