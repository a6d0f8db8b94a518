// The standalone binary's first file. What it loads lies in the binary, each chunk beside what V8 has compiled of it,
// so that a chunk costs nothing until it is needed.

import { getAsset, getRawAsset } from "node:sea";
import { Script } from "node:vm";

interface Module {
	exports: unknown;
}
type Chunk = (exports: unknown, load: (id: string) => unknown, module: Module) => void;

/** The binary's own, which knows nothing but Node's modules. */
declare const require: (id: string) => unknown;

const loaded = new Map<string, Module>();

load("./clef-agent.cjs");

function load(id: string): unknown {
	return id.startsWith("./") ? chunk(id.slice("./".length)) : require(id);
}

/** As CommonJS has it: known before it runs, because chunks may need each other. */
function chunk(name: string): unknown {
	const before = loaded.get(name);
	if (before !== undefined) return before.exports;
	const module: Module = { exports: {} };
	loaded.set(name, module);
	const compiled = Buffer.from(getRawAsset(`${name}.compiled`) as ArrayBuffer);
	const script = new Script(getAsset(name, "utf8"), {
		filename: name,
		...(compiled.length > 0 && { cachedData: compiled }),
	});
	(script.runInThisContext() as Chunk)(module.exports, load, module);
	return module.exports;
}
