"""What an indicator of a pair says, in one sentence with its numbers. Pure functions."""

from collections.abc import Mapping

from apps.stakeholders.rules.silos import FEWEST_INTERACTIONS, FEWEST_PASSINGS, FEWEST_RANKED, WORDS, Indicator, Part

ROW_WORDS: Mapping[str, str] = {
    "there": "Dependencies of {first} on {second}",
    "back": "Dependencies of {second} on {first}",
    "used": "Data products that the other uses",
    "kept": "Data products that nobody outside uses",
    "elsewhere": "Data products that only others use",
    "handoffs": "Hand-offs on record",
    "files": "Dependencies on files",
    "twins": "Things that may be the same",
    "answers": "Answers",
    "delayed": "Hand-offs with the hours they wait",
    "missing": "Required, and nothing observed",
    "met": "Required, and observed",
}


def sentence(part: Part, first: str, second: str) -> str:
    """One indicator of a pair, in words."""
    return _SAYS[part.indicator](part.numbers, first, second)


def too_few(names: list[str]) -> str:
    """Why a pair has no score; empty where it has one. `names`: the clusters with too few interactions."""
    if not names:
        return ""
    has = "has" if len(names) == 1 else "have"
    return f"{' and '.join(names)} {has} fewer than {FEWEST_INTERACTIONS} interactions: too few to judge."


def changed_since(now: tuple[int, Mapping[str, int]], before: tuple[int, Mapping[str, int]]) -> str:
    """Why two scores do not compare: the version of the rules, or the weights; empty where they do."""
    (version, weights), (version_before, weights_before) = now, before
    said = [f"the formula is version {version}, and was {version_before}"] if version != version_before else []
    moved = [
        f"{WORDS[one].lower()} weighs {weights.get(one, 0)}, and did {weights_before.get(one, 0)}"
        for one in Indicator
        if weights.get(one, 0) != weights_before.get(one, 0)
    ]
    return "; ".join([*said, *moved])


Numbers = Mapping[str, float | None]


def _mixing(numbers: Numbers, first: str, second: str) -> str:
    if numbers["observed"] is None:
        return f"No dependency is declared inside or between {first} and {second}."
    crossing = _whole(numbers["there"]) + _whole(numbers["back"])
    everything = crossing + _whole(numbers["inside_first"]) + _whole(numbers["inside_second"])
    said = f"{crossing} of {everything} dependencies cross; {_percent(numbers['observed'])} stay inside one of the two"
    if numbers["assortativity"] is None:
        return f"{said}, as they must: all ends are on one side."
    return f"{said}, and mixed at random {_percent(numbers['expected'])} would."


def _products(numbers: Numbers, first: str, second: str) -> str:
    used, kept, elsewhere = (_whole(numbers[one]) for one in ("used", "kept", "elsewhere"))
    if not used + kept + elsewhere:
        return f"Neither {first} nor {second} offers a data product."
    third = f"; {elsewhere} only by third clusters" if elsewhere else ""
    whole = used + kept + elsewhere
    products = "data product" if whole == 1 else "data products"
    return f"{used} of {whole} {products} used by the other, {kept} by nobody outside{third}."


def _handoffs(numbers: Numbers, first: str, second: str) -> str:
    manual = _whole(numbers["handoffs"]) + _whole(numbers["files"])
    whole = manual + _whole(numbers["automatic"])
    if not whole:
        return f"Nothing passes between {first} and {second}, by hand or otherwise."
    monthly = numbers["monthly"] or 0
    often = f", about {monthly:,.0f} hand-offs a month" if monthly else ""
    return f"{manual} of {whole} crossings by hand{often}."


def _duplicates(numbers: Numbers, first: str, second: str) -> str:
    del first, second
    doubled, whole = _whole(numbers["doubled"]), _whole(numbers["all"])
    if not whole:
        return "Neither has a component or a capability."
    return f"{doubled} of {whole} components and capabilities have a twin on the other side."


def _answers(numbers: Numbers, first: str, second: str) -> str:
    said = [
        f"{name} {mean:.1f} of 4 ({_whole(numbers[count])} answered)"
        for name, mean, count in (
            (first, numbers["first_mean"], "first_people"),
            (second, numbers["second_mean"], "second_people"),
        )
        if mean is not None
    ]
    if not said:
        return "Nobody has answered yet."
    if len(said) == 1:
        return f"Only one side has answered, so it does not count: {said[0]}."
    return f"{said[0]}, {said[1]}."


def _delays(numbers: Numbers, first: str, second: str) -> str:
    if not numbers["delayed"]:
        return f"Nobody has measured how long hand-offs between {first} and {second} wait."
    if numbers["half"] is None or numbers["most"] is None:
        return (
            f"{numbers['monthly']:,.0f} hand-offs a month have their hours measured: too few to judge, "
            f"which takes {FEWEST_PASSINGS} a month."
        )
    waits = f"Half of the hand-offs wait up to {numbers['half']:,.10g} h, 85 of 100 up to {numbers['most']:,.10g} h"
    ranked = _whole(numbers["ranked"])
    if ranked < FEWEST_RANKED:
        return f"{waits}; {ranked} pairs are measured, too few to rank, which takes {FEWEST_RANKED}."
    return f"{waits}; among {ranked} pairs that are measured."


def _links(numbers: Numbers, first: str, second: str) -> str:
    required, missing = _whole(numbers["required"]), _whole(numbers["missing"])
    if not required:
        return f"Nobody requires a link between {first} and {second}."
    if not missing:
        return "The one required link is observed." if required == 1 else f"All {required} required links are observed."
    if required == 1:
        return "Nothing is observed to pass through the one required link."
    return f"Nothing is observed to pass through {missing} of {required} required links."


def _whole(value: float | None) -> int:
    return int(value or 0)


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.0f} %"


_SAYS = {
    Indicator.MIXING: _mixing,
    Indicator.PRODUCTS: _products,
    Indicator.HANDOFFS: _handoffs,
    Indicator.DUPLICATES: _duplicates,
    Indicator.ANSWERS: _answers,
    Indicator.DELAYS: _delays,
    Indicator.LINKS: _links,
}
