"""What could be done about a silo, drawn from the rows of its indicators. Pure functions over plain facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.stakeholders.rules.required_links import closing
from apps.stakeholders.rules.silo_survey import QUESTIONS
from apps.stakeholders.rules.silos import Indicator

MOST_OF_A_KIND = 3
LOW_MEAN = 2.0  # of a question; up to here it is worth a talk
WIDE_GAP = 1.5  # between the means of the two sides
APART = 50.0  # of an indicator; from here on its advice is given


@dataclass(frozen=True)
class Advice:
    """One thing to do. `key` is the same for the same thing in every assessment."""

    key: str
    indicator: str
    sentence: str
    owner: str = ""  # the handle of who answers for it already

    def data(self) -> dict[str, str]:
        """As it is kept."""
        return {"key": self.key, "indicator": self.indicator, "sentence": self.sentence, "owner": self.owner}


def advised(
    names: tuple[str, str],
    values: Mapping[str, float | None],
    rows: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]],
    questions: Iterable[tuple[str, float, float]] = (),
) -> list[Advice]:
    """What could be done, the heaviest hand-offs first. `rows` holds each indicator's rows with `key` and `name`.

    `questions` gives, of each question, the mean mark of either side.
    """
    first, second = names
    handoffs, files = rows[Indicator.HANDOFFS]["handoffs"], rows[Indicator.HANDOFFS]["files"]
    drawn: Sequence[tuple[str, Indicator, Sequence[Mapping[str, Any]], str]] = (
        (
            "handoff",
            Indicator.HANDOFFS,
            handoffs,
            "Replace the hand-off “{name}” of {source} to {target} by an interface that {source} offers.",
        ),
        (
            "file",
            Indicator.HANDOFFS,
            files,
            "Offer what {consumer} reads as a file of {provider} by an API or a topic.",
        ),
        (
            "product",
            Indicator.PRODUCTS,
            [{**one, "to": second if one["cluster"] == first else first} for one in rows[Indicator.PRODUCTS]["kept"]],
            "Offer the data product “{name}” of {cluster} to {to} as an interface: nobody outside uses it.",
        ),
        (
            "twin",
            Indicator.DUPLICATES,
            [{**one, "first": first, "second": second} for one in rows[Indicator.DUPLICATES]["twins"]],
            "Decide which of “{one}” ({first}) and “{other}” ({second}) stays, or say how they differ.",
        ),
    )
    found = [
        Advice(f"{kind}:{one['key']}", indicator, text.format(**one))
        for kind, indicator, things, text in drawn
        for one in things[:MOST_OF_A_KIND]
    ]
    products = [*rows[Indicator.PRODUCTS]["kept"], *rows[Indicator.PRODUCTS]["elsewhere"]]
    found = [*_missing(rows[Indicator.LINKS]["missing"], products), *found, *_talks(names, questions)]
    mixed, joint = values[Indicator.MIXING], rows[Indicator.MIXING]
    is_silent = not joint["there"] and not joint["back"]
    if mixed is not None and mixed >= APART and is_silent and handoffs:
        found.append(
            Advice(
                "silent",
                Indicator.MIXING,
                f"Work passes between {first} and {second} by hand alone: agree on the first interface between them.",
            )
        )
    return found


def _missing(links: Sequence[Mapping[str, Any]], products: Sequence[Mapping[str, Any]]) -> list[Advice]:
    """Every required link that is missing, with what would close it; its owner is who acts, unless another is named."""
    found = []
    for one in links:
        offered = [each["name"] for each in products if each["cluster"] == one["source"]]
        how = closing(one["source"], one["target"], offered)[0]
        sentence = (
            f"Close the required link of {one['source']} to {one['target']}: {how} It is required for “{one['why']}”."
        )
        found.append(Advice(f"link:{one['key']}", Indicator.LINKS, sentence, one["owner"]))
    return found


def _talks(names: tuple[str, str], questions: Iterable[tuple[str, float, float]]) -> list[Advice]:
    given = list(questions)
    low = sorted((one for one in given if (one[1] + one[2]) / 2 <= LOW_MEAN), key=lambda one: one[1] + one[2])
    wide = [one for one in given if abs(one[1] - one[2]) >= WIDE_GAP and one not in low]
    talks = [
        Advice(
            f"talk:{name}",
            Indicator.ANSWERS,
            f"Sit down together over “{QUESTIONS[name]}” ({names[0]} {one:.1f}, {names[1]} {other:.1f} of 4).",
        )
        for name, one, other in low[:MOST_OF_A_KIND]
    ]
    gaps = [
        Advice(
            f"gap:{name}",
            Indicator.ANSWERS,
            f"Compare why the sides see “{QUESTIONS[name]}” differently "
            f"({names[0]} {one:.1f}, {names[1]} {other:.1f} of 4).",
        )
        for name, one, other in wide[:MOST_OF_A_KIND]
    ]
    return [*talks, *gaps]
