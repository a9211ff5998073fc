"""The token of a machine without accounts: made once, readable by its owner alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.domain.errors import ConfigurationError
from functions.api.local_token import local_token


def test_token_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "api_token"
    token = local_token(path)
    assert (len(token) >= 32, local_token(path)) == (True, token)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["api_token"]


def test_token_of_two_starts_at_once_is_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: local_token(tmp_path / "api_token"), range(8)))
    assert len(found) == 1


def test_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "api_token"
    token = local_token(path)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="found mode 644") as refused:
        local_token(path)
    assert token not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"short", "tökèn".encode() * 10])
def test_token_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "api_token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="api_token: expected"):
        local_token(path)


def test_token_whose_folder_is_a_file_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(ConfigurationError, match="check the folder's rights"):
        local_token(tmp_path / "folder" / "api_token")
