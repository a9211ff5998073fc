"""What firebase-tools discovers; this folder is all that it uploads."""

from functions.main import *  # noqa: F403
