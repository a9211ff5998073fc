"""What firebase-tools discovers; this folder is all that it uploads."""

import gc

# Nothing that a start imports is garbage, and looking for some again and again takes a tenth of its time.
gc.set_threshold(20_000)

from functions.main import *  # noqa: E402, F403
