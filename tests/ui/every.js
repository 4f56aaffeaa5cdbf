// Runs every test file, one after the other: they share one machine, and a browser each is enough for it.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(here).filter((name) => name.endsWith(".test.js"));
const failed = files.filter((name) => spawnSync(process.execPath, [join(here, name)], { cwd: here, stdio: "inherit" }).status !== 0);
if (failed.length > 0) {
  console.error(`failed: ${failed.join(", ")}`);
  process.exit(1);
}
