"""One connection to streams, of markets and of listen keys: what it is subscribed to, and its requests."""

from collections.abc import Iterable
from typing import Final

from websockets.frames import CloseCode

from hypersim.api.binance.streams.control import (
    MOST_STREAMS,
    Answer,
    ControlRefused,
    Method,
    Request,
    names_of,
    property_of,
    read,
    refusal,
)
from hypersim.api.binance.streams.form import Form, framed
from hypersim.api.binance.streams.keyed import LISTEN_KEY, KeyedStream, KeyedStreams
from hypersim.api.binance.streams.market import MarketStreams
from hypersim.api.binance.streams.messages import Shutdown
from hypersim.api.binance.streams.names import Stream, parse
from hypersim.api.wire import encode
from hypersim.bus import Outbox
from hypersim.plainframes import text_frame

SHUTDOWN_STREAM: Final = "!serverShutdown"
TOO_MANY: Final = f"at most {MOST_STREAMS} streams on one connection"


class StreamConnection:
    """A subscriber of market streams, as `hypersim.bus.Subscriber` asks for, and of user data."""

    def __init__(self, outbox: Outbox, market: MarketStreams, keyed: KeyedStreams, form: Form) -> None:
        self.outbox = outbox
        self.form = form
        self._market = market
        self._keyed = keyed
        self._streams: dict[str, Stream | KeyedStream | None] = {}
        """By name, in the order of their subscription; None for a listen key that is nobody's."""

    def open(self, names: Iterable[str]) -> None:
        """Subscribes to what the address of the connection names. What is no name of a stream tells nothing: ccxt
        opens `/ws/0`, `/ws/1` and so on, and subscribes afterwards. Too many streams end the connection.
        """
        streams = _streams(dict.fromkeys(names))
        if len(streams) > MOST_STREAMS:
            self.outbox.close(CloseCode.POLICY_VIOLATION, TOO_MANY)
            return
        for name, stream in streams.items():
            self._subscribe(name, stream)

    def close(self) -> None:
        """Leaves every stream."""
        for name in list(self._streams):
            self._unsubscribe(name)

    async def receive(self, text: str) -> None:
        """Answers one request."""
        try:
            request = read(text)
            self._answer(request)
        except ControlRefused as refused:
            self._send(refusal(refused))

    def stopping(self, now_us: int) -> None:
        """Tells that the exchange stops soon."""
        told = Shutdown("serverShutdown", now_us // self.form.unit)
        self.outbox.put(framed(SHUTDOWN_STREAM, told, combined=self.form.combined))

    def end(self, code: int, reason: str) -> None:
        """Ends the connection."""
        self.outbox.close(code, reason)

    def _answer(self, request: Request) -> None:
        """Carries a request out. The answer goes before what is told from then on. Raises ControlRefused."""
        match request.method:
            case Method.SUBSCRIBE:
                names = dict.fromkeys(names_of(request))
                if len(self._streams.keys() | names.keys()) > MOST_STREAMS:
                    raise ControlRefused(2, f"Invalid request: {TOO_MANY}", request.id)
                streams = _streams(names)
                if len(streams) < len(names):
                    raise ControlRefused(2, "Invalid request: invalid stream", request.id)
                self._send(Answer(None, request.id))
                for name, stream in streams.items():
                    self._subscribe(name, stream)
            case Method.UNSUBSCRIBE:
                for name in names_of(request):
                    self._unsubscribe(name)
                self._send(Answer(None, request.id))
            case Method.LIST_SUBSCRIPTIONS:
                if request.params:
                    raise ControlRefused(2, "Invalid request: too many parameters", request.id)
                self._send(Answer(list(self._streams), request.id))
            case Method.SET_PROPERTY:
                values = property_of(request, values=1)
                if not values or type(values[0]) is not bool:
                    raise ControlRefused(1, "Invalid value type: expected Boolean", request.id)
                self._send(Answer(None, request.id))
                self.form = self.form._replace(combined=values[0])
            case Method.GET_PROPERTY:
                property_of(request, values=0)
                self._send(Answer(self.form.combined, request.id))

    def _subscribe(self, name: str, stream: Stream | None) -> None:
        """Subscribes to a market's stream, or to that of a listen key."""
        if name in self._streams:
            return
        if stream is None:
            self._streams[name] = self._keyed.subscribe(name, self)
            return
        self._streams[name] = stream
        first = self._market.subscribe(stream, self)
        if first is not None:
            self.outbox.put(framed(name, first(self.form.unit), combined=self.form.combined))

    def _unsubscribe(self, name: str) -> None:
        match self._streams.pop(name, None):
            case KeyedStream() as keyed:
                self._keyed.unsubscribe(keyed)
            case Stream() as stream:
                self._market.unsubscribe(stream, self)

    def _send(self, value: object) -> None:
        self.outbox.put(text_frame(encode(value)))


def _streams(names: Iterable[str]) -> dict[str, Stream | None]:
    """Of different names, those that have a form: a market's stream, or None for a listen key, whosever that is."""
    read = {name: parse(name) for name in names}
    return {name: stream for name, stream in read.items() if stream is not None or LISTEN_KEY.fullmatch(name)}
