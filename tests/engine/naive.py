"""A second exchange, as plain as it can be: the oracle for random runs.

It follows the words of Binance's documents and of the design and shares nothing with the engine but the vocabulary.
Filters are left out. Where the documents are silent it says what the engine's own words say: what is due waits for
the command's own work, and is done in the order in which it came due.
"""

from hypersim.engine.commands import AmendOrder, CancelList, CancelOrder, CancelReplace, PlaceList, PlaceOrder
from hypersim.engine.lists import ListKind
from hypersim.engine.orders import ExpiryReason, OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from hypersim.errors import Reason, Refused
from hypersim.units import ONE
from tests.engine.naive_book import Listed, Note, Resting
from tests.engine.naive_outside import OutsideBook

EXPIRED = OrderStatus.EXPIRED


class Naive(OutsideBook):
    """A market that answers each command by its trades, what ended, and what stands."""

    def __init__(
        self,
        step: int,
        half_life_us: int | None,
        rates: dict[int, tuple[int, int]],
        default_mode: SelfTradePrevention,
    ) -> None:
        super().__init__(step, half_life_us, rates)
        self.default_mode = default_mode
        self.orders = 0
        self.listings = 0
        self.half: tuple[bool, Reason] | None = None
        """What failed of a cancel-replace: the new order (true) or the cancel, and why."""

    def begin(self) -> None:
        self.forget_closed()
        self.trades, self.prevented, self.ended, self.half = [], [], [], None

    # orders

    def asked(self, ask: PlaceOrder) -> Resting:
        mode = ask.self_trade_prevention or self.default_mode
        name, account = ask.client_order_id, ask.account_id
        r = Resting(ask.side, ask.price, ask.quantity, 0, account, name, ask, mode, ask.quantity, part=ask.iceberg)
        if r.is_stop:
            r.where = "waits"
            r.unit = ONE if r.side is Side.SELL else ask.price or self.estimate(ask)
        return r

    def estimate(self, ask: PlaceOrder) -> int:
        """What a stop order to buy without a price is thought to cost: its trigger, rounded up."""
        price = (ask.stop_price or self.last) * (10_000 + ask.trailing_delta)
        return price // 10_000 + (price % 10_000 > 0)

    def accept(self, r: Resting) -> None:
        self.orders += 1
        r.number = self.orders
        self.users.append(r)

    def place(self, ask: PlaceOrder, now_us: int) -> None:
        self.check_open()
        self.check_names([ask])
        r = self.asked(ask)
        if r.is_stop:
            self.pays([r], self.held(r))
            if self.is_there(r):
                raise Refused(Reason.WOULD_TRIGGER_IMMEDIATELY)
            self.accept(r)
            self.wait(r)
            return
        self.check_entry(r)
        self.accept(r)
        self.enter(r, now_us)

    def check_open(self) -> None:
        if not self.trading:
            raise Refused(Reason.MARKET_CLOSED)

    def check_names(self, asks: tuple[PlaceOrder, ...] | list[PlaceOrder]) -> None:
        names = [r.name for r in self.mine(asks[0].account_id)] + [ask.client_order_id for ask in asks]
        if len(set(names)) < len(names):
            raise Refused(Reason.DUPLICATE_ORDER)

    def check_entry(self, r: Resting) -> int:
        """That an order could enter the book now; how much it must hold for that. Raises Refused."""
        assert r.ask is not None
        before, r.price = r.price, self.pegged(r)
        try:
            walk = self.walk(r)
            required = walk.wanted * ONE
            if r.side is Side.BUY:
                required = walk.cost if r.limit is None else walk.wanted * r.price
            self.pays([r], required)
            if r.ask.type is OrderType.LIMIT_MAKER and self.crossing(r.side, r.price):
                raise Refused(Reason.WOULD_MATCH_IMMEDIATELY)
        finally:
            r.price = before
        return required

    def enter(self, r: Resting, now_us: int) -> None:
        """An accepted order meets the book."""
        assert r.ask is not None
        r.price = self.pegged(r)
        walk = self.walk(r)
        r.left = r.quantity = walk.wanted
        r.hidden, r.where = 0, "stands"
        if r.ask.time_in_force is TimeInForce.FOK and walk.filled < walk.wanted:
            self.end(r, EXPIRED, ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED)
            return
        for other, met, own in walk.steps:
            if own:
                self.prevent(other, met, r)
                continue
            if other.number is None:
                self.take(self.outside[other.side], other.price, met, now_us)
            self.trade(other, met, r)
        self.settle_rest(r)

    def wait(self, r: Resting) -> None:
        """A stop waits for its price, or follows the market's from now on."""
        assert r.ask is not None
        r.where = "waits"
        if not r.ask.stop_price and self.last:
            r.best = self.last
            self.following.append(r)

    # lists

    def place_list(self, ask: PlaceList, now_us: int) -> None:
        self.check_open()
        self.check_names(ask.orders)
        if any(x.name == ask.client_list_id and x.account == ask.account_id and x.is_open for x in self.lists):
            raise Refused(Reason.DUPLICATE_ORDER)
        orders = [self.asked(each) for each in ask.orders]
        listed = Listed(0, ask.account_id, ask.client_list_id, ask.kind, orders, ask.kind is not ListKind.OCO)
        for pair in [listed.alternatives] if listed.alternatives else []:
            self.check_prices(pair, around_last=ask.kind is ListKind.OCO)
        if ask.kind is ListKind.OCO:
            self.check_pair(orders)
        else:
            self.check_entry(orders[0])
        self.listings += 1
        listed.number = self.listings
        self.lists.append(listed)
        for r in orders:
            r.listed = listed
            self.accept(r)
        if ask.kind is ListKind.OCO:
            self.begin_to_wait_or_stand(orders, now_us)
        else:
            for r in orders[1:]:
                r.where = "pending"
            self.enter(orders[0], now_us)

    def check_prices(self, pair: list[Resting], *, around_last: bool) -> None:
        """To sell, the stop lies below the market and the other above it; to buy, the other way round."""
        turns = [r.ask.stop_price if r.is_stop else r.ask.price for r in pair if r.ask is not None]
        prices = [turns[0], self.last if around_last else 0, turns[1]]
        known = [price for price in prices if price]
        if pair[0].side is Side.BUY:
            known.reverse()
        if known != sorted(set(known)):
            raise Refused(Reason.LIST_PRICES_WRONG)

    def check_pair(self, pair: list[Resting]) -> None:
        """That two alternatives can be placed, which are paid for once: by what the dearer of them needs."""
        stop, other = pair
        if other.is_stop:
            needs = other.unit
        else:
            self.check_entry(other)
            needs = self.pegged(other) if other.side is Side.BUY else ONE
        stop.unit = max(0, stop.unit - needs)
        self.pays(pair, stop.whole * stop.unit + other.whole * needs)

    def begin_to_wait_or_stand(self, orders: list[Resting], now_us: int) -> None:
        for r in orders:
            if r.is_stop:
                self.wait(r)
            else:
                self.enter(r, now_us)

    def settle(self, now_us: int) -> None:
        """What trades and ends have brought about, in the order in which it came due."""
        while self.due:
            note = self.due.pop(0)
            if note.triggered:
                self.trigger(note.order, now_us)
            elif note.order.listed is not None and note.order.listed in self.lists:
                self.list_goes_on(note, note.order.listed, now_us)
                self.lists = [listed for listed in self.lists if listed.is_open]

    def trigger(self, r: Resting, now_us: int) -> None:
        if not r.is_open:
            return
        for other in r.listed.alternatives if r.listed is not None else []:
            if other is r:
                continue
            if other.is_over:
                self.end(r, EXPIRED, ExpiryReason.OCO_TRIGGER)
                return
            self.end(other, EXPIRED, ExpiryReason.OCO_TRIGGER)
        self.enter_or_end(r, now_us)

    def enter_or_end(self, r: Resting, now_us: int) -> None:
        try:
            self.check_entry(r)
        except Refused:
            self.refuse(r)
        else:
            self.enter(r, now_us)

    def refuse(self, r: Resting) -> None:
        self.end(r, OrderStatus.REJECTED if r.where == "pending" else EXPIRED, ExpiryReason.REJECTED)

    def list_goes_on(self, note: Note, listed: Listed, now_us: int) -> None:
        if listed.is_working:
            if note.order is listed.orders[0]:
                self.working_order_goes_on(note, listed, now_us)
            return
        for other in listed.alternatives if note.is_over else []:
            if other is not note.order and other.is_open and other.where == "waits":
                self.end(other, EXPIRED, ExpiryReason.OCO_TRIGGER)

    def working_order_goes_on(self, note: Note, listed: Listed, now_us: int) -> None:
        if note.status is None:
            return
        if note.status is OrderStatus.FILLED:
            self.set_free(listed, now_us)
            return
        listed.saved = 0
        for r in listed.orders[1:]:
            if r.is_open:
                self.end(r, EXPIRED, ExpiryReason.OTO_PHASE_ONE_EXPIRED)

    def set_free(self, listed: Listed, now_us: int) -> None:
        """The working order is filled: what is pending is placed, all of it or nothing."""
        pending = listed.orders[1:]
        saved, listed.saved, listed.is_working = listed.saved // ONE, 0, False
        for r in pending:
            assert r.ask is not None
            if listed.kind.is_paid:
                r.left = r.quantity = saved - saved % self.step
            if r.is_stop and r.side is Side.BUY:
                r.unit = r.ask.price or self.estimate(r.ask)
        try:
            self.check_freed(pending)
        except Refused:
            for r in pending:
                self.refuse(r)
            return
        self.begin_to_wait_or_stand(pending, now_us)

    def check_freed(self, pending: list[Resting]) -> None:
        if any(not r.left or r.part > r.left for r in pending):
            raise Refused(Reason.BAD_QUANTITY)
        if any(self.is_there(r) for r in pending if r.is_stop):
            raise Refused(Reason.WOULD_TRIGGER_IMMEDIATELY)
        if len(pending) > 1:
            self.check_pair(pending)
        elif pending[0].is_stop:
            self.pays(pending, pending[0].whole * pending[0].unit)
        else:
            self.check_entry(pending[0])

    # what becomes of open orders

    def named(self, account: int, number: int | None, name: str | None, unknown: Reason) -> Resting:
        for r in self.mine(account):
            if r.number == number or (number is None and r.name == name):
                if name not in (None, r.name):
                    raise Refused(Reason.CANCEL_IDS_MISMATCH)
                return r
        raise Refused(unknown)

    def cancel(self, command: CancelOrder) -> None:
        r = self.named(command.account_id, command.order_id, command.client_order_id, Reason.UNKNOWN_ORDER)
        self.cancel_these(r.listed.orders if r.listed is not None else [r])

    def cancel_list(self, command: CancelList) -> None:
        for listed in self.lists:
            if listed.account == command.account_id and (
                listed.name == command.client_list_id or listed.number == command.list_id
            ):
                self.cancel_these(listed.orders)
                return
        raise Refused(Reason.UNKNOWN_ORDER)

    def cancel_all(self, account: int) -> None:
        if not self.mine(account):
            raise Refused(Reason.UNKNOWN_ORDER)
        self.cancel_these(self.mine(account))

    def cancel_these(self, orders: list[Resting]) -> None:
        for r in orders:
            if r.is_open:
                self.end(r, OrderStatus.CANCELED)

    def cancel_replace(self, command: CancelReplace, now_us: int) -> None:
        self.check_open()
        failed: Reason | None = None
        try:
            self.cancel(command.cancel)
        except Refused as refused:
            if not command.place_anyway:
                raise Refused(Reason.REPLACE_FAILED) from refused
            failed = refused.reason
        self.settle(now_us)
        try:
            self.place(command.place, now_us)
        except Refused as refused:
            if failed is not None:
                raise Refused(Reason.REPLACE_FAILED) from refused
            self.half = True, refused.reason
        else:
            self.half = None if failed is None else (False, failed)

    def amend(self, command: AmendOrder) -> None:
        r = self.named(command.account_id, command.order_id, command.client_order_id, Reason.AMENDED_ORDER_UNKNOWN)
        name = command.new_client_order_id
        if not r.quantity:
            raise Refused(Reason.AMEND_OF_PAID_ORDER)
        if command.quantity > r.quantity:
            raise Refused(Reason.AMEND_INCREASES)
        if command.quantity == r.quantity:
            raise Refused(Reason.AMEND_CHANGES_NOTHING)
        together = r.listed.alternatives if r.listed is not None else []
        lowered = [each for each in together if each.is_open] if r in together else [r]
        if not command.quantity or any(each.quantity - command.quantity > each.whole for each in lowered):
            raise Refused(Reason.BAD_QUANTITY)
        if any(name == other.name for other in self.mine(r.account) if other is not r):
            raise Refused(Reason.DUPLICATE_ORDER)
        r.name = name
        for each in lowered:
            self.lower(each, command.quantity)

    def lower(self, r: Resting, quantity: int) -> None:
        whole = r.whole - (r.quantity - quantity)
        r.quantity = quantity
        r.left = min(r.left, whole)
        r.hidden = whole - r.left
        r.part = min(r.part, quantity)
        if whole:
            self.note(r)
        else:
            self.end(r, EXPIRED)
