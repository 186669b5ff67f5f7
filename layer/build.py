"""Builds the Lambda layer: what `sam build` runs, through the Makefile beside this file.

    python layer/build.py OUT

The layer holds `personalize_pipeline` (without the command line and the local stack), `personalize_rules`
and their dependencies, pinned with hashes in `requirements/layer.txt`.

One of those is compiled (pydantic's core), but the file name of a compiled module carries the Python version
and the platform (`_pydantic_core.cpython-313-aarch64-linux-gnu.so`), so the modules of all Python versions
and architectures lie side by side, and one build fits every value of the stack parameters PythonVersion and
Architecture. The module of the machine that builds is among them too: a local stack runs the functions with
the Python of this machine, which may be a Mac's.

The dependencies are installed once per content of `requirements/layer.txt`, kept in `.aws-sam/`, and copied.
"""

import argparse
import compileall
import hashlib
import importlib.util
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "layer.txt"
KEPT = ROOT / ".aws-sam" / "layer-dependencies"

# What the stack parameters PythonVersion and Architecture allow.
PYTHON_VERSIONS = ("3.11", "3.12", "3.13", "3.14")
ARCHITECTURES = ("x86_64", "aarch64")

# What functions never load. It counts: a cold start loads the layer, and the local stack unpacks it for every
# worker of every function (there a file costs up to 1 ms: 2,700 files with all of this, 900 without).
# botocore describes 400 services in 28 MB; the functions call these, and check calls of Glue against its own.
SERVICES = frozenset(
    {
        "cloudwatch",
        "events",
        "glue",
        "personalize",
        "personalize-runtime",
        "s3",
        "scheduler",
        "sns",
        "stepfunctions",
    }
)
UNUSED = (
    "bin",
    "boto3/data",  # boto3.resource()
    "boto3/examples",
    "aws_lambda_powertools/event_handler",
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            "auth_alpha",
            "batch",
            "circuit_breaker",
            "data_classes",
            "data_masking",
            "feature_flags",
            "idempotency",
            "kafka",
            "parameters",
            "parser",
            "streaming",
            "validation",
        )
    ),
    "pydantic/v1",
)

# Ours, and of ours what functions do not run.
PACKAGES = ("personalize_pipeline", "personalize_rules")
LEFT_OUT = ("personalize_pipeline/cli", "personalize_pipeline/local_stack")


@dataclass(frozen=True)
class Target:
    """Where a compiled module is to run: a Python version and an architecture of Linux (None: ours)."""

    python: str
    architecture: str | None


LAMBDA_TARGETS = tuple(
    Target(python, architecture) for python in PYTHON_VERSIONS for architecture in ARCHITECTURES
)
THIS_MACHINE = Target(f"{sys.version_info.major}.{sys.version_info.minor}", None)


class LayerBuildError(Exception):
    """The layer cannot be built here; the text says what to do."""


# --- installing ---------------------------------------------------------------------------------------------


def _installer(target: Target, requirements: Path, folder: Path) -> list[str]:
    """Command that installs wheels for `target` into `folder`: pip if this Python has it, else uv."""
    if importlib.util.find_spec("pip"):
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-qqq",
            "--disable-pip-version-check",
            "--no-compile",
        ]
        # manylinux2014 needs glibc 2.17; Lambda's oldest, under python3.11, is 2.26.
        platform = [f"--platform=manylinux2014_{target.architecture}", f"--python-version={target.python}"]
    elif uv := shutil.which("uv") or shutil.which(ROOT / ".tools" / "bin" / "uv"):
        command = [uv, "pip", "install", "--quiet", "--link-mode=copy", f"--python={sys.executable}"]
        platform = [
            f"--python-platform={target.architecture}-manylinux2014",
            f"--python-version={target.python}",
        ]
    else:
        raise LayerBuildError(
            f"{sys.executable} has no pip, and there is no uv on the PATH or in .tools: one of them is "
            "needed to build the layer. Install pip (python3 -m ensurepip), or name another Python: "
            "PYTHON=<path> sam build"
        )
    return [
        *command,
        *(platform if target.architecture else []),
        "--only-binary=:all:",
        "--no-deps",
        "--require-hashes",
        "--target",
        str(folder),
        "--requirement",
        str(requirements),
    ]


def _install(target: Target, pinned: Iterable[str], folder: Path) -> None:
    """Install pinned requirements (blocks of `requirements/layer.txt`) for `target` into `folder`."""
    folder.mkdir(parents=True)
    requirements = folder.with_suffix(".txt")
    requirements.write_text("\n".join(pinned) + "\n", encoding="utf-8")
    done = subprocess.run(_installer(target, requirements, folder), check=False)  # noqa: S603
    if done.returncode:
        raise LayerBuildError(f"Installing the layer's dependencies for {target} failed: see above.")


def pinned_requirements(text: str) -> dict[str, str]:
    """Requirements file -> block of text (with its hashes) by normalised name of the distribution."""
    blocks = re.findall(r"^[A-Za-z0-9].*(?:\n[ \t]+.*)*", text, flags=re.MULTILINE)
    return {_normalised(re.split(r"[=\s;\[]", block, maxsplit=1)[0]): block for block in blocks}


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# --- the content --------------------------------------------------------------------------------------------


def _install_dependencies(folder: Path) -> None:
    """Everything in `requirements/layer.txt` for every target, without what is not used."""
    pinned = pinned_requirements(REQUIREMENTS.read_text(encoding="utf-8"))
    first, *others = [*LAMBDA_TARGETS, *([] if _is_lambda_platform() else [THIS_MACHINE])]
    _install(first, pinned.values(), folder)
    compiled = {_distribution(module, folder) for module in folder.rglob("*.so")}
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, ThreadPoolExecutor(4) as pool:
        parts = [Path(scratch) / str(number) for number in range(len(others))]
        wanted = [pinned[name] for name in sorted(compiled)]
        list(pool.map(lambda target, part: _install(target, wanted, part), others, parts))
        for part in parts:
            for module in part.rglob("*.so"):
                shutil.copy2(module, folder / module.relative_to(part))
    for unused in UNUSED:
        shutil.rmtree(folder / unused, ignore_errors=True)
    for service in (folder / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)


def _distribution(module: Path, folder: Path) -> str:
    """The normalised name of the distribution that brought a file."""
    for record in folder.glob("*.dist-info/RECORD"):
        if module.relative_to(folder).as_posix() in record.read_text(encoding="utf-8"):
            return _normalised(record.parent.name.split("-")[0])
    raise LayerBuildError(f"{module.relative_to(folder)}: no distribution claims it.")


def _is_lambda_platform() -> bool:
    """Whether this machine can load one of Lambda's compiled modules: same platform in the file name."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX") or ""
    return any(suffix.endswith(f"{architecture}-linux-gnu.so") for architecture in ARCHITECTURES)


# --- building -----------------------------------------------------------------------------------------------


def _compile(folder: Path) -> None:
    """Byte code for the Python that builds: neither Lambda nor the local stack can keep what they compile.

    Unpacking a layer does not keep times, so the byte code must not be checked against them. Another Python
    version ignores it and compiles the sources: 0.4 s at a cold start.
    """
    compileall.compile_dir(
        folder,
        quiet=1,
        workers=0,
        stripdir=str(folder),
        prependdir="/opt/python",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def dependencies() -> Path:
    """Folder with the installed dependencies; made when it is not there yet."""
    recipe = hashlib.sha256()
    for source in (REQUIREMENTS, Path(__file__)):
        recipe.update(source.read_bytes())
    recipe.update(f"{sys.implementation.cache_tag} {sysconfig.get_platform()}".encode())
    kept = KEPT / recipe.hexdigest()[:16]
    if kept.exists():
        return kept
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
        folder = Path(scratch) / "python"
        _install_dependencies(folder)
        _compile(folder)
        folder.rename(kept)  # complete or not there: an interrupted build leaves nothing half-made
    for other in KEPT.iterdir():
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)
    return kept


def build(out: Path) -> None:
    """Put the layer's content into `out`/python, where Lambda looks for it."""
    python = out / "python"
    shutil.rmtree(python, ignore_errors=True)
    shutil.copytree(dependencies(), python)
    for package in PACKAGES:
        shutil.copytree(ROOT / "src" / package, python / package, ignore=_left_out)
        _compile(python / package)


def _left_out(folder: str, names: list[str]) -> list[str]:
    inside = Path(folder).relative_to(ROOT / "src")
    return [name for name in names if name == "__pycache__" or (inside / name).as_posix() in LEFT_OUT]


def main() -> None:
    """Command line: the folder to fill."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    try:
        build(parser.parse_args().out)
    except LayerBuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
