"""A message: a sentence and its values, which nothing in them can turn into anything else."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from rmbg_eval.errors import Failure, ImageError
from rmbg_eval.i18n import Message, join, languages


class Holder(BaseModel):
    message: Message


SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text()
NAMES = st.from_regex(r"[a-z_]{1,6}", fullmatch=True).filter(lambda name: name != "many")


def made(text: str, values: dict) -> Message:
    return Message(text, **values)


MESSAGES = st.recursive(
    st.builds(made, st.text(), st.dictionaries(NAMES, SCALARS)),
    lambda inner: st.builds(
        made,
        st.text(),
        st.dictionaries(NAMES, SCALARS | inner | st.lists(SCALARS | inner, max_size=3), max_size=3),
    ),
    max_leaves=5,
)


@given(MESSAGES)
def test_json_pickle_and_hash_keep_a_message(message: Message) -> None:
    again = Holder.model_validate_json(Holder(message=message).model_dump_json()).message
    assert again == message == pickle.loads(pickle.dumps(message))
    assert hash(again) == hash(message)
    assert [again.to(lang) for lang in languages()] == [message.to(lang) for lang in languages()]


@given(st.text())
def test_a_plain_text_as_older_files_have_it_stays_as_it_is(text: str) -> None:
    message = Holder.model_validate({"message": text}).message
    assert str(message) == text[:10_000]


@given(st.text(), st.text())
def test_a_value_is_never_read_again(one: str, other: str) -> None:
    text = str(Message("{one} and {other}", one=one, other=other))
    assert text == f"{one} and {other}"[:10_000]


def test_only_plain_placeholders_are_filled_in() -> None:
    text = "{name!r} {name:>9} {name.x} {0} {missing} {{name}} {name}"
    assert str(Message(text, name="a")) == "{name!r} {name:>9} {name.x} {0} {missing} {a} a"


def test_a_little_cannot_become_much() -> None:
    inner: Message | str = "x" * 1000
    for _ in range(8):
        inner = Message("{a}" * 1000, a=inner)
    assert len(str(inner)) == 10_000


@pytest.mark.parametrize(
    "data",
    [
        7,
        None,
        {},
        {"text": 7},
        {"text": "a", "values": []},
        {"text": "a", "values": {"b": {}}},
        {"text": "a", "values": {"b": [[]]}},
        {"text": "a", "many": 7},
        {"text": "a", "else": 7},
        json.loads('{"text": "{a}", "values": {"a": ' * 20 + '""' + "}}" * 20),
    ],
)
def test_what_is_no_message_is_refused(data: object) -> None:
    with pytest.raises(ValidationError):
        Holder.model_validate({"message": data})


def test_one_and_many() -> None:
    texts = [str(Message("{n} place", many="{n} places", n=n)) for n in (0, 1, 2)]
    assert texts == ["0 places", "1 place", "2 places"]


def test_a_message_cannot_be_changed() -> None:
    message = Message("a {b}", b=[1, 2])
    with pytest.raises(AttributeError, match="frozen"):
        message.text = "c"
    assert message.values == {"b": (1, 2)}


def test_messages_in_messages_are_said_in_the_same_language() -> None:
    empty = ImageError(
        Message("{name} is empty (0 bytes)", name="a.jpg"),
        Message("Copy or download the picture again."),
    )
    why = Message("the prediction failed: {why}", why=Failure.of(empty).message)
    assert str(why) == (
        "the prediction failed: a.jpg is empty (0 bytes). Copy or download the picture again."
    )
    assert why.to("zh") == "预测失败：a.jpg 是空文件（0 字节）。请重新复制或下载图片。"


def test_what_is_joined_is_said_in_the_same_language() -> None:
    joined = join(" · ", ["isnet", Message("the case has no truth"), "{0}"])
    assert joined.to("zh") == "isnet · 此案例没有真值 · {0}"


@pytest.mark.parametrize(
    ("separator", "expected"),
    [
        (", ", "px，px，isnet"),
        ("; ", "px；px；isnet"),
        (" ", "pxpxisnet"),
        (" · ", "px · px · isnet"),
    ],
)
def test_what_is_between_clauses_and_sentences_is_the_languages(
    separator: str, expected: str
) -> None:
    joined = join(separator, [Message("px"), Message("px"), "isnet"])
    assert str(joined) == separator.join(["px", "px", "isnet"])
    assert joined.to("zh") == expected.replace("px", "像素")


def test_names_in_a_list_have_the_languages_comma_between_them() -> None:
    known = Message("Known are: {names}.", names=["isnet", "u2net"])
    assert (str(known), known.to("zh")) == ("Known are: isnet, u2net.", "已知的有：isnet、u2net。")


def test_many_joined_parts_come_back_from_json() -> None:
    joined = join("; ", [Message("px")] * 500)
    assert TypeAdapter(Message).validate_python(joined.data()) == joined


def test_a_text_that_no_catalogue_has_stays_english() -> None:
    assert Message("Odd, {name}", name="x").to("zh") == "Odd, x"


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(KeyError):
        Message("the case has no truth").to("../zh")
