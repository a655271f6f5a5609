"""Searching a catalogue of 100,000 entries, beside the one statement it comes down to, run by the bare driver."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm

from apps.accounts.models import Person
from apps.clusters.models import BusinessCapability, Charter, Cluster, Component, Site
from apps.clusters.queries.search import NEAR_ENOUGH, Asked, search
from benchmarks.measure import Times
from benchmarks.stage import WORDS

ENTRIES, CLUSTERS, CAPABILITIES, CHARTERS, SITES = 100_000, 500, 3_000, 480, 20
AIM, AIM_MS = 4.0, 100
TURNS, SEED = 3, 4
SYLLABLES = (
    "ba",
    "co",
    "di",
    "fu",
    "ga",
    "lo",
    "mi",
    "nu",
    "pa",
    "re",
    "so",
    "ti",
    "va",
    "we",
    "xi",
    "yo",
    "kra",
    "stu",
)
ASKED = (
    *("component 17", "ledger", "card gateway", "route-planner", "TokenService", "label printer 9"),
    *("le", "card", "gate", "ro", "sess", "war"),
    *("card ledger", "queue of orders", "label printer cache", "payout berlin", "critical api", "database gateway"),
    *("service", "api", "team", "a", "production"),
    *("person 7", "person-33", "capability 12", "cluster 44"),
    *("ledgre", "gatewya", "rotue planner", "xyzzyq", "schedluer"),
)


@dataclass(frozen=True)
class Found:
    """One question: how long our answer, its page and the bare statement took, and how many it found."""

    words: str
    ours: Times
    page: Times
    bare: Times
    count: int


def surround() -> None:
    """A catalogue of `ENTRIES` in all, of uneven words; then ANALYZE."""
    chance, nouns = random.Random(SEED), WORDS.split(",")
    prose = ["".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 4))) for _ in range(3_000)]
    Cluster.objects.bulk_create(
        Cluster(slug=f"unit-{n}", name=f"{nouns[n % len(nouns)].capitalize()} unit {n}", purpose=_prose(chance, prose))
        for n in range(CLUSTERS - Cluster.objects.count())
    )
    clusters, person, now = list(Cluster.objects.order_by("pk")), Person.objects.order_by("pk")[0], timezone.now()
    BusinessCapability.objects.bulk_create(
        BusinessCapability(name=f"{chance.choice(nouns)} capability {n}", cluster=clusters[n % CLUSTERS], since=now)
        for n in range(CAPABILITIES)
    )
    Charter.objects.bulk_create(
        Charter(
            cluster=clusters[n],
            number=1,
            state="draft",
            purpose=_prose(chance, prose),
            accountable=person,
            drafted_by=person,
            drafted_at=now,
        )
        for n in range(CHARTERS)
    )
    Site.objects.bulk_create(
        Site(code=f"site{n}", jurisdiction="DE", placed_by=person, placed_at=now) for n in range(SITES)
    )
    left = ENTRIES - CLUSTERS - CAPABILITIES - CHARTERS - SITES - Component.objects.count()
    for start in range(0, left, 5_000):
        Component.objects.bulk_create(
            _component(chance, nouns, prose, clusters, n) for n in range(start, min(start + 5_000, left))
        )
    for n, one in enumerate(Person.objects.order_by("pk")):
        assign_perm("own_cluster", one, clusters[n])
        assign_perm("own_component", one, Component.objects.order_by("pk")[n])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _component(
    chance: random.Random, nouns: list[str], prose: list[str], clusters: list[Cluster], number: int
) -> Component:
    two = chance.sample(nouns, 2)
    return Component(
        cluster=clusters[number % CLUSTERS],
        slug=f"{two[0].replace(' ', '-')}-{two[1].replace(' ', '-')}-{number}",
        name=f"{two[0].capitalize()} {two[1]} {number}",
        kind=chance.choice(("service", "api", "database", "library")),
        tier=number % 4,
        description=_prose(chance, prose),
        owner_name=f"team {chance.choice(prose)}",
        tags=chance.sample(prose[:200], 3),
        sites=[f"site{number % SITES}"],
    )


def _prose(chance: random.Random, prose: list[str]) -> str:
    return " ".join(chance.choices(prose, k=25)) + " for all orders of the house"


def compared(reader: Person) -> list[Found]:
    """Every question in turn: our answer, its page, and the bare statement."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    return [_compared(client, reader, words) for words in ASKED]


def _compared(client: Client, reader: Person, words: str) -> Found:
    with CaptureQueriesContext(connection) as captured:
        answer = search(Asked(words), reader)
    # The union of all legs and, where nothing was found, that of the nearest names.
    statements = [one["sql"] for one in captured if " UNION ALL " in one["sql"]]

    def page() -> None:
        assert client.get("/clusters/search/", {"q": words}).status_code == 200

    def bare() -> None:
        with connection.cursor() as cursor:
            for statement, likeness in zip(statements, (NEAR_ENOUGH[0], *NEAR_ENOUGH), strict=False):
                cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, false)", [str(likeness)])
                cursor.execute(statement)
                cursor.fetchall()

    def ours() -> None:
        search(Asked(words), reader)

    turns = [(_timed(ours), _timed(page), _timed(bare)) for _ in range(TURNS)]
    times = [Times(tuple(one)) for one in zip(*turns, strict=True)]
    return Found(words, *times, count=answer.count)


def _timed(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
