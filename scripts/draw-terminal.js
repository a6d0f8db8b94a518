// Draws docs/images/first-run.svg: README.md's steps for "Your own secrets", run for real with the built command.
// Keys, times and revisions are made up afterwards, so that each run draws the same; an end-to-end test looks whether
// it does. It is no part of `npm run docs`, which starts nothing.
// Usage: npm run docs:terminal [FILE]   needs bash and curl

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, root } from "./run.js";
import { firstRun } from "./terminal/first-run.js";
import { terminalPicture } from "./terminal/picture.js";

ensureBuilt();
const [, , file = join(root, "docs", "images", "first-run.svg")] = process.argv;
writeFileSync(file, terminalPicture(await firstRun(), "clef-agent, from keys to secrets"));
console.log(`wrote ${file}`);
