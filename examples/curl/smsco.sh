#!/usr/bin/env bash
# smsco.ge with curl, as its document shows it: smsapi2.php sends, getstatus.php tells what became of it, both by GET.
#
#   smsgw sandbox &
#   examples/curl/smsco.sh [http://127.0.0.1:8025]
#
# The sandbox may also be named by SANDBOX; PAUSE is the seconds to wait for a message to be delivered.
# Each reply stands under its heading, and its HTTP status and type in brackets below it.
set -euo pipefail

sandbox=${1:-${SANDBOX:-http://127.0.0.1:8025}}
url=${sandbox%/}/smsco
account="username=test&password=test"

show() { # HEADING, then what curl is given; leaves the reply in $reply
    printf "# %s\n" "$1"
    reply=$(curl --silent --show-error --write-out "\n[%{http_code} %{content_type}]" "${@:2}")
    printf "%s\n\n" "$reply"
    reply=${reply%$'\n'*}
}

# "Пример отправки SMS-a": the reply is OK, the credits that it took, and the ID.
show "send" "$url/smsapi2.php?username=test&password=test&recipient=995599445448&message=test"
id=${reply##* }
show "structure" "$url/smsapi2.php?username=test&password=test&recipient=123456789&message=testing"
show "several recipients" "$url/smsapi2.php?$account&recipient=995599445448,995599244409&message=test"
show "two parts" --get "$url/smsapi2.php" --data "$account&recipient=995599445448" \
    --data-urlencode "message=$(printf 'Long. %.0s' {1..30})"
show "sender" "$url/smsapi2.php?$account&recipient=995599445413&message=a-Z_0.9%20%22ok%22&sender=SHOP"
undeliverable=${reply##* }

# "Проверка остатального баланса"
show "balance" "$url/smsapi2.php?username=test&password=test&balance=true"

# "Планировка следующей отправки": the space is %20 or +. The document's own day is long past.
show "schedule" "$url/smsapi2.php?$account&recipient=995599244409&message=test&schedule=2099-10-01%2012:30:00"
scheduled=${reply##* }
show "schedule with a plus" "$url/smsapi2.php?$account&recipient=995599244409&message=test&schedule=2099-10-01+12:30:00"

# "Получение ответа услуги": what can be wrong.
show "2904 sending failed" --get "$url/smsapi2.php" --data "$account&recipient=995599445448" \
    --data-urlencode "message=только латиница"
show "2905 wrong password" "$url/smsapi2.php?username=test&password=wrong&recipient=995599445448&message=test"
show "2908 schedule format" "$url/smsapi2.php?$account&recipient=995599445448&message=test&schedule=01.10.2099"
show "2909 unable to schedule" \
    "$url/smsapi2.php?username=test&password=test&recipient=995599244409&message=test&schedule=2012-10-01%2012:30:00"
show "2910 no username" "$url/smsapi2.php?password=test&recipient=995599445448&message=test"
show "2911 no password" "$url/smsapi2.php?username=test&recipient=995599445448&message=test"
show "2912 no recipient" "$url/smsapi2.php?$account&recipient=&message=test"
show "2913 no message" "$url/smsapi2.php?$account&recipient=995599445448"
show "2914 sender empty" "$url/smsapi2.php?$account&recipient=995599445448&message=test&sender="
show "2915 several are empty" "$url/smsapi2.php?$account"

# "Проверка статуса SMS-а"
show "status at once" "$url/getstatus.php?username=test&password=test&mes_id=$id"
sleep "${PAUSE:-3}"
show "status later" "$url/getstatus.php?username=test&password=test&mes_id=$id"
show "status of the undeliverable" "$url/getstatus.php?username=test&password=test&mes_id=$undeliverable"
show "status of the scheduled" "$url/getstatus.php?username=test&password=test&mes_id=$scheduled"
show "status, wrong password" "$url/getstatus.php?username=test&password=wrong&mes_id=$id"
