"""What a template fills in for a change, and that the change keeps to it."""

from typing import TYPE_CHECKING, Any

from apps.accounts.models import Person
from apps.cab.models import ChangeType, StandardTemplate, TemplateVersion
from apps.cab.queries.named import components_named, people_named
from apps.cab.rules import standards as rules
from apps.cab.states import TemplateState
from apps.kernel.refusals import Invalid, WrongState

if TYPE_CHECKING:
    from apps.cab.actions.proposing import Content


def in_force(template: StandardTemplate) -> TemplateVersion:
    """The version to propose from; refused unless the template is published."""
    version = template.in_force
    if template.state != TemplateState.PUBLISHED or version is None:
        raise WrongState(
            f"The template “{template.name}” is {template.state}; nothing is proposed from it.",
            next_step="Propose an ordinary change, or choose a published template.",
            code="template_closed",
        )
    return version


def filled(version: TemplateVersion, person: Person) -> dict[str, Any]:
    """What the version says, as `Content` takes it: type, cluster and every field."""
    values = {name: one["value"] for name, one in version.fields.items()}
    implementer = values["implementer"]
    return values | {
        "type": ChangeType.STANDARD,
        "cluster": version.template.cluster,
        "components": components_named(values["components"], person),
        "implementer": people_named([implementer], field="implementer")[0] if implementer else None,
        "template_version": version,
    }


def require_open(version: TemplateVersion) -> None:
    """Refuse to begin a change from a version that is no longer the one in force."""
    if in_force(version.template) != version:
        raise WrongState(
            f"Version {version.number} of “{version.template.name}” was replaced meanwhile.",
            next_step="Begin again from the version in force.",
            code="template_moved",
        )


def require_kept(content: "Content", version: TemplateVersion) -> None:
    """Refuse content that departs from what the version locks; type and cluster are locked by every template."""
    template = version.template
    fixed = {
        "type": (content.type == ChangeType.STANDARD, "A change from a template is a standard change."),
        "cluster": (content.cluster.pk == template.cluster_id, f"The template belongs to {template.cluster}."),
    }
    wrong = {name: [sentence] for name, (holds, sentence) in fixed.items() if not holds}
    if wrong:
        first = next(iter(wrong.values()))[0]
        raise Invalid(
            first, next_step="Leave it so, or propose an ordinary change.", fields=wrong, code="locked_by_template"
        )
    rules.require_kept(version.fields, _said(content), template=template.name, number=version.number)


def _said(content: "Content") -> dict[str, Any]:
    """The content as a revision would keep it."""
    return {
        **{name: getattr(content, name) for name in rules.FIELDS},
        "components": sorted(f"{one.cluster.slug}/{one.slug}" for one in content.components),
        "implementer": content.implementer.handle if content.implementer else "",
    }
