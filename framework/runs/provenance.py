"""What a result depends on besides its recipe: code, packages, machine."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any


def git_commit(folder: Path) -> str:
    """The commit checked out in `folder`, or "" outside a repository."""
    return _git(folder, "rev-parse", "HEAD").strip()


def git_diff(folder: Path) -> str:
    """What differs from the commit, untracked files named; "" if nothing or no repository."""
    diff = _git(folder, "diff", "HEAD")
    untracked = _git(folder, "ls-files", "--others", "--exclude-standard")
    if untracked:
        diff += "".join(f"# untracked: {name}\n" for name in untracked.splitlines())
    return diff


def pip_freeze() -> str:
    """Installed distributions as `name==version`, sorted, one a line."""
    found = set()
    for distribution in importlib.metadata.distributions():
        # Of these texts importlib parses all, several times, which takes most of a second.
        text = next(filter(None, map(distribution.read_text, ("METADATA", "PKG-INFO", ""))), "")
        head = dict(line.partition(": ")[::2] for line in text.partition("\n\n")[0].splitlines())
        if "Name" in head:
            found.add(f"{head['Name']}=={head.get('Version')}")
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def hardware() -> dict[str, Any]:
    """Processor, memory, accelerators and versions that decide about speed and rounding."""
    import psutil
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "platform": platform.platform(),
        "python": sys.version.split()[0],
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False) or psutil.cpu_count(),
        "threads": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpus,
        "torch": torch.__version__,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
