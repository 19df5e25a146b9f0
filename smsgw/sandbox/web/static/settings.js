// What may be set while the sandbox runs, and what there is to know about it.
import { facts, get, patch, post } from "./api.js";
import { badge, byId, fill, h, plural, say, tell } from "./dom.js";
import { field, readNumber } from "./field.js";
import { gatewayTable } from "./gateways.js";

const fields = new Map();

function one({ name, label, plain, control, read, write, unit }) {
  control.id = `set-${name}`;
  control.dataset.hint = `plain-${name}`;
  control.setAttribute("aria-describedby", control.dataset.hint);
  const bound = field({
    control,
    read,
    write,
    name: label,
    send: async (value) => show(await patch("/api/settings", { [name]: value })),
  });
  fields.set(name, bound);
  return h(
    "div",
    { class: "setting" },
    h("label", { for: control.id }, label),
    h("div", { class: "unit" }, control, unit ? h("span", {}, unit) : null),
    bound.error,
    h("p", { class: "hint", id: control.dataset.hint }, plain),
  );
}

function draw() {
  const seconds = () => h("input", { type: "number", min: "0", step: "any", inputmode: "decimal", autocomplete: "off" });
  const delivery = seconds();
  const repeat = seconds();
  const url = h("input", { type: "url", autocomplete: "off", spellcheck: "false", placeholder: "http://127.0.0.1:8080/incoming", class: "long" });
  const numeric = (control) => ({ control, unit: "seconds", read: () => readNumber(control), write: (value) => (control.value = value) });
  byId("settings-fields").append(
    one({ name: "delivery_after", label: "Delivered after", plain: "From the taking of a message to its final state.", ...numeric(delivery) }),
    one({
      name: "incoming_url",
      label: "Incoming messages go to",
      plain: "The URL of your application that IBA would call when a phone writes; empty for none.",
      control: url,
      read: () => url.value.trim() || null,
      write: (value) => (url.value = value ?? ""),
    }),
    one({ name: "incoming_repeat", label: "Repeated after", plain: "As long as your application does not acknowledge an incoming message, it comes again.", ...numeric(repeat) }),
  );
}

function show(settings) {
  for (const [name, bound] of fields) bound.show(settings[name]);
}

function showFacts(known) {
  const kept = known.keep === null ? "all messages are kept" : `the newest ${plural(known.keep, "message is", "messages are")} kept`;
  byId("settings-facts").textContent = `Version ${known.version}; ${kept}, ${known.store === null ? "in memory" : `in ${known.store}`}.`;
  fill(byId("settings-gateways"), known, () => gatewayTable(known));
  fill(byId("settings-fates"), known.fates, () => Object.entries(known.fates).map(([ending, fate]) => h("tr", {}, h("td", {}, h("code", {}, `…${ending}`)), h("td", {}, badge(fate)))));
}

byId("reset-open").addEventListener("click", () => {
  byId("reset").querySelector("form").reset();
  byId("reset").returnValue = "no";
  byId("reset").showModal();
});

byId("reset").addEventListener("close", async () => {
  if (byId("reset").returnValue !== "yes") return;
  const { elements } = byId("reset").querySelector("form");
  const parts = Object.fromEntries(["messages", "incoming", "faults"].map((name) => [name, elements[name].checked]));
  try {
    await post("/api/reset", parts);
    tell(byId("settings-problem"), "");
    say("The sandbox was reset");
  } catch (error) {
    tell(byId("settings-problem"), error.message);
  }
});

draw();

export const settings = {
  topics: ["settings"],
  title: () => "Settings",
  async show(params, { signal }) {
    showFacts(await facts());
    show(await get("/api/settings", {}, signal));
    tell(byId("settings-problem"), "");
  },
  keys: {},
};
