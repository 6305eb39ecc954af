"""The package with some of its files edited, imported in the place of the real one."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from shutil import copytree, ignore_patterns
from types import ModuleType

import emotion_pipeline

OURS = ("emotion_pipeline", "emotion_pipeline_tests")


Edit = tuple[str, str, str]
"""A file of the package, a text that stands in it once, and what stands there instead."""


@contextmanager
def edited(folder: Path, *edits: Edit) -> Iterator[Callable[[str], ModuleType]]:
    """In the block, an import of the package gives a copy of it, in the folder, with the edits.

    The yielded function imports a module that uses the copy; what was imported before does not.
    """
    package = Path(emotion_pipeline.__file__).parent
    copy = copytree(package, folder / package.name, ignore=ignore_patterns("__pycache__"))
    for file, old, new in edits:
        text = (copy / file).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}, not once"
        (copy / file).write_text(text.replace(old, new))
    before = _taken_out()
    sys.path.insert(0, str(folder))
    try:
        yield import_module
    finally:
        sys.path.remove(str(folder))
        _taken_out()
        sys.modules.update(before)


def _taken_out() -> dict[str, ModuleType]:
    """The modules of the package and of its tests, which are no longer known as imported."""
    names = [name for name in sys.modules if name.split(".")[0] in OURS]
    return {name: sys.modules.pop(name) for name in names}
