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

/** For classes and functions: nothing, until they are used. */
const CALLED = "function () {}";

/**
 * What is loaded when it is first used, by the chunk that it is in: by whom it is imported, and by module what each has
 * from the start.
 *
 * Node's own X25519 opens files for keys of that kind, and of the age library's curves needs nothing but the base point's
 * u-coordinate, which is 9 (RFC 7748, section 4.1). And an agent has one source: that of a file or a URL is small.
 */
const LATE = {
	"late-curves": {
		importer: ageLibrary(),
		modules: {
			"@noble/post-quantum/hybrid.js": { MLKEM768P256: "{}", MLKEM768X25519: "{}" },
			"@noble/curves/nist.js": { p256: "{}" },
			"@noble/curves/ed25519.js": { x25519: "{ GuBytes: new Uint8Array(32).fill(9, 0, 1) }" },
		},
	},
	"late-sources": {
		importer: fileURLToPath(new URL("../../packages/sources/src/create-source.ts", import.meta.url)),
		modules: {
			"./create-bitbucket-source.js": { createBitbucketSource: CALLED },
			"./github-source.js": { GithubSource: CALLED },
			"./gitlab-source.js": { GitlabSource: CALLED },
			"./s3-source.js": { S3Source: CALLED },
		},
	},
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
			late("late-curves", "chunks/", "js"),
			late("late-sources", "chunks/", "js"),
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
		plugins: [
			removeEarlierFiles(chunks),
			requiredBuiltins(),
			late("late-curves", "", "cjs"),
			late("late-sources", "", "cjs"),
		],
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
 * Has some modules in a chunk that is loaded when something of them is first used: to read and prepare them would cost each
 * start a millisecond or more, and the curves more than it costs to open an artifact.
 * @param {keyof typeof LATE} chunk
 * @param {string} folder of the chunks, below the output's
 * @param {string} extension
 * @returns {import("rolldown").Plugin}
 */
function late(chunk, folder, extension) {
	const all = `\0${chunk}`;
	const [prefix, required] = [`${all}:`, `./${chunk}.${extension}`];
	const { importer: importedBy } = LATE[chunk];
	/** @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */
	const modules = LATE[chunk].modules;
	return {
		name: chunk,
		buildStart() {
			this.emitFile({ type: "chunk", id: all, fileName: `${folder}${chunk}.${extension}` });
		},
		resolveId(id, importer = "") {
			if (id === all) return id;
			if (id === required) return { id, external: true };
			// Found as the importer would find it: of what the age library imports, no other knows where it is.
			if (importer === all) return this.resolve(id, importedBy);
			const isLate = id in modules && (importer === importedBy || isOfOnePackage(importer, importedBy));
			return isLate ? `${prefix}${id}` : undefined;
		},
		load(id) {
			if (id === all)
				return Object.entries(modules)
					.map(([module, names]) => `export { ${Object.keys(names)} } from ${JSON.stringify(module)};`)
					.join("\n");
			const names = id.startsWith(prefix) ? modules[id.slice(prefix.length)] : undefined;
			return names && Object.entries(names).map(lateExport).join("\n");
		},
	};

	/** @param {[name: string, early: string]} exported */
	function lateExport([name, early]) {
		const loaded = `require(${JSON.stringify(required)}).${name}`;
		return `export const ${name} = new Proxy(${early}, {
			get: (has, key) => has[key] ?? ${loaded}[key],
			apply: (_, that, given) => Reflect.apply(${loaded}, that, given),
			construct: (_, given) => Reflect.construct(${loaded}, given),
		});`;
	}
}

/**
 * Whether both are of the same third-party package.
 * @param {string} module
 * @param {string} other
 */
function isOfOnePackage(module, other) {
	const folder = packageFolder(module);
	return folder !== undefined && folder === packageFolder(other);
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
