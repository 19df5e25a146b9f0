// Each fault in words: the JSON API has the same names.
import { h } from "./dom.js";

const word = (name, label, plain) => ({ name, label, plain });

/** Those that meet the next so many requests, or a share of the sends. */
export const WIRE_FAULTS = [
  word("unavailable", "Unavailable", "The gateway says in its own way that it is out of order, whatever it is asked; nothing is taken."),
  word("drop_before", "Cut before", "The connection is cut and nothing is taken; the client cannot tell this from “Taken, then cut”."),
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
export const STOP_LIST = word("stop_list", "Stop list", "The gateway refuses these numbers, in its own way.");

/** What “Refuse with” may hold, by gateway: each has words of its own. */
export const REFUSALS = {
  avist: ["For example: ", "Error: can't send this message"],
  iba: ["IBA answers 0, whatever stands here."],
  smsco: ["For example: ", "2904"],
  smstele: ["For example: ", "-41"],
  targetsms: ["For example: ", "Нет ссылки"],
};

export const FAULT_WORDS = Object.fromEntries([...WIRE_FAULTS, ...SWITCHES, DELAY, REFUSE, STOP_LIST].map((fault) => [fault.name, fault]));

/** A mark that says which fault a request met. */
export function faultTag(name) {
  const words = FAULT_WORDS[name];
  return h("span", { class: "on", title: words ? `Fault: ${words.label}. ${words.plain}` : `Fault: ${name}` }, (words?.label ?? name).toLowerCase());
}
