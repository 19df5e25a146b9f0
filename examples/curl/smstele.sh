#!/usr/bin/env bash
# SMStele with curl, as its document calls it itself: the account in the URL, the rest in the body. Or all by GET.
#
#   smsgw sandbox &
#   examples/curl/smstele.sh [http://127.0.0.1:8025]
#
# The sandbox may also be named by SANDBOX; PAUSE is the seconds to wait for a message to be delivered.
# Each reply stands under its heading, and its HTTP status and type in brackets below it.
set -euo pipefail

sandbox=${1:-${SANDBOX:-http://127.0.0.1:8025}}
url=${sandbox%/}/smstele
account="login=test&psw=test"

show() { # HEADING, then what curl is given; leaves the reply in $reply
    printf "# %s\n" "$1"
    reply=$(curl --silent --show-error --write-out "\n[%{http_code} %{content_type}]" "${@:2}")
    printf "%s\n\n" "$reply"
    reply=${reply%$'\n'*}
}

# "Ответ сервера": the document's four requests that go wrong.
show "error 1: no psw" -d "mes=Test message 1&id=custom-message-id-test-11" "$url/sendsms?login=test"
show "error 2: id too long" \
    -d "charset=windows-1251&mes=Test message 1&id=custom-message-id-test-11-too-long-1234567890abcdefghijklmnopqrstuvwxyz" \
    "$url/sendsms?$account"
show "error 3: phones empty" -d "phones=&mes=Test message 1&id=custom-message-id-test-11" "$url/sendsms?$account"
show "error 4: no phones" -d "mes=Test message 1&id=custom-message-id-test-11" "$url/sendsms?$account"

# "Пример 1" and "Пример 2"; two of the four recipients are bad ones, and have no operator.
show "example 1" -d "phones=79160001234&mes=Test message 1&id=custom-message-id-test-21" "$url/sendsms?$account"
show "example 2" \
    -d "phones=79160001234,79072233645,79676771707,79260004567&mes=Test message 1&id=custom-message-id-test-22" \
    "$url/sendsms?$account"

# By GET, and an ID that the server gives.
show "send by GET" "$url/sendsms?$account&phones=79160001234&mes=Test+message"
show "semicolons" "$url/sendsms?$account&phones=79160001234;79260004567&mes=Test&id=semicolons"

# "charset": windows-1251 if none is named.
show "windows-1251" "$url/sendsms?$account&phones=79160001234&id=cp1251&mes=%CF%F0%E8%E2%E5%F2"
show "utf-8" -d "$account&phones=79160001234&id=utf8&charset=utf-8" --data-urlencode "mes=Привет" "$url/sendsms"
show "koi8-r" "$url/sendsms?$account&phones=79160001234&id=koi8&charset=koi8-r&mes=%F0%D2%C9%D7%C5%D4"

# The other parameters.
show "options" -d "phones=79160001234&mes=Test&id=options&sender=SHOP&translit=1&flash=1&validity=3600" \
    "$url/sendsms?$account"
show "viber" -d "phones=79160001234&mes=Test&id=viber&viber=1&viber_validity=86400" "$url/sendsms?$account"
show "deferred" -d "phones=79160001234&mes=Test&id=deferred" --data-urlencode "deferred=2099-12-10 09:00:00" \
    "$url/sendsms?$account"
show "hlr" "$url/sendsms?$account&phones=79160001234,12345&id=lookup&hlr=1"

# "Коды ошибок": those that a request brings about by itself.
send="phones=79160001234&mes=Test"
show "no login" "$url/sendsms?psw=test&$send"
show "wrong password" "$url/sendsms?login=test&psw=wrong&$send"
show "no text" "$url/sendsms?$account&phones=79160001234"
show "validity" "$url/sendsms?$account&$send&validity=long"
show "viber_validity" "$url/sendsms?$account&$send&viber_validity=86401"
show "deferred without a time" "$url/sendsms?$account&$send&deferred=2017-12-10"
show "sender" "$url/sendsms?$account&$send&sender=TWELVELETTER"
show "charset" "$url/sendsms?$account&$send&charset=utf-16"

# "Запрос статуса сообщения": by id, by phone, or by both.
show "status at once" -d "id=custom-message-id-test-22" "$url/status?$account"
sleep "${PAUSE:-3}"
show "status later" -d "id=custom-message-id-test-22" "$url/status?$account"
show "status by GET, phone and id" "$url/status?$account&phone=79260004567&id=custom-message-id-test-22"
show "status by phone" "$url/status?$account&phone=79260004567"
show "status of the deferred" "$url/status?$account&id=deferred"
show "status of the unknown" "$url/status?$account&id=nosuch"
show "status of nothing" "$url/status?$account"
show "status without psw" -d "id=custom-message-id-test-22" "$url/status?login=test"
