#!/usr/bin/env bash
# IBA Telecom with curl, as its document shows it: sendsms.php by GET for everything.
#
#   smsgw sandbox &
#   examples/curl/iba.sh [http://127.0.0.1:8025]
#
# The sandbox may also be named by SANDBOX; PAUSE is the seconds to wait for a message to be delivered.
# Each reply stands under its heading, and its HTTP status and type in brackets below it.
set -euo pipefail

sandbox=${1:-${SANDBOX:-http://127.0.0.1:8025}}
url=${sandbox%/}/iba/sendsms.php

show() { # HEADING, then what curl is given; leaves the reply in $reply
    printf "# %s\n" "$1"
    reply=$(curl --silent --show-error --write-out "\n[%{http_code} %{content_type}]" "${@:2}")
    printf "%s\n\n" "$reply"
    reply=${reply%$'\n'*}
}

# "Отправка SMS сообщений": an ID for each recipient, or 0. The text is UTF-8 or windows-1251, escaped or as it is.
show "send" "$url?user=test&pwd=test&sadr=IBATelecom&dadr=79083730330&text=ибателеком"
id=${reply##* }
show "send, escaped" --get "$url" --data "user=test&pwd=test&sadr=TESTSMS&dadr=79083730313" \
    --data-urlencode "text=ибателеком & Co"
undeliverable=${reply##* }
show "send, windows-1251" "$url?user=test&pwd=test&sadr=TESTSMS&dadr=79083730330&text=%E8%E1%E0%F2%E5%EB%E5%EA%EE%EC"
show "several recipients" "$url?user=test&pwd=test&sadr=TESTSMS&dadr=7903123456,79023456789&text=Data"
ten=79083730330,79083730331,79083730332,79083730333,79083730334,79083730335,79083730336,79083730337,79083730338,79083730339
show "ten recipients" "$url?user=test&pwd=test&sadr=TESTSMS&dadr=$ten&text=Data"
show "sender of 15 digits" "$url?user=test&pwd=test&sadr=123456789012345&dadr=79083730330&text=Data"

# "В случае ошибки возвращает "0""
show "wrong password" "$url?user=test&pwd=wrong&sadr=TESTSMS&dadr=79083730330&text=Data"
show "eleven recipients" "$url?user=test&pwd=test&sadr=TESTSMS&dadr=$ten,79083730340&text=Data"
show "sender of 12 letters" "$url?user=test&pwd=test&sadr=TWELVELETTER&dadr=79083730330&text=Data"
show "no recipient" "$url?user=test&pwd=test&sadr=TESTSMS&text=Data"
show "no text" "$url?user=test&pwd=test&sadr=TESTSMS&dadr=79083730330&text="

# "Получение статуса доставки сообщения"
show "status at once" "$url?user=test&pwd=test&smsid=$id"
sleep "${PAUSE:-3}"
show "status later" "$url?user=test&pwd=test&smsid=$id"
show "status of the undeliverable" "$url?user=test&pwd=test&smsid=$undeliverable"

# "Запрос Баланса": amount, currency, directions; nothing at all if something is wrong.
show "balance" "$url?user=test&pwd=test&balance=1"
show "balance, wrong password" "$url?user=test&pwd=wrong&balance=1"
