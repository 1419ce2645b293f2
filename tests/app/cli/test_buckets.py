from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from app.cli.buckets import is_address, list_files, open_file
from app.cli.sources import find_files, read


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Return a folder as a bucket would have it, with names that an address has to quote."""
    for name in ("b.png", "a 50%#1?.png", ".hidden", "more/c.png", "more/.git/d.png"):
        (tmp_path / "crops" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "crops" / name).write_text(name)
    return tmp_path / "crops"


def listed(address: str, *, recursive: bool = False) -> list[str]:
    return [file.removeprefix(address) for file in list_files(address, recursive=recursive)]


def test_addresses_are_told_from_names() -> None:
    assert is_address("s3://bucket/folder")
    assert is_address("gs://bucket")
    assert not any(map(is_address, ("folder/1.png", "/folder", "C:\\folder", "-", "a:b", "folder//a")))


def test_a_folder_is_listed_as_a_local_one(bucket: Path) -> None:
    assert listed(bucket.as_uri()) == ["/a%2050%25%231%3F.png", "/b.png"]
    assert listed(bucket.as_uri(), recursive=True) == ["/a%2050%25%231%3F.png", "/b.png", "/more/c.png"]
    local = [Path(name).relative_to(bucket).name for name in find_files([str(bucket)], recursive=True, on_error=fail)]
    assert local == ["a 50%#1?.png", "b.png", "c.png"]


def test_what_is_no_image_by_its_name_is_passed_over_in_a_folder_and_taken_by_itself(bucket: Path) -> None:
    (bucket / "labels.CSV").write_text("file,label")
    found = list(find_files([bucket.as_uri()], recursive=False, on_error=fail))
    assert [file.removeprefix(bucket.as_uri()) for file in found] == ["/a%2050%25%231%3F.png", "/b.png"]
    itself = (bucket / "labels.CSV").as_uri()
    assert list(find_files([itself], recursive=False, on_error=fail)) == [itself]


def fail(error: OSError) -> None:
    raise error


def test_what_is_listed_can_be_read(bucket: Path) -> None:
    contents = [read(name, limit=100).decode() for name in list_files(bucket.as_uri(), recursive=True)]
    assert contents == ["a 50%#1?.png", "b.png", "more/c.png"]


def test_a_file_is_listed_as_itself(bucket: Path) -> None:
    address = (bucket / "b.png").as_uri()
    assert list(list_files(address, recursive=False)) == [address]


def test_what_is_not_there_is_told_when_it_is_read(bucket: Path) -> None:
    address = (bucket / "gone.png").as_uri()
    assert list(list_files(address, recursive=False)) == [address]
    with pytest.raises(OSError, match="No such file") as raised:
        open_file(address)
    assert raised.value.filename == address


def test_a_store_that_does_not_exist_is_an_error_of_its_address() -> None:
    wrong: list[OSError] = []
    assert list(find_files(["nowhere://bucket/folder"], recursive=False, on_error=wrong.append)) == []
    assert [error.filename for error in wrong] == ["nowhere://bucket/folder"]
