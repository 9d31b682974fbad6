"""Listing a user's folder and its archives: what counts, what is passed over, and what is refused."""

import os
import socket
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from tfds_covidct import DataError
from tfds_covidct.reading import archive, sources
from tfds_covidct.reading.sources import content_digest, list_sources


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def write_zip(path: Path, entries: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return path


def relatives(root: Path) -> list[str]:
    return [source.relative for source in list_sources(root).sources]


def labels(root: Path) -> dict[str, str]:
    return {source.relative: source.label for source in list_sources(root).sources}


def test_numbers_sort_by_value_and_folders_stay_together(tmp_path):
    names = ["a/slice10", "a/slice2", "a-b/slice1", "a/slice02", "b", "a/1/z", "a/x1y10", "a/x1y9"]
    assert relatives(write(tmp_path, dict.fromkeys(names, b""))) == [
        "a/1/z", "a/slice02", "a/slice2", "a/slice10", "a/x1y9", "a/x1y10", "a-b/slice1", "b",
    ]  # fmt: skip


def test_the_first_level_names_the_labels(tmp_path):
    write(tmp_path, {"root": b"", "covid/deep/er/a": b"", "other/b": b""})
    (tmp_path / "empty").mkdir()
    write_zip(tmp_path / "Packed.ZIP", {"inner/c": b"", "d": b""})
    write_zip(tmp_path / "covid/more.zip", {"e": b""})
    (tmp_path / "no_archive.zip").mkdir()
    write(tmp_path / "no_archive.zip", {"f": b""})
    assert list_sources(tmp_path).folders == ("Packed", "covid", "empty", "no_archive.zip", "other")
    assert labels(tmp_path) == {
        "root": "",
        "covid/deep/er/a": "covid",
        "other/b": "other",
        "Packed.ZIP/inner/c": "Packed",
        "Packed.ZIP/d": "Packed",
        "covid/more.zip/e": "covid",
        "no_archive.zip/f": "no_archive.zip",
    }


def test_an_archive_can_be_the_root(tmp_path):
    path = write_zip(tmp_path / "scans.zip", {"covid/a": b"A", "other/b": b"B", "c": b"C"})
    assert labels(path) == {"covid/a": "covid", "other/b": "other", "c": ""}
    assert list_sources(path).folders == ("covid", "other")
    assert [source.read() for source in list_sources(path).sources] == [b"C", b"A", b"B"]


def test_files_of_operating_systems_are_passed_over(tmp_path):
    hidden = {"__MACOSX/._a": b"", "x/.DS_Store": b"", "x/Thumbs.db": b"", "desktop.ini": b"", "a": b""}
    write_zip(tmp_path / "scans.zip", hidden)
    write(tmp_path, {".git/config": b"", "y/Thumbs.db": b"", "y/b": b""})
    os.symlink("/nowhere", tmp_path / ".link")
    assert relatives(tmp_path) == ["scans.zip/a", "y/b"]


def test_an_archive_inside_another_or_damaged_is_a_file(tmp_path):
    inner = write_zip(tmp_path / "inner.zip", {"a": b"A"}).read_bytes()
    (tmp_path / "inner.zip").unlink()
    write_zip(tmp_path / "scans.zip", {"inner.zip": inner})
    (tmp_path / "damaged.zip").write_bytes(inner[:-10])
    (tmp_path / "picture.zip").write_bytes(b"\x89PNG")
    assert relatives(tmp_path) == ["damaged.zip", "picture.zip", "scans.zip/inner.zip"]


@pytest.mark.parametrize("content", [b"", b"A", os.urandom(3 * 2**20 + 1)])
def test_content_is_the_same_from_a_file_and_an_archive(tmp_path, content):
    write(tmp_path, {"f": content})
    write_zip(tmp_path / "z.zip", {"f": content})
    for source in list_sources(tmp_path).sources:
        assert source.read() == content and source.size == len(content)
        with source.open() as stream:
            assert stream.seek(0, 2) == len(content)
            stream.seek(len(content) // 2)
            assert stream.read() == content[len(content) // 2 :]


def test_a_replaced_archive_is_read_anew(tmp_path):
    path = write_zip(tmp_path / "z.zip", {"f": b"old"})
    assert list_sources(tmp_path).sources[0].read() == b"old"
    write_zip(path, {"f": b"newer"})
    assert list_sources(tmp_path).sources[0].read() == b"newer"


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a/../../b", "a/..\\b", "..\\a", "C:\\a", "C:a", "\\\\host\\share\\a"]
)
def test_refuses_an_entry_that_leaves_its_folder(tmp_path, name):
    write_zip(tmp_path / "z.zip", {name: b""})
    with pytest.raises(DataError, match=r"^z\.zip: entry .* would leave"):
        list_sources(tmp_path)


def test_refuses_a_link_in_an_archive(tmp_path):
    link = zipfile.ZipInfo("a")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match=r"z\.zip: entry 'a' is a symbolic link"):
        list_sources(tmp_path)


def test_refuses_an_encrypted_entry(tmp_path):
    path = write_zip(tmp_path / "z.zip", {"a": b"A"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"z\.zip: entry 'a' is encrypted"):
        list_sources(tmp_path)


def test_refuses_two_entries_of_one_path(tmp_path):
    write_zip(tmp_path / "z.zip", {"a/b": b"", "a\\b": b""})
    with pytest.raises(DataError, match=r"z\.zip: holds two entries named 'a/b'"):
        list_sources(tmp_path)


def test_refuses_entries_that_share_their_bytes(tmp_path):
    path = write_zip(tmp_path / "z.zip", {"a": os.urandom(5000), "b": os.urandom(5000)})
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = bytes(4)  # Both begin where the first does,
    content[second + 20 : second + 24] = struct.pack("<I", 10_000)  # and together are more than the file.
    path.write_bytes(content)
    with pytest.raises(DataError, match="overlap"):
        list_sources(tmp_path)


def test_refuses_an_endless_list_of_contents(tmp_path, monkeypatch):
    write_zip(tmp_path / "z.zip", {f"{i:050}": b"" for i in range(100)})
    assert len(relatives(tmp_path)) == 100
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 5000)
    with pytest.raises(DataError, match="too many files"):
        list_sources(tmp_path)


def test_a_bomb_is_refused_whatever_it_declares(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_CONTENT_BYTES", 10_000)
    path = write_zip(tmp_path / "z.zip", {"a": bytes(100_000)})
    (source,) = list_sources(path).sources
    with pytest.raises(DataError, match="^a: larger than 10000 bytes"):
        source.read()
    content = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.index(magic) + at
        content[place : place + 4] = struct.pack("<I", 5000)
    path.write_bytes(content)
    (source,) = list_sources(path).sources
    with pytest.raises(DataError, match="^a: cannot be unpacked"):
        source.read()


def test_a_damaged_entry_is_named(tmp_path):
    path = write_zip(tmp_path / "z.zip", {"x/a": os.urandom(500)})
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"^z\.zip/x/a: cannot be unpacked"):
        list_sources(tmp_path).sources[0].read()


def test_a_file_is_limited_in_size(tmp_path):
    with open(tmp_path / "sparse", "wb") as sparse:
        sparse.truncate(sources.MAX_FILE_BYTES + 1)
    (source,) = list_sources(tmp_path).sources
    for read in (source.open, source.read):
        with pytest.raises(DataError, match="^sparse: larger than"):
            read()


def test_a_file_that_went_is_named(tmp_path):
    write(tmp_path, {"a": b"", "z": b""})
    write_zip(tmp_path / "p.zip", {"b": b""})
    inventory = list_sources(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    for source in inventory.sources:
        with pytest.raises(DataError, match=f"^{source.relative}: cannot be opened"):
            source.read()
    assert len(content_digest(inventory.sources)) == 64


@pytest.mark.parametrize("target", ["/etc", "/etc/passwd", "..", "../outside", "."])
def test_refuses_a_link_that_leaves_the_folder_or_leads_in_a_circle(tmp_path, target):
    (tmp_path / "outside").mkdir()
    root = tmp_path / "root"
    write(root, {"covid/a": b""})
    os.symlink(target, root / "link")
    with pytest.raises(DataError, match="^link: a symbolic link that (leaves the folder|leads in a circle)"):
        list_sources(root)


@pytest.mark.parametrize("target", ["nowhere", "link", "x/../link"])
def test_refuses_a_link_that_leads_nowhere(tmp_path, target):
    os.symlink(target, tmp_path / "link")
    with pytest.raises(DataError, match="^link: a symbolic link that leads nowhere"):
        list_sources(tmp_path)


def test_a_neighbour_of_the_root_with_a_longer_name_is_outside(tmp_path):
    write(tmp_path, {"root_more/a": b"", "root/b": b""})
    os.symlink("../root_more", tmp_path / "root" / "link")
    with pytest.raises(DataError, match="leaves the folder"):
        list_sources(tmp_path / "root")


def test_what_a_link_leads_to_is_listed_once_and_where_it_lies(tmp_path):
    write(tmp_path, {"covid/a": b"", "other/b": b"", ".store/c": b"", ".store/deep/d": b""})
    os.symlink("../covid", tmp_path / "other" / "again")
    os.symlink("../.store/c", tmp_path / "covid" / "kept")
    os.symlink("../.store/c", tmp_path / "other" / "twin")
    os.symlink("../.store/deep", tmp_path / "other" / "deep")
    os.symlink("../../covid", tmp_path / ".store" / "deep" / "back")
    assert relatives(tmp_path) == ["covid/a", "covid/kept", "other/b", "other/deep/d"]


def test_the_root_may_be_a_link(tmp_path):
    write(tmp_path, {"real/covid/a": b""})
    os.symlink("real", tmp_path / "root")
    assert relatives(tmp_path / "root") == ["covid/a"]


def test_refuses_a_pipe_or_socket_without_waiting_at_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="^pipe: neither a file nor a folder"):
        list_sources(tmp_path)
    (tmp_path / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
        with pytest.raises(DataError, match="^socket: neither a file nor a folder"):
            list_sources(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_refuses_a_folder_that_may_not_be_read(tmp_path):
    write(tmp_path, {"closed/a": b""})
    (tmp_path / "closed").chmod(0)
    with pytest.raises(DataError, match="^closed: cannot be listed"):
        list_sources(tmp_path)
    (tmp_path / "closed").chmod(0o700)


def test_refuses_a_root_that_is_absent_or_a_file(tmp_path):
    write(tmp_path, {"a.zip": b"no archive"})
    for root in (tmp_path / "absent", tmp_path / "a.zip"):
        with pytest.raises(DataError, match="no such folder"):
            list_sources(root)
    write_zip(tmp_path / "a.zip", {"x": b""})
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:-9])
    with pytest.raises(DataError, match=r"a\.zip: not an intact zip"):
        list_sources(tmp_path / "a.zip")


def test_an_empty_root_holds_nothing(tmp_path):
    assert list_sources(tmp_path).sources == () and list_sources(tmp_path).folders == ()


def test_names_that_cannot_be_shown_are_escaped_and_still_read(tmp_path):
    folder = os.fsencode(tmp_path)
    os.mkdir(folder + b"/caf\xe9")
    for name in (b"caf\xe9/\xff\n.png", "grün.png".encode()):
        with open(folder + b"/" + name, "wb") as file:
            file.write(b"content")
    inventory = list_sources(tmp_path)
    assert [s.relative for s in inventory.sources] == ["caf\\udce9/\\udcff\\n.png", "grün.png"]
    assert inventory.folders == ("caf\\udce9",)
    assert all(source.read() == b"content" for source in inventory.sources)
    assert len(content_digest(inventory.sources)) == 64


def test_a_deep_folder_is_walked(tmp_path):
    path = tmp_path
    for _ in range(400):
        path = path / "d"
        path.mkdir()
    (path / "a").touch()
    assert relatives(tmp_path) == ["d/" * 400 + "a"]


def digest(root: Path) -> str:
    return content_digest(list_sources(root).sources)


def test_the_digest_is_of_the_content_alone(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, {"covid/a": b"A", "other/b": b"B"})
        write_zip(tmp_path / name / "z.zip", {"c": b"C"})
    (tmp_path / "two" / "z.zip").write_bytes((tmp_path / "one" / "z.zip").read_bytes())
    os.utime(tmp_path / "two" / "covid" / "a", (1, 1))
    inventory = list_sources(tmp_path / "one")
    assert digest(tmp_path / "one") == digest(tmp_path / "two") == content_digest(inventory.sources[::-1])


def test_the_digest_sees_every_change(tmp_path):
    write(tmp_path, {"covid/a": b"A", "other/b": b"B"})
    write_zip(tmp_path / "z.zip", {"c": b"C"})
    state = (tmp_path / "covid/a").stat()
    changes = [
        lambda: None,
        lambda: (tmp_path / "covid/a").write_bytes(b"X"),
        lambda: (tmp_path / "covid/a").rename(tmp_path / "covid/aa"),
        lambda: (tmp_path / "covid/aa").rename(tmp_path / "other/aa"),
        lambda: write(tmp_path, {"new": b""}),
        lambda: write_zip(tmp_path / "z.zip", {"c": b"D"}),
        lambda: write_zip(tmp_path / "z.zip", {"d": b"D"}),
    ]
    seen = set()
    for number, change in enumerate(changes):
        change()
        for path in tmp_path.rglob("*"):
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        seen.add(digest(tmp_path))
        assert len(seen) == number + 1


def test_the_digest_of_known_content(tmp_path):
    # printf 'a\0001\000%s\n' "$(printf A | sha256sum | cut -c-64)" | sha256sum
    assert (
        digest(write(tmp_path, {"a": b"A"}))
        == "094bc7f31a19248b59eb01ea95eb135dfd759ab6e1863f139892c86756e178f9"
    )


@pytest.mark.parametrize("name", ["LICENSE.md", "README", "readme.txt", "CITATION.cff"])
def test_texts_about_the_data_are_passed_over(name, tmp_path):
    (tmp_path / name).write_text("terms of use")
    (tmp_path / "scan.png").write_bytes(b"x")
    assert [source.relative for source in list_sources(tmp_path).sources] == ["scan.png"]


@pytest.mark.parametrize("name", ["notes.txt", "license.png", "readme.dcm"])
def test_other_texts_and_other_endings_are_files_to_read(name, tmp_path):
    (tmp_path / name).write_text("terms of use")
    assert [source.relative for source in list_sources(tmp_path).sources] == [name]


def test_a_folder_of_such_a_name_is_a_folder(tmp_path):
    (tmp_path / "notice").mkdir()
    (tmp_path / "notice" / "scan.png").write_bytes(b"x")
    assert list_sources(tmp_path).folders == ("notice",)
