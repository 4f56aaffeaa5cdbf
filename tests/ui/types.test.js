// The pages are plain JavaScript; their types are checked all the same.

import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UI } from "./server.js";

const here = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(UI, { recursive: true }).filter((name) => name.endsWith(".js"));
const read = (name) => readFileSync(join(UI, name), "utf8");

test("the types hold", () => {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--project", join(here, "tsconfig.json")], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("text from a file cannot become markup, and nothing is run that was not written here", () => {
  for (const name of files) assert.doesNotMatch(read(name), /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function|srcdoc|\.style\s*=|cssText/, name);
  assert.doesNotMatch(read("index.html"), / style=| on\w+=|<script(?![^>]*src=)|https?:/);
});

test("only one file knows the shell", () => {
  for (const name of files) if (name !== "backend.js") assert.doesNotMatch(read(name), /__TAURI|plugin:/, name);
});

test("the fake has what the real one has", () => {
  const exported = (text) => [...text.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)].map((found) => found[1]).sort();
  assert.deepEqual(exported(readFileSync(join(here, "fake", "backend.js"), "utf8")), exported(read("backend.js")));
});

test("every file says what it is for and is one thought long", () => {
  for (const name of files) {
    const text = read(name);
    assert.match(text, /^\/\/ \S/, name);
    if (!name.startsWith("words")) assert.ok(text.split("\n").length < 400, name);
  }
});

test("the versions of the tests' own tools are pinned without an address", () => {
  assert.doesNotMatch(readFileSync(join(here, "package-lock.json"), "utf8"), /"resolved"|https?:/);
});
