"""The build backend of the wheel: maturin's, which builds the extension module; before it, the code generator is built, a program and a library
that the extension module starts or loads when something is to be compiled. They have other features, so cargo builds them in a run of its own.
"""

import json
import shutil
import subprocess
from pathlib import Path

import maturin
from maturin import (  # noqa: F401  (the rest of the backend's interface)
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

# maturin puts what is here into site-packages.
PLACE = Path("python/data/platlib/swallow")

# What cargo makes, and its name in the package.
FILES = {"swallow-codegen": "swallow-codegen", "lib_swallow.so": "libswallow_codegen.so"}

BUILD = ["cargo", "build", "--quiet", "--profile", "generator", "--no-default-features", "--features", "llvm-static", "--lib", "--bins"]


def _target():
    """Cargo's target directory."""
    text = subprocess.run(["cargo", "metadata", "--format-version", "1", "--no-deps"], check=True, stdout=subprocess.PIPE).stdout
    return Path(json.loads(text)["target_directory"])


def _with_generator(build):
    """Run a build of maturin's with the code generator in place."""
    subprocess.run(BUILD, check=True)
    made = _target() / "generator"
    PLACE.mkdir(parents=True, exist_ok=True)
    try:
        for source, name in FILES.items():
            shutil.copy(made / source, PLACE / name)
            subprocess.run(["strip", "--strip-unneeded", PLACE / name], check=False)
        return build()
    finally:
        shutil.rmtree(PLACE)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 517."""
    return _with_generator(lambda: maturin.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 660."""
    return _with_generator(lambda: maturin.build_editable(wheel_directory, config_settings, metadata_directory))
