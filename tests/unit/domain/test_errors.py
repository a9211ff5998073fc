"""The error tree that people read is the one that the interpreter has."""

from backend.domain import errors
from backend.domain.errors import MaestroError


def drawn() -> dict[str, str]:
    """Each class in the drawing with its parent, by the column where its name begins."""
    lines = [line for line in (errors.__doc__ or "").splitlines()[1:] if line.strip()]
    parents: dict[str, str] = {}
    branch: list[tuple[int, str]] = []
    for line in lines:
        name = line.lstrip("│├└─ ").split()[0]
        column = line.index(name)
        while branch and branch[-1][0] >= column:
            branch.pop()
        assert name not in parents, f"{name} is drawn twice"
        parents[name] = branch[-1][1] if branch else "Exception"
        branch.append((column, name))
    return parents


def test_errors_drawn_in_the_docstring_are_the_classes() -> None:
    classes = {
        name: each.__bases__[0].__name__
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, BaseException)
    }
    assert drawn() == classes


def test_errors_have_one_root_and_one_parent_each() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    assert all(issubclass(each, MaestroError) and len(each.__bases__) == 1 for each in classes)
    assert MaestroError.__bases__ == (Exception,)


def test_errors_drawn_say_what_each_means() -> None:
    lines = [line.lstrip("│├└─ ") for line in (errors.__doc__ or "").splitlines()[1:] if line.strip()]
    leaves = set(drawn()) - set(drawn().values())
    unexplained = [line.split()[0] for line in lines if line.split()[0] in leaves and len(line.split()) < 3]
    assert unexplained == []
