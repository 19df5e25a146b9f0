"""Which providers may carry a message to a recipient, and in which order.

A provider may carry it when a route names it for the number's prefix and its driver can write the text, the sender
and the options, and serves the number. Content is checked and encoded once for each provider, not once a recipient.
"""

import logging
from collections.abc import Collection, Mapping, Sequence

from smsgw.delivery import Lane
from smsgw.drivers.base import Driver, Prepared
from smsgw.errors import ConfigurationError, InvalidMessage, InvalidText
from smsgw.faults import frames
from smsgw.models import Message
from smsgw.settings import RouteSettings

__all__ = ["Candidate", "Content", "Route", "Router"]

_log = logging.getLogger("smsgw.routing")


class Candidate:
    """A provider, and the content as it would send it. Compared by identity: there is one for each content."""

    __slots__ = ("lane", "prepared")

    def __init__(self, lane: Lane, prepared: Prepared) -> None:
        self.lane = lane
        self.prepared = prepared


class Route:
    """A configured route, and whose turn it is on it."""

    def __init__(self, settings: RouteSettings) -> None:
        self.prefixes = settings.prefixes
        self.providers = settings.providers
        self._strategy = settings.strategy
        self._weights = settings.weights
        self._turn = 0
        self._credit = dict.fromkeys(settings.providers, 0.0)

    @property
    def takes_turns(self) -> bool:
        """Whether it asks another provider first the next time."""
        return self._strategy != "failover"

    @property
    def has_shares(self) -> bool:
        """Whether who gets how much was configured: then nobody gets more for being quicker."""
        return self._strategy == "weighted"

    def arrange(self, usable: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """Who is asked first; the others follow in the route's order, for failover.

        Who rests takes no turn: the others share it. Otherwise all of it would go to the next one in order.
        """
        if self._strategy == "failover" or len(usable) < 2:
            return usable
        awake = [candidate for candidate in usable if candidate.lane.breaker.passable] or usable
        if self._strategy == "round_robin":
            first = awake[self._turn % len(awake)]
            self._turn += 1
        else:
            first = self._heaviest(awake)
        return (first, *[candidate for candidate in usable if candidate is not first])

    def _heaviest(self, usable: Sequence[Candidate]) -> Candidate:
        """Smooth weighted round robin: shares are exact, and a heavy provider's turns are spread evenly."""
        total = 0.0
        for candidate in usable:
            weight = self._weights[candidate.lane.name]
            self._credit[candidate.lane.name] += weight
            total += weight
        first = max(usable, key=lambda candidate: self._credit[candidate.lane.name])
        self._credit[first.lane.name] -= total
        return first


class Router:
    """The routes, in the file's order: the first whose prefixes match a number decides."""

    def __init__(self, lanes: Mapping[str, Lane], routes: Sequence[RouteSettings]) -> None:
        self.lanes = lanes
        self._settings = routes or (RouteSettings(providers=tuple(lanes)),)
        self._routes = [Route(settings) for settings in self._settings]

    @property
    def providers(self) -> Collection[str]:
        """Those that a route names."""
        return {name for route in self._routes for name in route.providers}

    @property
    def is_single(self) -> bool:
        """Whether all numbers go by one route."""
        return not self._routes[0].prefixes

    def fresh(self) -> "Router":
        """The same routes at their first turn: a preview must not move those of real messages."""
        return Router(self.lanes, self._settings)

    def content(self, message: Message) -> "Content":
        """Raises `ConfigurationError` when the message is pinned to a provider that there is none of."""
        if message.provider is not None and message.provider not in self.lanes:
            known = ", ".join(self.lanes)
            raise ConfigurationError(f"no provider is called {message.provider!r}; there are: {known}")
        return Content(self, message)

    def route(self, recipient: str, message: Message) -> Route | None:
        if message.provider is not None:
            return Route(RouteSettings(providers=(message.provider,)))
        for route in self._routes:
            if not route.prefixes or recipient.startswith(route.prefixes):
                return route
        return None


class Content:
    """One content, and what each provider makes of it."""

    def __init__(self, router: Router, message: Message) -> None:
        self.message = message
        self.key = message.content
        self.for_all: tuple[Candidate, ...] = ()
        """Who carries it to every MSISDN, in order; empty where that depends on the number, or on whose turn it is."""
        self._router = router
        self._pinned = router.route("", message) if message.provider is not None else None
        self._offers: dict[str, Candidate | InvalidMessage] = {}
        self._by_route: dict[Route, tuple[tuple[Candidate, ...], bool]] = {}

    def candidates(self, recipient: str) -> tuple[Candidate, ...]:
        """Who may carry it to this MSISDN, in order. Raises `InvalidMessage` that names each provider and why not."""
        route, usable = self.carriers(recipient)
        return route.arrange(usable)

    def carriers(self, recipient: str) -> tuple[Route, tuple[Candidate, ...]]:
        """The same before anyone's turn is taken: the route that arranges them, and those that may carry it."""
        route = self._pinned or self._router.route(recipient, self.message)
        if route is None:
            raise InvalidMessage("no route of the configuration matches this number", scope="recipient")
        usable, all_serve = self._by_route.get(route) or self._offers_of(route)
        if not all_serve:
            usable = tuple([candidate for candidate in usable if _refusal(candidate, recipient) is None])
        if not usable:
            raise self._nobody(route, recipient)
        return route, usable

    def offer(self, provider: str) -> Candidate | InvalidMessage:
        """The content as this provider would send it, or why it cannot."""
        found = self._offers.get(provider)
        if found is None:
            lane = self._router.lanes[provider]
            try:
                found = Candidate(lane, lane.driver.prepare(self.message))
            except InvalidMessage as error:
                lane.driver.echoes_of(self.message.text).hush(error)
                found = error
            except Exception as error:  # noqa: BLE001  (a driver's fault is no reason to leave anyone without an outcome)
                found = _fault(lane.driver, error)
            self._offers[provider] = found
        return found

    def _offers_of(self, route: Route) -> tuple[tuple[Candidate, ...], bool]:
        offers = [self.offer(provider) for provider in route.providers]
        usable = tuple([offer for offer in offers if isinstance(offer, Candidate)])
        all_serve = all(_serves_every_number(candidate) for candidate in usable)
        self._by_route[route] = usable, all_serve
        if all_serve and not route.takes_turns and (self._pinned or self._router.is_single):
            self.for_all = usable
        return self._by_route[route]

    def _nobody(self, route: Route, recipient: str) -> InvalidMessage:
        reasons: list[InvalidMessage] = []
        for provider in route.providers:
            offer = self.offer(provider)
            reason = _anew(offer) if isinstance(offer, InvalidMessage) else _refusal(offer, recipient)
            if reason is not None:
                reasons.append(reason)
        if len(reasons) == 1:
            return reasons[0]
        kinds = {type(reason) for reason in reasons}
        kind = kinds.pop() if len(kinds) == 1 else InvalidMessage
        return kind("no provider can carry it: " + "; ".join(str(reason) for reason in reasons))


_LONGEST_MSISDN = 15


def _serves_every_number(candidate: Candidate) -> bool:
    room = candidate.prepared.room
    return candidate.lane.driver.serves_all and (room is None or room >= _LONGEST_MSISDN)


def _refusal(candidate: Candidate, recipient: str) -> InvalidMessage | None:
    driver, room = candidate.lane.driver, candidate.prepared.room
    if room is not None and len(recipient) > room:
        return InvalidText(
            f"too long for {driver.name}: the request would be a URL of more than {driver.url_limit} characters",
            provider=driver.provider,
        )
    try:
        return driver.check_recipient(recipient)
    except Exception as error:  # noqa: BLE001  (see above)
        return _fault(driver, error)


def _anew(kept: InvalidMessage) -> InvalidMessage:
    """For one caller: whoever raises an error ties their frames to it, and this one is kept for all callers."""
    error = kept.__class__.__new__(kept.__class__, *kept.args)
    vars(error).update(vars(kept))
    return error


def _fault(driver: Driver, error: Exception) -> InvalidMessage:
    _log.error("driver %s failed:\n%s", driver.name, frames(error))
    return InvalidMessage(f"the driver failed with {type(error).__name__}", provider=driver.provider)
