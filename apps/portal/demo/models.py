"""Change models of the demo organisation: one in force with changes that do not follow it yet, and a draft."""

from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.cab.actions import change_models as actions
from apps.cab.models import ChangeCategory, ModelVersion
from apps.cab.queries.change_models import migrations
from apps.cab.rules.change_models import machine_moves

MIGRATED = 3  # changes; the others follow the machine and stand in the preview


def put_in_force(people: dict[str, Person], *, at: datetime) -> int:
    """Models of normal changes, of database ones among them, and a draft for emergencies; how many versions."""
    marit, greta = people["marit"], people["greta"]
    asking = {
        "draft>submitted": ["purpose", "implementation_plan", "backout_plan"],
        "assessing>awaiting_authorization": ["test_plan"],
        "scheduled>implementing": ["communication_plan", "implementer"],
    }
    normal = actions.draft_model(
        type="normal",
        author=marit,
        moves=machine_moves() | asking,
        note="Nobody starts before the neighbours know, and somebody is named.",
        at=at - timedelta(minutes=50),
    )
    actions.publish_model(model_id=normal.pk, publisher=greta, version=1, at=at - timedelta(minutes=45))
    database = actions.draft_model(
        type="normal",
        category=ChangeCategory.DATABASE,
        author=marit,
        moves=machine_moves() | asking | {"assessing>awaiting_authorization": ["test_plan", "attachments"]},
        note="The restore that was rehearsed lies beside the change before a board reads it.",
        at=at - timedelta(minutes=44),
    )
    actions.publish_model(model_id=database.pk, publisher=greta, version=1, at=at - timedelta(minutes=42))
    ready = [one.change.pk for one in migrations(normal, greta) if one.fits and not one.lacks][:MIGRATED]
    actions.migrate_changes(model_id=normal.pk, person=greta, changes=ready, at=at - timedelta(minutes=40))
    kept: dict[str, list[str]] = {name: [] for name in machine_moves() if name != "awaiting_authorization>implementing"}
    actions.draft_model(
        type="emergency",
        author=marit,
        moves=kept | {"implementing>implemented": ["attachments"]},
        note="No work before the vote, and the log of the work lies beside the change.",
        at=at - timedelta(minutes=35),
    )
    return ModelVersion.objects.count()
