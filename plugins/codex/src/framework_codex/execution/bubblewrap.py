"""The bubblewrap command: what a sandbox's file system, namespaces and environment consist of.

It sees the interpreter and its standard library, the system's shared libraries, the packages that
were asked for, all read-only, and one small folder of its own. No `/proc`, no network, no other
process, no installed package that could hold tests or solutions.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from framework.errors import UserError

#: The program's folder, in the sandbox.
FOLDER = "/tmp"
#: Where the code that runs inside is found there, and the packages.
CODE = "/judge"
PACKAGES = "/packages"

INSIDE = Path(__file__).parent / "inside"

_FILES = ("/etc/ld.so.cache", "/usr/share/zoneinfo")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")

INSTALL = (
    "  install it: apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora)\n"
    "  or set judge.backend=process, which runs programs without a sandbox, as the user you are"
)


def environment(folder: str) -> dict[str, str]:
    """The whole environment of a program."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "USER": "sandbox",
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Without /proc the loader does not know where the interpreter lies, and what lies beside it.
        "LD_ORIGIN_PATH": str(Path(interpreter()).parent),
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def interpreter() -> str:
    """The Python this one is, outside any virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def python_command(code: str, packages: str, descriptor: int) -> list[str]:
    """Start the zygote: nobody's site-packages, nothing of the user's, no bytecode written."""
    start = (
        f"import sys; sys.path[:0] = [{code!r}]; sys.path.append({packages!r}); "
        f"from inside.zygote import main; sys.path.remove({code!r}); main({descriptor})"
    )
    return [interpreter(), "-S", "-s", "-P", "-B", "-c", start]


def command(packages: dict[str, Path], file_mb: int, user: bool) -> list[str]:
    """The command up to the program it starts.

    Args:
        packages: files and folders to bind below `PACKAGES`, by name.
        file_mb: size of the program's folder.
        user: unshare the user namespace; without it the sandbox starts as root and drops it itself.

    Raises:
        UserError: bubblewrap is not installed.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise UserError(f"programs cannot be executed safely: bubblewrap is not installed\n{INSTALL}")
    line = [
        program,
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    line += ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv", "--cap-drop", "ALL"]
    if user:
        line += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    else:
        line += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for name, value in environment(FOLDER).items():
        line += ["--setenv", name, value]
    system = list(_system())
    # Made by hand, because bubblewrap would let nobody but their owner pass through them.
    for folder in _ancestors([*system, Path(_DEVICES[0]), Path(CODE, "inside"), Path(PACKAGES, "any")]):
        line += ["--perms", "0755", "--dir", str(folder)]
    for path in system:
        if path.is_symlink():
            line += ["--symlink", str(path.readlink()), str(path)]
        else:
            line += ["--ro-bind", str(path), str(path)]
    for hidden in _hidden():
        line += ["--tmpfs", str(hidden), "--remount-ro", str(hidden)]
    for device in _DEVICES:
        line += ["--dev-bind", device, device]
    line += ["--ro-bind", str(INSIDE), f"{CODE}/inside"]
    for name, path in packages.items():
        line += ["--ro-bind", str(path), f"{PACKAGES}/{name}"]
    line += ["--perms", "1777", "--size", str(file_mb << 20), "--tmpfs", FOLDER]
    return [*line, "--remount-ro", "/", "--chdir", FOLDER, "--"]


def _system() -> Iterator[Path]:
    """What Python needs, outermost folders first, none within another."""
    wanted = [Path(interpreter()), Path(sysconfig.get_paths()["stdlib"]), *map(Path, _FILES), *_libraries()]
    for prefix in (Path(sys.base_prefix), Path(sys.base_exec_prefix)):
        if prefix not in (Path("/usr"), Path("/usr/local")):
            wanted.append(prefix / "lib")
        wanted += prefix.glob("lib*/libpython*")
    seen: list[Path] = []
    for path in sorted(
        {path for path in wanted if path.exists()}, key=lambda path: (len(path.parts), str(path))
    ):
        if not any(path.is_relative_to(other) for other in seen):
            seen.append(path)
            yield path


def _libraries() -> Iterator[Path]:
    """Folders of the system's shared libraries, as narrow as the distribution allows."""
    for root in (Path("/"), Path("/usr")):
        for name in ("lib", "lib64"):
            folder = root / name
            narrow = folder / str(sysconfig.get_config_var("MULTIARCH"))
            yield narrow if not folder.is_symlink() and narrow.is_dir() else folder


def _ancestors(paths: Iterable[Path]) -> list[Path]:
    """Folders above these paths, outermost first."""
    folders = {folder for path in paths for folder in path.parents if folder != Path("/")}
    return sorted(folders, key=lambda folder: len(folder.parts))


def _hidden() -> Iterator[Path]:
    """Folders of installed packages below what is bound."""
    for folder in _unlinked(_system()):
        for place in (folder, *folder.glob("python3*"), *folder.glob("*/python3*")):
            for name in ("site-packages", "dist-packages"):
                if (place / name).is_dir() and not (place / name).is_symlink():
                    yield place / name


def _unlinked(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if path.is_dir() and not path.is_symlink())
