"""The dossier of a change as a PDF to keep or hand on."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.models import Person
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.models import Ballot, Revision, Round
from apps.cab.queries.boards import ballots_shown_to
from apps.cab.queries.dossier import dossier
from apps.cab.rules import revisions
from apps.kernel.printing import pdf_answer

SHORT = 72  # characters; a line of the record
MOST_ROUNDS = 50  # the newest; an older one stands in the journal


@require_GET
@signed_in
def pdf(request: PersonRequest, reference: str) -> HttpResponse:
    """What is sealed of the revision in force, the evidence, every round's votes: as this person may see them."""
    found = dossier(reference, request.user, at=timezone.now())
    change = found.change
    sealed = Revision.objects.filter(change=change, number=change.revision).select_related("author").first()
    content = sealed.content if sealed else {}
    fields = [
        (revisions.label_of(name), revisions.told(name, content[name])) for name in revisions.FIELDS if name in content
    ]
    context = {
        "change": change,
        "dossier": found,
        "revision": sealed,
        "facts": [(label, text) for label, text in fields if text and _is_short(text)],
        "texts": [(label, text) for label, text in fields if not _is_short(text)],
        "left_empty": [label for label, text in fields if not text],
        "rounds": [_with_ballots(one, request.user) for one in found.rounds[:MOST_ROUNDS]],
        "digest": sealed.digest if sealed else "",
        "now": timezone.now(),
    }
    return pdf_answer(request, "cab/dossier_pdf.html", context, name=change.reference)


def _is_short(text: str) -> bool:
    """Whether it stands beside its label rather than below it."""
    return len(text) <= SHORT and "\n" not in text


def _with_ballots(round_: Round, person: Person) -> tuple[Round, list[Ballot], int]:
    """The round, its ballots this person may read, and how many they may not."""
    shown = list(ballots_shown_to(round_, person))
    return round_, shown, Ballot.objects.filter(round=round_).count() - len(shown)
