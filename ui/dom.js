// What a view returns (`h`), and how the page becomes that (`draw`). Nothing here knows RelayPACS.
// Text only ever becomes a text node, so that whatever a DICOM file says stays text.

const SVG = "http://www.w3.org/2000/svg";
/** Set as properties: as attributes they would only be the value at the start. */
const PROPERTIES = new Set(["value", "checked", "indeterminate"]);
/** Mean something to us, not to the page. */
const OURS = new Set(["key", "vars", "mount", "unmount", "drawn"]);

/**
 * @typedef {{ tag: string, key: any, props: Record<string, any>, children: Leaf[], el: any }} Branch
 * @typedef {{ text: string, el: any }} Text
 * @typedef {Branch | Text} Leaf
 * @typedef {Leaf | string | number | null | undefined | false | any[]} Child
 */

/**
 * One element. `props`: attributes (true, a string; null and false leave it out), `on...` functions, and ours: `key`
 * (who it is among its siblings), `vars` (CSS custom properties), `mount`, `unmount`, `drawn` (called with the element).
 * @param {string} tag @param {Record<string, any> | null} [props] @param {...Child} children @returns {Branch}
 */
export function h(tag, props, ...children) {
  /** @type {Leaf[]} */
  const flat = [];
  gather(children, flat);
  return { tag, key: props?.key, props: props ?? {}, children: flat, el: null };
}

/** What a patient, a disc or a person wrote: set apart in its own direction, and not to be translated. @param {Child} text */
export const said = (text, props = {}) => h("bdi", { dir: "auto", translate: "no", ...props }, text);

/** @param {any} child @param {Leaf[]} into */
function gather(child, into) {
  if (child === null || child === undefined || child === false || child === true) return;
  if (Array.isArray(child)) child.forEach((one) => gather(one, into));
  else if (typeof child === "object") into.push(child);
  else into.push({ text: String(child), el: null });
}

/** @type {WeakMap<Element, Leaf[]>} */
const shown = new WeakMap();

/** Makes the inside of `root` what `leaves` say, touching only what differs. @param {Element} root @param {Child} leaves */
export function draw(root, leaves) {
  /** @type {Leaf[]} */
  const next = [];
  gather(leaves, next);
  /** @type {(() => void)[]} */
  const after = [];
  patch(root, shown.get(root) ?? [], next, false, after);
  shown.set(root, next);
  after.forEach((call) => call());
}

/** @param {Leaf} leaf */
const kind = (leaf) => ("tag" in leaf ? leaf.tag : "#text");

/** Who each leaf is among its siblings: its key, or which of its kind it is. @param {Leaf[]} leaves */
function names(leaves) {
  /** @type {Map<string, number>} */
  const count = new Map();
  return leaves.map((leaf) => {
    if ("tag" in leaf && leaf.key !== undefined) return `${leaf.tag} ${leaf.key}`;
    const which = count.get(kind(leaf)) ?? 0;
    count.set(kind(leaf), which + 1);
    return `${kind(leaf)}#${which}`;
  });
}

/** @param {Element} parent @param {Leaf[]} before @param {Leaf[]} next @param {boolean} svg @param {(() => void)[]} after */
function patch(parent, before, next, svg, after) {
  if (before.length === 0 && next.length === 0) return;
  /** @type {Map<string, Leaf>} */
  const left = new Map();
  names(before).forEach((name, at) => left.set(name, before[at]));
  const wanted = names(next);
  const kept = next.map((_, at) => left.get(wanted[at]));
  wanted.forEach((name) => left.delete(name));
  for (const gone of left.values()) remove(gone);
  /** @type {Node | null} */
  let place = before.length > 0 ? parent.firstChild : null;
  next.forEach((leaf, at) => {
    const old = kept[at];
    if (old) renew(old, leaf, svg, after);
    else make(leaf, svg, after);
    if (leaf.el !== place) parent.insertBefore(leaf.el, place);
    else place = leaf.el.nextSibling;
  });
}

/** @param {Leaf} leaf @param {boolean} svg @param {(() => void)[]} after */
function make(leaf, svg, after) {
  if (!("tag" in leaf)) {
    leaf.el = document.createTextNode(leaf.text);
    return;
  }
  const inSvg = svg || leaf.tag === "svg";
  leaf.el = inSvg ? document.createElementNS(SVG, leaf.tag) : document.createElement(leaf.tag);
  patch(leaf.el, [], leaf.children, inSvg, after);
  for (const name in leaf.props) set(leaf.el, name, leaf.props[name], undefined);
  const { mount, drawn } = leaf.props;
  if (mount) after.push(() => mount(leaf.el));
  if (drawn) after.push(() => drawn(leaf.el));
}

/** @param {Leaf} old @param {Leaf} leaf @param {boolean} svg @param {(() => void)[]} after */
function renew(old, leaf, svg, after) {
  // Whoever hands in the same leaf again says that it and all in it are as they were.
  if (old === leaf) return;
  leaf.el = old.el;
  if (!("tag" in leaf) || !("tag" in old)) {
    if (!("tag" in leaf) && !("tag" in old) && leaf.text !== old.text) leaf.el.data = leaf.text;
    return;
  }
  patch(leaf.el, old.children, leaf.children, svg || leaf.tag === "svg", after);
  for (const name in old.props) if (!(name in leaf.props)) set(leaf.el, name, null, old.props[name]);
  for (const name in leaf.props) set(leaf.el, name, leaf.props[name], old.props[name]);
  if (leaf.props.drawn) after.push(() => leaf.props.drawn(leaf.el));
}

/** @param {Leaf} leaf */
function remove(leaf) {
  leave(leaf);
  leaf.el.remove();
}

/** @param {Leaf} leaf */
function leave(leaf) {
  if (!("tag" in leaf)) return;
  leaf.children.forEach(leave);
  leaf.props.unmount?.(leaf.el);
}

/** @param {any} el @param {string} name @param {any} value @param {any} before */
function set(el, name, value, before) {
  if (name === "vars") {
    for (const one in value) if (value[one] !== before?.[one]) el.style.setProperty(one, value[one]);
  } else if (OURS.has(name)) {
    return;
  } else if (name.startsWith("on")) {
    el[name] = value ?? null;
  } else if (PROPERTIES.has(name)) {
    if (el[name] !== (value ?? "")) el[name] = value ?? "";
  } else if (value !== before) {
    if (value === null || value === undefined || value === false) el.removeAttribute(name);
    else el.setAttribute(name, value === true ? "" : String(value));
  }
}
