"""`command:`: any program as a model, without a shell, judged by what it writes."""

from __future__ import annotations

import errno
import re
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from fakes import disc, some_cases
from systems import scripts, signals

from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Picture
from rmbg_eval.errors import ModelError, OutputError, RmbgEvalError
from rmbg_eval.models import command
from rmbg_eval.models.command import Command
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict

PICTURE, OTHER = Picture("pet/rex", disc(1)[0]), Picture("pet/max", disc(2)[0])

TOOL = """
import sys
from pathlib import Path
from PIL import Image

if "--version" in sys.argv:
    print("tool 1.2.3")
    sys.exit()
source, target = map(Path, sys.argv[1:3])
pairs = [(source, target)]
if source.is_dir():
    pairs = [(file, target / f"{file.stem}_rgba.png") for file in source.iterdir()]
for source, target in pairs:
    image = Image.open(source).convert("RGB")
    assert not image.info
    image.putalpha(image.getchannel("R"))
    image.save(target)
"""


def write(path: Path, source: str) -> str:
    """A Python program, as the words that start it."""
    path.write_text(source)
    return shlex.join([sys.executable, str(path)])


@pytest.fixture
def tool(tmp_path: Path) -> str:
    return write(tmp_path / "tool.py", TOOL)


def cutouts(model, *pictures: Picture) -> list:
    outputs = model.infer([model.preprocess(picture) for picture in pictures])
    return [model.postprocess(*each) for each in zip(outputs, pictures, strict=True)]


@pytest.mark.parametrize("places", ["{in} {out}", "{in_dir} {out_dir}"])
def test_what_the_program_writes_is_the_cut_out(tool: str, places: str) -> None:
    model = load_model(f"ours=command:{tool} {places}")
    assert model.info.name == "ours"
    assert model.batch_size == (16 if "dir" in places else 1)
    pictures = [PICTURE, OTHER][: model.batch_size]
    for cutout, picture in zip(cutouts(model, *pictures), pictures, strict=True):
        assert np.array_equal(cutout.rgb, picture.rgb)
        assert np.array_equal(
            cutout.alpha, picture.rgb[..., 0].astype(np.float32) / np.float32(255)
        )


def test_the_first_call_measures_its_start_up_and_says_so(tool: str) -> None:
    model = load_model(f"command:{tool} {{in}} {{out}}")
    assert model.warnings == []
    assert model.load()
    assert not model.load()
    (warning,) = model.warnings
    seconds = float(str(warning).split(" px takes ")[1].split(" s:")[0])
    assert 0 < seconds < 30


@scripts
def test_no_more_is_called_start_up_than_a_call_takes(tmp_path: Path) -> None:
    weights, idle = tmp_path / "weights", tmp_path / "idle"
    fetching = f"test -e {weights} || sleep 1; touch {weights}; test -e {idle} || cp {{in}} {{out}}"
    model = load_model(f"command:sh -c '{fetching}'")
    model.load()
    idle.touch()  # by which it writes nothing, and tells nothing
    model.infer([model.preprocess(PICTURE)])
    assert "A call over one picture" in str(*model.warnings)
    idle.unlink()
    model.infer([model.preprocess(PICTURE)])
    (warning,) = model.warnings
    first, later, told = map(float, re.findall(r"(\d+\.\d+) s\b", str(warning)))
    assert told == later < first / 2
    assert first > 1


@scripts
def test_the_identity_is_of_command_version_and_program(tmp_path: Path) -> None:
    program = tmp_path / "remove"

    def identity(version: str, options: str = "", comment: str = "") -> str:
        source = TOOL.replace("1.2.3", version)
        program.write_text(f"#!{sys.executable}\n{source}#{comment}\n")
        program.chmod(0o755)
        return load_model(f"command:{program} {options} {{in}} {{out}}").identity("pet/rex")

    first = identity("1.2.3")
    assert identity("1.2.3") == first
    assert len({first, identity("1.2.4"), identity("1.2.3", "-x"), identity("1.2.3", "", "y")}) == 4
    assert load_model(f"command:{program} {{in}} {{out}}").info.runtime == "remove: tool 1.2.3"


def test_a_script_that_was_edited_is_another_model(tmp_path: Path) -> None:
    def identity(comment: str) -> str:
        tool = write(tmp_path / "tool.py", TOOL + comment)
        return load_model(f"command:{tool} {{in}} {{out}}").identity("pet/rex")

    assert identity("# 1") == identity("# 1") != identity("# 2")


def test_weights_named_after_an_equals_sign_are_looked_at(tool: str, tmp_path: Path) -> None:
    weights = tmp_path / "w.bin"
    identities = set()
    for content in ("old", "new"):
        weights.write_text(content)
        model = load_model(f"x=command:{tool} {{in}} {{out}} --weights={weights}")
        identities.add(model.identity("a/b"))
    assert len(identities) == 2


def test_the_picture_of_the_very_name_is_the_cut_out(tmp_path: Path) -> None:
    more = "    image.getchannel('G').save(target.with_suffix('.jpg'))\n"
    tool = write(tmp_path / "tool.py", TOOL + more)
    (made,) = cutouts(load_model(f"x=command:{tool} {{in}} {{out}}"), PICTURE)
    assert np.array_equal(made.alpha, PICTURE.rgb[..., 0] / np.float32(255))


def test_a_file_that_cannot_be_started_is_not_called_missing(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text(TOOL)
    with pytest.raises(ModelError, match="cannot be started.*Make it executable"):
        load_model(f"command:{tmp_path / 'tool.py'} {{in}} {{out}}")


def test_a_word_too_long_for_a_file_is_a_word(tmp_path: Path) -> None:
    tool = write(tmp_path / "tool.py", TOOL)
    assert load_model(f"command:{tool} {{in}} {{out}} {'x' * 300}").identity("pet/rex")


def test_a_module_of_python_is_asked_for_its_own_version() -> None:
    info = load_model(f"command:{sys.executable} -m pip {{in}} {{out}}").info
    assert ": pip " in info.runtime


def test_there_is_no_shell(tmp_path: Path) -> None:
    marker = tmp_path / "pwned"
    tool = write(tmp_path / "tool.py", TOOL)
    model = load_model(f"command:{tool} {{in}} {{out}} ; touch {marker} $(touch {marker})")
    cutouts(model, PICTURE)
    assert not marker.exists()


def test_a_failure_repeats_the_programs_words(tmp_path: Path) -> None:
    tool = write(tmp_path / "tool.py", "import sys; sys.exit('no \\x1b[31m weights')")
    with pytest.raises(ModelError, match=r"ours ended with status 1: no \\x1b\[31m weights"):
        cutouts(load_model(f"ours=command:{tool} {{in}} {{out}}"), PICTURE)


def test_of_many_words_those_are_repeated_that_say_what_is_wrong(tmp_path: Path) -> None:
    bars = "".join(f"{n}/99 {'#' * n}\r" for n in range(100))
    names = ", ".join(f"u2net{n}" for n in range(99))
    for said, told in (
        (f"no model 'u3net'\n{bars}done", "status 1: no model 'u3net' done"),
        (
            f"Usage: tool\n\nno such model 'u3net' of {names}\n",
            "1: no such model 'u3net' of u2net0,",
        ),
        ("Traceback\n" + "  at line\n" * 40 + f"Error: {'no network ' * 20}", "line Error: no net"),
        (f"no network {'x' * 280}\n100% done\n", "1: no network xx.* … x.* 100% done"),
        (f"at {'x' * 280}\n{'no network ' * 25}", "status 1: no network"),
    ):
        tool = write(tmp_path / "tool.py", f"import sys; sys.stderr.write({said!r}); sys.exit(1)")
        with pytest.raises(ModelError, match=f"ended with .*{told}") as failed:
            cutouts(load_model(f"ours=command:{tool} {{in}} {{out}}"), PICTURE)
        assert len(str(failed.value)) < 400


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("print('nothing to do')", "wrote no cut-out: nothing to do.*Let the command write"),
        ("import sys; open(sys.argv[2], 'w').write('x')", "the cut-out by ours"),
        ("import sys; open(sys.argv[2], 'w'); print('no subject')", "wrote no cut-out: no subject"),
        (
            TOOL.replace("(target)", "(target.with_name('it.png'))"),
            "wrote it.png, and no picture-0",
        ),
        (
            TOOL.replace("(target)", "(target, 'TGA'); target.rename(f'{target}.tga')"),
            "png.tga, and",
        ),
        ("import sys; sys.stdout.buffer.write(b'PNG' + bytes(9))", "binary data.*sh -c 'PROGRAM"),
        (TOOL.replace("(target)", "(f'{target}a.png'); image.save(f'{target}b.png')"), "several"),
        (TOOL.replace("image.putalpha", "str"), "has colours but no alpha channel"),
        (TOOL.replace('"RGB")', '"RGB").resize((40, 40))'), "has 40×40 pixels, the picture 96×64"),
    ],
)
def test_what_is_no_cut_out_fails(tmp_path: Path, source: str, fault: str) -> None:
    tool = write(tmp_path / "tool.py", source)
    with pytest.raises(RmbgEvalError, match=fault):
        cutouts(load_model(f"ours=command:{tool} {{in}} {{out}}"), PICTURE)


def test_pictures_in_folders_below_are_named(tmp_path: Path) -> None:
    below = TOOL.replace("(target)", "(target.parent / source.stem / 'it.png')")
    below = below.replace(
        "    image.save", "    target.parent.joinpath(source.stem).mkdir()\n    image.save"
    )
    model = load_model(f"ours=command:{write(tmp_path / 'tool.py', below)} {{in_dir}} {{out_dir}}")
    with pytest.raises(ModelError, match="wrote picture-0000/it.png, and no picture-0000.png"):
        cutouts(model, PICTURE)


@signals
def test_a_signal_is_named(tmp_path: Path) -> None:
    tool = write(tmp_path / "tool.py", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(ModelError, match=r"ours was ended by signal 9 \(.*the memory did not"):
        cutouts(load_model(f"ours=command:{tool} {{in}} {{out}}"), PICTURE)


def test_a_program_that_removes_the_folder_has_written_nothing(tmp_path: Path) -> None:
    source = "import shutil, sys; shutil.rmtree(__import__('os').path.dirname(sys.argv[2]))"
    (output,) = load_model(f"x=command:{write(tmp_path / 'rm.py', source)} {{in}} {{out}}").infer(
        [b"png"]
    )
    assert "x wrote no cut-out" in str(output)


@pytest.mark.parametrize("fails", ["write_bytes", "mkdir"])
def test_no_room_for_what_a_program_reads_ends_the_run(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    model = load_model(f"ours=command:{tool} {{in}} {{out}}")
    cases = some_cases(tmp_path, 2)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    with monkeypatch.context() as patch:
        patch.setattr(f"rmbg_eval.models.command.Path.{fails}", full)
        with pytest.raises(OutputError, match=r"The disk is full.*Make room"):
            model.infer([b"png"])
    monkeypatch.setattr(model, "load", lambda: False)
    monkeypatch.setattr(command, "TemporaryDirectory", full)
    with pytest.raises(OutputError, match="The disk is full"):
        [*predict(model, cases, tmp_path / "out", Store(tmp_path / "cache"))]


def test_one_picture_left_out_of_a_folder_fails_alone(tmp_path: Path) -> None:
    skip = TOOL.replace("image = ", "if '0000' in source.name: continue\n    image = ")
    tool = write(tmp_path / "tool.py", skip)
    model = load_model(f"ours=command:{tool} {{in_dir}} {{out_dir}}")
    left_out, there = model.infer([model.preprocess(each) for each in (PICTURE, OTHER)])
    with pytest.raises(ModelError, match="ours wrote no cut-out"):
        model.postprocess(left_out, PICTURE)
    assert model.postprocess(there, OTHER).alpha.shape == OTHER.rgb.shape[:2]


def test_what_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    child = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); "
    child += "time.sleep(60)"
    tool = write(
        tmp_path / "tool.py",
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])",
    )
    model = Command("ours", f"{tool} {{in}} {{out}}", timeout=3)
    with pytest.raises(ModelError, match="ours took longer than 3 s.*timeout=SECONDS"):
        model.infer([model.preprocess(PICTURE)])
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.05)
    psutil.Process(pid).kill()
    pytest.fail("the program's child still runs")


def test_what_prints_without_end_is_ended_before_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MOST_SAID", 1 << 20)
    tool = write(tmp_path / "tool.py", "while True: print('.' * 9999, flush=True)")
    model = Command("ours", f"{tool} {{in}} {{out}}", timeout=20)
    with pytest.raises(ModelError, match=r"ours printed more than 1 MiB.*a PNG to {out}"):
        model.infer([model.preprocess(PICTURE)])


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("command:no-such-program-here {in} {out}", "There is no program 'no-such-program-here'"),
        (f"command:{sys.executable} {{in}}", "it must name {in} {out}, or {in_dir} {out_dir}"),
        (f"command:{sys.executable} {{in}} {{out_dir}}", "it must name {in} {out}"),
        (f"command:{sys.executable} 'x {{in}} {{out}}", "No closing quotation"),
        (f"command?timeout=0:{sys.executable} {{in}} {{out}}", r"'\?timeout=0' are no options"),
        (f"command?speed=9:{sys.executable} {{in}} {{out}}", "command.timeout=SECONDS:PROGRAM"),
        ("command:", "There is no model 'command:'"),
    ],
)
def test_a_wrong_command_is_named(spec: str, fault: str) -> None:
    with pytest.raises(ModelError, match=fault):
        load_model(spec)


def test_a_command_has_the_folders_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    said = r"""C:\tools\it.exe 'a b' "c d" {in} {out}"""
    monkeypatch.setattr(command, "_SYSTEM", "win32")
    assert command._words(said) == [r"C:\tools\it.exe", "a b", "c d", "{in}", "{out}"]
    monkeypatch.setattr(command, "_SYSTEM", "linux")
    assert command._words(said) == shlex.split(said)
