"""The error shape of the dialects that are Hyper-Sim's own: {"error": {"code", "message", "details"}}."""

from collections.abc import Sequence

import msgspec

from hypersim.errors import Reason


def refusal_body(reason: Reason, message: str, details: Sequence[str | int] = ()) -> bytes:
    """The JSON of a refusal: `code` is the reason's stable name, `message` a sentence, `details` its
    values.
    """
    return msgspec.json.encode({"error": {"code": reason.value, "message": message, "details": list(details)}})
