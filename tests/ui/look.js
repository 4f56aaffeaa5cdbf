// What must hold on every screen at every size; runs inside the page and returns what is wrong, in words.

/** @returns {string[]} */
export function faults({ touch }) {
  const wrong = [];
  const name = (el) => {
    const text = (el.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 50);
    return `<${el.tagName.toLowerCase()}${el.id ? `#${el.id}` : ""}${el.classList?.length ? `.${[...el.classList].join(".")}` : ""}> "${text}"`;
  };
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} px wide in ${root.clientWidth}`);
  const dialogs = [...document.querySelectorAll("dialog[open]")];
  const top = dialogs.pop() ?? document.body;
  const hidden = (el) => !el.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true }) || el.closest(".unseen") !== null;

  for (const el of top.querySelectorAll("*")) {
    if (hidden(el) || el.closest("svg")) continue;
    const style = getComputedStyle(el);
    const box = el.getBoundingClientRect();
    const scrolls = /auto|scroll/.test(`${style.overflowX} ${style.overflowY}`);
    if (/^(auto|scroll)$/.test(style.overflowX) && el.scrollWidth > el.clientWidth + 1 && !el.closest(".table, pre")) wrong.push(`scrolls sideways: ${name(el)} ${el.scrollWidth} in ${el.clientWidth}`);
    const text = [...el.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    const inline = style.display === "inline";
    if (text && !scrolls && !inline && !el.matches("select, option, .skip")) {
      if (el.scrollWidth > el.clientWidth + 1) wrong.push(`cut at the side: ${name(el)} ${el.scrollWidth} in ${el.clientWidth}`);
      if (el.scrollHeight > el.clientHeight + 4) wrong.push(`cut below: ${name(el)} ${el.scrollHeight} in ${el.clientHeight}`);
    }
    if (text && !el.matches(".skip, .skip *") && (box.right > innerWidth + 1 || box.left < -1)) wrong.push(`out of the window: ${name(el)} ${Math.round(box.left)} to ${Math.round(box.right)}`);
  }

  // Text that lies outside of what clips it, or spills over the edge of its button.
  const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement;
    if (!el || node.data.trim() === "" || hidden(el) || el.closest("select, svg, .skip, [dir=rtl]")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    for (let up = el; up && up !== document.body; up = up.parentElement) {
      const { overflowX, display } = getComputedStyle(up);
      if (/auto|scroll/.test(overflowX)) break;
      if (!/hidden|clip/.test(overflowX) && !up.matches("button, .card, .note, .tile, dialog")) continue;
      if (display === "inline") continue;
      const box = up.getBoundingClientRect();
      if (text.right > box.right + 1 || text.left < box.left - 1) {
        wrong.push(`outside of ${name(up)}: "${node.data.trim().slice(0, 40)}"`);
        break;
      }
    }
  }

  const near = (el) => el.closest("label") ?? el;
  for (const el of top.querySelectorAll("a[href], button, select, input, summary, [tabindex='0'][role=button]")) {
    if (hidden(el) || el.matches(".skip")) continue;
    const box = near(el).getBoundingClientRect();
    const tick = el.matches("input[type=checkbox]") ? el.getBoundingClientRect() : box;
    const [width, height] = [Math.max(box.width, tick.width), Math.max(box.height, tick.height)];
    if (width < 43.9 || height < 43.9) wrong.push(`too small for ${touch ? "a finger" : "a hand"}: ${name(el)} ${Math.round(width)} x ${Math.round(height)}`);
  }

  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter((el) => !hidden(el) && (dialogs.length === 0 && top === document.body ? true : top.contains(el))).map((el) => Number(el.tagName[1]));
  levels.forEach((level, at) => {
    if (at > 0 && level > levels[at - 1] + 1) wrong.push(`a heading of level ${level} after one of level ${levels[at - 1]}`);
  });
  if (top === document.body && document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  return wrong;
}
