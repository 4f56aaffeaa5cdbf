// The pictures of the viewer: which one is shown, which are fetched ahead, which are given up because the person has
// scrolled away. The last good picture stays until the next one is whole.

import { call, pictureUrl } from "./backend.js";

/** @typedef {import("./types.d.ts").ReviewImage} ReviewImage */
/** @typedef {import("./types.d.ts").Picture} Picture */

const PAGE = 100;
/** How many on each side are fetched ahead. */
const AHEAD = 3;
const EDGES = [512, 1024, 2048];

export class Pictures {
  total = 1;
  at = 0;
  frame = 0;
  /** The header of the picture in sight. @type {Picture | null} */
  picture = null;
  /** Which image the glass shows; behind `at` while it is fetched. */
  shown = -1;
  missing = false;
  /** The window that the person set. @type {{ center: number, width: number } | null} */
  wanted = null;
  /** @type {Set<number>} */
  /** Where each finger on the picture is. @type {Map<number, { x: number, y: number }>} */
  fingers = new Map();
  /** @type {Map<number, ReviewImage[]>} */
  #pages = new Map();
  /** @type {Map<string, { image: HTMLImageElement, at: number, frame: number, failed: boolean }>} */
  #coming = new Map();
  /** @type {Map<string, Promise<Picture>>} */
  #headers = new Map();
  /** @type {HTMLElement | null} */
  #glass = null;
  #over = false;
  #study;
  #series;
  #changed;

  /** @param {number} study @param {{ uid: string } | null} series @param {() => void} changed */
  constructor(study, series, changed) {
    this.#study = study;
    this.#series = series?.uid ?? null;
    this.#changed = changed;
    this.#page(0);
  }

  get image() {
    return this.#pages.get(Math.floor(this.at / PAGE))?.[this.at % PAGE] ?? null;
  }
  get frames() {
    return Math.max(this.picture?.frames ?? 1, this.image?.frames ?? 1);
  }
  get placeholder() {
    return this.picture?.placeholder?.code ?? null;
  }
  get waiting() {
    return this.shown !== this.at && !this.placeholder && !this.missing;
  }
  get center() {
    return this.wanted?.center ?? this.picture?.center ?? 128;
  }
  get width() {
    return this.wanted?.width ?? this.picture?.width ?? 256;
  }
  /** What the sliders offer: enough around the picture's own window. */
  get range() {
    const center = this.picture?.center ?? 128;
    const width = Math.max(256, this.picture?.width ?? 256);
    return { low: Math.floor(center - 2 * width), high: Math.ceil(center + 2 * width) };
  }

  /** @param {HTMLElement} glass */
  showIn(glass) {
    this.#glass = glass;
    this.#show();
  }

  /** Through the frames of an image, then to the next image. @param {number} n */
  step(n) {
    const frame = this.frame + n;
    if (frame >= 0 && frame < this.frames) this.goFrame(frame);
    else this.go(this.at + (this.frames > 1 ? Math.sign(n) : n));
  }

  /** @param {number} at */
  go(at) {
    const to = Math.max(0, Math.min(this.total - 1, at));
    if (to === this.at) return;
    [this.at, this.frame, this.picture, this.missing] = [to, 0, null, false];
    this.#show();
  }

  /** @param {number} frame */
  goFrame(frame) {
    this.frame = Math.max(0, Math.min(this.frames - 1, frame));
    this.#show();
  }

  /** @param {number} center @param {number} width */
  level(center, width) {
    this.wanted = { center, width: Math.max(1, width) };
    this.#show();
  }

  /** A drag over the glass, in CSS pixels: across for the window, along for the level. @param {number} dx @param {number} dy */
  drag(dx, dy) {
    const grain = Math.max(1, this.width) / 256;
    this.level(this.center - dy * grain, this.width + dx * grain);
  }

  reset() {
    this.wanted = null;
    this.#show();
  }

  end() {
    this.#over = true;
    for (const { image } of this.#coming.values()) giveUp(image);
    this.#coming.clear();
  }

  /** @param {number} at */
  async #page(at) {
    if (this.#pages.has(at)) return;
    this.#pages.set(at, []);
    try {
      const { total, rows } = await call("review_images", {
        study: this.#study,
        series: this.#series,
        offset: at * PAGE,
        limit: PAGE,
      });
      this.#pages.set(at, rows);
      this.total = Math.max(1, total);
    } catch {
      // Asked for again when the person goes on, and not by itself: what was refused once is refused at once again.
      this.#pages.delete(at);
      if (at === Math.floor(this.at / PAGE)) this.missing = true;
      this.#changed();
      return;
    }
    this.#show();
  }

  /** @param {number} at @param {number} frame */
  #address(at, frame) {
    const image = this.#pages.get(Math.floor(at / PAGE))?.[at % PAGE];
    if (!image) return null;
    const need = (this.#glass?.clientHeight ?? 512) * devicePixelRatio;
    const edge = EDGES.find((one) => one >= need) ?? 2048;
    return pictureUrl(image.picture, { frame, edge, ...this.wanted });
  }

  #show() {
    if (this.#over) return;
    const [page, last] = [Math.floor(this.at / PAGE), Math.floor((this.total - 1) / PAGE)];
    this.#page(page);
    if (this.at % PAGE > PAGE - 20 && page < last) this.#page(page + 1);
    this.#header();
    this.#wish();
    this.#changed();
  }

  /** Fetches what is wanted and what may be next, and gives up the rest. */
  #wish() {
    const here = this.#address(this.at, this.frame);
    // While the window is dragged, one picture at a time: each is shown, then the newest is asked for.
    if (this.wanted && [...this.#coming.values()].some((one) => this.#isHere(one) && !one.image.complete)) return;
    /** @type {Map<string, [number, number]>} */
    const near = new Map();
    const add = (/** @type {number} */ at, /** @type {number} */ frame) => {
      const address = this.#address(at, frame);
      if (address) near.set(address, [at, frame]);
    };
    add(this.at, this.frame);
    for (let n = 1; n <= AHEAD; n += 1) {
      if (this.frames > 1) add(this.at, (this.frame + n) % this.frames);
      else [n, -n].forEach((step) => add(this.at + step, 0));
    }
    for (const [address, { image }] of this.#coming) {
      if (near.has(address)) continue;
      if (!image.isConnected) giveUp(image);
      this.#coming.delete(address);
    }
    for (const [address, [at, frame]] of near) this.#fetch(address, at, frame);
    if (!here) return;
    // What was fetched ahead and is no picture.
    if (this.#coming.get(here)?.failed) this.missing = true;
    this.#whole(here);
  }

  /** @param {{ at: number, frame: number }} one */
  #isHere(one) {
    return one.at === this.at && one.frame === this.frame;
  }

  /** @param {string} address @param {number} at @param {number} frame */
  #fetch(address, at, frame) {
    if (this.#coming.has(address)) return;
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    const one = { image, at, frame, failed: false };
    image.onload = () => this.#whole(address);
    image.onerror = () => {
      one.failed = true;
      if (this.#isHere(one)) this.missing = true;
      this.#changed();
    };
    this.#coming.set(address, one);
    image.src = address;
  }

  /** Puts a picture on the glass when it is whole and of the image that is wanted. @param {string} address */
  #whole(address) {
    const one = this.#coming.get(address);
    if (this.#over || !one || !this.#isHere(one) || !one.image.complete || one.image.naturalWidth === 0) return;
    if (this.#glass && one.image.parentElement !== this.#glass) this.#glass.replaceChildren(one.image);
    [this.shown, this.missing] = [this.at, false];
    if (address !== this.#address(this.at, this.frame)) this.#wish();
    this.#changed();
  }

  async #header() {
    const image = this.image;
    if (!image) return;
    let header = this.#headers.get(image.picture);
    if (!header) {
      header = call("picture", { token: image.picture });
      this.#headers.set(image.picture, header);
    }
    try {
      const picture = await header;
      if (this.image !== image || this.picture === picture) return;
      this.picture = picture;
      if (picture.placeholder) this.#glass?.replaceChildren();
    } catch {
      this.#headers.delete(image.picture);
    }
    this.#changed();
  }
}

/** A picture on its way that nobody waits for any more. @param {HTMLImageElement} image */
function giveUp(image) {
  image.onload = image.onerror = null;
  if (!image.complete) image.removeAttribute("src");
}
