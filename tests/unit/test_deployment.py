"""What is uploaded: pinned as the lock says, complete, and without what does not belong there."""

import ast
import json
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
DIRECT = re.compile(r"^([a-z0-9-]+)$", re.MULTILINE)


def test_deployment_requirements_have_the_versions_of_the_lock() -> None:
    pinned = PIN.findall((DEPLOY / "requirements.txt").read_text())
    locked = set(PIN.findall((ROOT / "requirements-dev.lock").read_text()))
    assert len(pinned) > 20
    assert [pin for pin in pinned if pin not in locked] == [], "run scripts/lock_deploy.sh"


def test_deployment_requirements_cover_every_import() -> None:
    declared = set(DIRECT.findall((DEPLOY / "requirements.in").read_text()))
    pinned = {name for name, _ in PIN.findall((DEPLOY / "requirements.txt").read_text())}
    assert declared <= pinned, "run scripts/lock_deploy.sh"
    distributions = packages_distributions()
    for module in sorted(_imported()):
        found = {_normal(name) for name in distributions.get(module, [])} or _google(module)
        assert {_joined(name) for name in found} & {_joined(name) for name in declared}, (
            f"{module}: expected one of {sorted(found)} in deploy/requirements.in"
        )


def test_deployment_folder_links_the_code_as_directories() -> None:
    for name in ("functions", "backend"):
        assert (DEPLOY / name).is_symlink()
        assert (DEPLOY / name).resolve() == ROOT / name
    assert not (DEPLOY / "main.py").is_symlink()  # a link to a file arrives broken
    assert not (DEPLOY / "requirements.txt").is_symlink()


def test_deployment_uploads_neither_secrets_nor_environments() -> None:
    function = json.loads((ROOT / "firebase.json").read_text())["functions"][0]
    assert (ROOT / function["source"]) == DEPLOY
    assert {"venv", "__pycache__", "*.pyc", ".git", ".secret.local", ".env.local"} <= set(function["ignore"])
    assert not re.search(r"(KEY|SECRET|TOKEN|PASSWORD)[A-Z_]*=", (DEPLOY / ".env").read_text())


def test_deployment_tools_are_locked_without_an_address() -> None:
    lock = (ROOT / "package-lock.json").read_text()
    assert re.findall(r"https?://\S+", lock) == [], (
        "npm install with the .npmrc beside it, then drop the funding entries"
    )
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    locked = json.loads(lock)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_installation_looks_for_nothing_that_the_lock_does_not_name() -> None:
    """pip takes an extra of a locked package for a package of its own, and wants a hash of its newest release."""
    (command,) = re.findall(r"^PIP := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"--no-deps", "--require-hashes"} <= set(command.split())


def _imported() -> set[str]:
    """Return what backend and functions import, wherever in a module they do: Google's in full, others' first part."""
    names: set[str] = set()
    for path in [*(ROOT / "backend").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module in ("google", "google.cloud"):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    own = {*sys.stdlib_module_names, "backend", "functions"}
    tops = ((name, name.split(".")[0]) for name in names)
    return {name if top == "google" else top for name, top in tops if top not in own}


def _google(module: str) -> set[str]:
    """Return how Google's packages are called that hold a module of the namespace they share."""
    if module.startswith("google.protobuf"):
        return {"protobuf"}  # alone of them, it is not called google-…
    parts = re.sub(r"_v\d+", "", module).replace("oauth2", "auth").split(".")
    return {_normal("-".join(parts[:2])), _normal("-".join(parts[:3]))}


def _joined(name: str) -> str:
    """Return a name without its hyphens: google-cloud-secret-manager holds google.cloud.secretmanager."""
    return name.replace("-", "")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
