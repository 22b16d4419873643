"""RMBG-2.0's network on a CUDA device: speed, agreement, profile, memory.

    python benchmarks/gpu.py [--parts PART…] [--compile] [--rounds N] [--out FOLDER]
    python benchmarks/gpu.py --parts agreement --device cpu

Weights are random, since times and memory do not depend on them and the published ones are behind a
licence. Each part runs in processes of its own:

- speed: `rmbg-eval bench` over dtypes and batches at 1024 × 1024, and of BiRefNet HR at 2048²;
- agreement: alpha on the device in every dtype against the CPU's in fp32, on photographs; the last
  layer is scaled so that alpha has all values, as that of real weights has. With `--device cpu`,
  bf16 there (12 minutes of two cores);
- profile: the kernels that take most of one picture;
- memory: pictures through a device of which torch may use little.

Prints tables, and writes them as gpu.json to the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rmbg_eval import load_cases, load_model, predict
from rmbg_eval.bench import bench
from rmbg_eval.bench.timing import NoStore
from rmbg_eval.core.choices import Dtype
from rmbg_eval.core.paths import resource
from rmbg_eval.core.processes import Call, Send, in_processes
from rmbg_eval.models.birefnet.family import FAMILY
from rmbg_eval.models.birefnet.random_weights import write_random_weights
from rmbg_eval.models.hub import FILE
from rmbg_eval.settings import BenchSettings

DEVICE = "cuda"
DTYPES: tuple[Dtype, ...] = ("fp16", "bf16", "fp32")
SPEED: list[tuple[str, tuple[Dtype, ...], tuple[int, ...]]] = [
    ("rmbg-2.0", DTYPES, (1, 4, 8)),
    ("birefnet-hr", ("fp16", "bf16"), (1, 2)),
]
"""Model, dtypes, batches."""
PARTS = ("speed", "agreement", "profile", "memory")
PHOTOGRAPHS = 6
SPREAD = 4.0
"""Standard deviation of the logits: a third of alpha is then below 0.15, a third above 0.85."""
CAPS = (2.0, 0.7)
"""GB that torch may use of the device."""
MEMBERS = {member.name: member for member in FAMILY}


def main(out: Path, parts: Sequence[str], rounds: int, compiled: bool, device: str) -> None:
    """Measure, print and write."""
    figures: dict[str, Any] = {}
    if "speed" in parts:
        figures["speed"] = speed(out, rounds, compiled)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "weights"
        _alone(_write, folder)
        if "agreement" in parts:
            figures["agreement"] = agreement(folder, Path(scratch), device)
        if "profile" in parts:
            figures["profile"] = _alone(_profile, folder)
            for kernel in figures["profile"]:
                print(f"{kernel['ms']:8.2f} ms {kernel['count']:5d} × {kernel['name']}", flush=True)
        if "memory" in parts:
            figures["memory"] = [_alone(_short, folder, cap) for cap in CAPS]
            for case in figures["memory"]:
                print(json.dumps(case), flush=True)
    (out / "gpu.json").write_text(json.dumps(figures, indent=1))


def speed(out: Path, rounds: int, compiled: bool) -> list[dict[str, Any]]:
    """A row a combination."""
    table = [*SPEED, ("rmbg-2.0", ("fp16",), (1,))] if compiled else SPEED
    rows = []
    for number, (model, dtypes, batches) in enumerate(table):
        settings = BenchSettings(
            models=[model],
            devices=[DEVICE],
            dtypes=[*dtypes],
            batches=[*batches],
            compile=number == len(SPEED),
            rounds=rounds,
            seconds=4,
            random_weights=True,
            out=str(out / f"{model}-{number}"),
        )
        for row in bench(settings).rows:
            if row.failure or row.latency_median is None:
                rows.append({"combination": row.words, "failure": row.failure})
            else:
                rows.append(
                    {
                        "combination": row.words,
                        "device": row.device_name,
                        "ms": 1e3 * row.latency_median / row.wanted.batch,
                        "highest_ms": row.highest_median and 1e3 * row.highest_median,
                        "forward_per_second": row.forward_per_second,
                        "end_to_end_per_second": row.end_to_end_per_second,
                        "pictures": row.pictures,
                        "peak_gb": (row.peak_device_bytes or 0) / 1e9,
                        "load_seconds": row.load_seconds,
                        "large_seconds": row.large and row.large.seconds,
                        "stages_ms": {k: round(1e3 * v, 1) for k, v in row.stages.items()},
                        "warnings": [str(warning) for warning in row.warnings],
                    }
                )
            print(json.dumps(rows[-1]), flush=True)
    return rows


def agreement(folder: Path, scratch: Path, device: str) -> list[dict[str, Any]]:
    """Largest and mean difference of alpha from the CPU's in fp32, over the photographs."""
    import numpy as np

    _alone(_spread, folder)
    reference = scratch / "cpu.npz"
    _alone(_alphas, folder, "cpu", "fp32", reference, False)
    expected = np.load(reference)
    rows = []
    all_ways: list[tuple[Dtype, bool]] = [("fp32", True), *((dtype, False) for dtype in DTYPES)]
    for dtype, exact in all_ways if device != "cpu" else [("bf16", False)]:
        path = scratch / f"{dtype}{exact}.npz"
        _alone(_alphas, folder, device, dtype, path, exact)
        alphas = np.load(path)
        apart = np.concatenate([np.abs(alphas[k] - expected[k]).ravel() for k in expected.files])
        rows.append(
            {
                "dtype": f"{dtype}, no TF32" if exact else dtype,
                "photographs": len(expected.files),
                "largest": float(apart.max()),
                "mean": float(apart.mean()),
                "spread of alpha": float(np.std(expected[expected.files[0]])),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def _alone(function: Any, *arguments: Any) -> Any:
    """What the function sends, from a process of its own."""
    sent = [one for _, one in in_processes([Call(function.__name__, function, arguments)])]
    return sent[-1] if sent else None


def _write(folder: Path, send: Send) -> None:
    write_random_weights(MEMBERS["rmbg-2.0"], folder)


def _spread(folder: Path, send: Send) -> None:
    """Scale the last layer: over the photographs its logits have mean 0 and standard deviation 4.

    Alpha of random weights else hardly varies (0.009), and what a dtype does to it is hardly seen.
    """
    import numpy as np
    from safetensors.torch import load_file, save_file
    from scipy.special import logit

    scratch = folder / "random.npz"
    _alphas(folder, "cpu", "fp32", scratch, False, send)
    alphas = np.load(scratch)
    logits = np.concatenate([logit(alphas[name].astype(float)).ravel() for name in alphas.files])
    state = load_file(folder / FILE)
    scale = SPREAD / logits.std()
    state["decoder.conv_out1.0.weight"] *= scale
    bias = state["decoder.conv_out1.0.bias"]
    state["decoder.conv_out1.0.bias"] = (bias - logits.mean()) * scale
    save_file(state, folder / FILE)


def _alphas(folder: Path, device: str, dtype: Any, path: Path, exact: bool, send: Send) -> None:
    """Alpha of each photograph at the network's size. `exact`: fp32 products in fp32, not TF32."""
    import numpy as np

    if exact:
        os.environ["NVIDIA_TF32_OVERRIDE"] = "0"  # before CUDA starts
    model = load_model(f"r=rmbg-2.0:{folder}", device, dtype)
    model.load()
    if exact:
        import torch

        torch.set_float32_matmul_precision("highest")
    alphas = {}
    for case in load_cases(resource("cases")).cases[:PHOTOGRAPHS]:
        (alpha,) = model.infer([model.preprocess(case.picture())])
        alphas[case.name] = np.asarray(alpha.cpu() if hasattr(alpha, "cpu") else alpha)
    np.savez(path, **alphas)


def _profile(folder: Path, send: Send) -> None:
    """The kernels of one picture in fp16, longest first."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    model = load_model(f"r=rmbg-2.0:{folder}", DEVICE, "fp16")
    model.load()
    inputs = [model.preprocess(load_cases(resource("cases")).cases[0].picture())]
    model.infer(inputs)
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        model.infer(inputs)
        torch.cuda.synchronize()
    spent: dict[str, float] = defaultdict(float)
    count: Counter[str] = Counter()
    for event in found.events() or ():
        name = event.name.removeprefix("void ")[:90]
        spent[name] += event.time_range.elapsed_us() / 1e3
        count[name] += 1
    longest = sorted(spent, key=spent.__getitem__, reverse=True)[:24]
    rows = [{"name": name, "ms": spent[name], "count": count[name]} for name in longest]
    send([{"name": "all", "ms": sum(spent.values()), "count": count.total()}, *rows])


def _short(folder: Path, cap: float, send: Send) -> None:
    """Eight pictures at once in fp32 where torch may use `cap` GB of the device."""
    import torch

    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(cap * 1e9 / whole)
    model = load_model(f"r=rmbg-2.0:{folder}?batch=8", DEVICE, "fp32")
    cases = load_cases(resource("cases")).cases[:8]
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        predictions = [p for _, p in predict(model, cases, out, NoStore(out))]
    send(
        {
            "cap_gb": cap,
            "cutouts": sum(bool(p.cutout) for p in predictions),
            "on": [f"{p.device} {p.dtype}" for p in predictions],
            "failures": [str(p.failure) for p in predictions if p.failure],
            "warnings": [str(warning) for warning in model.warnings],
            "batch": model.batch_size,
            "peak_gb": torch.cuda.max_memory_reserved() / 1e9,
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("reports/gpu"))
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--compile", action="store_true", help="fp16 compiled by torch as well")
    parser.add_argument("--device", choices=[DEVICE, "cpu"], default=DEVICE, help="of agreement")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    main(arguments.out, arguments.parts, arguments.rounds, arguments.compile, arguments.device)
