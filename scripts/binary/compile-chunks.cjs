// Run by the Node.js that a binary is made of: writes each chunk as the function that the binary's loader calls, and
// beside it what V8 has compiled of it, or an empty file. CommonJS, because it runs far from this package.
// Usage: node --hash-seed=1 compile-chunks.cjs SOURCE_FOLDER TARGET_FOLDER compile|leave

const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { setFlagsFromString } = require("node:v8");
const { Script } = require("node:vm");

// With a seed of its own in each process V8 would compile to other bytes in each build. The fixed one stays in force;
// the flag goes back, because V8 refuses what was compiled under flags that are not the binary's.
setFlagsFromString("--hash-seed=0");

const [, , source = "", target = "", mode] = process.argv;
mkdirSync(target, { recursive: true });
for (const name of readdirSync(source).sort()) {
	const code = `(function (exports, require, module) {${readFileSync(join(source, name), "utf8")}\n})`;
	const script = new Script(code, { filename: name });
	writeFileSync(join(target, name), code);
	writeFileSync(
		join(target, `${name}.compiled`),
		mode === "compile" ? script.createCachedData() : Buffer.alloc(0),
	);
}
