"""MiniStack, the local AWS: the Python environment it gets to itself, and the settings it runs with."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from personalize_pipeline.local_stack.errors import LocalStackError
from personalize_pipeline.local_stack.locks import exclusive

PINS = "ministack.txt"  # beside this module; renewed by `make lock`
SETUP_SECONDS = 600.0


def environment(home: Path, report: Callable[[str], None]) -> Path:
    """The Python that has MiniStack: made at the first call, found again by every later one.

    Its folder is named after the pinned versions and this Python, so that another pin or another Python gets
    an environment of its own. What a broken or interrupted installation leaves is removed.

    Raises:
        LocalStackError: the installation failed; carries what pip said.
    """
    pins = files("personalize_pipeline.local_stack").joinpath(PINS).read_bytes()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = home / "ministack" / f"python{version}-{hashlib.sha256(pins).hexdigest()[:12]}"
    python, finished = folder / "bin" / "python", folder / ".finished"
    if finished.exists():
        return python
    with exclusive(folder.with_suffix(".lock"), what="installing MiniStack", seconds=SETUP_SECONDS):
        if finished.exists():
            return python
        report("Installing MiniStack, the local AWS (once)")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            requirements = folder.with_suffix(".txt")
            requirements.write_bytes(pins)
            _run([_base_python(), "-m", "venv", str(folder)])
            install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            _run([str(python), *install, "--require-hashes", "-r", str(requirements)])
            finished.touch()
        except BaseException:  # Ctrl-C too: half an environment must not be taken for a whole one
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return python


def settings(port: int, folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """MiniStack's environment variables; its Lambda functions inherit them.

    Nothing of the user's AWS settings gets in: a profile or a role from the shell must never be what a local
    function calls AWS with.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PYTHON", "VIRTUAL_ENV", "MINISTACK_", "LOCALSTACK_", "LAMBDA_"))
    }
    return inherited | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",  # IAM policies are enforced, as in AWS
        "PERSIST_STATE": "1",  # kept from `down` to the next `up`
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder / "tmp"),
        # A function that was used stays loaded for an hour: the next run is spared many cold starts.
        "LAMBDA_WARM_TTL_SECONDS": "3600",
        # Two listeners that this project has no use for, on ports that a second stack could not have.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
        **without_proxy(),
        **extra,
    }


def without_proxy() -> dict[str, str]:
    """NO_PROXY with this computer in it, or a proxy in the shell would be asked for 127.0.0.1."""
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    hosts = ",".join(dict.fromkeys([*filter(None, known.split(",")), "127.0.0.1", "localhost"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def _base_python() -> str:
    """The Python under a virtual environment: a venv made from it does not depend on ours."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _run(command: list[str]) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=clean)  # noqa: S603
    if done.returncode:
        raise LocalStackError(
            f"MiniStack cannot be installed: `{' '.join(command)}` failed:\n"
            f"{(done.stderr or done.stdout).strip()}\n"
            "Is the package index reachable? Repeat the command when it is; nothing half-made is left."
        )
