#!/usr/bin/env bash
# Avist with curl, section by section of its document: one script, sms.php, by GET or POST.
#
#   smsgw sandbox &
#   examples/curl/avist.sh [http://127.0.0.1:8025]
#
# The sandbox may also be named by SANDBOX; PAUSE is the seconds to wait for a message to be delivered.
# Each reply stands under its heading, and its HTTP status and type in brackets below it.
set -euo pipefail

sandbox=${1:-${SANDBOX:-http://127.0.0.1:8025}}
url=${sandbox%/}/avist/sms.php

show() { # HEADING, then what curl is given; leaves the reply in $reply
    printf "# %s\n" "$1"
    reply=$(curl --silent --show-error --write-out "\n[%{http_code} %{content_type}]" "${@:2}")
    printf "%s\n\n" "$reply"
    reply=${reply%$'\n'*}
}

# 2. Sending, by GET and by POST. The message may hold 160 characters, or 70 if some are Cyrillic.
show "2 send by GET" "$url?action=send_sms&user=test&pass=test&phone=79160001234&message=Hello+there&from=SHOP"
by_get=${reply##*[= ]}
show "2 send by POST" "$url" \
    --data "action=send_sms&user=test&pass=test" --data "phone=79160001213&from=SHOP" \
    --data-urlencode "message=Привет, мир"
by_post=${reply##*[= ]}

# 1.2, 2.2. What can be wrong.
show "1.2 wrong password" "$url?action=send_sms&user=test&pass=wrong&phone=79160001234&message=Hi&from=SHOP"
show "1.2 no login" "$url?action=balance"
show "2.2 message too long" --get "$url" --data "action=send_sms&user=test&pass=test&phone=79160001234&from=SHOP" \
    --data-urlencode "message=$(printf 'a%.0s' {1..161})"
show "2.2 Cyrillic message too long" --get "$url" \
    --data "action=send_sms&user=test&pass=test&phone=79160001234&from=SHOP" \
    --data-urlencode "message=$(printf 'ж%.0s' {1..71})"
show "2.2 wrong sender" "$url?action=send_sms&user=test&pass=test&phone=79160001234&message=Hi&from=TWELVELETTER"
show "2.2 no message" "$url?action=send_sms&user=test&pass=test&phone=79160001234&from=SHOP"
show "2.2 wrong phone" "$url?action=send_sms&user=test&pass=test&phone=89160001234&message=Hi&from=SHOP"

# 3. The status; a number that ends in 13 is one that the sandbox never delivers to.
show "3 status at once" "$url?action=status&user=test&pass=test&mess_id=$by_get"
sleep "${PAUSE:-3}"
show "3 status later" "$url?action=status&user=test&pass=test&mess_id=$by_get"
show "3 status of the undeliverable, by POST" "$url" --data "action=status&user=test&pass=test&mess_id=$by_post"
show "3.2 unknown message" "$url?action=status&user=test&pass=test&mess_id=nosuch"
show "3.2 wrong password" "$url?action=status&user=test&pass=wrong&mess_id=$by_get"

# 4. The balance.
show "4 balance by GET" "$url?action=balance&user=test&pass=test"
show "4 balance by POST" "$url" --data "action=balance&user=test&pass=test"
show "4.2 wrong password" "$url?action=balance&user=wrong&pass=test"
