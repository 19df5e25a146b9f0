"""A made-up gateway of Tbilisi, as a third party would add it to smsgw: a driver, and a fake for its tests.

Its protocol: forms by POST, replies in JSON, always HTTP 200. `key` is the password.

/send     account, key, from, body, to (numbers with a plus, separated by semicolons; at most 50)
          {"ok": true, "sms": [{"to": "+7…", "ref": "GE-1"}, {"to": "+7…", "fail": "NUMBER"}]}
          {"ok": false, "why": "LOGIN" | "MONEY" | "LATER" | "TEXT"}: nothing was taken
/state    account, key, ref
          {"ok": true, "ref": "GE-1", "state": "way" | "done" | "lost" | "late"}; {"ok": false, "why": "REF"}
/account  account, key
          {"ok": true, "left": "12.50", "unit": "GEL"}
"""
