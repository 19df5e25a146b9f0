// The strip below the header: which faults are on, visible from every view.
import { remove } from "./api.js";
import { byId, fill, h, say } from "./dom.js";
import { FAULT_WORDS } from "./fault-words.js";
import { link } from "./route.js";

let known = "{}";

/** Shows what is on, as `on` of the API: names of faults by gateway. */
export function showOn(on) {
  const names = Object.entries(on).filter(([, faults]) => faults.length);
  byId("strip").hidden = !names.length;
  fill(byId("strip-what"), on, () =>
    names.map(([gateway, faults]) =>
      h(
        "a",
        { href: link({ view: "faults", gateway }) },
        h("b", {}, gateway),
        faults.map((fault) => [" ", h("i", {}, (FAULT_WORDS[fault]?.label ?? fault).toLowerCase())]).flat(),
      ),
    ),
  );
  const key = JSON.stringify(on);
  if (key === known) return;
  known = key;
  say(names.length ? `Faults on: ${byId("strip-what").textContent}` : "No faults are on");
}

// What sticks below the header asks how high it is: the strip comes and goes, and takes more lines where it is narrow.
const header = document.querySelector("header");
new ResizeObserver(() => document.documentElement.style.setProperty("--header", `${header.offsetHeight}px`)).observe(header);

byId("strip-off").addEventListener("click", async () => {
  try {
    showOn((await remove("/api/faults")).on);
    byId("main").focus({ preventScroll: true });
  } catch (error) {
    say(error.message);
  }
});
