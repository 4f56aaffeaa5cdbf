// The only file that touches Tauri: commands in, one stream of changes out, pictures by address, the ledger's views by SQL.
// Its twin in the tests has the same five exports.

/** @type {any} */
const tauri = /** @type {any} */ (window).__TAURI_INTERNALS__;

/**
 * Asks for something. A refusal is thrown as it came: a `Failure`, or a text where the shell itself refuses.
 * @param {string} command @param {Record<string, any>} [values] @returns {Promise<any>}
 */
export function call(command, values = {}) {
  return tauri.invoke(command, values);
}

/**
 * Calls `told` first with the whole state, then with what changed.
 * @param {(change: any) => void} told @returns {Promise<void>}
 */
export function subscribe(told) {
  return tauri.invoke("subscribe", { channel: channel(told) });
}

/**
 * Rows of the ledger's published views.
 * @param {string} query @param {any[]} [values] @returns {Promise<any[]>}
 */
export function select(query, values = []) {
  return tauri.invoke("plugin:sql|select", { db: "sqlite:ledger", query, values });
}

/**
 * Where a picture is. @param {string} token
 * @param {{ frame?: number, edge?: number, center?: number | null, width?: number | null }} [options]
 */
export function pictureUrl(token, { frame = 0, edge = 256, center = null, width = null } = {}) {
  const query = new URLSearchParams({ frame: String(frame), edge: String(edge) });
  if (center !== null) query.set("center", String(center));
  if (width !== null) query.set("width", String(width));
  return `${tauri.convertFileSrc("", "relaypacs")}picture/${encodeURIComponent(token)}?${query}`;
}

/** @param {string} text */
export function copy(text) {
  return navigator.clipboard.writeText(text);
}

/**
 * A channel as Tauri writes it: its messages carry an index and may come out of order; the last one says so.
 * @param {(message: any) => void} told
 */
function channel(told) {
  let next = 0;
  /** @type {Map<number, any>} */
  const early = new Map();
  const id = tauri.transformCallback((/** @type {any} */ raw) => {
    if ("end" in raw) return;
    early.set(raw.index, raw.message);
    while (early.has(next)) {
      const message = early.get(next);
      early.delete(next);
      next += 1;
      told(message);
    }
  });
  return `__CHANNEL__:${id}`;
}
