// The stream of news. It says only that something changed; a lost connection is tried again until it stands.
import { byId } from "./dom.js";

const SOONEST = 300; // milliseconds
const LATEST = 4000;
const HIDDEN = 10_000; // a browser has six connections to a host: tabs that nobody looks at let theirs go

let source = null;
let timer = 0;
let resting = 0;
let wait = SOONEST;
let listener = () => {};
let mayRest = () => false;

/** Calls `heard(news, fresh)` for each news; fresh: the first one of a connection, so all may be another. */
export function listen(heard, restsWhenHidden) {
  listener = heard;
  mayRest = restsWhenHidden;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(resting);
    if (document.hidden) resting = setTimeout(() => mayRest() && close("resting"), HIDDEN);
    else retry();
  });
  addEventListener("online", retry);
  addEventListener("pagehide", () => close("connecting"));
  addEventListener("pageshow", (event) => event.persisted && connect());
  connect();
}

function connect() {
  close();
  let fresh = true;
  source = new EventSource("/api/events");
  source.addEventListener("news", (event) => {
    wait = SOONEST;
    show("live");
    listener(JSON.parse(event.data), fresh);
    fresh = false;
  });
  source.addEventListener("error", () => {
    // The browser's own way gives up for good after some replies, and waits long after others.
    close("reconnecting");
    timer = setTimeout(connect, wait);
    wait = Math.min(wait * 1.6, LATEST);
  });
}

function retry() {
  if (source === null) connect();
}

function close(state = null) {
  clearTimeout(timer);
  source?.close();
  source = null;
  if (state) show(state);
}

const WORDS = { live: "live", connecting: "connecting…", reconnecting: "reconnecting…", resting: "resting" };

function show(state) {
  const mark = byId("live");
  if (mark.dataset.state === state) return;
  mark.dataset.state = state;
  mark.firstElementChild.textContent = WORDS[state];
}
