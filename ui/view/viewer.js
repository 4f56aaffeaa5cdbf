// The frame viewer: scrolls through the images of a study or series, and through the frames of one; window and level by
// mouse, touch, keys and sliders. A glance to know what is sent, not a diagnostic display, and it says so.

import { h, said } from "../dom.js";
import { redraw } from "../store.js";
import { number, t } from "../speak.js";
import { button } from "./button.js";
import { dialog } from "./dialog.js";
import { Pictures } from "../pictures.js";
import { warningLine } from "./warning.js";

/** @typedef {import("../store.js").Dialog} Dialog */

/** @type {WeakMap<Dialog, Pictures>} */
const open = new WeakMap();

/** @param {Dialog} self */
function picturesOf(self) {
  let pictures = open.get(self);
  if (!pictures) {
    pictures = new Pictures(self.study.id, self.series, redraw);
    open.set(self, pictures);
  }
  return pictures;
}

/** @param {Dialog} self */
export function viewer(self) {
  const pictures = picturesOf(self);
  const title = self.series?.description || self.study.description || t("study.no_description");
  return dialog(
    self,
    said(title),
    [
      h(
        "div",
        { class: "stage", key: "stage" },
        stage(pictures),
        h("p", { class: "corner", key: "corner" }, said(self.study.patient.name)),
      ),
      h("div", { class: "controls", key: "controls" }, sliders(pictures)),
      h("div", { class: "facts", key: "facts" }, facts(pictures)),
    ],
    null,
    {
      look: "viewer",
      onkeydown: (/** @type {KeyboardEvent} */ event) => key(event, pictures),
      ended: () => pictures.end(),
    },
  );
}

/** @param {Pictures} pictures */
function stage(pictures) {
  const words = pictures.placeholder
    ? t(`placeholder.${pictures.placeholder}`)
    : pictures.missing
      ? t("viewer.missing")
      : null;
  return [
    h("div", {
      key: "glass",
      class: "glass",
      tabindex: "0",
      role: "img",
      "data-focus": true,
      "data-shown": pictures.shown,
      "aria-label": t("viewer.image_of", { at: pictures.at + 1, of: pictures.total }),
      mount: (/** @type {HTMLElement} */ el) => pictures.showIn(el),
      onwheel: (/** @type {WheelEvent} */ event) => wheel(event, pictures),
      onpointerdown: (/** @type {PointerEvent} */ event) => grab(event, pictures),
    }),
    words ? h("p", { class: "instead", key: "instead" }, words) : null,
    pictures.waiting ? h("p", { class: "corner late", key: "late" }, t("loading")) : null,
  ];
}

/** @param {WheelEvent} event @param {Pictures} pictures */
function wheel(event, pictures) {
  event.preventDefault();
  pictures.step(Math.sign(event.deltaY));
}

/** A drag: with one finger up and down through the images; with the mouse, or two fingers, window and level.
 * @param {PointerEvent} event @param {Pictures} pictures */
function grab(event, pictures) {
  const glass = /** @type {HTMLElement} */ (event.currentTarget);
  glass.setPointerCapture(event.pointerId);
  pictures.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  let rest = 0;
  const mouse = event.pointerType === "mouse";
  glass.onpointermove = (move) => {
    // Each finger moves from where it was itself.
    const finger = pictures.fingers.get(move.pointerId);
    if (!finger) return;
    const [dx, dy] = [move.clientX - finger.x, move.clientY - finger.y];
    [finger.x, finger.y] = [move.clientX, move.clientY];
    if (mouse || pictures.fingers.size > 1) {
      pictures.drag(dx / pictures.fingers.size, dy / pictures.fingers.size);
      return;
    }
    rest += dy;
    const steps = Math.trunc(rest / 14);
    rest -= steps * 14;
    if (steps !== 0) pictures.step(steps);
  };
  glass.onpointerup = glass.onpointercancel = (up) => {
    pictures.fingers.delete(up.pointerId);
    if (pictures.fingers.size === 0) glass.onpointermove = null;
  };
}

/** @param {KeyboardEvent} event @param {Pictures} pictures */
function key(event, pictures) {
  if (/** @type {any} */ (event.target).matches("input")) return;
  const step = (/** @type {number} */ n) => pictures.step(n);
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    PageDown: () => step(10),
    PageUp: () => step(-10),
    Home: () => pictures.go(0),
    End: () => pictures.go(pictures.total - 1),
    "+": () => pictures.drag(0, -8),
    "-": () => pictures.drag(0, 8),
    "]": () => pictures.drag(8, 0),
    "[": () => pictures.drag(-8, 0),
    0: () => pictures.reset(),
  };
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** @param {Pictures} pictures */
function sliders(pictures) {
  const { at, total, frame, frames, range } = pictures;
  return [
    slider("image", t("viewer.image", { at: at + 1, of: total }), at, 0, Math.max(0, total - 1), (value) =>
      pictures.go(value),
    ),
    frames > 1
      ? slider("frame", t("viewer.frame", { at: frame + 1, of: frames }), frame, 0, frames - 1, (value) =>
          pictures.goFrame(value),
        )
      : null,
    pictures.placeholder
      ? null
      : [
          slider(
            "center",
            t("viewer.level", { value: number(Math.round(pictures.center)) }),
            Math.round(pictures.center),
            range.low,
            range.high,
            (value) => pictures.level(value, pictures.width),
          ),
          slider(
            "width",
            t("viewer.window", { value: number(Math.round(pictures.width)) }),
            Math.round(pictures.width),
            1,
            range.high - range.low,
            (value) => pictures.level(pictures.center, value),
          ),
          h(
            "div",
            { class: "buttons", key: "acts" },
            button("level_reset", t("viewer.reset"), () => pictures.reset()),
          ),
        ],
  ];
}

/** @param {string} name @param {string} words @param {number} value @param {number} low @param {number} high @param {(value: number) => void} act */
const slider = (name, words, value, low, high, act) =>
  h(
    "label",
    { class: "slider", key: name },
    h("span", { class: "small" }, words),
    h("input", {
      type: "range",
      min: low,
      max: Math.max(low, high),
      step: 1,
      value: String(value),
      "data-do": `view_${name}`,
      oninput: (/** @type {any} */ event) => act(Number(event.target.value)),
    }),
  );

/** @param {Pictures} pictures */
function facts(pictures) {
  const { picture, image } = pictures;
  return [
    h("p", { class: "soft small" }, t("viewer.not_diagnostic")),
    image?.warning ? warningLine(image.warning) : null,
    h("p", { class: "soft small keys-words" }, t("viewer.keys")),
    picture
      ? h(
          "dl",
          { class: "pairs" },
          picture.lines.map(({ tag, name, value }) => [
            h("dt", { key: `dt ${tag}`, translate: "no" }, name),
            h("dd", { key: tag }, said(value)),
          ]),
        )
      : null,
  ];
}
