"""What a run was made with: commit, versions, processor, memory."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import Field

from .frozen import Frozen
from .paths import PACKAGE

_LIBRARIES = (
    "numpy pillow openvino onnxruntime opencv-python-headless torch papermill nbconvert".split()
)
_OTHERS = "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE".split()
"""What git tells its hooks of the checkout that they are for, which is hardly ours."""
_THREADS = "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMBA_NUM_THREADS".split()


class Machine(Frozen):
    """Enough to tell two runs' circumstances apart."""

    commit: str | None
    """Of rmbg_eval's checkout; None where it is installed without one."""
    dirty: bool | None
    """Whether that checkout had uncommitted changes."""
    versions: dict[str, str]
    system: str
    processor: str
    cores: int
    """That this process may use."""
    memory_bytes: int | None
    threads: dict[str, str] = Field(default={})
    """What the environment says of threads; without that, each runtime takes the cores."""

    @classmethod
    def here(cls) -> Machine:
        commit = _git("rev-parse", "HEAD")
        changes = _git("status", "--porcelain") if commit else None
        return cls(
            commit=commit,
            dirty=None if changes is None else bool(changes),
            versions={name: found for name in _LIBRARIES if (found := _version(name))}
            | {"rmbg_eval": _version("rmbg-eval") or "not installed"},
            system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
            processor=processor(),
            cores=cores(),
            memory_bytes=_memory(),
            threads={name: os.environ[name] for name in _THREADS if name in os.environ},
        )


def _glibc() -> ctypes.CDLL | None:
    """The C library with its allocator; None where there is another."""
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None


def keep_freed_memory() -> None:
    """Let memory that this process frees be what its next arrays are made of, whichever threads.

    glibc gives every larger array back to the system and gets the next one page by page: beside
    inference a tenth of the processor's time for pictures of 2 megapixels, a quarter for 12. Other
    allocators are left as they are.
    """
    glibc = _glibc()
    # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_ARENA_MAX of malloc.h. Before 2.35 the first may be
    # no more than 32 MiB: then nothing is set, as any of them keeps the threshold from adapting.
    if glibc and glibc.mallopt(-3, 1 << 30):
        glibc.mallopt(-1, 1 << 30)
        glibc.mallopt(-8, 1)


def reset_peak_memory() -> bool:
    """Start a new reading of this process's peak memory; False where the system cannot."""
    if glibc := _glibc():
        glibc.malloc_trim(0)  # what is kept for later arrays is nobody's
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_memory(process: int | str = "self") -> int | None:
    """Peak resident memory of this process, or of the one with that number, in bytes since it
    began or its `reset_peak_memory`, or None."""
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def _git(*arguments: str) -> str | None:
    """What git says of our own checkout; None if this package lies in none."""
    root = PACKAGE.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # of a file's name
            env={name: value for name, value in os.environ.items() if name not in _OTHERS},
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """The processor's name, as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many processor cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    else:
        return os.cpu_count() or 1


def _memory() -> int:
    import psutil  # not for those who only read a finished run

    return int(psutil.virtual_memory().total)
