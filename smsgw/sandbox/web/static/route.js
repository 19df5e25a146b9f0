// Where one is: all of it stands in the query, so that a reload, the back button and a shared link work.

export const here = () => new URLSearchParams(location.search);

/** The view that a query names. */
export function viewOf(params) {
  if (params.has("message")) return "message";
  if (params.has("number") && params.get("view") === "phone") return "phone";
  const view = params.get("view") ?? "inbox";
  return view === "message" ? "inbox" : view; // which one, it does not say
}

/** A link to these parameters; empty ones are left out. */
export function link(params) {
  const kept = new URLSearchParams();
  for (const [name, value] of params instanceof URLSearchParams ? params : Object.entries(params)) {
    if (value !== "" && value !== null && value !== undefined) kept.append(name, value);
  }
  return kept.size ? `/?${kept}` : "/";
}

/** The same parameters but for some; null takes one out. */
export function changed(params, changes) {
  const other = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") other.delete(name);
    else other.set(name, value);
  }
  return other;
}

let arrive = () => {};
let shown = "";

/** Calls `arrived(how)` whenever the place is another one. */
export function follow(arrived) {
  arrive = arrived;
  shown = location.search;
  addEventListener("popstate", () => {
    if (location.search === shown) return; // only the fragment: the link that skips to the content
    shown = location.search;
    arrive("back");
  });
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest?.("a[href]");
    if (!anchor || event.button || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || anchor.target) return;
    if (anchor.origin !== location.origin || anchor.pathname !== "/" || anchor.hash) return;
    event.preventDefault();
    go(anchor.getAttribute("href"), anchor.trail);
  });
}

/** Goes to a link of this page. The trail: the cursors of the pages before, for "Newer". */
export function go(href, trail = []) {
  history.pushState({ trail, came: true }, "", href);
  shown = location.search;
  arrive("forward");
}

/** Writes other parameters into the URL of where one is. */
export function rewrite(params, trail = []) {
  history.replaceState({ ...history.state, trail }, "", link(params));
  shown = location.search;
}

/** Back to where one came from; to the inbox if that was not this page. */
export function back() {
  if (history.state?.came) history.back();
  else go("/");
}

export const trail = () => history.state?.trail ?? [];
