"""Where the code makes queries, found in its syntax.

1. a place is a call of ``query``, ``where``, ``order_by`` or ``collection_group``, and each ``Filter`` and ``Order``;
2. whoever hands a parameter on as collection, filter or order is another such method: its calls are places, too, in
   its own module where its name begins with an underscore, else everywhere;
3. a condition around a place must come out both ways, or one of two queries was not seen.

A ``query`` that hands its own arguments on as they are is none. Looked at are modules that import the document stores
or Firestore; whoever has neither cannot query.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.indexes.executed import ROOT, Executed, Span

PACKAGES = ("backend", "functions", "maestro")
_STORES = ("backend.adapters.documents", "google.cloud")
_SHAPES = frozenset({"Filter", "FieldFilter", "Order"})
Methods = Mapping[str, Sequence[str]]  # by name, the parameters that an index depends on, in their order
_METHODS: Methods = {
    "query": ("collection", "filters", "order"),
    "where": ("field_path", "op_string", "", "filter"),
    "order_by": ("field_path", "direction"),
    "collection_group": ("collection_id",),
}
_VALUES = frozenset({"value", "limit"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition and what is run only where it holds."""

    test: Span
    then: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySites:
    calls: frozenset[Span]
    conditions: frozenset[Condition]

    @property
    def files(self) -> frozenset[str]:
        return frozenset(each.file for each in self.calls)

    def not_run(self, executed: Executed) -> list[str]:
        """Name the places that were not run, and the conditions that came out one way only."""
        missing = [f"{each}: not run" for each in sorted(self.calls) if not executed.has_run(each)]
        for each in sorted(self.conditions, key=lambda condition: condition.test):
            if not 0 < executed.times(each.then) < executed.times(each.test):
                missing.append(f"{each.test}: a condition that came out one way only")
        return missing


def sources(packages: Sequence[str] = PACKAGES) -> dict[str, ast.Module]:
    """Parse the modules that can reach a store."""
    paths = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    parsed = {str(path): ast.parse(path.read_text()) for path in paths}
    return {path: tree for path, tree in parsed.items() if _reaches_a_store(Path(path), tree)}


def _reaches_a_store(path: Path, tree: ast.Module) -> bool:
    if path.is_relative_to(ROOT / "backend" / "adapters"):
        return True
    modules = [each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.module]
    return any(module.startswith(_STORES) for module in modules)


def query_sites(modules: Mapping[str, ast.Module]) -> QuerySites:
    """Find every place; methods that forward are looked for until no more are found."""
    methods: dict[str, Methods] = {file: dict(_METHODS) for file in modules}
    while found := _forwarding(modules, methods):
        for name, (defined_in, parameters) in found.items():
            for file in [defined_in] if name.startswith("_") else modules:
                methods[file] = {**methods[file], name: parameters}
    calls: set[Span] = set()
    conditions: set[Condition] = set()
    for file, tree in modules.items():
        names = {*methods[file], *(_SHAPES & _imported(tree))}
        inside = [each for function in _functions(tree) for each in _calls(function, names)]  # not what a module names
        places = [each for each in inside if not _passes_on(each, tree)]
        calls |= {_span(file, each) for each in places}
        shaping = {id(each) for each in places if _called(each) in _SHAPES | {"where", "order_by"}}
        conditions |= {found for node in ast.walk(tree) if (found := _condition(file, node, shaping)) is not None}
    return QuerySites(calls=frozenset(calls), conditions=frozenset(conditions))


def _forwarding(
    modules: Mapping[str, ast.Module], methods: Mapping[str, Methods]
) -> dict[str, tuple[str, Sequence[str]]]:
    """Return the functions that hand parameters on to these methods, each with its file and those parameters."""
    found = {}
    for file, tree in modules.items():
        for function in _functions(tree):
            passed = _passed(function, methods[file]) if function.name not in methods[file] else set()
            if passed:
                parameters = tuple(name if name in passed else "" for name in _parameters(function))
                found[function.name] = file, parameters
    return found


def _passed(function: _Function, methods: Methods) -> set[str]:
    given = {name: {name} for name in _parameters(function)}  # every name, and the parameters that it is made of
    for each in ast.walk(function):
        if isinstance(each, ast.Assign):
            made_of = set().union(*(given.get(name, set()) for name in _shaping(each.value)))
            for target in each.targets:
                names = [name.id for name in ast.walk(target) if isinstance(name, ast.Name)]
                given |= {name: given.get(name, set()) | made_of for name in names}
    handed = [part for call in _calls(function, methods) for part in _handed(call, methods[_called(call)])]
    return set().union(*(given.get(name, set()) for part in handed for name in _shaping(part)))


def _handed(call: ast.Call, parameters: Sequence[str]) -> list[ast.expr]:
    """Return the arguments of a call that an index depends on; a parameter that takes the rest comes last."""
    rest = parameters[-1] if parameters else ""
    by_place = [arg for at, arg in enumerate(call.args) if (parameters[at] if at < len(parameters) else rest)]
    return [*by_place, *(each.value for each in call.keywords if each.arg in parameters)]


def _shaping(expression: ast.expr) -> set[str]:
    """Return the names in an expression, without those of compared values and of a path's tenant."""
    match expression:
        case ast.Name():
            return {expression.id}
        case ast.IfExp():
            parts = [expression.body, expression.orelse]
        case ast.Call():
            given = [*expression.args, *(each.value for each in expression.keywords if each.arg not in _VALUES)]
            parts = given[1:] if _called(expression) == "collection" else given
        case ast.Attribute() | ast.Compare():
            parts = []
        case ast.ListComp() | ast.GeneratorExp():
            parts = [expression.elt, *(each.iter for each in expression.generators)]
        case _:
            parts = [each for each in ast.iter_child_nodes(expression) if isinstance(each, ast.expr)]
    return set().union(*map(_shaping, parts))


def _functions(tree: ast.AST) -> Iterator[_Function]:
    return (each for each in ast.walk(tree) if isinstance(each, _Function))


def _parameters(function: _Function) -> list[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg]
    return [each.arg for each in every if each is not None and each.arg not in ("self", "cls")]


def _calls(tree: ast.AST, names: Mapping[str, Any] | set[str]) -> Iterator[ast.Call]:
    """Yield calls by these names; numpy's ``where`` is another one."""
    for each in ast.walk(tree):
        if isinstance(each, ast.Call) and _called(each) in names and ast.unparse(each.func) != "np.where":
            yield each


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _imported(tree: ast.Module) -> set[str]:
    """Return what a module takes from a store, by name."""
    found = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.module]
    return {alias.name for each in found if str(each.module).startswith(_STORES) for alias in each.names}


def _passes_on(call: ast.Call, tree: ast.AST) -> bool:
    """Say whether a method ``query`` does nothing but hand its arguments on."""
    around = [each for each in _functions(tree) if each.name == "query" and call in ast.walk(each)]
    given = [*call.args, *(each.value for each in call.keywords)]
    names = {each.id for each in given if isinstance(each, ast.Name)}
    return bool(around) and _called(call) == "query" and len(names) == len(given) and names <= {*_parameters(around[0])}


def _condition(file: str, node: ast.AST, shaping: set[int]) -> Condition | None:
    """Return a condition on which it depends whether a query is shaped so; of two expressions either may do it."""
    match node:
        case ast.If(test=test, body=body):
            then, within = body[0], body
        case ast.IfExp(test=test, body=then, orelse=other):
            within = [then, other]
        case ast.ListComp(elt=then, generators=[ast.comprehension(ifs=[test, *_])]):
            within = [then]
        case ast.GeneratorExp(elt=then, generators=[ast.comprehension(ifs=[test, *_])]):
            within = [then]
        case _:
            return None
    if not any(id(each) in shaping for part in within for each in ast.walk(part)):
        return None
    return Condition(test=_span(file, test), then=_span(file, then))


def _span(file: str, node: Any) -> Span:
    return Span(file, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
