"""Gateways that repeat what they were told: our address, our password, the text and the number, wherever a reply has room."""

import base64
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus, unquote_plus

from attrs import frozen

from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["BODIES", "ECHOES", "Echo", "Said", "said_by"]


@frozen
class Said:
    """What came, in the spellings in which a gateway may give it back."""

    request: str
    """As it came: head and form."""
    words: str
    """Its fields, decoded."""
    word: str
    """The password alone, or what else there is in one word."""
    text: str
    number: str
    own_id: str


def said_by(turn: Turn) -> Said:
    """Of a request that was read whole."""
    fields = turn.heard.fields
    secret = next((fields[name] for name in ("pass", "psw", "password", "pwd") if name in fields), "")
    request = turn.arrival.data.decode("latin-1")
    return Said(
        request,
        unquote_plus(request).replace("\r\n", " "),
        secret,
        turn.heard.text or "-",
        (*turn.heard.recipients, "-")[0],
        fields.get("id", fields.get("mess_id", fields.get("smsid", fields.get("mes_id", "0")))),
    )


def _rows(said: Said, **more: str) -> str:
    loud = dict.fromkeys(("operator", "region", "mnc", "stat", "err", "status", "last_timestamp"), said.words)
    row = {"id": said.own_id, "phone": said.number, "cnt": "1", "error": "0", **loud, **more}
    return json.dumps({"id": said.word, "cnt": "1", "messages": [row], "results": [row]})


def _php(said: Said) -> str:
    def packed(word: str) -> str:
        return f's:{len(word.encode())}:"{word}";'

    fields = {
        "id_sms": said.own_id,
        "state_sms": "deliver",
        "time_change_state": said.words,
        "price": said.word,
        said.word: said.text,
    }
    return f"a:{len(fields)}:{{{''.join(packed(name) + packed(value) for name, value in fields.items())}}}"


BODIES: Mapping[str, Callable[[Said], str | bytes]] = {
    "the request as it came": lambda said: said.request.encode("latin-1"),
    "its words": lambda said: said.words,
    "its words in windows-1251": lambda said: said.words.encode("windows-1251", "replace"),
    "its words in base64": lambda said: base64.b64encode(said.words.encode()),
    "an error page": lambda said: f"<html><h1>Bad Request</h1><pre>{said.request}</pre></html>".encode(
        "latin-1"
    ),
    "Error: and its words": lambda said: f"Error: {said.words}",
    "a known error and its words": lambda said: f"Error: auth failed {said.word}",
    "an error that names the sender": lambda said: (
        f"Отправитель не должен превышать 15 символов {said.word} {said.text}"
    ),
    "an acceptance whose ID is the password": lambda said: (
        f"Message successfully sent! Message_ID={quote_plus(said.word)}"
    ),
    "an acceptance whose ID is the text": lambda said: (
        f"Message successfully sent! Message_ID={quote_plus(said.text)}"
    ),
    "OK and the password": lambda said: f"OK 1 {quote_plus(said.word)}",
    "OK and the text": lambda said: f"OK 1 {quote_plus(said.text)}",
    "OK and the address": lambda said: f"OK 1 {said.request.partition('&mes')[0].replace(' ', '_')}",
    "a status and its words": lambda said: f"Mess_ID={said.own_id} Status: {said.word}",
    "a state and its words": lambda said: f"deliver {said.words}",
    "a number's state and its words": lambda said: f"1 | {said.words}",
    "a balance and its words": lambda said: f"445.6 RUR\n{said.words}",
    "packages called by its words": lambda said: (
        f"445.6 RUR\n{said.words.replace(':', ' ').replace(',', ' ')}:361,{said.word}:1"
    ),
    "a balance of SMS and its words": lambda said: f"Balance: 100 SMS {said.words}",
    "codes and its words": lambda said: f"2905 = {said.word} {said.text}",
    "JSON rows full of its words": _rows,
    "JSON rows with an ID of its words": lambda said: _rows(said, id=said.words),
    "JSON rows with codes of its words": lambda said: _rows(said, error=said.word, err=said.text),
    "a JSON error of its words": lambda said: json.dumps({"error": said.word, "description": said.text}),
    "a JSON code described in its words": lambda said: json.dumps(
        {"error": "-25", "description": said.words}
    ),
    "an invalid attribute": lambda said: json.dumps(
        {"error": "-25", "description": f"Invalid attribute: '{said.word}={said.text}'"}
    ),
    "a JSON key of its words": lambda said: json.dumps(
        {said.word: said.text, "messages": [{said.text: said.word}]}
    ),
    "serialized PHP": _php,
}
"""Every documented form of a reply, with words of the request in each of its places."""


def _line(said: Said) -> str:
    """For a head: in one line, of what a line can hold."""
    return said.words.encode("ascii", "backslashreplace").decode().replace("\r", " ").replace("\n", " ")


def _raw(said: Said) -> str:
    return said.request.partition(" HTTP/")[0]


HEADS: Mapping[str, Callable[[Turn, Said], bytes]] = {
    "a reason": lambda turn, said: http(turn.acceptance(), f"200 {_line(said)}"),
    "a refusal's reason": lambda turn, said: http(said.words, f"403 Forbidden {_raw(said)}"),
    "a failure's reason": lambda turn, said: http(said.words, f"500 {_line(said)}"),
    "a wrong status": lambda turn, said: http(
        turn.acceptance(), f"{said.word.encode('ascii', 'replace').decode()} OK"
    ),
    "a header": lambda turn, said: http(
        turn.acceptance(), "200 OK", f"X-Echo: {_line(said)}", f"X-Raw: {_raw(said)}"
    ),
    "a header's name": lambda turn, said: http(turn.acceptance(), "200 OK", f"X {_line(said)}: 1"),
    "a redirect": lambda turn, said: http("", "302 Found", f"Location: http://127.0.0.1:9/{_raw(said)}"),
    "cookies": lambda turn, said: http(
        turn.acceptance(),
        "200 OK",
        f"Set-Cookie: {said.word.partition(' ')[0]} in a name=1",
        f'Set-Cookie: a="{_line(said)}\\',
        f"Set-Cookie: b={_line(said)}; Domain={_line(said)}; expires={_line(said)}",
    ),
    "a length": lambda turn, said: http(
        turn.acceptance(), "200 OK", f"Content-Length: {_line(said)}", length=False
    ),
    "a compression": lambda turn, said: http(turn.acceptance(), "200 OK", f"Content-Encoding: {_line(said)}"),
    "a transfer encoding": lambda turn, said: http(
        turn.acceptance(), "200 OK", f"Transfer-Encoding: {_line(said)}", length=False
    ),
    "a charset": lambda turn, said: http(
        turn.acceptance(), "200 OK", f"Content-Type: text/plain; charset={_line(said)}"
    ),
    "a time to wait": lambda turn, said: http("", "429 Too Many", f"Retry-After: {_line(said)}"),
    "a chunk's size": lambda turn, said: (
        http(b"", "200 OK", "Transfer-Encoding: chunked", length=False) + f"{_line(said)}\r\n".encode()
    ),
    "a chunk's extension": lambda turn, said: (
        http(b"", "200 OK", "Transfer-Encoding: chunked", length=False)
        + f"1;{_line(said)}\r\n1\r\n0\r\n\r\n".encode()
    ),
    "a trailer": lambda turn, said: (
        http(b"", "200 OK", "Transfer-Encoding: chunked", length=False)
        + f"1\r\n1\r\n0\r\n{_line(said)}\r\n\r\n".encode()
    ),
    "no HTTP at all": lambda turn, said: said.request.encode("latin-1"),
    "the wrong version": lambda turn, said: f"HTTP/9.9 200 {_line(said)}\r\n\r\n{said.words}".encode(),
    "more than was asked for": lambda turn, said: http(turn.acceptance()) + said.request.encode("latin-1"),
}
"""Every place outside of the body."""


@frozen
class Echo:
    """One way of giving a request back."""

    name: str
    reply: Callable[[Turn, Said], bytes]
    readers: tuple[str, ...] = ()
    """The drivers that understand a reply of this form."""

    async def __call__(self, turn: Turn) -> None:
        await turn.say(self.reply(turn, said_by(turn)))
        if not turn.heard.recipients or turn.line.random.random() < 0.5:
            turn.line.hang_up()

    def __str__(self) -> str:
        return self.name


_FORMS = {
    "avist": ("Error:", "acceptance", "Mess_ID", "a status", "balance of SMS", "known error"),
    "smstele": ("JSON", "attribute"),
    "smsco": ("OK", "codes", "number's state"),
    "iba": ("a state", "packages", "a balance and", "names the sender"),
    "targetsms": ("PHP",),
}


def _in_body(name: str, body: Callable[[Said], str | bytes], status: str) -> Echo:
    readers = tuple(driver for driver, forms in _FORMS.items() if any(form in name for form in forms))
    return Echo(f"{name} with {status}", lambda turn, said: http(body(said), status), readers)


ECHOES: tuple[Echo, ...] = (
    *(_in_body(name, body, "200 OK") for name, body in BODIES.items()),
    *(
        _in_body("the request as it came", BODIES["the request as it came"], status)
        for status in ("401 No", "404 Not Found", "500 Error", "503 Unavailable")
    ),
    *(Echo(f"{name} of its words", head) for name, head in HEADS.items()),
)
