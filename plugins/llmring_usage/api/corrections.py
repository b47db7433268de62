"""`/logs/{log_id}/void` and `/correct`: take a logged call back, or replace it by a corrected one."""

import falcon.asgi

from llmring_server.contracts.usage_lines import CorrectionKind, UsageCorrection
from llmring_server.http.operations import operation
from llmring_usage.maintenance.corrections.models import CorrectionRequest, VoidRequest
from llmring_usage.maintenance.corrections.replacement import parse_fields
from llmring_usage.maintenance.corrections.service import Corrections, Request


class EntryCorrections:
    """Corrections of one entry; it stays readable, and counts no longer."""

    def __init__(self, corrections: Corrections) -> None:
        self._corrections = corrections

    @operation(body=VoidRequest, answer=UsageCorrection, errors=(404, 409), scope="admin")
    async def on_post_void(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, log_id: str, body: VoidRequest
    ) -> UsageCorrection:
        """Void an entry: it counts no longer. The same request once more gets the same answer."""
        return await self._corrections.void(_request(req, log_id, "void", body))

    @operation(body=CorrectionRequest, answer=UsageCorrection, errors=(404, 409), scope="admin")
    async def on_post_correct(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, log_id: str, body: CorrectionRequest
    ) -> UsageCorrection:
        """Correct an entry: another one with the corrected fields counts instead, at the same time.

        Counts are corrected together, all of them or `usage`. The same request once more gets the same answer.
        """
        fields = parse_fields(body.fields, req.context.limits)
        return await self._corrections.correct(_request(req, log_id, "correct", body), fields)


def _request(
    req: falcon.asgi.Request, log_id: str, kind: CorrectionKind, body: VoidRequest | CorrectionRequest
) -> Request:
    fields = body.fields if isinstance(body, CorrectionRequest) else None
    context = req.context
    return Request(
        project=context.project_id, log_id=log_id, kind=kind, reason=body.reason, key_id=context.key_id, fields=fields
    )
