"""Run every benchmark, each in a process of its own: `python -m benchmarks [NAME...]`."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import benchmarks

#: Modules that help, and the one that wants an installation of another version.
HELPERS = {"__main__", "stock_process", "timing", "versions"}
#: Those that take hours: run only when they are named.
LONG = {"learning", "ppo"}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all but the long ones; return 1 if one missed a target."""
    known = sorted({module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - HELPERS)
    unknown = set(names) - set(known)
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or sorted(set(known) - LONG):
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"missed a target or failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
