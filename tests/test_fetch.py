"""Downloads against a local server that breaks off, lies, refuses; the mirror, the cache, and what is said of each."""

import hashlib
import http.server
import io
import os
import re
import socket
import threading
import time
import zipfile

import pytest
from typer.testing import CliRunner

from recdiv.datasets import _download, _fetch, names
from recdiv.datasets._download import DownloadError, download, extract, sha256
from recdiv.datasets._fetch import DataUnavailableError, fetch, set_folder, whereabouts
from recdiv.datasets._sources import File, Source, source, sources

BODY = bytes(range(256)) * 1200  # 300 kB: several chunks
DIGEST = hashlib.sha256(BODY).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves ``pages``; ``cut`` breaks a body off after so many bytes, once a path; ``seen`` notes (path, Range)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.cut, self.seen, self.ranges, self.shift, self.wait = {}, {}, [], True, None, 0.0

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.seen.append((self.path, self.headers.get("Range")))
        if self.path not in server.pages:
            self.send_error(404)
            return
        time.sleep(server.wait)
        body, start = server.pages[self.path], 0
        if self.headers.get("Range") and server.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", self.headers["Range"])[1])
            start = start if server.shift is None else server.shift
            if start >= len(body):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        stop = start + server.cut.pop(self.path) if self.path in server.cut else len(body)
        self.wfile.write(body[start:stop])
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    running = Server()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def online(monkeypatch, tmp_path):
    """An empty cache, no mirror, downloads allowed; returns a function that registers a made-up set."""
    for name in ("RECDIV_OFFLINE", "HF_HUB_OFFLINE", "RECDIV_DATA", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "cache"))

    def register(*urls, body=BODY, name="a.dat", non_commercial=True):
        file = File(name, len(body), hashlib.sha256(body).hexdigest(), tuple(urls))
        made = Source("made", "Made up", "x", "x", "en", "CC BY 4.0", non_commercial, "made", "-", "Nobody", (file,))
        monkeypatch.setitem(sources(), "made", made)
        return made

    return register


def leftovers(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


def test_download_is_checked_cached_and_leaves_nothing_else(server, online):
    server.pages["/a.dat"] = BODY
    made = online(server.url("/a.dat"))
    assert whereabouts(made) == "absent"
    path = fetch("made")["a.dat"]
    assert path.read_bytes() == BODY
    assert leftovers(set_folder(made)) == ["a.dat"]
    assert whereabouts(made) == "cache"
    assert fetch("made")["a.dat"] == path
    assert len(server.seen) == 1, "a cached file is not asked for again"
    fetch("made", force=True)
    assert len(server.seen) == 2


def test_broken_connection_is_resumed_within_one_call(server, online):
    server.pages["/a.dat"], server.cut["/a.dat"] = BODY, 100_000
    online(server.url("/a.dat"))
    arrived = []
    assert fetch("made", progress=lambda name, more: arrived.append(more))["a.dat"].read_bytes() == BODY
    assert server.seen == [("/a.dat", None), ("/a.dat", "bytes=100000-")]
    assert sum(arrived) == len(BODY)


def test_interrupted_download_is_continued_by_the_next_call(server, online):
    server.pages["/a.dat"] = BODY
    made = online(server.url("/a.dat"))
    set_folder(made).mkdir(parents=True)
    (set_folder(made) / "a.dat.part").write_bytes(BODY[:70_000])
    assert fetch("made")["a.dat"].read_bytes() == BODY
    assert server.seen == [("/a.dat", "bytes=70000-")]


def test_server_without_ranges_starts_again(server, online):
    server.pages["/a.dat"], server.ranges = BODY, False
    made = online(server.url("/a.dat"))
    set_folder(made).mkdir(parents=True)
    (set_folder(made) / "a.dat.part").write_bytes(b"z" * 70_000)
    arrived = []
    assert fetch("made", progress=lambda name, more: arrived.append(more))["a.dat"].read_bytes() == BODY
    assert sum(arrived) == len(BODY)


def test_server_that_answers_another_range_starts_again(server, online):
    server.pages["/a.dat"], server.shift = BODY, 0
    made = online(server.url("/a.dat"))
    set_folder(made).mkdir(parents=True)
    (set_folder(made) / "a.dat.part").write_bytes(BODY[:70_000])
    assert fetch("made")["a.dat"].read_bytes() == BODY


def test_wrong_beginning_is_found_out_and_dropped(server, online):
    server.pages["/a.dat"] = BODY
    made = online(server.url("/a.dat"))
    set_folder(made).mkdir(parents=True)
    (set_folder(made) / "a.dat.part").write_bytes(b"z" * 70_000)
    with pytest.raises(DataUnavailableError, match="sent other bytes"):
        fetch("made")
    assert leftovers(set_folder(made)) == []
    assert fetch("made")["a.dat"].read_bytes() == BODY


def test_truncated_file_says_how_much_is_missing_and_keeps_the_part(server, online):
    server.pages["/a.dat"] = BODY[:1000]  # the server believes this is all
    made = online(server.url("/a.dat"))
    with pytest.raises(DataUnavailableError, match=r"broke off after 1,000 of 307,200 bytes.*continue from there"):
        fetch("made")
    assert not (set_folder(made) / "a.dat").exists()
    server.pages["/a.dat"] = BODY
    assert fetch("made")["a.dat"].read_bytes() == BODY


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"x" * len(BODY), "sent other bytes than expected"), (BODY + b"x", "sent more than the expected 307,200 bytes")],
    ids=["other bytes", "too many"],
)
def test_wrong_bytes_never_reach_the_cache(server, online, body, said):
    server.pages["/a.dat"] = body
    made = online(server.url("/a.dat"))
    with pytest.raises(DataUnavailableError, match=said):
        fetch("made")
    assert not (set_folder(made) / "a.dat").exists()


def test_second_address_is_tried_when_the_first_is_gone_or_wrong(server, online):
    server.pages.update({"/wrong": b"x" * len(BODY), "/right": BODY})
    online(server.url("/gone"), server.url("/wrong"), server.url("/right"))
    assert fetch("made")["a.dat"].read_bytes() == BODY


def test_404_and_refused_connection_are_one_sentence_that_says_what_to_do(server, online):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    online(server.url("/gone"), f"http://127.0.0.1:{nobody}/a.dat")
    with pytest.raises(DataUnavailableError) as caught:
        fetch("made")
    message = str(caught.value)
    for part in ("answered 404", "could not be reached", "recdiv data get made", "RECDIV_DATA", 'rd.load("video")'):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("variable", ["RECDIV_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_asks_nobody(server, online, monkeypatch, variable):
    server.pages["/a.dat"] = BODY
    online(server.url("/a.dat"))
    monkeypatch.setenv(variable, "1")
    with pytest.raises(DataUnavailableError, match="downloads are off"):
        fetch("made")
    assert server.seen == []
    monkeypatch.setenv(variable, "0")
    assert fetch("made")["a.dat"].read_bytes() == BODY


def test_cache_that_cannot_be_written_names_the_variable_to_set(server, online, monkeypatch, tmp_path):
    server.pages["/a.dat"] = BODY
    online(server.url("/a.dat"))
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataUnavailableError, match=r"cannot write to the cache folder .* set RECDIV_CACHE"):
        fetch("made")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_cache(server, online, tmp_path):
    server.pages["/a.dat"] = BODY
    online(server.url("/a.dat"))
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(DataUnavailableError, match=r"Permission denied.*set RECDIV_CACHE"):
        fetch("made")


def test_mirror_is_read_checked_and_never_written(online, monkeypatch, tmp_path):
    made = online()
    mirror = tmp_path / "mirror"
    (mirror / "made").mkdir(parents=True)
    (mirror / "made" / "a.dat").write_bytes(BODY)
    monkeypatch.setenv("RECDIV_DATA", str(mirror))
    assert fetch("made")["a.dat"] == mirror / "made" / "a.dat"
    assert whereabouts(made) == "mirror"
    assert not (tmp_path / "cache").exists()
    (mirror / "made" / "a.dat").write_bytes(b"x" + BODY[1:])
    with pytest.raises(DataUnavailableError, match=r"is not the published file of 'made'.*unset RECDIV_DATA"):
        fetch("made")


def test_mirror_that_is_no_folder_is_said(online, monkeypatch, tmp_path):
    online()
    monkeypatch.setenv("RECDIV_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataUnavailableError, match=r"RECDIV_DATA must name a folder, got .*nowhere"):
        fetch("made")
    assert run("list").exit_code == 0


def test_whereabouts_tell_parts_apart(online, monkeypatch, tmp_path):
    made = online()
    two = Source(**{**made.__dict__, "files": (*made.files, File("b.dat", 1, "0" * 64))})
    folder = tmp_path / "mirror" / "made"
    folder.mkdir(parents=True)
    monkeypatch.setenv("RECDIV_DATA", str(tmp_path / "mirror"))
    assert whereabouts(two) == "absent"
    (folder / "a.dat").write_bytes(BODY)
    assert whereabouts(two) == "partly"
    set_folder(two).mkdir(parents=True)
    (set_folder(two) / "b.dat").write_bytes(b"b")
    assert whereabouts(two) == "mirror and cache"


def test_damaged_cached_file_is_replaced(server, online):
    server.pages["/a.dat"] = BODY
    made = online(server.url("/a.dat"))
    path = fetch("made")["a.dat"]
    path.write_bytes(BODY[:-1] + b"x")
    assert fetch("made")["a.dat"].read_bytes() == BODY
    assert leftovers(set_folder(made)) == ["a.dat"]


def test_file_without_address_says_it_must_come_from_a_mirror(online):
    online()
    with pytest.raises(DataUnavailableError, match=r"cannot be downloaded; set RECDIV_DATA .* made/a\.dat"):
        fetch("made")


def test_unknown_set_and_file():
    with pytest.raises(ValueError, match=r"name must be one of .*movietweetings.*got 'nope'"):
        fetch("nope")
    with pytest.raises(ValueError, match=r"files of 'dsner' must be among .*got 'x'"):
        fetch("dsner", ["x"])


def archive(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in members.items():
            made.writestr(name, body)
    return buffer.getvalue()


def test_members_share_one_archive_which_does_not_stay(server, online, monkeypatch):
    server.pages["/all.zip"] = archive({"folder/a.dat": BODY, "folder/b.dat": b"b" * 10})
    made = online(server.url("/all.zip#folder/a.dat"))
    second = File("b.dat", 10, hashlib.sha256(b"b" * 10).hexdigest(), (server.url("/all.zip#folder/b.dat"),))
    both = Source(**{**made.__dict__, "files": (*made.files, second)})
    monkeypatch.setitem(sources(), "made", both)
    assert fetch("made")["b.dat"].read_bytes() == b"b" * 10
    assert len(server.seen) == 1
    assert leftovers(set_folder(made)) == ["a.dat", "b.dat"]


def test_archive_that_lacks_the_member_or_is_none(server, online):
    server.pages.update({"/all.zip": archive({"x": b""}), "/no.zip": b"hello", "/a.dat": BODY})
    online(server.url("/all.zip#a.dat"), server.url("/no.zip#a.dat"))
    with pytest.raises(DataUnavailableError, match=r"not a zip archive that holds a.dat; then .*not a zip archive"):
        fetch("made")
    made = online(server.url("/no.zip#a.dat"), server.url("/a.dat"))
    assert fetch("made")["a.dat"].read_bytes() == BODY
    assert leftovers(set_folder(made)) == ["a.dat"]


def test_unpacking_follows_no_path_and_stops_at_the_limit(tmp_path):
    evil = tmp_path / "evil.zip"
    evil.write_bytes(archive({"../../escaped.txt": b"x" * 5, "bomb": b"0" * 10_000_000}))
    inside = tmp_path / "deep" / "target"
    inside.parent.mkdir()
    extract(evil, "../../escaped.txt", inside, limit=5)
    assert inside.read_bytes() == b"x" * 5
    assert not (tmp_path.parent / "escaped.txt").exists()
    assert not (tmp_path / "escaped.txt").exists()
    with pytest.raises(DownloadError, match="more than the expected 1,000 bytes"):
        extract(evil, "bomb", inside, limit=1000)
    assert not inside.exists()


def test_only_https_leaves_the_machine(tmp_path):
    for url in ("http://example.org/a", "ftp://example.org/a", "file:///etc/passwd"):
        with pytest.raises(DownloadError, match="url must begin with https://"):
            download(url, tmp_path / "a", size=1, digest="x")


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2


def test_every_source_is_registered_and_complete():
    assert names() == sorted(sources())
    for entry in sources().values():
        assert all((entry.title, entry.what, entry.domain, entry.language, entry.licence, entry.citation)), entry.name
        assert entry.homepage.startswith("https://")
        assert len({file.name for file in entry.files}) == len(entry.files)
        for file in entry.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert file.bytes > 0
            assert not file.name.startswith(("/", ".."))
            assert all(url.startswith("https://") for url in file.urls)
    assert source("lastfm").non_commercial
    assert not source("movietweetings").non_commercial


def test_bundled_sample_works_without_any_of_this(online, monkeypatch):
    pytest.importorskip("recdiv.datasets.sample")
    monkeypatch.setenv("RECDIV_OFFLINE", "1")
    import recdiv as rd

    with pytest.raises(FileNotFoundError, match="downloads are off"):
        rd.datasets.load("movietweetings")
    assert len(rd.load("video").catalog) > 0


# the command line


def run(*arguments):
    from recdiv.cli.data import app

    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def test_cli_list_shows_every_set_and_where_it_lies(online):
    result = run("list")
    assert result.exit_code == 0
    for name in names():
        assert name in result.output
    assert "non-commercial" in result.output
    assert "absent" in result.output


def test_cli_get_fetches_and_flags_the_licence(server, online):
    server.pages["/a.dat"] = BODY
    made = online(server.url("/a.dat"))
    result = run("get", "made")
    assert result.exit_code == 0, result.output
    assert "CC BY 4.0 (non-commercial)" in result.output
    assert "1 files, checked, in the cache" in result.output
    assert leftovers(set_folder(made)) == ["a.dat"]


def test_cli_get_leaves_with_1_on_failure_and_2_on_misuse(server, online):
    online(server.url("/gone"))
    failed = run("get", "made")
    assert failed.exit_code == 1
    assert "answered 404" in failed.output
    assert run("get").exit_code == 2
    assert run("get", "nope").exit_code == 2


def test_two_fetches_at_once_do_not_spoil_each_other(server, online):
    server.pages["/a.dat"], server.wait = BODY, 0.3  # all four are waiting before the first has its answer
    made = online(server.url("/a.dat"))
    results = []
    threads = [threading.Thread(target=lambda: results.append(fetch("made")["a.dat"].read_bytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [BODY] * 4
    assert len(server.seen) == 1
    assert leftovers(set_folder(made)) == ["a.dat"]


def test_slow_server_is_given_up_on(online, monkeypatch):
    monkeypatch.setattr(_download, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        online(f"http://127.0.0.1:{silent.getsockname()[1]}/a.dat")
        with pytest.raises(DataUnavailableError, match="could not be reached"):
            fetch("made")
    assert _fetch.offline() is False
