"""One effect per Idempotency-Key: a repeated POST gets the first one's answer instead of doing the work again.

The claim on the key, the work and the answer are one transaction. So a crash leaves none of the three; a repetition
that arrives while the first is at work waits for it; an answer of ours (also a refusal) is replayed with
`Idempotent-Replayed: true`; a bug (5xx) is not kept, and the work may be tried again.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import QueryDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import actions
from apps.accounts.models import IdempotentAnswer, Person
from apps.kernel.refusals import Invalid, Refusal

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
KEPT_HEADERS = ("Location", "ETag")

Work = Callable[[], Response]
Answerer = Callable[[Exception], Response]


class KeyReused(Refusal):
    """The key was used before, for something else."""

    status = 422
    code = "idempotency_key_reused"


def key_of(request: Request) -> str | None:
    """The call's Idempotency-Key, or None; refuses one that is empty, too long or not visible ASCII."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not (0 < len(key) <= LONGEST and all("!" <= sign <= "~" for sign in key)):
        raise Invalid(
            f"An Idempotency-Key has 1 to {LONGEST} visible ASCII characters.",
            next_step="Send a fresh random value, such as a UUID.",
            fields={HEADER: ["Not a valid key."]},
        )
    return key


def once(
    request: Request, key: str, person: Person, work: Work, *, refuse: Answerer, secrets: frozenset[str] = frozenset()
) -> Response:
    """The answer of `work`, done at most once for this person and key.

    `refuse` turns an exception into its answer (and raises a bug on). `secrets` names parts of the answer that are
    shown once and never kept: a replay carries null there.
    """
    with transaction.atomic():
        answer, claimed = actions.claim_answer(person=person, key=key, fingerprint=fingerprint(request))
        if not claimed:
            return _replayed(answer, fingerprint(request))
        response = _worked(work, refuse)
        actions.keep_answer(
            answer=answer, status=response.status_code, headers=_headers(response), body=_body(response, secrets)
        )
    return response


def fingerprint(request: Request) -> str:
    """SHA-256 over method, full path and content: the same key must mean the same call."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if isinstance(request.data, QueryDict):  # a form: a multipart boundary differs from call to call, its parts do not
        for name, values in sorted(request.data.lists()):
            for value in values:
                digest.update(f"{name}\n".encode())
                digest.update(_content(value))
    else:
        digest.update(JSONRenderer().render(request.data))
    return digest.hexdigest()


def _content(value: Any) -> bytes:
    """A form's field as it is; an upload as the hash of its bytes, left at its start."""
    if not isinstance(value, UploadedFile):
        return str(value).encode(errors="surrogatepass")
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.digest()


def _worked(work: Work, refuse: Answerer) -> Response:
    """The answer of `work`; when it is a refusal, whatever the work wrote before is undone."""
    try:
        with transaction.atomic():
            response = work()
            if response.status_code >= 400:  # noqa: PLR2004  # a refusal that was returned instead of raised
                transaction.set_rollback(True)
    except Exception as error:  # noqa: BLE001  # `refuse` raises again what is not a refusal
        response = refuse(error)
    return response


def _replayed(answer: IdempotentAnswer, now_asked: str) -> Response:
    if answer.fingerprint != now_asked:
        raise KeyReused(
            "This Idempotency-Key was already used for another call.",
            next_step="Send a fresh key for a new call; repeat a call exactly to get its answer again.",
        )
    headers = dict(answer.headers)
    content_type = headers.pop("Content-Type", None)
    data = None if answer.body is None else json.loads(answer.body)
    return Response(data, status=answer.status, headers={**headers, REPLAYED: "true"}, content_type=content_type)


def _headers(response: Response) -> dict[str, str]:
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    if response.content_type:
        kept["Content-Type"] = response.content_type
    return kept


def _body(response: Response, secrets: frozenset[str]) -> str | None:
    if response.data is None:
        return None
    data: Any = response.data
    if secrets and isinstance(data, dict):
        data = {name: None if name in secrets else value for name, value in data.items()}
    return JSONRenderer().render(data).decode()
