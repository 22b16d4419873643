"""Files are written whole or not at all; names are safe, short and never shared."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pictures import (
    check_message,
    make_pipe,
    ordinary_user,
    public_folder,
    put,
    refused,
    time_limit,
)
from systems import WINDOWS, file_names, ignores_case, links, rights

from rmbg_eval.core import files
from rmbg_eval.core.files import (
    cannot_write,
    folded,
    in_names,
    inside,
    inside_of,
    remove,
    remove_below,
    remove_unfinished,
    replace,
    safe_name,
    sha256_file,
    unfinished_prefix,
    write_atomic,
)
from rmbg_eval.errors import OutputError

many = settings(max_examples=200)
texts = st.text(max_size=80)


def in_it(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("data", "expected"), [(b"\0\xff", b"\0\xff"), ("发丝", "发丝".encode()), ("", b"")]
)
@pytest.mark.parametrize("name", file_names("new.json", "old.json", "a/b/c.json", "发丝\n.json"))
def test_writes_exactly_the_data_and_nothing_beside_it(name, data, expected, tmp_path):
    put(tmp_path / "old.json", "what was there, and longer than what comes")
    write_atomic(tmp_path / name, data)
    assert (tmp_path / name).read_bytes() == expected
    assert in_it((tmp_path / name).parent) == sorted(
        {"old.json", name} if "/" not in name else {"c.json"}
    )


def test_gives_new_files_the_usual_permissions(tmp_path):
    write_atomic(tmp_path / "ours", "x")
    put(tmp_path / "usual", "x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("step", ["os.replace", "pathlib.Path.chmod"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failure_keeps_the_old_file_and_leaves_no_scraps(step, error, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise error

    put(tmp_path / "run.json", "old")
    monkeypatch.setattr(step, fail)
    with pytest.raises(OutputError if isinstance(error, OSError) else KeyboardInterrupt):
        write_atomic(tmp_path / "run.json", "new")
    assert in_it(tmp_path) == ["run.json"]
    assert (tmp_path / "run.json").read_text() == "old"


def test_a_scrap_that_cannot_be_removed_hides_no_reason(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(OutputError, match=r"run\.json could not be written: Input/output error"):
        write_atomic(tmp_path / "run.json", "new")


def test_a_name_that_is_no_text_is_told_and_the_old_file_stays(tmp_path):
    path = put(tmp_path / "run.json", "old")
    with pytest.raises(OutputError, match=r"run\.json.*caf\\udce9.*UTF-8"):
        write_atomic(path, ['{"out": ', '"caf\udce9"}'])
    assert in_it(tmp_path) == ["run.json"]
    assert path.read_text() == "old"


def test_a_reader_never_sees_half_a_file(tmp_path):
    path, seen = tmp_path / "run.json", set()
    whole = {b"a" * 3_000_000, b"b" * 1_000_000}
    write_atomic(path, min(whole))
    done = threading.Event()

    def read():
        while not done.is_set():
            seen.add(path.read_bytes())
            time.sleep(0.01 if WINDOWS else 0)  # nothing is replaced there while it is read

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(10):
        for data in whole:
            write_atomic(path, data)
    done.set()
    reader.join()
    assert seen <= whole


def test_kill_9_leaves_the_old_file_or_the_new_one(tmp_path):
    path = put(tmp_path / "run.json", "0" * 1_000_000)
    script = (
        "import sys; from pathlib import Path; from rmbg_eval.core.files import write_atomic\n"
        "print(flush=True)\n"
        "while True:\n"
        "    for digit in '0123': write_atomic(Path(sys.argv[1]), digit * 1_000_000)\n"
    )
    for wait in (0.003, 0.02, 0.05):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        text = path.read_text()
        assert len(text) == 1_000_000
        assert len(set(text)) == 1


# (error number, words that the message must have)
CANNOT = {
    "disk-full": (errno.ENOSPC, "full"),
    "quota": (errno.EDQUOT, "full"),
    "permission": (errno.EACCES, "--out"),
    "read-only-disk": (errno.EROFS, "--out"),
    "anything": (errno.EIO, "could not be written"),
}


@pytest.mark.parametrize(("number", "words"), CANNOT.values(), ids=CANNOT)
def test_says_why_it_could_not_write(number, words, tmp_path):
    error = cannot_write(tmp_path / "x\x1b[31m.png", OSError(number, os.strerror(number)))
    check_message(error, words, "x\\x1b[31m.png")
    check_message(cannot_write(tmp_path, OSError("no number")), tmp_path.name, "no number")


@pytest.mark.parametrize("where", ["file/x.json", "folder", "n" * 300])
def test_a_place_that_takes_no_file_is_an_output_error(where, tmp_path):
    put(tmp_path / "file", "words")
    put(tmp_path / "folder" / "inside", "words")
    before = sorted(tmp_path.rglob("*"))
    with refused(OutputError, str(Path(where))):
        write_atomic(tmp_path / where, "data")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_may_not_be_written_is_an_output_error():
    with public_folder() as folder:
        folder.chmod(0o555)
        with ordinary_user(), refused(OutputError, "run.json", "--out"):
            write_atomic(folder / "run.json", "data")
        assert in_it(folder) == []


@pytest.mark.parametrize("text", ["isnet", "isnet-quint8", "a.b_c-D9", "_x", "发丝", "é"])
def test_a_name_that_is_safe_stays_as_it_is(text):
    assert safe_name(text) == text


LONG = "studio-shoot-spring-collection-2026-final-export-colour-graded-"
HOSTILE = ["", ".", "..", "../../etc/passwd", "/", "a\0b", ".hidden", "-rf", "a b", "\x1b[31m"]


@many
@given(texts)
@example("")
@example("n" * 80)
@example("𠀀" * 80)
def test_a_name_is_safe_whatever_it_stands_for(text):
    name = safe_name(text)
    assert re.fullmatch(r"[\w.~-]+", name)
    assert name[0] not in ".-"
    assert name[-1] not in ".-"
    assert name.isprintable()
    assert len(name) <= 77
    assert len(f"{name}.{'0' * 16}.webp".encode()) <= 255  # a matte's
    assert unicodedata.is_normalized("NFC", name)
    assert safe_name(text) == name


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_hostile_names_are_safe_too(text, tmp_path):
    path = put(tmp_path / safe_name(text) / f"{safe_name(text)}.png")
    assert path.resolve().is_relative_to(tmp_path / safe_name(text))
    assert path.is_file()


@many
@given(texts, texts)
@example("a b", "a/b")
@example("x" * 60, "x" * 61)
@example("a", "a.")
@example("", "x")
@example(f"{LONG}0008803", f"{LONG}0053593")  # of whose hashes 32 bits are the same
@example(LONG, f"{LONG[:60]}-{hashlib.sha256(LONG.encode()).hexdigest()[:16]}")
def test_two_texts_never_share_a_name(one, other):
    assert (safe_name(one) == safe_name(other)) == (one == other)


@pytest.mark.parametrize(
    "text",
    [*"CON con nul.png aux Prn COM1 lpt9.a.b com¹ a. a:b".split(), "a ", "\u212b", "\u1112\u1161"],
)
def test_what_windows_or_macos_takes_for_something_else_is_not_a_name(text):
    name = safe_name(text)
    assert re.fullmatch(r".+-[0-9a-f]{8}", name), name
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com.|lpt.)(\..*)?", name)


@pytest.mark.parametrize("text", ["IMG_1234", "console", "com10", "aux-1", "Null", "é", "n" * 60])
def test_what_only_looks_like_that_stays(text):
    assert safe_name(text) == text


@many
@given(texts)
@example("Rex")
@example("ISNet-0A1B2C3D")
def test_a_name_that_is_not_alone_is_another_on_every_disk(text):
    if (other := text.swapcase()) != text:
        assert folded(safe_name(text, alone=False)) != folded(safe_name(other))


@many
@given(texts)
@example("../a b")
@example("n" * 80)
def test_not_even_with_the_name_of_another(text):
    name = safe_name(text)
    assert name == text or safe_name(name) != name


def test_a_file_name_that_is_no_unicode_has_a_safe_name_too():
    assert re.fullmatch(r"[\w.~-]+", safe_name("caf\udce9"))


def test_names_are_the_same_on_every_machine():
    """Run folders are compared across machines: the hash may not be Python's, which is salted."""
    ours = hashlib.sha256(b"../a b").hexdigest()[:8]
    assert re.fullmatch(f"a-b[-~]{ours}", safe_name("../a b"))


def test_hashes_a_file_and_none_where_there_is_none(tmp_path):
    assert sha256_file(put(tmp_path / "x", b"abc")) == hashlib.sha256(b"abc").hexdigest()
    assert sha256_file(tmp_path / "missing") is None
    assert sha256_file(tmp_path) is None
    assert sha256_file(tmp_path / "a\0b") is None
    make_pipe(tmp_path / "pipe")
    with time_limit(5):
        assert sha256_file(tmp_path / "pipe") is None


def test_only_what_a_dead_process_of_this_machine_left_goes(tmp_path):
    """Storage may be shared: another machine's process may have any number."""
    here, there = unfinished_prefix(), ".new-4194305-0badcafe-"
    dead = here.replace(f"-{os.getpid()}-", "-4194305-")
    names = {f"{here}a": True, f"{dead}b": False, f"{there}c": True, f"{there}d": False}
    for name in [*names, ".new-4194305-old", ".new-old", f".new-{'9' * 99}-old"]:
        (tmp_path / name).touch()
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(tmp_path / f"{there}d", (long_ago, long_ago))
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {n for n, left in names.items() if left}


def test_a_container_with_the_machines_name_keeps_its_files(tmp_path):
    """Its processes have other numbers, and here there may be none of such a number."""
    code = "from rmbg_eval.core.files import unfinished_prefix; print(unfinished_prefix())"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"no container can be had: {error}")
    if done.returncode:
        pytest.skip(f"no container can be had: {done.stderr.strip()}")
    living = put(tmp_path / re.sub("-[0-9]+-", "-4194305-", done.stdout.strip(), count=1))
    remove_unfinished(tmp_path)
    assert living.exists()


def test_folders_that_go_while_they_are_gone_through_are_passed_over(tmp_path, monkeypatch):
    """The cache may be deleted at any time."""
    for name in "abc":
        put(tmp_path / name / ".new-4194305-old")

    def deleted(number):
        for name in "abc":
            shutil.rmtree(tmp_path / name, ignore_errors=True)
        return False

    monkeypatch.setattr(files, "is_process", deleted)
    remove_unfinished(tmp_path)
    assert in_it(tmp_path) == []


@pytest.mark.parametrize(("system", "tries"), [("win32", 3), ("linux", 1)])
def test_only_windows_is_asked_again_for_a_file_that_is_read(system, tries, tmp_path, monkeypatch):
    left, move = [PermissionError(errno.EACCES, "in use")] * 2, os.replace

    def while_read(source, target):
        if left:
            raise left.pop()
        move(source, target)

    monkeypatch.setattr(files, "_SYSTEM", system)
    monkeypatch.setattr(os, "replace", while_read)
    source = put(tmp_path / "new", "new")
    if tries == 1:
        with pytest.raises(PermissionError):
            replace(source, tmp_path / "old")
    else:
        replace(source, tmp_path / "old")
        assert (tmp_path / "old").read_text() == "new"


@links
def test_what_is_not_kept_goes_but_nothing_that_lies_where_a_link_leads(tmp_path):
    kept, other = put(tmp_path / "here" / "a" / "kept"), put(tmp_path / "there" / "other")
    for name in ("gone", "a/gone", "a/b/gone"):
        put(tmp_path / "here" / name)
    links = [tmp_path / "here" / name for name in ("folder", "file", "nowhere")]
    for link, target in zip(links, (other.parent, other, tmp_path / "no"), strict=True):
        link.symlink_to(target)
    remove_below(tmp_path / "here", lambda path: path.name == "kept")
    assert kept.exists()
    assert other.exists()
    assert [link.is_symlink() for link in links] == [True, False, False]
    assert not [path for path in (tmp_path / "here").rglob("gone") if path.is_file()]
    (tmp_path / "linked").symlink_to(tmp_path / "here")
    remove_below(tmp_path / "linked", lambda path: False)
    assert kept.exists()
    remove(tmp_path / "there" / "not there")


def test_a_path_too_long_for_windows_says_so(monkeypatch):
    path, error = files.Path("C:/" + "n" * 300), FileNotFoundError(errno.ENOENT, "not found")
    monkeypatch.setattr(files, "_SYSTEM", "linux")
    check_message(cannot_write(path, OSError(errno.ENAMETOOLONG, "too long")), "too long a path")
    assert "too long a path" not in str(cannot_write(path, error))
    monkeypatch.setattr(files, "_SYSTEM", "win32")
    check_message(cannot_write(path, error), "too long a path", "shorter")


def test_a_file_is_known_by_another_case_of_its_name_where_the_disk_takes_both_for_one(
    tmp_path, monkeypatch
):
    there, gone = put(tmp_path / "ISNet" / "Rex.png"), put(tmp_path / "isnet" / "tom.png")
    ours = in_names(tmp_path, lambda: ["isnet/rex.png"])
    assert ours(there) == ignores_case(tmp_path)
    monkeypatch.setattr(
        files.Path, "samefile", lambda one, other: folded(str(one)) == folded(str(other))
    )
    assert ours(there)
    assert not ours(gone)


@rights
def test_whatever_is_written_has_the_rights_that_the_umask_leaves(tmp_path):
    code = """
import os, sys
from pathlib import Path
os.umask(0o077)
from rmbg_eval.core.files import write_atomic
from rmbg_eval.core.records import arrow_types, writing
with writing(Path(sys.argv[1]), "cases", arrow_types({"a": "text"}), 9) as writer:
    writer.add({"a": "x"})
write_atomic(Path(sys.argv[1], "run.json"), "{}")
"""
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in written] == [0o600] * 2


NAMES = [
    "", ".", "..", "a", "a/b.png", "a/../b", "a/../../b", "a/..", "/etc", "//etc", "link/b",
    "a/link", "out", "out/b.png", "a/out", "loop", "loop/b", "gone/../..", "a\0b", "a/\ud800",
]  # fmt: skip


@links
@pytest.mark.parametrize("name", NAMES)
def test_what_lies_in_a_folder_is_told_as_the_disk_has_it(name, tmp_path):
    put(tmp_path / "run" / "a" / "b.png")
    put(tmp_path / "elsewhere" / "b.png")
    for link, target in {
        "link": "a", "a/link": "b.png", "out": "../elsewhere", "a/out": "../../elsewhere/b.png",
        "loop": "loop",
    }.items():  # fmt: skip
        (tmp_path / "run" / link).symlink_to(target)
    (tmp_path / "linked").symlink_to("run")
    for folder in (tmp_path / "run", tmp_path / "linked"):
        try:
            expected = (folder / name).resolve().is_relative_to((tmp_path / "run").resolve())
        except (ValueError, RuntimeError):  # no path, or a loop, which leads nowhere else
            expected = name.startswith("loop")
        check = inside_of(folder)
        assert [check(name), check(name), inside(folder, name)] == [expected] * 3


def test_where_a_folder_leads_is_looked_up_once_for_all_that_is_in_it(tmp_path, monkeypatch):
    asked = []

    def counted(path):
        asked.append(path)
        return os.path.realpath(path)

    monkeypatch.setattr(files, "realpath", counted)
    check = inside_of(tmp_path)
    assert all(check(f"a/{number}.png") for number in range(9))
    assert asked == [tmp_path, tmp_path / "a"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cutouts/a/b.png", True),
        ("..\\secret.png", False),
        ("cutouts/..\\..\\secret.png", False),
        ("D:secret.png", False),
        ("D:/secret.png", False),
        ("cutouts/nul", False),
    ],
)
def test_a_name_leads_out_of_the_folder_on_windows_too(name, expected, monkeypatch):
    def windows(path):
        if str(path).endswith("nul"):
            return "/device"
        name = str(path).replace("\\", "/").removeprefix("/run/")
        return os.path.normpath(name if name.startswith("D:") else os.path.join("/run", name))

    monkeypatch.setattr(files, "realpath", windows)
    assert inside_of(Path("/run"))(name) == expected
