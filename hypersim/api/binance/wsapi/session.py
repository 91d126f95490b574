"""Who acts on a connection: whoever signed the request, otherwise whoever logged on.

The order of the checks is REST's, with the key behind the signature. Binance lets Ed25519 keys log on alone and
answers a login by HMAC with -1022; here HMAC keys may, too, as a client of that name (nautilus_trader) tries it. RSA
keys may not.

Source: web-socket-api.md, 'Session Authentication' and 'Authentication requests'.
"""

from hypersim.api.binance.request import SIGNATURE
from hypersim.api.binance.security import RECV_WINDOW, TIMESTAMP, deadline_us, find_key, present
from hypersim.api.binance.wsapi.envelope import API_KEY, Request
from hypersim.errors import Reason, Refused
from hypersim.identity import ApiKey, KeyRing, RsaKey


class Session:
    """The key of a connection, if it has one."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self.key: ApiKey | None = None
        self.since_us = 0
        """When it logged on."""

    def log_on(self, key: ApiKey, now_us: int) -> None:
        """From now on it acts where a request names no other. Raises Refused BAD_SIGNATURE."""
        if isinstance(key, RsaKey):
            raise Refused(Reason.BAD_SIGNATURE)
        self.key, self.since_us = key, now_us

    def log_out(self) -> None:
        """From now on every request names its own."""
        self.key, self.since_us = None, 0

    def named(self, request: Request) -> ApiKey:
        """The key of a request that needs no signature. Raises Refused."""
        if self.key is not None and API_KEY not in request.sent:
            return self.key
        return find_key(present(request.sent, API_KEY), self._keys)

    def authorized(self, request: Request, now_us: int) -> tuple[ApiKey, int]:
        """The key that a request acts by, and its deadline in microseconds. Raises Refused."""
        sent = request.sent
        if self.key is None or SIGNATURE in sent or API_KEY in sent:
            return self.signed(request, now_us)
        return self.key, deadline_us(present(sent, TIMESTAMP.name), sent.get(RECV_WINDOW.name), now_us)

    def signed(self, request: Request, now_us: int) -> tuple[ApiKey, int]:
        """The same of a request that must be signed. Raises Refused."""
        sent = request.sent
        timestamp, signature = present(sent, TIMESTAMP.name), present(sent, SIGNATURE)
        key = self.named(request)
        if not key.verify(request.payload(), signature):
            raise Refused(Reason.BAD_SIGNATURE)
        return key, deadline_us(timestamp, sent.get(RECV_WINDOW.name), now_us)
