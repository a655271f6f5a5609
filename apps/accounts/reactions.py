"""What accounts does when someone speaks: the journal hears of changed passwords and factors, newcomers get a mail."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.socialaccount.signals import social_account_added, social_account_removed
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.events import PersonAdded
from apps.accounts.models import Person, PersonKind
from apps.journal.actions import subscribe
from apps.journal.models import Entry

# The sign-in library speaks in signals of its own; each becomes one of our actions.
HEARD = {
    password_changed: "password changed",
    password_set: "password set",
    password_reset: "password reset by mail",
    authenticator_added: "second factor added",
    authenticator_removed: "second factor removed",
    authenticator_reset: "recovery codes renewed",
    social_account_added: "identity provider connected",
    social_account_removed: "identity provider disconnected",
}


def _hear(signal: Any, what: str) -> None:
    def note(sender: Any, **kwargs: Any) -> None:
        del sender
        person = kwargs.get("user") or (kwargs.get("sociallogin") or kwargs["socialaccount"]).user
        actions.note_sign_in_change(person=person, what=what, at=timezone.now())

    signal.connect(note, weak=False, dispatch_uid=f"accounts:{what}")


for _signal, _what in HEARD.items():
    _hear(_signal, _what)


@subscribe("accounts.welcome_mail", PersonAdded)
def send_welcome_mail(entry: Entry) -> None:
    """Tell a person that they were added and where they choose a password. Sent again, it says the same."""
    person = Person.objects.get(pk=entry.subject_id)
    if person.kind != PersonKind.HUMAN or not person.email:
        return
    address = settings.PUBLIC_URL + reverse("account_reset_password")
    text = render_to_string("accounts/mail/welcome.txt", {"person": person, "address": address})
    send_mail("Concordat: You have been added", text, None, [person.email])
