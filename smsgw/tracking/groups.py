"""What is followed: messages, grouped by what one status request answers for. There may be hundreds of thousands."""

from collections.abc import Iterator

from smsgw.errors import SmsgwError
from smsgw.models import DeliveryReport, Reference
from smsgw.tracking.states import FINAL, NOTHING, is_good, rank

__all__ = ["Group", "Member"]


class Member:
    """One message, and how far it has come."""

    __slots__ = ("doubt", "error", "rank", "recipient")

    def __init__(self, recipient: str | None, known: int, doubt: SmsgwError | None) -> None:
        self.recipient = recipient
        self.rank = known
        self.doubt = doubt
        """Why it is not known whether the gateway took it; None where that is known."""
        self.error: SmsgwError | None = None
        """Why the last question brought nothing."""

    def learn(self, report: DeliveryReport) -> bool:
        """Whether the report tells more than was known."""
        if not is_good(report):
            self.error = report.error
            return False
        told = rank(report.state, final=report.final)
        if told <= self.rank:
            return False
        self.rank = told
        self.doubt = self.error = None
        return True


class Group:
    """The messages under one ID, asked about together, and when next."""

    __slots__ = ("due", "failures", "members", "message_id", "provider", "sent_at", "several")

    def __init__(self, provider: str, message_id: str, sent_at: float, due: float) -> None:
        self.provider = provider
        self.message_id = message_id
        self.sent_at = sent_at
        """The clock's time from which its age counts: of sending, where that is known."""
        self.due = due
        self.failures = 0
        """Questions in a row that brought nothing."""
        self.several = False
        """The ID stands for several recipients."""
        self.members: list[Member] = []
        """Those that are not final."""

    def __lt__(self, other: "Group") -> bool:
        return self.due < other.due

    @property
    def reference(self) -> Reference:
        """Of the first that is not final."""
        return Reference(self.provider, self.message_id, self.members[0].recipient)

    def add(self, recipient: str | None, known: int, doubt: SmsgwError | None) -> None:
        """Follow this recipient, too. One that is followed already is the same message."""
        for member in self.members:
            if member.recipient == recipient:
                return
        self.several = self.several or (
            recipient is not None and any(member.recipient is not None for member in self.members)
        )
        self.members.append(Member(recipient, known, doubt))

    def forget_final(self) -> None:
        if any(member.rank == FINAL for member in self.members):
            self.members = [member for member in self.members if member.rank != FINAL]

    def unheard(self) -> Iterator[Member]:
        """Those of which nothing was ever told."""
        return (member for member in self.members if member.rank == NOTHING)
