"""The error of a benchmark that lacks what it measures on."""


class BenchmarkUnavailable(Exception):
    """Something that a benchmark needs is not here; the message says how to get it."""
