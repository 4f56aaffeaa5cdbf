// Serves the window's pages to a browser as the app does: the same policy, but the fake in the place of `backend.js`, and
// drawn pictures. By hand: `npm run serve`, then the address it prints with `?fake=review&run`.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { picture } from "./picture.js";

const HERE = dirname(fileURLToPath(import.meta.url));
export const UI = join(HERE, "..", "..", "ui");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'none'; connect-src 'none'; " +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

/** Every word between marks, so that text which does not come from the words stands out. */
const MARKED = (language) => `
import plain from "./${language}.js?plain";
const mark = (form) => "\\u27e6" + form + "\\u27e7";
export default Object.fromEntries(Object.entries(plain).map(([key, entry]) => [key,
  typeof entry === "string" ? mark(entry) : { one: mark(entry.one), other: mark(entry.other) }]));`;

/** Where a path of the page lies. */
function place(path) {
  if (path === "/") return join(UI, "index.html");
  if (path === "/backend.js") return join(HERE, "fake", "backend.js");
  if (path.startsWith("/fake/")) return join(HERE, normalize(path));
  return join(UI, normalize(path));
}

async function answer(request, response, marked) {
  const url = new URL(request.url, "http://localhost");
  response.setHeader("Content-Security-Policy", POLICY);
  response.setHeader("Cache-Control", "no-store");
  if (url.pathname.startsWith("/picture/")) {
    const png = picture(decodeURIComponent(url.pathname.slice(9)), url.searchParams);
    if (png) response.setHeader("Content-Type", "image/png").end(png);
    else response.writeHead(204).end();
    return;
  }
  if (url.pathname === "/favicon.ico") return void response.writeHead(204).end();
  const word = /^\/words\/(en|de)\.js$/.exec(url.pathname);
  try {
    const body = marked && word && !url.searchParams.has("plain") ? MARKED(word[1]) : await readFile(place(url.pathname));
    response.setHeader("Content-Type", TYPES[extname(url.pathname)] ?? "text/html").end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** Starts on a free port of this machine only. */
export async function serve({ marked = false, port = 0 } = {}) {
  const server = createServer((request, response) => void answer(request, response, marked));
  await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve();
  console.log(`${url}/?fake=send&run`);
}
