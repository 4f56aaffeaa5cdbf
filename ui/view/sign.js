// The signs: drawn lines, one for each thing and each state. Beside every sign stands its word, so it is not read out.

import { h } from "../dom.js";

/** @type {Record<string, string>} */
const LINES = {
  send: "M12 16V4m0 0 5 5m-5-5L7 9M4 16v4h16v-4",
  queue: "M4 6h16M4 12h16M4 18h10",
  history: "M12 8v5l3 2M21 12a9 9 0 1 1-3-6.7M21 3v5h-5",
  overview: "M4 20V10m6 10V4m6 16v-7m4 7H2",
  settings: "M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0M12 2v3m0 14v3M2 12h3m14 0h3M5 5l2 2m10 10 2 2M5 19l2-2M17 7l2-2",
  optical: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M14.5 12a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0",
  stick: "M8 8V3h8v5M6 8h12v13H6zM10.5 5.5h.01M13.5 5.5h.01",
  disk: "M3 6h18v12H3zM7 14h.01M11 14h6",
  folder: "M3 6h6l2 3h10v10H3z",
  files: "M7 3h7l5 5v13H7zM14 3v5h5",
  archive: "M4 4h16v4H4zM5 8v12h14V8M10 12h4",
  check: "m5 12.5 4.5 4.5L19 7",
  half: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M12 3v18M14.500 4.500v15M17.500 6.500v11",
  warn: "M12 3 2 20h20zM12 10v4m0 3h.01",
  cross: "M6 6l12 12M18 6 6 18",
  up: "M12 20V5m0 0 6 6m-6-6-6 6",
  down: "M12 4v15m0 0 6-6m-6 6-6-6",
  pause: "M8 5v14M16 5v14",
  play: "M7 4v16l13-8z",
  clock: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M12 7v5l3 3",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  ask: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4m0 3h.01",
  dash: "M6 12h12",
  person: "M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0M4 21c0-5 4-7 8-7s8 2 8 7",
  offline: "M3 3l18 18M5 12a10 10 0 0 1 3-2m4-1a10 10 0 0 1 7 3M8.500 15.500a5 5 0 0 1 5-1.300M12 19h.01",
  key: "M14 10a4 4 0 1 1-8 0 4 4 0 0 1 8 0M13 13l7 7m-3-3 2-2",
  lock: "M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4",
  image: "M3 4h18v16H3zM3 16l5-5 5 5 3-3 5 5M15.500 9h.01",
  report: "M6 3h12v18H6zM9 8h6M9 12h6M9 16h3",
  eject: "M5 15 12 6l7 9zM5 19h14",
  search: "M17 11a6 6 0 1 1-12 0 6 6 0 0 1 12 0M16 16l5 5",
  plus: "M12 5v14M5 12h14",
  receipt: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
};

/** @param {string} name @param {string} [tone] a class of `base.css`: ok, wait, bad, accent */
export const sign = (name, tone = "") =>
  h("svg", { class: `sign ${tone}`.trim(), viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, h("path", { d: LINES[name] ?? LINES.ask }));

/** The sign of a source. @param {string} kind */
export const sourceSign = (kind) => (kind in LINES ? kind : "folder");
