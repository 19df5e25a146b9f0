"""The kit as one class."""

from smsgw.testing.conformance.account import AccountChecks
from smsgw.testing.conformance.discretion import DiscretionChecks
from smsgw.testing.conformance.doubts import DoubtChecks
from smsgw.testing.conformance.hostile import HostileChecks
from smsgw.testing.conformance.refusals import RefusalChecks
from smsgw.testing.conformance.replies import ReplyChecks
from smsgw.testing.conformance.reports import ReportChecks
from smsgw.testing.conformance.requests import RequestChecks
from smsgw.testing.conformance.sending import SendingChecks

__all__ = ["DriverConformance"]


# pytest runs the last base's checks first: those of requests alone, which tell the most.
class DriverConformance(
    DiscretionChecks,
    ReportChecks,
    AccountChecks,
    DoubtChecks,
    SendingChecks,
    HostileChecks,
    ReplyChecks,
    RefusalChecks,
    RequestChecks,
):
    """Everything that a driver promises, checked over its protocol and over real sockets against its fake gateway.

    class TestGeorgia(DriverConformance):
        driver = "georgia"

    driver           the driver: its name in the entry-point group `smsgw.drivers`, or the class
    gateway          its fake, a `smsgw.sandbox.Gateway`; by default the one of the driver's name in `smsgw.gateways`
    recipients       three numbers that the gateway serves, digits only
    text             a text in plain ASCII, long enough to be recognised
    sender           one that the gateway takes
    settings         further settings of the provider, such as `{"charset": "utf-8"}`
    bare_refusals    the gateway refuses without saying why: out of credit looks like a refused number
    optional_end     what the documented replies to a send may lack at their end, such as `b"}"`
    """
