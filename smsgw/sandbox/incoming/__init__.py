"""Messages from a phone to the user's application, delivered as IBA delivers them: by GET, until acknowledged."""

from smsgw.sandbox.incoming.messages import IncomingMessages
from smsgw.sandbox.incoming.values import Attempt, IncomingMessage, NoIncomingUrl

__all__ = ["Attempt", "IncomingMessage", "IncomingMessages", "NoIncomingUrl"]
