"""What the exported lists of the area hold, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

INITIATIVES = Table(
    "initiatives",
    {
        "initiative": attrgetter("name"),
        "sponsor": lambda one: one.sponsor.name,
        "clusters": lambda one: ", ".join(sorted(cluster.name for cluster in one.clusters.all())),
        "opened": attrgetter("opened_at"),
        "closed": attrgetter("closed_at"),
    },
)
AUTHORITIES = Table(
    "authorities",
    {
        "holder": lambda one: one.holder.name,
        "resource": attrgetter("resource"),
        "over": lambda one: one.cluster.name if one.cluster else "enterprise",
        "limit": attrgetter("amount"),
        "unit": attrgetter("unit"),
        "first_day": lambda one: one.valid.lower,
        "end": lambda one: one.valid.upper,
        "delegated_from": lambda one: one.delegated_from.holder.name if one.delegated_from else "",
        "evidence": attrgetter("evidence"),
    },
)
STAKEHOLDERS = Table(
    "stakeholders",
    {
        "name": attrgetter("name"),
        "kind": attrgetter("kind"),
        "organisation": attrgetter("organisation"),
        "handle": lambda one: one.person.handle if one.person else "",
        "authorities": attrgetter("authority_count"),
    },
)
MAP = Table(
    "stakeholder-map",
    {
        "name": lambda one: one.stakeholder.name,
        "part": lambda one: one.involvement.part,
        "power": lambda one: one.power.total,
        "of_authority": lambda one: one.power.authority,
        "of_sway": lambda one: one.power.sway,
        "of_felt_power": lambda one: one.power.felt,
        "interest": attrgetter("interest"),
        "stance": attrgetter("stance"),
        "quadrant": attrgetter("quadrant"),
        "salience": attrgetter("salience"),
        "spoken_to": attrgetter("spoken_on"),
    },
)
