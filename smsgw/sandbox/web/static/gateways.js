// How to reach the gateways: what is shown where nothing has come yet, and among the settings.
import { copyButton, h } from "./dom.js";

/** The commands that send a first message. */
export function tryCommand(known) {
  const password = known.password ?? "PASSWORD";
  const gateway = known.gateways.find(({ name }) => name === "iba") ?? known.gateways[0];
  const { host, pathname } = new URL(gateway.url);
  const account = `${encodeURIComponent(known.login)}:${encodeURIComponent(password)}`;
  return (
    `export SMSGW_DSN='${gateway.name}://${account}@${host}${pathname}?http=1&sender=TESTSMS'\n` +
    "smsgw send --to '+7 903 123-45-67' --text 'Code 1234'"
  );
}

/** The URL of each gateway, and the one account that all have. */
export function gatewayTable(known) {
  return h(
    "dl",
    { class: "urls" },
    known.gateways.map(({ name, url, scripts }) =>
      h(
        "div",
        {},
        h("dt", {}, name),
        h("dd", {}, h("code", {}, url), h("span", { class: "quiet" }, scripts.join(", ")), copyButton(url, `the URL of ${name}`)),
      ),
    ),
    h("div", {}, h("dt", {}, "login"), h("dd", {}, h("code", {}, known.login), copyButton(known.login, "the login"))),
    h(
      "div",
      {},
      h("dt", {}, "password"),
      known.password === null
        ? h("dd", {}, h("span", { class: "quiet" }, "set when the sandbox was started, and not shown"))
        : h("dd", {}, h("code", {}, known.password), copyButton(known.password, "the password")),
    ),
  );
}
