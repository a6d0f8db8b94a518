// Run by the Node.js that a binary is made of: writes each chunk as the function that the binary's loader calls, and
// beside it what V8 has compiled of it, or an empty file. CommonJS, because it runs far from this package.
// Usage: node compile-chunks.cjs SOURCE_FOLDER TARGET_FOLDER compile|leave

const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const [, , source = "", target = "", mode] = process.argv;
mkdirSync(target, { recursive: true });
for (const name of readdirSync(source).filter((file) => file.endsWith(".cjs"))) {
	const code = `(function (exports, require, module) {${readFileSync(join(source, name), "utf8")}\n})`;
	const compiled =
		mode === "compile" ? new Script(code, { filename: name }).createCachedData() : Buffer.alloc(0);
	writeFileSync(join(target, name), code);
	writeFileSync(join(target, `${name}.compiled`), compiled);
}
