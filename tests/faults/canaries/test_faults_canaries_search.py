"""The search for canaries finds them: each of them, in every spelling, in every kind of place."""

import base64
import logging
import pickle
import sqlite3
from pathlib import Path

import pytest

from smsgw import Message, Outcome, State
from smsgw.errors import UnreadableReply
from tests.faults.canaries.canary import PASSWORD, RECIPIENT, TEXT, Canary, Search, spellings
from tests.faults.canaries.surfaces import shown_by_error, shown_by_record, shown_by_value

CANARIES = [PASSWORD, TEXT, RECIPIENT]
WRITTEN = [
    pytest.param(canary, written, id=f"{canary.name}, {name}")
    for canary in CANARIES
    for name, written in canary.written().items()
]


def search(*said: tuple[str, str | bytes]) -> Search:
    """What is found in these texts."""
    found = Search.of(*CANARIES)
    found.look_at_all(said)
    return found


@pytest.mark.parametrize(("canary", "written"), WRITTEN)
@pytest.mark.parametrize(
    "around", [(b"", b""), (b"x", b"y"), (b'{"a": "ok', b'12"}'), (b"\xff\x00", b"\n\n")]
)
def test_a_whole_canary_is_found_however_it_is_written(
    canary: Canary, written: bytes, around: tuple[bytes, bytes]
) -> None:
    """Within other bytes, whatever they are."""
    (finding,) = search(("here", around[0] + written + around[1])).findings
    assert finding.startswith(f"the {canary.name} (")


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_a_piece_of_a_canary_is_found(canary: Canary) -> None:
    """Each of its hearts, in each spelling, and in any place of a longer base64."""
    for heart in canary.hearts:
        for spelt in spellings(heart).values():
            assert search(("here", b"ab" + spelt + b"cd")).findings
        for before in range(5):
            assert search(("here", base64.b64encode(b"." * before + heart.encode() + b".."))).findings


def test_nothing_is_found_where_nothing_is() -> None:
    """Ordinary replies, and the names of the canaries, are none."""
    said = "Error: auth failed; password text recipient 79161234567 OK 1 4711 Zx7 Ws4 7903 Ken"
    found = search(("here", said), ("there", base64.b64encode(said.encode())), ("bytes", bytes(range(256))))
    assert (found.findings, found.searched) == ([], 3)


def failing(secret: str) -> None:
    kept = secret
    raise UnreadableReply("in words of its own", provider=kept[:0] or None)


def errors_with(canary: Canary) -> dict[str, BaseException]:
    """Errors that hide it, each in another place."""
    word = canary.word
    noted, coded, attributed = (
        UnreadableReply("noted"),
        UnreadableReply("coded", code=word),
        UnreadableReply("attributed"),
    )
    noted.add_note(f"the request was {word}")
    attributed.request = word.encode()  # type: ignore[attr-defined]
    caused, followed, hidden = (
        UnreadableReply("caused"),
        UnreadableReply("followed"),
        UnreadableReply("hidden"),
    )
    caused.__cause__ = ValueError(word)
    followed.__context__ = KeyError(word)
    hidden.__context__, hidden.__suppress_context__ = ValueError(word), True
    deep = UnreadableReply("deep")
    deep.__cause__ = ExceptionGroup("several", [ValueError("one"), caused])
    group = ExceptionGroup("several", [ExceptionGroup("more", [ValueError("one"), UnreadableReply(word)])])
    try:
        failing(word)
    except UnreadableReply as error:
        raised = error
    return {
        "its words": UnreadableReply(word),
        "its arguments": ValueError({"a": [word]}),
        "its code": coded,
        "its notes": noted,
        "its attributes": attributed,
        "its cause": caused,
        "its context": followed,
        "its suppressed context": hidden,
        "a cause of a member of its cause": deep,
        "a member's member": group,
        "a variable of a frame": raised,
    }


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
@pytest.mark.parametrize("place", sorted(errors_with(PASSWORD)))
def test_a_canary_is_found_in_every_part_of_an_error(place: str, canary: Canary) -> None:
    """Also in what its traceback would not show."""
    error = errors_with(canary)[place]
    assert search(*shown_by_error(error)).findings
    assert search(*shown_by_value(Outcome("1", State.UNKNOWN, error=error))).findings  # type: ignore[arg-type]


def test_a_canary_is_found_in_a_pickle_alone() -> None:
    """Of an error that shows nothing."""

    class Silent(Exception):
        def __str__(self) -> str:
            return "nothing"

        __repr__ = __str__

        def __reduce__(self) -> tuple[object, ...]:
            return ValueError, (PASSWORD.word,)

    assert [where for where, said in shown_by_error(Silent()) if search((where, said)).findings] == [
        "the pickle of Silent"
    ]
    assert pickle.loads(pickle.dumps(Silent())).args == (PASSWORD.word,)


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_a_canary_is_found_in_values(canary: Canary) -> None:
    """Whichever of their fields shows it."""
    assert search(*shown_by_value(Outcome("1", State.ACCEPTED, message_id=canary.word))).findings
    assert search(*shown_by_value(Message(to="79161234567", text="Hi", sender=canary.word))).findings


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_a_canary_is_found_in_log_records(canary: Canary) -> None:
    """In the line, in an argument that the line does not show, in its error, among the variables of our own frames."""
    word = canary.word
    try:
        failing(word)
    except UnreadableReply as error:
        told = (type(error), error, error.__traceback__)
    sly = ValueError("sly")
    sly.add_note(word)
    for message, arguments, error_info in (
        (word, (), None),
        ("%s", (word,), None),
        ("%(a).0s", ({"a": word},), None),
        ("%s", (sly,), None),
        ("it failed", (), told),
    ):
        record = logging.LogRecord("smsgw.x", logging.DEBUG, "x.py", 1, message, arguments, error_info)
        assert search(*shown_by_record(record)).findings, message


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.name)
def test_a_canary_is_found_in_a_database(canary: Canary, tmp_path: Path) -> None:
    """In the raw bytes of the file, or of its log beside it, also where it was deleted."""
    database = sqlite3.connect(tmp_path / "run.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE t (a)")
    database.execute("INSERT INTO t VALUES (?)", (canary.word,))
    database.commit()
    database.execute("DELETE FROM t")
    database.commit()
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    database.close()
    assert "run.db-wal" in files
    assert search(*files.items()).findings
