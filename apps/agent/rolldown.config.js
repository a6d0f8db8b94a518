// Bundles the command and everything it needs: into dist/, so that it installs as one small package and starts fast,
// and into standalone/, as the files that the standalone binary holds.

import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const dist = new URL("dist/", import.meta.url);
const chunks = new URL("standalone/chunks/", import.meta.url);

/** Sources instead of built packages: unused exports are left out, and a stale dist cannot slip in. */
const resolve = {
	conditionNames: ["clef-source", "node", "import", "module", "default"],
	// ES modules where a package also has CommonJS: of the AWS SDK that leaves out what nobody calls.
	mainFields: ["module", "main"],
};
const define = { CLEF_AGENT_VERSION: JSON.stringify(version) };

/**
 * What the age library takes of these packages, by module, and what each has from the start. Node's own X25519 opens
 * files for such keys, and needs nothing but the base point's u-coordinate, which is 9 (RFC 7748, section 4.1).
 */
const LATE = {
	"@noble/post-quantum/hybrid.js": { MLKEM768P256: "{}", MLKEM768X25519: "{}" },
	"@noble/curves/nist.js": { p256: "{}" },
	"@noble/curves/ed25519.js": { x25519: "{ GuBytes: new Uint8Array(32).fill(9, 0, 1) }" },
};

/** Small things that most commands need. */
const COMMON =
	/\/(?:artifact\/src\/.*|core\/src\/clock|decryptors\/src\/(?:decrypt-error|retry-unwrap)|sources\/src\/(?:network-code|retry-after)|agent\/src\/(?:arguments|nearest|printable|usage|version))\.ts$/;

/** They are in one file, since each that a start needs takes its time to be found and read. */
const codeSplitting = { groups: [{ name: "common", test: COMMON, minShareCount: 2 }] };

export default defineConfig([
	{
		input: { "clef-agent": "src/clef-agent.ts" },
		platform: "node",
		resolve,
		transform: { target: "node20.19", define },
		output: {
			dir: "dist",
			// Node loads a CommonJS file in one step, and none of what it loads ES modules with.
			format: "cjs",
			minify: true,
			codeSplitting,
			banner: (chunk) => (chunk.isEntry ? "#!/usr/bin/env node" : ""),
			entryFileNames: "[name].js",
			chunkFileNames: (chunk) => `chunks/${packageName(chunk.moduleIds) ?? "[name]"}-[hash].js`,
		},
		plugins: [
			removeEarlierFiles(dist),
			requiredBuiltins(),
			lateCurves("chunks/", "late-curves.js"),
			thirdPartyLicenses(),
			commonJsFolder(),
			executableEntry(),
		],
	},
	{
		input: { "clef-agent": "src/standalone.ts" },
		platform: "node",
		resolve,
		transform: { target: "node24", define },
		output: {
			dir: "standalone/chunks",
			format: "cjs",
			minify: true,
			entryFileNames: "[name].cjs",
			chunkFileNames: "[name]-[hash].cjs",
		},
		plugins: [removeEarlierFiles(chunks), requiredBuiltins(), lateCurves("", "late-curves.cjs")],
	},
	{
		input: { "binary-loader": "src/binary-loader.ts" },
		platform: "node",
		output: { dir: "standalone", format: "cjs", entryFileNames: "[name].cjs" },
	},
]);

/**
 * Chunk names carry a hash, so those of earlier builds would stay for ever. They go last: a failed build leaves
 * the one before as it was.
 * @param {URL} folder
 * @returns {import("rolldown").Plugin}
 */
function removeEarlierFiles(folder) {
	return {
		name: "remove-earlier-files",
		writeBundle(_options, bundle) {
			for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
				const path = join(file.parentPath, file.name);
				if (file.isFile() && !(relative(fileURLToPath(folder), path) in bundle))
					rmSync(path, { force: true });
			}
		},
	};
}

/**
 * Has Node's own modules required where they are imported late: in a binary's chunks `import()` finds nothing, and
 * elsewhere it loads what ES modules are loaded with.
 * @returns {import("rolldown").Plugin}
 */
function requiredBuiltins() {
	const prefix = "\0builtin:";
	return {
		name: "required-builtins",
		resolveId: (id, _importer, { kind }) =>
			kind === "dynamic-import" && isBuiltin(id) ? `${prefix}${id}` : undefined,
		load: (id) =>
			id.startsWith(prefix)
				? { code: `module.exports = require(${JSON.stringify(id.slice(prefix.length))});`, moduleType: "js" }
				: undefined,
	};
}

/**
 * Has the age library's curves in a chunk that is loaded when one of them is first used: to read and prepare them would
 * cost each start more than to open an artifact does.
 * @param {string} folder of the chunks, below the output's
 * @param {string} chunk its name
 * @returns {import("rolldown").Plugin}
 */
function lateCurves(folder, chunk) {
	const all = "\0late-curves";
	const [prefix, required] = [`${all}:`, `./${chunk}`];
	/** @param {(name: string, module: string, early: string) => string} line */
	const lines = (line, modules = Object.keys(LATE)) =>
		modules.flatMap((module) =>
			Object.entries(LATE[/** @type {keyof typeof LATE} */ (module)]).map(([name, early]) =>
				line(name, module, early),
			),
		);
	return {
		name: "late-curves",
		buildStart() {
			this.emitFile({ type: "chunk", id: all, fileName: `${folder}${chunk}` });
		},
		resolveId(id, importer = "") {
			if (id === all) return id;
			if (id === required) return { id, external: true };
			// Of what the chunk itself exports the age library is the one that knows where it is.
			if (importer === all) return this.resolve(id, ageLibrary());
			return id in LATE && packageName([importer]) === "age-encryption" ? `${prefix}${id}` : undefined;
		},
		load(id) {
			if (id === all)
				return lines((name, module) => `export { ${name} } from ${JSON.stringify(module)};`).join("\n");
			if (!id.startsWith(prefix)) return undefined;
			const load = `require(${JSON.stringify(required)})`;
			/** @param {string} name @param {string} _ @param {string} early */
			const late = (name, _, early) =>
				`export const ${name} = new Proxy(${early}, { get: (has, key) => has[key] ?? ${load}.${name}[key] });`;
			return lines(late, [id.slice(prefix.length)]).join("\n");
		},
	};
}

function ageLibrary() {
	const decryptors = new URL("../../packages/decryptors/package.json", import.meta.url);
	return createRequire(createRequire(decryptors).resolve("age-encryption")).resolve("./recipients.js");
}

/**
 * Writes the licenses of the bundled packages, which the minifier takes out of the code.
 * @returns {import("rolldown").Plugin}
 */
function thirdPartyLicenses() {
	return {
		name: "third-party-licenses",
		generateBundle(_options, bundle) {
			const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
			const folders = new Set(modules.map(packageFolder).filter((folder) => folder !== undefined));
			const notices = [...folders].map(licenseNotice).sort();
			this.emitFile({ type: "asset", fileName: "THIRD-PARTY-NOTICES.txt", source: notices.join("\n") });
		},
	};
}

/**
 * The folder of the third-party package that a module belongs to.
 * @param {string} moduleId
 */
function packageFolder(moduleId) {
	return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(moduleId)?.[0];
}

/**
 * Names a chunk that holds one third-party package after it.
 * @param {readonly string[]} moduleIds
 */
function packageName(moduleIds) {
	return /\/node_modules\/(age-encryption)\//.exec(moduleIds.join("\n"))?.[1];
}

/** @param {string} folder */
function licenseNotice(folder) {
	const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
	const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
	const text = file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
	return `${name} ${version} (${license})\n${text}`;
}

/**
 * Says that the files in dist/ are CommonJS, whatever the package around them is.
 * @returns {import("rolldown").Plugin}
 */
function commonJsFolder() {
	return {
		name: "commonjs-folder",
		generateBundle() {
			this.emitFile({ type: "asset", fileName: "package.json", source: '{ "type": "commonjs" }\n' });
		},
	};
}

/**
 * Lets dist/clef-agent.js be started as it is.
 * @returns {import("rolldown").Plugin}
 */
function executableEntry() {
	return { name: "executable-entry", writeBundle: () => chmodSync(new URL("clef-agent.js", dist), 0o755) };
}
