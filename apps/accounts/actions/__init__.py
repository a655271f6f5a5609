"""Every write of accounts, by subject: the answers kept for idempotent calls, API keys, people, roles."""

from apps.accounts.actions.answers import claim_answer, forget_old_answers, keep_answer
from apps.accounts.actions.keys import BRAND, NewKey, hash_of, make_api_key, note_use_of_key, revoke_api_key

__all__ = [
    "BRAND",
    "NewKey",
    "claim_answer",
    "forget_old_answers",
    "hash_of",
    "keep_answer",
    "make_api_key",
    "note_use_of_key",
    "revoke_api_key",
]
