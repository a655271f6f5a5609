"""Every write of accounts, by subject: answers kept for idempotent calls, API keys, people, roles."""

from apps.accounts.actions.answers import claim_answer, forget_old_answers, keep_answer
from apps.accounts.actions.keys import BRAND, NewKey, hash_of, make_api_key, note_use_of_key, revoke_api_key
from apps.accounts.actions.people import (
    add_person,
    add_service,
    deactivate_person,
    note_sign_in_change,
    reactivate_person,
    rename_self,
    set_preferences,
    welcome,
)
from apps.accounts.actions.roles import grant_role, revoke_role

__all__ = [
    "BRAND",
    "NewKey",
    "add_person",
    "add_service",
    "claim_answer",
    "deactivate_person",
    "forget_old_answers",
    "grant_role",
    "hash_of",
    "keep_answer",
    "make_api_key",
    "note_sign_in_change",
    "note_use_of_key",
    "reactivate_person",
    "rename_self",
    "revoke_api_key",
    "revoke_role",
    "set_preferences",
    "welcome",
]
