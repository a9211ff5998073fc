"""Which project is deployed to, and the question before it happens."""

import os
import re
import sys

from scripts.deployment.check import Check, failed, passed

PROJECT = "project"
_NAME = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")


def check_project(project: str) -> Check:
    """Refuse what no project of Google Cloud is called."""
    remedy = "name the project: make deploy PROJECT=my-project"
    if not project:
        return failed(PROJECT, "none is named", remedy)
    if project.startswith("demo-"):
        return failed(PROJECT, f"{project} is a name for emulators, which reaches no cloud", remedy)
    if not _NAME.fullmatch(project):
        return failed(PROJECT, f"{project!r} is no project id: 6 to 30 of a-z, 0-9 and -, a letter first", remedy)
    return passed(PROJECT, project)


def is_confirmed(project: str) -> bool:
    """Ask whether to go on; ``YES=1`` in the environment answers for whoever deploys."""
    if os.environ.get("YES") == "1":
        return True
    if not sys.stdin.isatty():
        print("deploying without a terminal: confirm with YES=1", file=sys.stderr)
        return False
    answer = input(f"\nDeploy functions, rules and indexes to {project}? Type the project's name to go on: ")
    return answer.strip() == project
