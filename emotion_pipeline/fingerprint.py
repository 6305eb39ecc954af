"""Digest of the code that a result depends on.

The digest covers the syntax trees of the named modules and of every module of this package that
they import, directly or not; of plumbing only what is named, without what that imports. Comments,
doc strings and formatting do not count, so editing them makes nothing stale. Libraries do not count
either: their versions are recorded with each result. Nothing is imported to compute it.
"""

import ast
import hashlib
from collections.abc import Collection, Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import NamedTuple

PACKAGE = "emotion_pipeline"
ROOT = Path(__file__).resolve().parent

# These move rows about, start work, draw sample sources or put the pieces together.
PLUMBING = tuple(
    f"{PACKAGE}.{start}"
    for start in ("lake.", "settings.", "fingerprint.", "stages.", "datasets.drawn_")
)


def fingerprint(*modules: str, values: object = None, without: Collection[str] = ()) -> str:
    """Digest (16 hex digits) of modules such as `emotion_pipeline.imaging.degrade`.

    `values` are further inputs, such as a recipe's fields; equal by `repr` means equal. Modules
    `without` which it is are those of which `values` has all that matters.
    Raises ModuleNotFoundError for a module that is not in the package.
    """
    names = sorted(reachable(*modules).difference(without))
    parts = [f"{name} {_code(name).digest}" for name in names]
    return hashlib.sha256("\n".join([*parts, repr(values)]).encode()).hexdigest()[:16]


def reachable(*modules: str) -> set[str]:
    """The modules and every package module that they import, past no plumbing."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        is_plumbing = f"{name}.".startswith(PLUMBING)
        if name not in found and (name in modules or not is_plumbing):
            found.add(name)
            waiting.extend(() if is_plumbing else _code(name).imports)
    return found


def _source(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file() and module.split(".")[0] == PACKAGE:
            return file
    return None


class _Code(NamedTuple):
    """What is kept of a module: its syntax tree alone would be thousands of objects."""

    digest: str
    imports: tuple[str, ...]


@cache
def _code(module: str) -> _Code:
    file = _source(module)
    if file is None:
        raise ModuleNotFoundError(f"{module} is not a module of {PACKAGE}")
    tree = ast.parse(file.read_bytes())
    within = module if file.stem == "__init__" else module.rpartition(".")[0]
    return _Code(_digest(tree), _imports(tree, within))


def _digest(tree: ast.Module) -> str:
    for node in _statements(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [statement for statement in body if not _is_text_only(statement)] or [
                ast.Pass()
            ]
    return hashlib.sha256(_written(tree).encode()).hexdigest()


def _written(node: object) -> str:
    """A tree as text that is the same from every Python.

    Unlike `ast.dump`, without fields that are empty, some of which newer ones have added, and
    without the empty texts that some see in a format.
    """
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.JoinedStr):
        node.values = [one for one in node.values if getattr(one, "value", None) != ""]
    fields = (
        f"{name}={_written(value)}"
        for name, value in ast.iter_fields(node)
        if value is not None and value != []
    )
    return f"{type(node).__name__}({','.join(fields)})"


def _is_text_only(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all statements in it; not their expressions, which are most of a tree."""
    yield node
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        inner = getattr(node, field, None)
        for statement in inner if isinstance(inner, list) else ():
            yield from _statements(statement)


def _imports(tree: ast.Module, within: str) -> tuple[str, ...]:
    """Modules of this package that are imported, relative names being below `within`."""
    names: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), within)
            names.add(origin)
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return tuple(sorted(name for name in names if _source(name) is not None))
