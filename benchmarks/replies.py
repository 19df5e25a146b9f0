"""What the gateway answers: as IBA Telecom, as Twilio's Messages API, and as an SMSEagle, by the request's path."""

_TWILIO_SID = b"SM" + b"0" * 31 + b"1"
_TWILIO = (
    b'{"sid":"%s","account_sid":"AC00000000000000000000000000000000","api_version":"2010-04-01","body":"Hello",'
    b'"date_created":"Sat, 01 Aug 2026 10:00:00 +0000","date_sent":null,'
    b'"date_updated":"Sat, 01 Aug 2026 10:00:00 +0000","direction":"outbound-api","error_code":null,'
    b'"error_message":null,"from":"+15550000000","messaging_service_sid":null,"num_media":"0","num_segments":"1",'
    b'"price":null,"price_unit":"USD","status":"queued","subresource_uris":{},"to":"+79000000000","uri":"/"}'
) % _TWILIO_SID
_EAGLE = b'{"result":[{"message_id":4753,"status":"ok"}]}'


def _http(status: bytes, kind: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(body))
    return head + body


_TO_TWILIO = _http(b"201 Created", b"application/json", _TWILIO)
_TO_EAGLE = _http(b"200 OK", b"application/json", _EAGLE)
_REFUSED = _http(b"404 Not Found", b"text/plain", b"no such path")


def reply_to(head: bytes, body: bytes) -> tuple[bytes, int]:
    """The reply, and the recipients that were taken."""
    target = head[: head.find(b"\r\n")]
    if target.startswith(b"GET"):
        dadr = target[target.find(b"dadr=") + 5 :].partition(b" ")[0].partition(b"&")[0]
        recipients = dadr.count(b",") + 1
        ids = b",".join([b"1178440060"] * recipients)
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(ids), ids), recipients
    if b"/Messages.json" in target and b"To=" in body:
        return _TO_TWILIO, 1
    if b"/jsonrpc/sms" in target and b'"to"' in body:
        return _TO_EAGLE, 1
    return _REFUSED, 0
