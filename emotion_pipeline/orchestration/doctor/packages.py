"""Checks of Python and of what is installed."""

import importlib
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from emotion_pipeline.landmarks.mediapipe_library import lacking
from emotion_pipeline.orchestration.doctor.finding import Finding, ok, problem, warning
from emotion_pipeline.settings import Settings

OURS = "emotion-pipeline"
OPENCV = "opencv-contrib-python-headless"
INSTALL = "make setup, or pip install -c constraints.txt -e ."


def python(_: Settings) -> Iterator[Finding]:
    """The version of Python is one that this package is tested with."""
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = metadata.metadata(OURS)["Requires-Python"]
    if Requirement(f"python{wanted}").specifier.contains(version):
        yield ok("python", f"Python {version}")
    else:
        yield problem("python", f"Python {version}, expected {wanted}", "make PYTHON=python3.12")


def requirements(_: Settings) -> Iterator[Finding]:
    """What this package and Dagster's own packages ask for is installed, in the right versions."""
    family = sorted({name for name in _installed() if name.startswith("dagster")})
    wrong = [fault for name in (OURS, *family) for fault in _faults(name)]
    for fault in wrong:
        yield problem("requirements", fault, INSTALL)
    if not wrong:
        versions = ", ".join(f"{name} {_installed()[name]}" for name in family)
        yield ok("requirements", f"packages agree; {versions}")


def torch(_: Settings) -> Iterator[Finding]:
    """PyTorch and torchvision load together, with the operators that are not Python."""
    try:
        loaded, vision = (importlib.import_module(name) for name in ("torch", "torchvision"))
        vision.ops.nms(loaded.zeros(1, 4), loaded.zeros(1), 0.5)
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        cause = str(error).split("\n")[0]
        yield problem("torch", f"PyTorch and torchvision do not work together: {cause}", INSTALL)
    else:
        yield ok("torch", f"torch {loaded.__version__}, torchvision {vision.__version__}")


def opencv(_: Settings) -> Iterator[Finding]:
    """Exactly one package owns the folder `cv2`: several write over one another's files."""
    owners = sorted(
        {
            one.metadata["Name"]
            for one in metadata.distributions()
            if (one.metadata["Name"] or "").lower().startswith("opencv") and _owns_cv2(one)
        }
    )
    others = [name for name in owners if canonicalize_name(name) != OPENCV]
    remedy = f"pip uninstall -y {' '.join(owners)}; pip install --force-reinstall {OPENCV}"
    if not owners:
        yield problem("opencv", "OpenCV is not installed", f"pip install {OPENCV}")
    elif len(owners) > 1:
        yield problem("opencv", f"{' and '.join(owners)} write over one another in cv2/", remedy)
    elif others:
        yield warning("opencv", f"{others[0]} needs libraries of a screen", remedy)
    else:
        yield ok("opencv", f"{OPENCV} {_installed()[OPENCV]} alone owns cv2")


def onnx_runtime(_: Settings) -> Iterator[Finding]:
    """ONNX Runtime loads."""
    try:
        loaded = importlib.import_module("onnxruntime")
    except ImportError as error:
        yield problem("onnx_runtime", f"ONNX Runtime does not load: {error}", INSTALL)
    else:
        found = ", ".join(loaded.get_available_providers())
        yield ok("onnx_runtime", f"onnxruntime {loaded.__version__}: {found}")


def mediapipe(_: Settings) -> Iterator[Finding]:
    """MediaPipe, which finds landmarks, is there with the libraries that it is linked with."""
    reason = lacking()
    if reason:
        yield warning("mediapipe", "no faces and no landmarks can be found", reason)
    else:
        yield ok("mediapipe", f"mediapipe {_installed()['mediapipe']}")


def _installed() -> dict[str, str]:
    """Versions by name; the first on the path counts, as it does for imports."""
    found: dict[str, str] = {}
    for one in metadata.distributions():
        if one.metadata["Name"]:
            found.setdefault(canonicalize_name(one.metadata["Name"]), one.version)
    return found


def _faults(name: str) -> Iterator[str]:
    """What is missing or of another version than a package asks for, extras apart."""
    installed = _installed()
    for line in metadata.requires(name) or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        version = installed.get(canonicalize_name(wanted.name))
        if version is None:
            yield f"{name} needs {wanted.name}, which is not installed"
        elif not wanted.specifier.contains(version, prereleases=True):
            yield f"{name} needs {wanted.name}{wanted.specifier}, installed is {version}"


def _owns_cv2(one: metadata.Distribution) -> bool:
    return any(file.parts[0] == "cv2" for file in one.files or ())
