"""What building the adapters of Alpaca loads: a cold start waits for it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import json, sys
from backend.adapters.alpaca import AlpacaBars, AlpacaBroker, AlpacaStatements
adapters = [each("key", "secret", url="http://127.0.0.1:9") for each in (AlpacaBars, AlpacaBroker, AlpacaStatements)]
json.dump(sorted(sys.modules), sys.stdout)
"""


def test_alpaca_adapters_load_alpacas_rest_client_and_no_pandas() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout))
    assert "alpaca.common.rest" in imported
    assert "pandas" not in imported
