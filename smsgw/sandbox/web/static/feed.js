// A list that is kept up to date, the newest first, page by page; used by the inbox and by the requests.
import { get } from "./api.js";
import { byId, h, number, plural, say } from "./dom.js";
import { changed, go, here, link, trail } from "./route.js";

export const PAGE = 50;

/**
 * name     of the view; its elements are `${name}-arrived` and `${name}-pager`
 * path     of the API; `field` of the reply holds the items, `id` of an item its number, `stamp` its time
 * box      where the rows go; `build(item)` makes one, `update(row, item)` brings it up to date
 * filters  the parameters of the page that are the API's own
 * what     one of them, in words
 */
export class Feed {
  constructor(options) {
    Object.assign(this, options);
    this.rows = new Map();
    this.pin = null; // nothing newer is shown while somebody reads further down
    this.arrived = byId(`${this.name}-arrived`);
    this.arrived.firstElementChild.addEventListener("click", () => this.toTop());
    this.pager = byId(`${this.name}-pager`);
    addEventListener("scroll", () => this.pin !== null && !this.readsBelow() && this.release(), { passive: true });
  }

  query() {
    const params = here();
    return Object.fromEntries(this.filters.map((name) => [name, params.get(name)]));
  }

  /** The first look at a page: whatever was shown of another goes. */
  async open(signal) {
    this.pin = null;
    this.mark = null;
    const before = here().get("before");
    if (before !== null) {
      const newest = await get(this.path, { ...this.query(), limit: 1 }, signal);
      this.mark = newest[this.field][0]?.[this.id] ?? 0;
    }
    const reply = await this.ask(before, signal);
    this.rows.clear();
    this.box.replaceChildren();
    this.place(reply, false);
    return reply;
  }

  /** Looks again. Who reads further down keeps the rows they have, and is told how many came. */
  async refresh(signal) {
    const before = here().get("before");
    if (before === null && this.pin === null && this.readsBelow()) this.pin = this.top();
    let reply = await this.ask(this.pin === null ? before : this.pin + 1, signal);
    if (before === null && this.pin === null && this.pushesOut(reply)) {
      this.pin = this.top();
      reply = await this.ask(this.pin + 1, signal);
    }
    this.place(reply, true);
    const mark = before === null ? this.pin : this.mark;
    this.showArrived(mark === null ? 0 : await this.countSince(mark, signal));
    return reply;
  }

  ask(before, signal) {
    return get(this.path, { ...this.query(), before, limit: PAGE }, signal);
  }

  async countSince(mark, signal) {
    const newer = await get(this.path, { ...this.query(), after: mark || null, limit: PAGE }, signal);
    return newer.next === null ? newer[this.field].length : Infinity;
  }

  showArrived(count) {
    const [button] = this.arrived.children;
    this.arrived.hidden = !count;
    const words = count === Infinity ? `More than ${PAGE} new ${this.what}s` : plural(count, `new ${this.what}`);
    if (count && button.textContent !== words) say(words);
    button.textContent = words;
  }

  top() {
    return this.rows.size ? Math.max(...this.rows.keys()) : null;
  }

  /** Whether the newest row has been scrolled away. */
  readsBelow() {
    const first = this.box.firstElementChild;
    const header = document.querySelector("header").getBoundingClientRect();
    return Boolean(first) && scrollY > 0 && first.getBoundingClientRect().bottom < Math.max(header.bottom, 1);
  }

  /** Whether these would push a row out that has the focus, or that is open. */
  pushesOut(reply) {
    const oldest = reply[this.field].at(-1)?.[this.id] ?? 0;
    return [...this.rows].some(([id, row]) => id < oldest && (row.contains(document.activeElement) || row.querySelector("[open]")));
  }

  async release() {
    this.pin = null;
    this.arrived.hidden = true;
    this.again();
  }

  toTop() {
    if (here().has("before")) {
      go(link(changed(here(), { before: null, open: null })));
      return;
    }
    this.pin = null;
    this.arrived.hidden = true;
    scrollTo({ top: 0 });
    this.focusWhenFresh = true;
    this.again();
  }

  place(reply, highlight) {
    const items = reply[this.field];
    // A sandbox that was restarted counts from one again: a number alone does not say which one it is.
    const wanted = new Map(items.map((item) => [item[this.id], item[this.stamp]]));
    for (const [id, row] of this.rows) {
      if (wanted.get(id) === row.stamp) continue;
      if (row.contains(document.activeElement)) this.linkOf(row.nextElementSibling ?? row.previousElementSibling)?.focus();
      row.remove();
      this.rows.delete(id);
    }
    let next = this.box.firstElementChild;
    let came = 0;
    for (const item of items) {
      let row = this.rows.get(item[this.id]);
      if (row === undefined) {
        row = this.build(item);
        row.stamp = item[this.stamp];
        this.rows.set(item[this.id], row);
        this.box.insertBefore(row, next);
        if (highlight) this.flash(row);
        came += 1;
      } else {
        next = row.nextElementSibling;
      }
      this.update(row, item);
    }
    if (highlight && came) say(came === PAGE ? `${PAGE} or more new ${this.what}s` : plural(came, `new ${this.what}`));
    if (this.focusWhenFresh) this.linkOf(this.box.firstElementChild)?.focus();
    this.focusWhenFresh = false;
    this.box.closest("[hidden], table, ul").hidden = !items.length;
    this.showPager(reply);
  }

  flash(row) {
    row.classList.add("fresh");
    row.addEventListener("animationend", () => row.classList.remove("fresh"), { once: true });
  }

  linkOf(row) {
    return row?.querySelector("a, summary") ?? null;
  }

  showPager(reply) {
    const params = here();
    const before = params.get("before");
    const behind = trail();
    // While rows are held, the next page begins after these; on a page that moves it is the server's own word.
    this.pager.hidden = before === null && reply.next === null;
    const key = JSON.stringify([location.search, reply.next, behind]);
    if (this.pager.filledWith === key) return;
    this.pager.filledWith = key;
    const step = (words, rel, href, way) => {
      const anchor = href === null ? h("span", { class: "step off" }, words) : h("a", { class: "step", rel, href }, words);
      anchor.trail = way;
      return anchor;
    };
    const page = (to) => link(changed(params, { before: to, open: null }));
    this.pager.replaceChildren(
      step("Newer", "prev", before === null ? null : page(behind.at(-1) ?? null), behind.slice(0, -1)),
      h("span", {}, before === null ? "Page 1" : behind.length ? `Page ${number(behind.length + 1)}` : "Older ones"),
      step("Older", "next", reply.next === null ? null : page(reply.next), [...behind, ...(behind.length || before === null ? [before] : [])]),
    );
  }

  /** Moves the focus by so many rows; from nowhere it goes to the first one. */
  move(steps) {
    const rows = [...this.box.children];
    const now = rows.findIndex((row) => row.contains(document.activeElement));
    const row = now < 0 ? rows[0] : rows[Math.min(Math.max(now + steps, 0), rows.length - 1)];
    this.linkOf(row)?.focus();
    row?.scrollIntoView({ block: "nearest" });
    return Boolean(row);
  }

  holdsFocus() {
    return this.box.contains(document.activeElement);
  }
}
