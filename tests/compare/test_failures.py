"""A run with failures is no baseline unless they are allowed by name."""

from __future__ import annotations

import shlex

import pytest
from comparisons import rule
from runs import run_of

from rmbg_eval import Prediction, Run, Settings, evaluate
from rmbg_eval.compare.failures import names_in, refuse_failures
from rmbg_eval.errors import Failure, OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.run.shard import Shard


def failing(run: Run) -> Run:
    return run.model_copy(update={"predictions": (*run.predictions[1:], _failed(run))})


def _failed(run: Run) -> Prediction:
    first = run.predictions[0]
    return Prediction(
        category=first.category,
        case=first.case,
        model="fake",
        failure=Failure("E", Message("no"), Message("do")),
    )


def test_failures_are_refused_unless_they_are_named(settings: Settings) -> None:
    run = evaluate(settings)
    broken = failing(run)
    name = f"{run.predictions[0].category}/{run.predictions[0].case}"
    refuse_failures(run, ())
    with pytest.raises(OutputError, match=f"failures: {name}.*--allow-failures {name}"):
        refuse_failures(broken, ())
    with pytest.raises(OutputError, match="failures"):
        refuse_failures(broken, ["pet/other"])
    refuse_failures(broken, [name])
    with pytest.raises(OutputError, match=r"pet/other is not among .*" + name):
        refuse_failures(broken, [name, "pet/other"])


def test_of_many_failures_those_of_one_reason_are_approved_by_one_of_them(
    settings: Settings,
) -> None:
    run = evaluate(settings)
    failed = [_failed(run).model_copy(update={"case": str(n)}) for n in range(2000)]
    for n in (7, 8, 9):
        failure = Failure("E", Message("{file} is empty", file=f"{n}.jpg"), Message("do"))
        failed[n] = failed[n].model_copy(update={"failure": failure})
    rules = tuple(rule(False, 1.0, case=str(n), model="fake", required=True) for n in (9, 2000))
    broken = run.model_copy(update={"predictions": tuple(failed), "rules": rules})
    with pytest.raises(OutputError) as refused:
        refuse_failures(broken, ())
    first, second, third = "portrait/0", "portrait/7", "portrait/2000"
    assert str(refused.value.problem) == (
        f"The run has failures: {first} and 1996 more: no; {second} and 2 more: 7.jpg is empty; "
        f"{third}: delivery rule {rules[0].rule}"
    )
    remedy = str(refused.value.remedy).partition(": ")[2].removesuffix(".").split()
    assert remedy == " ".join(f"--allow-failures-like {n}" for n in (first, second, third)).split()
    allowed = names_in([third], broken, [f"{first},{second}"])
    refuse_failures(broken, allowed)
    with pytest.raises(OutputError, match=f"failures: {second}, portrait/8, portrait/9"):
        refuse_failures(broken, names_in([third], broken, [first]))
    with pytest.raises(OutputError, match=r"pet/x is not .* They are: .*portrait/4 and 1996 more"):
        refuse_failures(broken, names_in([], broken, [first, second, third, "pet/x"]))


def test_a_failure_with_a_comma_in_its_name_is_allowed_as_the_remedy_says(
    settings: Settings,
) -> None:
    run = evaluate(settings)
    names = ["a,b", "it's", "plain"]
    failed = tuple(_failed(run).model_copy(update={"case": name}) for name in names)
    broken = run.model_copy(update={"predictions": failed})
    with pytest.raises(OutputError) as refused:
        refuse_failures(broken, ())
    options = shlex.split(str(refused.value.remedy).partition(": ")[2].removesuffix("."))
    assert options[::2] == ["--allow-failures"] * 3
    assert "'" not in str(refused.value.remedy).replace("it's", "")  # means nothing to Windows' cmd
    refuse_failures(broken, names_in(options[1::2], broken))
    assert names_in(["pet/x,pet/y", ""], broken) == ["pet/x", "pet/y"]


def test_a_shard_is_refused() -> None:
    with pytest.raises(OutputError, match="shard 2/3: it has 1 of 9 cases") as caught:
        refuse_failures(run_of(shard=Shard(number=2, of=3, cases=9, listing_sha256="")), ())
    assert "merged run" in str(caught.value.remedy)
