// Installs the workspace when the lockfile changed; with `build`, builds it too (turbo skips what is up to date).

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { pnpm } from "./pnpm.js";

const [, , ...tasks] = process.argv;
const root = new URL("../", import.meta.url);
const stampFile = new URL("node_modules/.clef-installed", root);

const stamp = createHash("sha256")
	.update(readFileSync(new URL("pnpm-lock.yaml", root)))
	.update(process.version)
	.digest("hex");

if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== stamp) {
	const status = pnpm(["install", "--frozen-lockfile", "--prefer-offline"]);
	if (status !== 0) process.exit(status);
	writeFileSync(stampFile, stamp);
}
if (tasks.length > 0) process.exit(pnpm(["exec", "turbo", "run", ...tasks, "--output-logs=errors-only"]));
