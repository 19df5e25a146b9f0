"""Every fault point, by its name."""

from collections.abc import Mapping

from tests.faults.points import connections, framing, heads, keepalive, refusals, statuses, trust
from tests.faults.points.point import Point

__all__ = ["POINTS"]

_ALL = (
    *connections.POINTS,
    *keepalive.POINTS,
    *framing.POINTS,
    *heads.POINTS,
    *statuses.POINTS,
    *refusals.POINTS,
    *trust.POINTS,
)

POINTS: Mapping[str, Point] = {point.name: point for point in _ALL}
if len(POINTS) < len(_ALL):
    raise ValueError("two points have one name")
