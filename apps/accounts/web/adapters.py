"""Where the sign-in library asks the house: who may come in, how they are named, how second factors are kept."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import Person, PersonKind
from apps.kernel.answers import refused
from apps.kernel.refusals import NotAllowed

UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  # stored, never bound to


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the package publishes no types
    """Sign-in and sign-up with a password."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed unless the environment opens it."""
        del request
        return bool(settings.ACCOUNT_ALLOW_SIGNUP)

    def pre_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse | None:
        """Every way in passes here, whatever proved the person: programs and recorded names are turned away."""
        if user.kind == PersonKind.HUMAN:
            answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
            return answer
        clear_login(request)
        return refused(
            request,
            NotAllowed("A service identity does not sign in.", next_step="Use one of its API keys, or your own name."),
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """The caller's address; 0.0.0.0 where there is none to know (a server on a socket, a test without network)."""
        if not request.META.get("REMOTE_ADDR") and not settings.TRUSTED_PROXIES:
            return UNKNOWN_ADDRESS
        return str(super().get_client_ip(request))

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Handles are lower-case, however they were typed."""
        return str(super().clean_username(username.lower(), shallow=shallow))

    def save_user(self, request: HttpRequest, user: Person, form: Any, commit: bool = True) -> Person:
        """Keep who signed up, and receive them."""
        super().save_user(request, user, form, commit=False)
        user.name = form.cleaned_data.get("name") or user.handle
        user.email = user.email or None
        if commit:
            user.save()
            actions.welcome(person=user, provider="", at=timezone.now())
        return user


class SignInForm(LoginForm):  # type: ignore[misc]  # the package publishes no types
    """The form of the sign-in page, which also knows whether strangers may make an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Handle or e-mail"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)  # the label says it, and stays

    @property
    def sign_up_is_open(self) -> bool:
        """Whether to offer sign-up at all."""
        return bool(settings.ACCOUNT_ALLOW_SIGNUP)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the package publishes no types
    """Sign-in through an identity provider."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whether this provider may bring people we do not know yet: its own setting says."""
        del request
        return bool(sociallogin.provider.app.settings.get("allow_signup"))

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Person:
        """Take the name as the provider writes it."""
        person: Person = super().populate_user(request, sociallogin, data)
        person.handle = person.handle.lower()
        person.name = str(data.get("name") or data.get("username") or "")[:150]
        person.email = person.email or None
        return person

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Person:
        """Keep whom the provider brought, and receive them."""
        sociallogin.user.email = sociallogin.user.email or None
        person: Person = super().save_user(request, sociallogin, form)
        actions.welcome(person=person, provider=sociallogin.provider.app.provider_id, at=timezone.now())
        return person


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the package publishes no types
    """Second factors; what must be read back (TOTP secrets, seeds of recovery codes) is kept encrypted."""

    def encrypt(self, text: str) -> str:
        return Fernet(settings.FIELD_ENCRYPTION_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return Fernet(settings.FIELD_ENCRYPTION_KEY).decrypt(encrypted_text.encode()).decode()
