"""Look for secrets in every file of the repository: ``.venv/bin/python scripts/scan_secrets.py [--accept]``.

What looks like a secret and is none (an example's password, a test's key) stands in ``.secrets.baseline``, or bears
``# pragma: allowlist secret`` on its line. ``--accept`` writes the baseline anew: look at its difference before you
commit it. A secret that was committed is public: revoke it, and only then remove it.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from scripts.scanning.secret_scan import beyond, read_baseline, scan, write_baseline

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ".secrets.baseline"
# Hashes of packages, and tables of numbers.
LEFT_OUT = re.compile(r"(^|/)(package-lock\.json|[\w-]+\.lock|requirements\.txt|\.secrets\.baseline)$|\.csv(\.gz)?$")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--accept", action="store_true", help="write down that nothing that is found is a secret")
    options.add_argument("--root", type=Path, default=ROOT, help="the working tree to look at")
    given = options.parse_args()
    suspects = scan(given.root, tracked_files(given.root))
    baseline = given.root / BASELINE
    if given.accept:
        write_baseline(baseline, suspects)
        print(f"{BASELINE}: {len(suspects)} entries; look at its difference before you commit it")
        return 0
    new = beyond(read_baseline(baseline), suspects)
    for each in new:
        print(each)
    if new:
        print(
            f"{len(new)} suspected secrets. Revoke and remove what is one; for what is none: "
            "# pragma: allowlist secret on its line, or scripts/scan_secrets.py --accept"
        )
    return 1 if new else 0


def tracked_files(root: Path) -> list[str]:
    """Return the files that are committed or could be: what is ignored stays out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in listed if name and not LEFT_OUT.search(name) and (root / name).is_file()]


if __name__ == "__main__":
    sys.exit(main())
