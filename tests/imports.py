"""What a module imports, and what that imports, and so on: read from the source, nothing is executed.

Of ours every import counts, wherever it stands, and every string that names one of our modules, as Celery, kombu
and `choose.py` import by such. Of others what is imported as soon as they are: not what is in a `try`, an `if` or a
function.
"""

import ast
import importlib.machinery
import re
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from scripts.procfile import ROOT

OURS = frozenset(path.parent.name for path in ROOT.glob("*/__init__.py"))
PLACES = (ROOT, Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib")))
COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)
UNREAD = frozenset({"torch"})
"""11 MB of source, whose requirements are its makers' care."""
_NAMED = re.compile(rf"((?:{'|'.join(OURS)})(?:\.\w+)+)(?::\w+)?")
_UNSURE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.If, ast.Try)


def ours(module: str) -> bool:
    return module.split(".")[0] in OURS


def closure(modules: Iterable[str], left_out: Collection[str] = ()) -> dict[str, str]:
    """Every module outside the standard library that is imported in the end -> one that imports it; `modules` and the
    packages that they are in among them, but not what is `left_out`."""
    found: dict[str, str] = {}
    waiting = [(module, "") for module in modules]
    while waiting:
        wanted, by = waiting.pop()
        for module in _with_parents(wanted):
            if module not in found and module not in left_out and wanted.split(".")[0] not in sys.stdlib_module_names:
                found[module] = by
                waiting += [(imported, module) for imported in imports(module)]
    return found


def modules_in(folder: str) -> list[str]:
    """Full names of all modules in one of our folders."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted((ROOT / folder).rglob("*.py"))]
    return [name.removesuffix(".__init__") for name in names]


@cache
def imports(module: str) -> frozenset[str]:
    """What it imports itself; nothing where it has no source."""
    path = _source(module)
    if path is None or module.split(".")[0] in UNREAD:
        return frozenset()
    tree = ast.parse(path.read_bytes())
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return frozenset(name for node in _nodes(tree, ours(module)) for name in _names(node, package))


def _nodes(tree: ast.AST, every: bool) -> Iterator[ast.AST]:
    if every:
        yield from ast.walk(tree)
        return
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, _UNSURE):
            yield node
            yield from _nodes(node, every)


def _names(node: ast.AST, package: str) -> Iterator[str]:
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (name for alias in node.names if _source(name := f"{module}.{alias.name}"))
        case ast.Constant(value=str(text)) if named := _NAMED.fullmatch(text):
            if _source(named[1]):
                yield named[1]


@cache
def _source(module: str) -> Path | None:
    """None for what has no source here, is compiled, or is no module."""
    for place in PLACES:
        path = place.joinpath(*module.split("."))
        if (package := path / "__init__.py").is_file():
            return package
        if any(path.with_name(path.name + suffix).is_file() for suffix in COMPILED):
            return None
        if (file := path.with_name(f"{path.name}.py")).is_file():
            return file
    return None


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
