// What a Node.js binary is made of, as far as it says so itself in `process.versions`.

import { readFileSync } from "node:fs";
import { Refusal } from "../refusal.js";
import { elementId } from "./component.js";

/** @typedef {import("./component.js").Component} Component */

/** Numbers of interfaces, not of parts. */
const NO_PARTS = new Set(["modules", "napi"]);

/**
 * What each part is called elsewhere, under which licence Node.js has it (its LICENSE file), and under which vendor
 * and product vulnerabilities are filed. A part that is not here still gets into the list, without these.
 * @type {Readonly<Record<string, { name?: string, license: string, cpe?: string }>>}
 */
const KNOWN = {
	acorn: { license: "MIT" },
	ada: { license: "MIT OR Apache-2.0" },
	amaro: { license: "MIT" },
	ares: { name: "c-ares", license: "MIT", cpe: "c-ares:c-ares" },
	brotli: { license: "MIT", cpe: "google:brotli" },
	cjs_module_lexer: { name: "cjs-module-lexer", license: "MIT" },
	cldr: { license: "Unicode-3.0" },
	icu: { license: "Unicode-3.0", cpe: "unicode:international_components_for_unicode" },
	llhttp: { license: "MIT", cpe: "llhttp:llhttp" },
	nghttp2: { license: "MIT", cpe: "nghttp2:nghttp2" },
	nghttp3: { license: "MIT" },
	ngtcp2: { license: "MIT" },
	openssl: { license: "Apache-2.0", cpe: "openssl:openssl" },
	simdjson: { license: "Apache-2.0 OR MIT" },
	simdutf: { license: "MIT OR Apache-2.0" },
	sqlite: { license: "blessing", cpe: "sqlite:sqlite" },
	undici: { license: "MIT", cpe: "nodejs:undici" },
	unicode: { license: "Unicode-3.0" },
	uv: { name: "libuv", license: "MIT", cpe: "libuv:libuv" },
	uvwasi: { license: "MIT" },
	v8: { license: "BSD-3-Clause", cpe: "google:v8" },
	zlib: { license: "Zlib", cpe: "zlib:zlib" },
	zstd: { license: "BSD-3-Clause", cpe: "facebook:zstandard" },
};

/**
 * Node.js and its parts, from a file with what `node -p "JSON.stringify(process.versions)"` printed.
 * @param {string} file
 * @returns {{ node: Component, parts: Component[] }}
 */
export function nodeComponents(file) {
	const { node, ...parts } = readVersions(file);
	if (node === undefined) throw new Refusal(`${file} does not say which Node.js it is of; it lacks "node".`);
	return {
		node: component("node", node, { name: "node", license: "MIT", cpe: "nodejs:node.js" }),
		parts: Object.entries(parts)
			// Node.js names a part that it was built without, with no version.
			.filter(([key, version]) => !NO_PARTS.has(key) && version !== "")
			.map(([key, version]) => component(key, version, KNOWN[key] ?? { license: "NOASSERTION" })),
	};
}

/**
 * @param {string} key
 * @param {string} version
 * @param {{ name?: string, license: string, cpe?: string }} known
 * @returns {Component}
 */
function component(key, version, { name = key, license, cpe }) {
	// Vulnerabilities are filed under the version that upstream gave, not the one Node.js patched.
	const upstream = /^[\d.]*\d[a-z]?/.exec(version)?.[0] ?? version;
	return {
		id: elementId("node", name, version),
		name,
		version,
		license,
		purl: `pkg:generic/${name}@${encodeURIComponent(version)}`,
		purpose: key === "node" ? "APPLICATION" : "LIBRARY",
		...(cpe === undefined ? {} : { cpe: `cpe:2.3:a:${cpe}:${upstream}:*:*:*:*:*:*:*` }),
	};
}

/**
 * @param {string} file
 * @returns {Record<string, string>}
 */
function readVersions(file) {
	try {
		const versions = JSON.parse(readFileSync(file, "utf8"));
		if (versions !== null && Object.values(versions).every((version) => typeof version === "string"))
			return versions;
	} catch (error) {
		if (!(error instanceof SyntaxError) && !(error instanceof Error && "syscall" in error)) throw error;
	}
	throw new Refusal(
		`Could not read ${file}; write it with \`node -p "JSON.stringify(process.versions)"\` and the Node.js that is delivered.`,
	);
}
