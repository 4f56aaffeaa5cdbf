// The words: complete in every language, used, and the same in their placeholders; every code has its three sentences.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import en from "../../ui/words/en.js";
import de from "../../ui/words/de.js";
import { UI } from "./server.js";

const CODES = [
  ...readFileSync(join(UI, "../src-tauri/core/model/src/code.rs"), "utf8").matchAll(/^ {4}[A-Z]\w+ = "(\w+)",$/gm),
].map((found) => found[1]);
const LANGUAGES = { en, de };
const sources = readdirSync(UI, { recursive: true })
  .filter((name) => name.endsWith(".js") && !name.startsWith("words"))
  .map((name) => readFileSync(join(UI, name), "utf8"))
  .join("\n");

const forms = (entry) => (typeof entry === "string" ? [entry] : [entry.one, entry.other]);
const holes = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort().join();

/** Whether a source names the key, whole or by a template such as `state.${...}`. */
function isUsed(key) {
  if (sources.includes(`"${key}"`)) return true;
  return [...sources.matchAll(/`([a-z_.]*)\$\{[^}`]*\}([a-z_.]*)(?:\$\{[^`]*\})?`/g)].some(
    ([, before, after]) => before.includes(".") && key.startsWith(before) && (after === "" || key.includes(after)),
  );
}

test("every language has the same keys", () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
});

test("every text is there, in both plural forms, with the same placeholders in every language", () => {
  for (const key of Object.keys(en)) {
    for (const [language, words] of Object.entries(LANGUAGES)) {
      assert.equal(typeof words[key], typeof en[key], `${language}: ${key} has plural forms in one language only`);
      const wanted = holes(forms(en[key]).at(-1));
      assert.equal(holes(forms(words[key]).at(-1)), wanted, `${language}: ${key}`);
      for (const form of forms(words[key])) {
        assert.ok(form.trim().length > 0, `${language}: ${key} is empty`);
        // The number itself may be left out where it is one.
        assert.ok(
          [
            wanted,
            wanted
              .split(",")
              .filter((name) => name !== "n")
              .join(),
          ].includes(holes(form)),
          `${language}: ${key}: ${form}`,
        );
      }
    }
  }
});

test("no text is unused", () => {
  const left = Object.keys(en).filter((key) => !key.startsWith("code.") && !isUsed(key));
  assert.deepEqual(left, []);
});

test("every text that is asked for by its name is there", () => {
  const asked = [...sources.matchAll(/\bt\("([^"]+)"/g)].map((found) => found[1]);
  assert.ok(asked.length > 150);
  assert.deepEqual(
    asked.filter((key) => !(key in en)),
    [],
  );
});

test("every code of the core has three sentences in every language, and every language has the same codes", () => {
  assert.ok(CODES.length > 40, "the codes were not found");
  const wanted = CODES.flatMap((code) => ["happened", "lost", "now"].map((part) => `code.${code}.${part}`)).sort();
  for (const [language, words] of Object.entries(LANGUAGES)) {
    assert.deepEqual(
      wanted.filter((key) => !(key in words)),
      [],
      language,
    );
    const all = Object.keys(words).filter((key) => key.startsWith("code."));
    for (const key of all) assert.match(words[key], /^\p{Lu}.{8,}\.$/u, `${language}: ${key}`);
    const first = CODES.map((code) => words[`code.${code}.happened`]);
    assert.equal(new Set(first).size, first.length, `${language}: two codes begin with the same sentence`);
  }
});

test("every code of the core has its remedy, and every remedy its words", () => {
  // The table is read as text: its file wants a browser.
  const text = readFileSync(join(UI, "remedies.js"), "utf8");
  const table = text.slice(text.indexOf("REMEDIES = {"), text.indexOf("};", text.indexOf("REMEDIES = {")));
  const remedies = new Map(
    [...table.matchAll(/^ {2}(\w+): (?:"(\w+)"|null),$/gm)].map(([, code, name]) => [code, name ?? null]),
  );
  const worded = Object.keys(en)
    .filter((key) => /^code\.\w+\.now$/.test(key))
    .map((key) => key.split(".")[1]);
  assert.deepEqual([...remedies.keys()].sort(), worded.sort());
  assert.deepEqual(
    CODES.filter((code) => !remedies.has(code)),
    [],
  );
  for (const name of new Set(remedies.values()))
    if (name !== null)
      assert.ok(
        `action.${name}` in en && new RegExp(`^ {2}${name}: \\(`, "m").test(text),
        `${name} has no words or does nothing`,
      );
});

test("what the core calls a state, a warning, a reason or an outcome has its words", () => {
  const types = readFileSync(join(UI, "types.d.ts"), "utf8");
  const union = (start) => {
    const at = types.indexOf(start);
    assert.ok(at >= 0, start);
    const text = types.slice(at + start.length);
    return [...text.slice(0, text.indexOf(";")).matchAll(/"(\w+)"/g)].map((found) => found[1]);
  };
  const families = {
    outcome: union("export type Outcome ="),
    skip: union("export type SkipReason ="),
    priority: union("export type Priority ="),
    standing: union("export type Standing ="),
    warning: union("export type WarningKind ="),
    state: union("export type StudyState ="),
  };
  for (const [family, names] of Object.entries(families)) {
    assert.ok(names.length >= 3, family);
    for (const name of names) assert.ok(`${family}.${name}` in en, `${family}.${name}`);
  }
});
