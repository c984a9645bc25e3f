"""Installs what the local stack runs on: the layers of the functions and the environment of the AWS emulator.

Everything is installed once per content of its locked requirements; a second call costs a hash.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.files import locked
from infra.local.model import Function
from infra.local.paths import AWS_VENV, LAYERS_DIR, ROOT

REQUIREMENTS = ROOT / "requirements"
SHARED_PACKAGE = ROOT / "layers" / "shared" / "src"
RUNTIME_LAYER = "runtime"  # Lambda's runtime client: AWS brings it, so no layer of the template does


class InstallError(Exception):
    """Something the stack needs could not be installed."""


def base_interpreter() -> str:
    """The Python below the virtual environment, whose packages the functions must not see."""
    return str(getattr(sys, "_base_executable", sys.executable))


def layer_name(logical_id: str) -> str:
    """``CoreLayer`` is made of ``requirements/core.txt``."""
    return logical_id.removesuffix("Layer").lower()


def layer_paths(function: Function) -> list[Path]:
    """The folders one function imports from besides its own, in the order of Lambda's search path."""
    paths: list[Path] = []
    for logical_id in function.layers:
        name = layer_name(logical_id)
        paths.append(LAYERS_DIR / name / "python")
        if name == "core":  # the layer is the locked dependencies and our own package
            paths.append(SHARED_PACKAGE)
    return [*paths, LAYERS_DIR / RUNTIME_LAYER / "python"]


def install_layers(functions: tuple[Function, ...]) -> None:
    """Install every layer the functions mount, and the runtime client.

    Raises:
        InstallError: a layer has no locked requirements, or the installer failed.
    """
    names = {RUNTIME_LAYER} | {layer_name(logical_id) for function in functions for logical_id in function.layers}
    LAYERS_DIR.mkdir(parents=True, exist_ok=True)
    for name in sorted(names):
        requirements = REQUIREMENTS / f"{name}.txt"
        if not requirements.exists():
            raise InstallError(f"the layer {name} needs {requirements.relative_to(ROOT)}")
        with locked(LAYERS_DIR / name):
            _install_layer(LAYERS_DIR / name, requirements)


def install_aws_emulator() -> None:
    """Make the emulator's own virtual environment: it pins an older botocore than ours."""
    requirements = REQUIREMENTS / "aws.txt"
    LAYERS_DIR.mkdir(parents=True, exist_ok=True)
    with locked(LAYERS_DIR / "aws"):
        if _is_current(AWS_VENV, requirements):
            return
        _uv("venv", "--quiet", "--clear", "--python", base_interpreter(), str(AWS_VENV))
        _uv(
            *("pip", "install", "--quiet", "--require-hashes", "--compile-bytecode"),
            *("--python", str(AWS_VENV), "-r", str(requirements)),
        )
        _stamp(AWS_VENV, requirements)


def _install_layer(folder: Path, requirements: Path) -> None:
    if _is_current(folder, requirements):
        return
    incomplete = folder.with_name(f"{folder.name}.incomplete")
    shutil.rmtree(incomplete, ignore_errors=True)
    # Without bytecode every start of a function takes twice as long: Lambda cannot write it back, and we do not either.
    _uv(
        *("pip", "install", "--quiet", "--require-hashes", "--compile-bytecode", "--python", base_interpreter()),
        *("--target", str(incomplete / "python"), "-r", str(requirements)),
    )
    _stamp(incomplete, requirements)
    shutil.rmtree(folder, ignore_errors=True)
    incomplete.rename(folder)


def _uv(*arguments: str) -> None:
    beside_us = Path(sys.executable).with_name("uv")
    program = str(beside_us) if beside_us.exists() else shutil.which("uv")
    if program is None:
        raise InstallError("uv is missing; `make up` installs it")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InstallError(f"uv {' '.join(arguments[:2])} failed:\n{done.stderr.strip()}")


def _fingerprint(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()


def _is_current(folder: Path, requirements: Path) -> bool:
    stamp = folder / "installed.sha256"
    return stamp.exists() and stamp.read_text() == _fingerprint(requirements)


def _stamp(folder: Path, requirements: Path) -> None:
    (folder / "installed.sha256").write_text(_fingerprint(requirements))
