// Preloaded with --require: writes the address of every module a process loads to the file RECORD_LOADS names.

const { appendFileSync } = require("node:fs");
const { builtinModules, Module } = require("node:module");
const { pathToFileURL } = require("node:url");

/** @typedef {(id: string, ...rest: unknown[]) => unknown} Step What `require` does, which Node documents no hook for. */
const loader = /** @type {{ _load: Step, _resolveFilename: Step }} */ (/** @type {unknown} */ (Module));
const { _load: load, _resolveFilename: resolve } = loader;

/** @param {string} id */
const address = (id) =>
	id.startsWith("node:") || builtinModules.includes(id)
		? `node:${id.replace(/^node:/, "")}`
		: pathToFileURL(id).href;

loader._load = function (id, ...rest) {
	appendFileSync(String(process.env.RECORD_LOADS), `${address(String(resolve(id, ...rest)))}\n`);
	return load.call(this, id, ...rest);
};
