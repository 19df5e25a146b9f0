"""errors.py: the tree as it is drawn, what each error proves, and what an error carries and shows."""

import copy
import inspect
import pickle
import re

import pytest

import smsgw
from smsgw import errors
from smsgw.errors import Scope, SmsgwError

KINDS: dict[str, type[SmsgwError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, SmsgwError)
}

# What each kind says unless it is told otherwise: retryable, maybe_accepted, scope.
MEANING: dict[str, tuple[bool, bool, Scope]] = {
    "SmsgwError": (False, False, "message"),
    "ConfigurationError": (False, False, "provider"),
    "InvalidMessage": (False, False, "message"),
    "InvalidRecipient": (False, False, "recipient"),
    "InvalidSender": (False, False, "message"),
    "InvalidText": (False, False, "message"),
    "UnsupportedOption": (False, False, "message"),
    "NotSubmitted": (False, False, "provider"),
    "ConnectionFailed": (True, False, "provider"),
    "GatewayUnavailable": (True, False, "provider"),
    "Throttled": (True, False, "provider"),
    "CircuitOpen": (False, False, "provider"),
    "GatewayRejected": (False, False, "message"),
    "AuthenticationFailed": (False, False, "account"),
    "InsufficientCredit": (False, False, "account"),
    "RecipientRejected": (False, False, "recipient"),
    "SenderRejected": (False, False, "message"),
    "TextRejected": (False, False, "message"),
    "DuplicateRequest": (False, False, "message"),
    "OutcomeUnknown": (False, True, "provider"),
    "GatewayTimeout": (False, True, "provider"),
    "ConnectionLost": (False, True, "provider"),
    "UnreadableReply": (False, True, "provider"),
}

# As DESIGN.md draws it: the children of a family stand on its own line.
DESIGN = """
SmsgwError
├ ConfigurationError
├ InvalidMessage(ValueError)   InvalidRecipient  InvalidSender  InvalidText  UnsupportedOption
├ NotSubmitted                 ConnectionFailed  GatewayUnavailable  Throttled  CircuitOpen
├ GatewayRejected              AuthenticationFailed  InsufficientCredit  RecipientRejected  SenderRejected  TextRejected
├ DuplicateRequest
└ OutcomeUnknown               GatewayTimeout  ConnectionLost  UnreadableReply
"""

_DRAWN = re.compile(r"(?P<branches>[│├└ ]*)(?P<name>[A-Z]\w+)(?: \((?P<also>\w+)\))?(?:  .*)?")


def bases_drawn_in_the_docstring() -> dict[str, tuple[str, ...]]:
    """Each error's bases, as the drawing at the top of the module has them."""
    drawn: dict[str, tuple[str, ...]] = {}
    parents: list[str] = []
    for line in inspect.cleandoc(errors.__doc__ or "").splitlines()[2:]:
        if not line:
            break
        found = _DRAWN.fullmatch(line)
        assert found is not None, line
        del parents[len(found["branches"]) // 2 :]
        also = (found["also"],) if found["also"] else ()
        drawn[found["name"]] = (*parents[-1:], *also)
        parents.append(found["name"])
    return drawn


def bases_drawn_in_the_design() -> dict[str, tuple[str, ...]]:
    top, *families = DESIGN.split("\n")[1:-1]
    drawn: dict[str, tuple[str, ...]] = {top: ()}
    for family in families:
        name, *children = family[2:].split()
        name, _, also = name.rstrip(")").partition("(")
        drawn[name] = (top, also) if also else (top,)
        drawn |= dict.fromkeys(children, (name,))
    return drawn


def test_the_tree_is_as_it_is_drawn() -> None:
    """The classes, the drawing at the top of the module and the one in DESIGN.md are the same tree."""
    bases = {name: tuple([base.__name__ for base in kind.__bases__]) for name, kind in KINDS.items()}
    assert bases.pop("SmsgwError") == ("Exception",)
    for drawn in (bases_drawn_in_the_docstring(), bases_drawn_in_the_design()):
        assert drawn.pop("SmsgwError") == ()
        assert bases == drawn


def test_every_error_is_public() -> None:
    """Each one is exported here and from the package."""
    assert set(errors.__all__) == {*KINDS, "Scope"}
    assert all(getattr(smsgw, name) is kind for name, kind in KINDS.items())
    assert set(KINDS) <= set(smsgw.__all__)


@pytest.mark.parametrize("name", KINDS)
def test_what_an_error_proves(name: str) -> None:
    """Each kind has its own defaults for what may be done next."""
    error = KINDS[name]("why")
    assert (error.retryable, error.maybe_accepted, error.scope) == MEANING[name]


@pytest.mark.parametrize("name", KINDS)
def test_nothing_that_may_have_been_taken_is_retryable(name: str) -> None:
    """No kind of error allows a second sending while the first may have arrived."""
    error = KINDS[name]()
    assert not (error.retryable and error.maybe_accepted)


def test_an_error_carries_what_it_is_told() -> None:
    """Provider, code and the rest are attributes; what is not told has its default."""
    error = errors.Throttled(
        "slower",
        provider="main",
        code="429",
        retryable=False,
        maybe_accepted=True,
        scope="account",
        retry_after=0.0,
    )
    assert (error.description, error.provider, error.code) == ("slower", "main", "429")
    assert (error.retryable, error.maybe_accepted, error.scope) == (False, True, "account")
    assert error.retry_after == 0.0
    bare = errors.Throttled()
    assert (bare.description, bare.provider, bare.code, bare.retry_after) == ("", None, None, None)


def test_an_error_reads_as_a_sentence() -> None:
    """`str` has the provider and the description, and never nothing."""
    assert str(errors.InvalidText("too long", provider="main")) == "main: too long"
    assert str(errors.InvalidText("too long")) == "too long"
    assert str(errors.InvalidText()) == "InvalidText"


def test_a_repr_tells_what_is_known() -> None:
    """`repr` has the kind, the description, the provider and the code, where there are any."""
    error = errors.GatewayRejected("refused", provider="main", code="-25")
    assert repr(error) == "GatewayRejected('refused', provider='main', code='-25')"
    assert repr(errors.GatewayRejected("refused")) == "GatewayRejected('refused')"


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_an_error_travels_whole(name: str, again: object) -> None:
    """A pickled or copied error is of the same kind and has all its attributes."""
    error = KINDS[name]("why", provider="main", code="7", scope="account", retry_after=1.5)
    assert callable(again)
    travelled = again(error)
    assert type(travelled) is KINDS[name]
    assert vars(travelled) == vars(error)
    assert (str(travelled), repr(travelled)) == (str(error), repr(error))


def test_an_invalid_message_is_a_value_error() -> None:
    """Who knows nothing of this package can still catch what is wrong with a call."""
    with pytest.raises(ValueError, match="no number"):
        raise errors.InvalidRecipient("no number")
