// Both sides of a request, as they went over the wire.
import { code, h, time } from "./dom.js";
import { FAULT_WORDS } from "./fault-words.js";

/** The parameters in a query or form, decoded; null where they are not UTF-8. */
function decoded(text) {
  try {
    return text
      .split("&")
      .filter(Boolean)
      .map((pair) => {
        const [name, ...rest] = pair.split("=");
        return [name, rest.join("=")].map((part) => decodeURIComponent(part.replaceAll("+", " ")));
      });
  } catch {
    return null;
  }
}

function parametersOf(exchange) {
  const query = exchange.url.split("?").slice(1).join("?");
  const pairs = [query, exchange.body].map(decoded);
  return pairs.includes(null) ? [] : pairs.flat();
}

function headers(list, of) {
  if (!list.length) return null;
  const text = list.map(([name, value]) => `${name}: ${value}`).join("\n");
  return h("details", {}, h("summary", {}, `Headers of the ${of} (${list.length})`), code(text, `Headers of the ${of}`));
}

const titled = (level, text) => h(level, {}, text);

/** The cards "Request" and "Reply"; `level` of their headings. */
export function exchangeCards(exchange, level = "h2") {
  const parameters = parametersOf(exchange);
  const fault = FAULT_WORDS[exchange.fault];
  return [
    h(
      "section",
      { class: "card", "aria-label": "Request" },
      h("div", { class: "card-head" }, titled(level, "Request"), h("span", { class: "quiet" }, `${exchange.kind} to ${exchange.provider}, `, time(exchange.arrived_at))),
      code(`${exchange.method} ${exchange.url}`, "Request line"),
      exchange.body ? code(exchange.body, "Body of the request") : null,
      parameters.length
        ? h("dl", { class: "parameters" }, parameters.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { dir: "auto" }, value))))
        : null,
      headers(exchange.headers, "request"),
    ),
    h(
      "section",
      { class: "card", "aria-label": "Reply" },
      h("div", { class: "card-head" }, titled(level, "Reply"), h("span", { class: "quiet" }, exchange.status === null ? "no HTTP status went out" : `HTTP ${exchange.status}`)),
      exchange.fault ? h("p", { class: "met" }, h("strong", {}, `Fault: ${fault?.label ?? exchange.fault}. `), fault?.plain ?? "") : null,
      exchange.reply === "" ? h("p", { class: "quiet" }, "An empty body.") : code(exchange.reply, "Body of the reply"),
      headers(exchange.reply_headers, "reply"),
    ),
  ];
}
