"""Where keys are in a file of records: as a dict would say, whatever the order of the rows."""

from __future__ import annotations

import tempfile
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rmbg_eval.core import lookup as module
from rmbg_eval.core.key import Key
from rmbg_eval.core.lookup import Keys, by_key
from rmbg_eval.core.records import Stored, arrow_types, writing
from rmbg_eval.errors import OutputError

_NAMES = st.sampled_from(["", "a", "b", "ab", "é", "Z\n"])
_KEYS = st.builds(Key, _NAMES, _NAMES, _NAMES)


def stored(folder: Path, rows: list[Key], kind: str = "risks") -> Stored:
    """A file of rows that are keys, in groups of two."""
    kinds = dict.fromkeys(Key._fields, "text")
    with writing(folder, kind, arrow_types(kinds), 2) as writer:
        for row in rows:
            writer.add(row._asdict())
    assert writer.file
    return Stored(folder, kind, writer.file, kinds)


@settings(max_examples=40)
@given(st.lists(_KEYS, max_size=12), st.lists(_KEYS, max_size=4), st.booleans())
@example([Key("a", "b", "a"), Key("b", "b", "a"), Key("a", "b", "a")], [], False)
def test_a_lookup_is_a_dict_of_the_rows(rows: list[Key], others: list[Key], alike: bool) -> None:
    """Also where all keys have one hash; a key that returns after another one is refused."""
    wanted = {key: [n for n, row in enumerate(rows) if row == key] for key in rows}
    returns = len([*groupby(rows)]) > len(wanted)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if alike:
            patch.setattr(module, "_hash", lambda key: 7)
        file = stored(Path(folder), rows)
        if returns:
            with pytest.raises(OutputError):
                by_key(file)
            return
        lookup = by_key(file)
        assert [*lookup] == [*wanted]
        assert len(lookup) == len(wanted)
        assert {key: [*lookup.rows(key)] for key in lookup} == wanted
        assert {**lookup} == {key: places[0] for key, places in wanted.items()}
        for key in others:
            assert (key in lookup) is (key in wanted)
            assert lookup.get(key) == (wanted[key][0] if key in wanted else None)


def test_files_of_the_same_keys_share_one_and_twice_is_refused(tmp_path: Path) -> None:
    rows = [Key("pet", f"{n}", model) for model in "ba" for n in (3, 1, 2)]
    keys = Keys()
    first = keys.rows(stored(tmp_path, rows))
    assert keys.rows(stored(tmp_path, rows, "predictions")) is first
    assert keys.rows(stored(tmp_path, rows[::-1])) is not first
    with pytest.raises(OutputError):
        keys.rows(stored(tmp_path, [*rows, rows[-1]]))


def test_a_key_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        by_key(stored(tmp_path, [Key("a", "b", None)]))  # type: ignore[arg-type]
