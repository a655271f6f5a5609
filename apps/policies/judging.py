"""Asks the disposable child what expressions say; whatever it cannot say decides for the stricter outcome."""

from collections.abc import Iterable

from apps.kernel.bounded import Exhausted, run_bounded
from apps.kernel.refusals import Invalid
from apps.policies.rules.expressions import Expression, Question, Said, facts_of
from apps.policies.rules.tables import Table, numbered

BASE_S, EACH_S, MOST_S = 5.0, 0.02, 60.0  # processor time of a child: to begin, for each case, and at most
MEGABYTES = 512  # of address space; the library alone needs about 200
CUT_OFF = "its evaluation was cut off"


def answers_to(cases: Iterable[Question]) -> Said:
    """What each expression says to its facts, all asked in one child; none is started where nothing is asked."""
    asked = list(dict.fromkeys(cases))
    if not asked:
        return {}
    seconds = min(MOST_S, BASE_S + EACH_S * len(asked))
    argument = [[text, facts_of((text, facts))] for text, facts in asked]
    try:
        said = run_bounded(
            "apps.policies.rules.evaluating:answers",
            argument,
            seconds=seconds,
            megabytes=MEGABYTES,
            what="An expression of a policy",
        )
    except Exhausted:
        said = [CUT_OFF] * len(asked)
    return dict(zip(asked, said, strict=True))


def require_examples(table: Table) -> None:
    """Refuse, naming the rule, an expression that does not answer its own examples as its author says it does."""
    written = [(number, row.expression) for number, row in enumerate(table.rows, start=1) if row.expression]
    said = answers_to(case for _, one in written for case in (_example(one, True), _example(one, False)) if case)
    for number, one in written:
        for wanted, word in ((True, "yes"), (False, "no")):
            case = _example(one, wanted)
            _require(number, None if case is None else said[case], wanted=wanted, word=word)


def _example(one: Expression, wanted: bool) -> Question | None:
    return one.question(dict(one.passes if wanted else one.fails))


def _require(number: int, found: bool | str | None, *, wanted: bool, word: str) -> None:
    if found is wanted:
        return
    which = "passes" if wanted else "fails"
    if found is None:
        why = f"its example that it {which} leaves out a fact that it names"
    elif isinstance(found, str):
        why = f"for its example that it {which}: {found}"
    else:
        why = f"its example that it {which} should make it say {word}, and it does not"
    refusal = Invalid(
        f"The expression does not answer its example: {why}.",
        next_step="Correct the expression or the example.",
        fields={"expression": [f"{why[0].upper()}{why[1:]}."]},
        code="expression_misfit",
    )
    raise numbered(number, refusal)
