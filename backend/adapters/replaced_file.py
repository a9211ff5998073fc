"""A file that is there whole or not at all: written beside its place, put on disk, then moved over it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replaced_file(path: Path, mode: int = 0o644, *, beside: Path | None = None) -> Iterator[BinaryIO]:
    """Give a file to write; at the end it takes the place of ``path``, with its folder made where there is none.

    Whoever reads meanwhile, and whoever looks after a crash, finds the file before or this one. ``beside`` is where it
    is until then, in the same folder; a hidden file of this process when not given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = beside or path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with open(descriptor, "wb") as file:  # noqa: PTH123  # so that at no moment it has wider rights
            os.fchmod(descriptor, mode)
            yield file
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put on disk that a file was moved into a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
