// Each fault in words: the JSON API has the same names.

const word = (name, label, plain) => ({ name, label, plain });

/** Those that meet the next so many requests, or a share of the sends. */
export const WIRE_FAULTS = [
  word("unavailable", "Unavailable", "The gateway says in its own way that it is out of order, whatever it is asked; nothing is taken."),
  word("drop_before", "Cut before", "The connection is cut before the request is read: nothing is taken, and it is safe to send again."),
  word("drop", "Taken, then cut", "The message is taken, then the connection is cut before a byte of the reply: a client that sends again sends twice."),
  word("silent", "Taken, then silence", "The message is taken, and no reply ever comes: the client waits until it gives up."),
  word("truncated", "Taken, reply cut short", "The message is taken, and the reply stops half-way through the length that it announced."),
  word("bad_gateway", "Taken, then 502", "The message is taken, and a front server answers HTTP 502 all the same."),
];

/** Those that last while they are on. */
export const SWITCHES = [
  word("blocked", "Account blocked", "The gateway refuses the account; one that has no word for it says that login or password are wrong."),
  word("no_credit", "Out of credit", "Every send is refused for want of money; nothing is taken."),
  word("held", "Held for want of credit", "Messages are taken and wait until the account is paid: their state is “held”."),
];

export const DELAY = word("delay", "Slow", "Every reply waits so many seconds, after all has been taken; a client with less patience does not know.");
export const REFUSE = word("refuse_with", "Refuse with", "Every send is refused with this code or text of the gateway’s own; nothing is taken.");
export const STOP_LIST = word("stop_list", "Stop list", "The gateway refuses these numbers, in its own way; commas, spaces or lines part them.");

export const FAULT_WORDS = Object.fromEntries([...WIRE_FAULTS, ...SWITCHES, DELAY, REFUSE, STOP_LIST].map((fault) => [fault.name, fault]));
