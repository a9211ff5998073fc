"""Look for known vulnerabilities in every pinned package: ``.venv/bin/python scripts/audit_packages.py``.

1. ask the advisory service (OSV) about a package that is known to be vulnerable: only a service that reports it knows
   any advisories;
2. let pip-audit ask about every pin of deploy/requirements.txt and requirements-dev.lock, on whatever platform it is
   for, in several processes: it asks about one package after the other;
3. print what was found.

A machine that does not reach the service says loudly that nothing was audited, and ends with exit status 0; with
``AUDIT=required`` in the environment it ends with 1.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("deploy/requirements.txt", "requirements-dev.lock")
OSV_URL = "https://api.osv.dev/v1/query"
PROBE_SECONDS, ANSWER_SECONDS, AUDIT_SECONDS = 5.0, 10, 90.0
PROCESSES = 6
KNOWN_VULNERABLE = ("jinja2", "2.4.1")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


class NotAudited(Exception):
    """The service did not answer, or not as one that knows advisories; the message says what it did."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Advisory:
    """One known vulnerability of one pin."""

    package: str
    version: str
    identifier: str
    fixed_in: str

    def __str__(self) -> str:
        remedy = f"fixed in {self.fixed_in}" if self.fixed_in else "not fixed yet"
        return f"{self.package} {self.version}: {self.identifier}, {remedy}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--root", type=Path, default=ROOT, help="where the locks lie")
    options.add_argument("--osv-url", default=os.environ.get("AUDIT_OSV_URL", OSV_URL), help="the service to ask")
    given = options.parse_args()
    pins = read_pins([given.root / name for name in LOCKS])
    try:
        probe(given.osv_url)
        found = audit(pins, given.osv_url)
    except NotAudited as e:
        is_required = os.environ.get("AUDIT") == "required"
        print(f"{'!' * 100}\nNO PACKAGE WAS AUDITED: {e}", file=sys.stderr)
        print(f"AUDIT=required makes this a failure; {given.osv_url} must be reachable\n{'!' * 100}", file=sys.stderr)
        return 1 if is_required else 0
    for each in found:
        print(each)
    said = f"{len(found)} known vulnerabilities; raise the pins with make lock" if found else "no known vulnerability"
    print(f"{len(pins)} packages audited: {said}")
    return 1 if found else 0


def read_pins(files: Iterable[Path]) -> tuple[tuple[str, str], ...]:
    """Return name and version of every pin, each once."""
    return tuple(sorted({pin for file in files for pin in _PIN.findall(file.read_text())}))


def probe(osv_url: str) -> None:
    """Ask about the package that is known to be vulnerable.

    Raises
    ------
    NotAudited
        No answer in time, or one without an advisory.
    """
    name, version = KNOWN_VULNERABLE
    query = {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
    try:
        answer = httpx.post(osv_url, json=query, timeout=PROBE_SECONDS)
        answer.raise_for_status()
        advisories = answer.json().get("vulns", [])
    except (httpx.HTTPError, ValueError) as e:
        raise NotAudited(f"{osv_url} did not answer: {e}") from e
    if not advisories:
        raise NotAudited(f"{osv_url} knows nothing of {name} {version}, which has known vulnerabilities")


def audit(pins: Sequence[tuple[str, str]], osv_url: str) -> tuple[Advisory, ...]:
    """Return every advisory, in order.

    Raises
    ------
    NotAudited
        pip-audit ended without a result, or left a package out.
    """
    parts = [part for start in range(PROCESSES) if (part := pins[start::PROCESSES])]
    with tempfile.TemporaryDirectory(prefix="maestro-audit-") as folder, ThreadPoolExecutor(PROCESSES) as pool:
        files = [Path(folder) / f"{number}.txt" for number in range(len(parts))]
        for file, part in zip(files, parts, strict=True):
            file.write_text("".join(f"{name}=={version}\n" for name, version in part))
        answers = pool.map(lambda file: _pip_audit(file, osv_url), files)
        return tuple(sorted(advisory for found in answers for advisory in found))


def _pip_audit(requirements: Path, osv_url: str) -> list[Advisory]:
    command = [
        *(sys.executable, "-m", "pip_audit", f"--requirement={requirements}", "--no-deps", "--disable-pip"),
        *("--vulnerability-service=osv", f"--osv-url={osv_url}", f"--timeout={ANSWER_SECONDS}"),
        *("--format=json", "--progress-spinner=off", f"--cache-dir={requirements.parent}"),
    ]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=AUDIT_SECONDS, check=False)
        packages = json.loads(answer.stdout)["dependencies"]
    except subprocess.TimeoutExpired as e:
        raise NotAudited(f"pip-audit did not end within {AUDIT_SECONDS:.0f} s") from e
    except (ValueError, KeyError) as e:
        raise NotAudited(f"pip-audit gave no result: {answer.stderr.strip()[-300:]}") from e
    if left_out := [each["name"] for each in packages if "skip_reason" in each]:
        raise NotAudited(f"pip-audit left out {', '.join(left_out)}")
    return [
        Advisory(
            package=each["name"],
            version=each["version"],
            identifier=found["id"],
            fixed_in=", ".join(found["fix_versions"]),
        )
        for each in packages
        for found in each["vulns"]
    ]


if __name__ == "__main__":
    sys.exit(main())
