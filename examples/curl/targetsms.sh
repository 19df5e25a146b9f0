#!/usr/bin/env bash
# TargetSMS with curl, section by section of its document: sendsms.php by GET for everything, in UTF-8.
#
#   smsgw sandbox &
#   examples/curl/targetsms.sh [http://127.0.0.1:8025]
#
# The sandbox may also be named by SANDBOX; PAUSE is the seconds to wait for a message to be delivered.
# Each reply stands under its heading, and its HTTP status and type in brackets below it.
set -euo pipefail

sandbox=${1:-${SANDBOX:-http://127.0.0.1:8025}}
url=${sandbox%/}/targetsms/sendsms.php
account="user=test&pwd=test"

show() { # HEADING, then what curl is given; leaves the reply in $reply
    printf "# %s\n" "$1"
    reply=$(curl --silent --show-error --write-out "\n[%{http_code} %{content_type}]" "${@:2}")
    printf "%s\n\n" "$reply"
    reply=${reply%$'\n'*}
}

# 1. The same request twice within a minute is refused: so is all of this script, if it is run again at once.
# 2. Sending: an ID for each recipient.
show "2.2 several recipients" --get "$url" --data "$account&sadr=TESTSMS&dadr=79001234567,79001234514" \
    --data-urlencode "text=текст SMS"
id=${reply%%[, ]*}
expired=${reply##*[, ]}
show "1 the same request again" --get "$url" --data "$account&sadr=TESTSMS&dadr=79001234567,79001234514" \
    --data-urlencode "text=текст SMS"
show "2.2 one recipient" "$url?$account&sadr=79161234567&dadr=79001234567&text=SMS"
single=${reply##* }
show "2.2 two parts" --get "$url" --data "$account&sadr=TESTSMS&dadr=79001234567" \
    --data-urlencode "text=$(printf 'ж%.0s' {1..71})"
two_parts=${reply##* }

# 2.3. What can be wrong with a request by itself.
show "2.3 wrong password" "$url?user=test&pwd=wrong&sadr=TESTSMS&dadr=79001234567&text=SMS"
show "2.3 no phone" "$url?$account&sadr=TESTSMS&dadr=&text=SMS"
show "2.3 phone too long" "$url?$account&sadr=TESTSMS&dadr=790012345671234&text=SMS"
show "2.3 no sender" "$url?$account&dadr=79001234567&text=SMS"
show "2.3 sender of 12 letters" "$url?$account&sadr=TWELVELETTER&dadr=79001234567&text=SMS"
show "2.3 sender of 16 digits" "$url?$account&sadr=1234567890123456&dadr=79001234567&text=SMS"
show "2.3 Cyrillic sender" --get "$url" --data "$account&dadr=79001234567&text=SMS" --data-urlencode "sadr=МАГАЗИН"
show "2.3 no text" "$url?$account&sadr=TESTSMS&dadr=79001234567&text="

# 3, 4. The status, in a word and in detail. Each is asked once a minute, so these ask for several messages.
show "3 status at once" "$url?$account&smsid=$id"
show "4 detail at once" "$url?$account&smsid=$two_parts&detail=1"
sleep "${PAUSE:-3}"
show "3 status later" "$url?$account&smsid=$single"
show "3 status of the expired" "$url?$account&smsid=$expired"
show "4 detail later" "$url?$account&smsid=$id&detail=1"
show "4 detail of the expired" "$url?$account&smsid=$expired&detail=1"
show "3.3 unknown message" "$url?$account&smsid=1"

# 5. The balance, and what is left of the package.
show "5.2 balance" "$url?$account&balance=1"
show "1 the balance again" "$url?$account&balance=1"
