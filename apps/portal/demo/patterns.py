"""How integrations of the demo organisation are built: decided, a close call, reopened, and one that nothing fits."""

from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.integrations import actions
from apps.integrations.models import Integration, PatternDecision
from apps.integrations.queries.decisions import advice_on
from apps.integrations.rules.weighing import Weighing, own_weights, weighed
from apps.portal.demo.organisation import CLUSTERS

CHECKER = "patterns"
# (consumer, interface, pattern, days ago, weights, reasons); what is not named here is open, the payouts because
# nothing fits them
DECISIONS: tuple[tuple[str, str, str, int, Weighing, str], ...] = (
    (
        *("checkout", "Payments API", "gateway", 84, weighed("usual")),
        "The customer waits for a yes or a no, and it must be the last word. Nothing else passes.",
    ),
    (
        *("catalogue", "stock.levels", "events", 76, weighed("usual")),
        "The shop has to go on selling for four hours while the warehouse is away, from its own copy of the stock.",
    ),
    (
        *("fraud-scoring", "orders.placed", "events", 71, weighed("usual")),
        "Three months of orders are read again whenever the model is trained anew.",
    ),
    (
        *("checkout", "Sign-in API", "gateway", 63, weighed("usual")),
        (
            "A copy of the sessions came first. We ask every time all the same: who was signed out must be out at once, "
            "and identity keeps the sessions, not we."
        ),
    ),
    (
        *("search-index", "Products", "events", 41, own_weights({"independence": 35, "autonomy": 35, "cost": 30})),
        (
            "By the usual weights it is a close call. We weigh what hurts: today the index reads the catalogue's own tables, "
            "and every change of theirs breaks it."
        ),
    ),
    (
        *("reporting", "Sales of the day", "batch", 33, weighed("usual")),
        "Yesterday is enough, and one job a night is all that either side has to look after.",
    ),
)
REOPENED_BY = {"survives_s": 900}  # signing in should bear a longer cut than answers may be old


def decide(people: dict[str, Person], *, at: datetime) -> int:
    """Decide on the integrations that were declared, and let one need change since; how many decisions."""
    rows = Integration.objects.select_related("consumer__cluster", "interface")
    for consumer, interface, chosen, ago, weighing, reasons in DECISIONS:
        one = rows.get(consumer__slug=consumer, interface__name=interface)
        actions.decide_pattern(
            integration_id=one.pk,
            decider=people[CLUSTERS[one.consumer.cluster.slug][3]],
            chosen=chosen,
            reasons=reasons,
            weighing=weighing,
            inputs_sha256=advice_on(one, weighing).inputs_sha256,
            at=at - timedelta(days=ago),
        )
    changed = rows.get(consumer__slug="checkout", interface__name="Sign-in API")
    actions.describe_integration(
        integration_id=changed.pk,
        editor=people["anneke"],
        version=changed.version,
        changes=REOPENED_BY,
        at=at - timedelta(days=9),
    )
    ask_for_check(checker=CHECKER)
    checks.run(checks.registered()[CHECKER], at=at)
    return PatternDecision.objects.count()
