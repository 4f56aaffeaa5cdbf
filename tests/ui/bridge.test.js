// The one file that touches the shell, against a shell made for the test.

import { test } from "node:test";
import assert from "node:assert/strict";

const invoked = [];
let deliver;
globalThis.window = {
  __TAURI_INTERNALS__: {
    invoke: async (command, values) => {
      invoked.push([command, values]);
      if (command === "refused") throw { code: "disk_full", message: "", hint: "" };
      return "answer";
    },
    transformCallback: (callback) => {
      deliver = callback;
      return 77;
    },
    convertFileSrc: (path, scheme) => `${scheme}://localhost/${path}`,
  },
};
const backend = await import("../../ui/backend.js");

test("a command goes out as it is, its answer and its refusal come back as they are", async () => {
  assert.equal(await backend.call("look_volume", { id: "v1" }), "answer");
  assert.deepEqual(invoked.pop(), ["look_volume", { id: "v1" }]);
  await assert.rejects(backend.call("refused"), { code: "disk_full" });
});

test("messages of the channel are taken in their order, whatever order they arrive in", async () => {
  const heard = [];
  await backend.subscribe((message) => heard.push(message));
  assert.deepEqual(invoked.pop(), ["subscribe", { channel: "__CHANNEL__:77" }]);
  deliver({ index: 1, message: "second" });
  assert.deepEqual(heard, []);
  deliver({ index: 0, message: "first" });
  deliver({ index: 3, message: "fourth" });
  deliver({ index: 2, message: "third" });
  deliver({ index: 4, end: true });
  assert.deepEqual(heard, ["first", "second", "third", "fourth"]);
});

test("the ledger is asked under its fixed name", async () => {
  await backend.select("SELECT 1", [2]);
  assert.deepEqual(invoked.pop(), ["plugin:sql|select", { db: "sqlite:ledger", query: "SELECT 1", values: [2] }]);
});

test("the address of a picture holds its token, frame and window, and nothing else gets into it", () => {
  assert.equal(backend.pictureUrl("a/b?c"), "relaypacs://localhost/picture/a%2Fb%3Fc?frame=0&edge=256");
  assert.equal(backend.pictureUrl("t", { frame: 3, edge: 512, center: 40, width: 400 }), "relaypacs://localhost/picture/t?frame=3&edge=512&center=40&width=400");
});
