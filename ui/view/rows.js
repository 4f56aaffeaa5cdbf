// A list of any length: only the pages of rows that can be seen are asked for and are in the page. Rows may differ in
// height: a page is measured when it is drawn, and until then taken to be as high as others were.
// For those who hear it, every row says its place in the whole; arrow keys, Home and End go from row to row.

import { h } from "../dom.js";
import { redraw, redrawMoved, failureOf, refuse, turnNow } from "../store.js";
import { t } from "../speak.js";

/** So many rows come into the page at once; 20 cost a frame of 40 ms and more while scrolling. */
const SIZE = 10;
/** Up to this many rows all their controls are in the tab order; above it only those of the row last used. */
const TABBABLE = 40;

/**
 * @template Row
 * @param {{ fetch: (offset: number, limit: number) => Promise<{ total: number, rows: Row[] }>,
 *   row: (row: Row, at: number, tab: boolean) => any, key: (row: Row) => any, height: number }} how
 *   `height`: what a row is taken for before one was measured, in CSS pixels
 */
export function rows({ fetch, row, key, height }) {
  /** `asked`: when it was asked for, so that of old pages the oldest comes first. `drawn`: as it was drawn last.
   * @type {Map<number, { rows: Row[], revision: any, asked: number, drawn?: { of: string, leaf: any } }>} */
  let pages = new Map();
  /** @type {Map<number, number>} */
  let heights = new Map();
  let total = 0;
  let told = false;
  let revision = /** @type {any} */ (undefined);
  let first = 0;
  let last = 0;
  let active = 0;
  /** @type {number | null} */
  let wanted = null;
  let busy = false;
  /** @type {any} */
  let list = null;
  /** @type {any} */
  let scroller = null;
  let epoch = 0;
  let asks = 0;

  const average = () => {
    let sum = 0;
    for (const one of heights.values()) sum += one;
    return heights.size > 0 ? sum / heights.size : height * SIZE;
  };
  const count = () => Math.ceil(total / SIZE);
  const heightOf = (/** @type {number} */ at, /** @type {number} */ usual) => {
    const known = heights.get(at);
    if (known !== undefined) return known;
    return at === count() - 1 ? (usual * (total - at * SIZE)) / SIZE : usual;
  };

  /** Asks for one page at a time, those in sight first. */
  async function load() {
    if (busy) return;
    const askedAt = (/** @type {number} */ at) => pages.get(at)?.asked ?? -1;
    const [missing] = shownPages()
      .filter((at) => pages.get(at)?.revision !== revision)
      .sort((a, b) => askedAt(a) - askedAt(b) || a - b);
    if (missing === undefined) return;
    busy = true;
    asks += 1;
    const [as, asked, age] = [revision, asks, epoch];
    try {
      const answer = await fetch(missing * SIZE, SIZE);
      if (age === epoch) {
        [total, told] = [answer.total, true];
        pages.set(missing, { rows: answer.rows, revision: as, asked });
        for (const at of pages.keys()) if (at >= count()) pages.delete(at);
      }
    } catch (cause) {
      if (age === epoch) {
        pages.set(missing, { rows: pages.get(missing)?.rows ?? [], revision: as, asked });
        refuse(failureOf(cause));
      }
    }
    busy = false;
    redrawMoved();
  }

  /** The pages in sight, and the one that holds the focus wherever it is. */
  function shownPages() {
    const shown = [];
    for (let at = first; at <= Math.min(last, Math.max(0, count() - 1)); at += 1) shown.push(at);
    const held = Math.floor(active / SIZE);
    if (holdsFocus() && !shown.includes(held) && held < count()) shown.push(held);
    return shown.sort((a, b) => a - b);
  }

  const holdsFocus = () => list !== null && list.contains(document.activeElement);

  /** Which pages can be seen, a screen's height before and after included. */
  function look() {
    if (!list?.isConnected) return;
    const top = scroller.getBoundingClientRect().top - list.getBoundingClientRect().top;
    const room = scroller.clientHeight;
    const usual = average();
    let [from, to, y] = [-1, 0, 0];
    for (let at = 0; at < count(); at += 1) {
      const end = y + heightOf(at, usual);
      if (from < 0 && end > top - room / 2) from = at;
      if (y < top + room * 1.5) to = at;
      y = end;
    }
    from = Math.max(0, from);
    to = Math.max(from, to);
    if (from !== first || to !== last) {
      [first, last] = [from, to];
      redrawMoved();
    }
  }

  /** Measures what was drawn; what grew above the sight must not push it away. @param {any} el */
  function drawn(el) {
    list = el;
    const usual = average();
    const edge = scroller.getBoundingClientRect().top;
    let shift = 0;
    for (const page of el.children) {
      const at = Number(page.dataset.page);
      if (Number.isNaN(at)) continue;
      const box = page.getBoundingClientRect();
      const before = heightOf(at, usual);
      if (box.bottom < edge) shift += box.height - before;
      heights.set(at, box.height);
    }
    if (Math.abs(shift) >= 1) scroller.scrollTop += shift;
    reach();
    look();
    load();
  }

  /** Gives the focus to a row that was asked for, once it is there. */
  function reach() {
    if (wanted === null) return;
    const target = list.querySelector(`[aria-posinset="${wanted + 1}"] [data-row]`);
    if (target) {
      wanted = null;
      target.focus();
      target.closest("[role=listitem]").scrollIntoView({ block: "nearest" });
      return;
    }
    const usual = average();
    let y = 0;
    for (let at = 0; at < Math.floor(wanted / SIZE); at += 1) y += heightOf(at, usual);
    scroller.scrollTop += list.getBoundingClientRect().top - scroller.getBoundingClientRect().top + y;
  }

  /** @param {KeyboardEvent} event */
  function key_down(event) {
    const at =
      Number(/** @type {any} */ (event.target).closest("[role=listitem]")?.getAttribute("aria-posinset") ?? 0) - 1;
    if (at < 0 || /** @type {any} */ (event.target).matches("select, input:not([type=checkbox])")) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: total - 1, PageDown: at + 8, PageUp: at - 8 }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    focus(Math.max(0, Math.min(total - 1, to)));
  }

  /** @param {FocusEvent} event */
  function focus_in(event) {
    const at =
      Number(/** @type {any} */ (event.target).closest("[role=listitem]")?.getAttribute("aria-posinset") ?? 0) - 1;
    if (at >= 0 && at !== active) {
      active = at;
      redraw();
    }
  }

  /** @param {number} at */
  function focus(at) {
    [wanted, active] = [at, at];
    redraw();
  }

  /** @param {any} el */
  function mount(el) {
    list = el;
    scroller = el.parentElement;
    while (scroller.parentElement && !/auto|scroll/.test(getComputedStyle(scroller).overflowY))
      scroller = scroller.parentElement;
    scroller.addEventListener("scroll", look, { passive: true });
    el.addEventListener("focusin", focus_in);
    addEventListener("resize", look);
    look();
  }

  function unmount() {
    scroller?.removeEventListener("scroll", look);
    removeEventListener("resize", look);
    list = null;
  }

  /** A page, drawn anew where anything but the sight has changed. @param {number} at */
  function pageOf(at) {
    const page = pages.get(at);
    if (!page) return null;
    const of = `${turnNow()} ${total} ${active}`;
    if (page.drawn?.of !== of) page.drawn = { of, leaf: drawPage(at, page.rows) };
    return page.drawn.leaf;
  }

  /** @param {number} at @param {Row[]} those */
  const drawPage = (at, those) =>
    h(
      "div",
      { key: `page ${at}`, class: "page", role: "none", "data-page": at },
      those.map((one, index) => {
        const place = at * SIZE + index;
        const tab = total <= TABBABLE || place === active;
        return h(
          "div",
          { key: key(one), role: "listitem", "aria-setsize": total, "aria-posinset": place + 1 },
          row(one, place, tab),
        );
      }),
    );

  /** @param {string} label @param {any} now the revision of what is listed @param {number} [known] how many rows there
   * are, where that is known before the first are asked for */
  function view(label, now, known) {
    revision = now;
    if (known !== undefined) total = known;
    if (active >= total) active = Math.max(0, total - 1);
    const usual = average();
    const inside = [];
    let next = 0;
    const gap = (/** @type {number} */ to) => {
      let y = 0;
      for (; next < to; next += 1) y += heightOf(next, usual);
      if (y > 0)
        inside.push(
          h("div", { key: `gap ${to}`, role: "none", class: "gap", vars: { "--high": `${Math.round(y)}px` } }),
        );
    };
    for (const at of shownPages()) {
      const page = pageOf(at);
      if (!page) continue;
      gap(at);
      inside.push(page);
      next = at + 1;
    }
    gap(count());
    return [
      total > TABBABLE ? h("p", { class: "soft small keys", key: "keys" }, t("rows.keys")) : null,
      h(
        "div",
        {
          key: "rows",
          class: "rows",
          role: "list",
          "aria-label": label,
          "aria-busy": pages.size === 0 && total > 0 ? "true" : null,
          onkeydown: key_down,
          mount,
          unmount,
          drawn,
        },
        inside,
      ),
    ];
  }

  /** Forgets everything: another list begins. */
  function reset() {
    [pages, heights] = [new Map(), new Map()];
    [total, told, first, last, active, wanted] = [0, false, 0, 0, 0, null];
    epoch += 1;
  }

  /** Those rows that are here. */
  const known = () => [...pages.values()].flatMap((page) => page.rows);

  /** How many rows there are; null until that is known. */
  const length = () => (told ? total : null);

  return { view, reset, focus, known, length };
}
